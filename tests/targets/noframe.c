/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Allocations out of code without frame pointers, of which only a stack dump
   and the unwind tables tell the callers:

     noframe ROUNDS

   Prints "ready", and does the first half of ROUNDS after a byte on standard
   input, the second after another one, then prints "done" and waits for a third.
   Each round leaves one block of each size live: malloc 3072, calloc 3 times
   102, realloc 704, aligned_alloc 1024; and frees one of 100.  To be built with
   -fomit-frame-pointer.  */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Through volatile pointers, so that nothing is optimized away.  */
static void *(*volatile do_malloc)(size_t) = malloc;
static void *(*volatile do_calloc)(size_t, size_t) = calloc;
static void *(*volatile do_realloc)(void *, size_t) = realloc;
static void *(*volatile do_aligned)(size_t, size_t) = aligned_alloc;
static void (*volatile do_free)(void *) = free;

/* The asm keeps the calls from becoming jumps, and uses what a frame pointer
   would be in.  */
#define KEEP(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")
#ifdef __x86_64__
#define SPOIL() __asm__ volatile("mov $1, %%rbp" : : : "rbp", "rbx", "r12")
#else
#define SPOIL() __asm__ volatile("" : : : "memory")
#endif

enum { MALLOC, CALLOC, REALLOC, ALIGNED, WAYS };

static __attribute__((noinline)) void *lowest(int way)
{
	void *block;

	SPOIL();
	switch (way) {
	case MALLOC:
		block = do_malloc(3072);
		break;
	case CALLOC:
		block = do_calloc(3, 102);
		break;
	case REALLOC:
		block = do_realloc(NULL, 704);
		break;
	default:
		block = do_aligned(64, 1024);
		break;
	}
	KEEP(block);
	return block;
}

static __attribute__((noinline)) void *middle(int way)
{
	char room[200];
	void *block;

	memset(room, way, sizeof(room));
	KEEP(room);
	block = lowest(way);
	KEEP(block);
	return block;
}

static __attribute__((noinline)) void *upper(int way)
{
	void *block;

	SPOIL();
	block = middle(way);
	KEEP(block);
	return block;
}

static __attribute__((noinline)) void rounds(int count)
{
	for (int i = 0; i < count; i++) {
		for (int way = 0; way < WAYS; way++)
			KEEP(upper(way));
		do_free(do_malloc(100));
		/* Dumps are large, and more of them than a ring holds would be
		   lost.  */
		usleep(200);
	}
}

int main(int argc, char **argv)
{
	int count = argc == 2 ? atoi(argv[1]) : 0;

	if (count < 2)
		return 2;
	setvbuf(stdout, NULL, _IONBF, 0);
	puts("ready");
	getchar();
	rounds(count / 2);
	puts("half");
	getchar();
	rounds(count - count / 2);
	puts("done");
	getchar();
	return 0;
}
