/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* A program with a malloc and a free of its own and no library, linked with
   -nostdlib -static.  Both begin with an instruction that does nothing, and
   that disassemblers do not know (x86's reserved no-operations, 0f 1c).  It
   makes a pair of calls every other millisecond.  For x86-64; on other
   machines it does nothing.  */

#if defined __x86_64__

#include <stddef.h>
#include <sys/syscall.h>

struct timespec_of_kernel {
	long seconds;
	long nanoseconds;
};

static char memory[65536];
static size_t used;

void *take(size_t size);
void give(void *block);
void *malloc(size_t size);
void free(void *block);
void _start(void);

void *take(size_t size)
{
	void *block;

	if (used + size > sizeof memory)
		used = 0;
	block = memory + used;
	used += (size + 15) / 16 * 16;
	return block;
}

void give(void *block)
{
	*(char *)block = 0;
}

__asm__ (".text\n"
	 ".globl malloc, free\n"
	 ".type malloc, @function\n"
	 ".type free, @function\n"
	 "malloc:\n"
	 "\t.byte 0x0f, 0x1c, 0xc0\n"
	 "\tjmp take\n"
	 ".size malloc, . - malloc\n"
	 "free:\n"
	 "\t.byte 0x0f, 0x1c, 0xc0\n"
	 "\tjmp give\n"
	 ".size free, . - free\n");

static void wait_a_moment(void)
{
	static const struct timespec_of_kernel moment = { 0, 2000000 };
	long result;

	__asm__ volatile ("syscall" : "=a" (result)
			  : "a" (SYS_nanosleep), "D" (&moment), "S" (0)
			  : "rcx", "r11", "memory");
}

/* The stack is not as a function's.  */
__attribute__((force_align_arg_pointer)) void _start(void)
{
	for (;;) {
		free(malloc(4242));
		wait_a_moment();
	}
}

#else

void _start(void);

void _start(void)
{
	for (;;)
		;
}

#endif
