/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Unwinds this very program, which libgcc's backtrace() does in its own way.
 */
#include "config.h"

#include <elf.h>
#include <execinfo.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#include "symbols/unwind.h"
#include "testing.h"

#define SELF 4711
#define DEPTH 20
#define FRAMES_MAX 128
#define STACK_MAX (64u << 10)

#if defined __x86_64__
#define REGISTERS 24
#define REGISTER_PC 8
#elif defined __aarch64__
#define REGISTERS 33
#define REGISTER_PC 32
#endif

#ifdef REGISTERS

/* Where the test was when it took itself down.  */
struct taken {
	struct dump dump;
	uint64_t registers[REGISTERS];
	uint64_t stack[STACK_MAX / 8];
	void *expected[FRAMES_MAX];     /* as backtrace() sees it */
	int expected_count;
	void *returns[DEPTH];           /* as the compiler sees them */
};

static struct symbols *symbols;
static struct unwinder *unwinder;
static struct taken taken;
static uint64_t addresses[FRAMES_MAX];
static volatile int sink;
static uint64_t handler_stack_end;      /* 0: it has none of its own */

static void map_self(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096];

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps)) {
		char mode[5], path[4096] = "";
		struct mapping mapping = { .pid = SELF, .path = path };
		uint64_t end;

		ck_assert_int_ge(sscanf(line,
					"%" SCNx64 "-%" SCNx64 " %4s %" SCNx64
					" %*s %*s %4095[^\n]",
					&mapping.start, &end, mode,
					&mapping.offset, path), 4);
		mapping.length = end - mapping.start;
		if (mode[2] == 'x')
			symbols_map(symbols, &mapping);
	}
	fclose(maps);
}

static void setup(void)
{
	symbols = symbols_new();
	unwinder = unwinder_new(symbols, false);
	ck_assert_ptr_nonnull(unwinder);
	map_self();
	memset(&taken, 0, sizeof(taken));
	handler_stack_end = 0;
}

static void teardown(void)
{
	unwinder_free(unwinder);
	symbols_free(symbols);
}

static void copy_registers(const ucontext_t *context)
{
	uint64_t *to = taken.registers;

#if defined __x86_64__
	static const int order[REGISTERS] = {
		REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP,
		REG_RSP, REG_RIP, -1, -1, -1, -1, -1, -1, -1, REG_R8, REG_R9,
		REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
	};

	taken.dump.machine = EM_X86_64;
	taken.dump.mask = 0xff0fff;
	for (int i = 0; i < REGISTERS; i++) {
		if (taken.dump.mask >> i & 1)
			*to++ = order[i] < 0 ? 0 :
				(uint64_t)context->uc_mcontext.gregs[order[i]];
	}
#else
	taken.dump.machine = EM_AARCH64;
	taken.dump.mask = (UINT64_C(1) << 33) - 1;
	for (int i = 0; i < 31; i++)
		*to++ = context->uc_mcontext.regs[i];
	*to++ = context->uc_mcontext.sp;
	*to++ = context->uc_mcontext.pc;
#endif
	taken.dump.registers = taken.registers;
}

static uint64_t stack_pointer(const ucontext_t *context)
{
#if defined __x86_64__
	return (uint64_t)context->uc_mcontext.gregs[REG_RSP];
#else
	return context->uc_mcontext.sp;
#endif
}

/* ASan would not have it that somebody reads between the variables.  */
__attribute__((no_sanitize("address")))
static void copy_stack(uint64_t from, uint64_t end)
{
	const volatile uint64_t *word = (const uint64_t *)(uintptr_t)from;
	size_t count = (end - from) / 8;

	if (count > STACK_MAX / 8)
		count = STACK_MAX / 8;
	for (size_t i = 0; i < count; i++)
		taken.stack[i] = word[i];
	taken.dump.stack = (const uint8_t *)taken.stack;
	taken.dump.size = count * 8;
}

static uint64_t stack_end(void)
{
	pthread_attr_t attr;
	void *start;
	size_t size;

	ck_assert_int_eq(pthread_getattr_np(pthread_self(), &attr), 0);
	ck_assert_int_eq(pthread_attr_getstack(&attr, &start, &size), 0);
	pthread_attr_destroy(&attr);
	return (uint64_t)(uintptr_t)start + size;
}

/* ASan has a function of its own in front of backtrace(), which sees itself:
   drops what is not the caller, who is at PC a little later.  */
static void drop_others(uint64_t pc)
{
	int others = 0;

	while (others < taken.expected_count &&
	       pc - (uint64_t)(uintptr_t)taken.expected[others] > 512)
		others++;
	taken.expected_count -= others;
	memmove(taken.expected, taken.expected + others,
		(size_t)taken.expected_count * sizeof(*taken.expected));
}

__attribute__((noinline)) static void take(void)
{
	ucontext_t context;

	taken.expected_count = backtrace(taken.expected, FRAMES_MAX);
	ck_assert_int_eq(getcontext(&context), 0);
	copy_registers(&context);
	drop_others(taken.registers[REGISTER_PC]);
	copy_stack(stack_pointer(&context),
		   handler_stack_end ? handler_stack_end : stack_end());
	sink++;
}

static uint32_t unwind_taken(uint32_t max)
{
	return unwind(unwinder, symbols_space(symbols, SELF), &taken.dump,
		      addresses, max);
}

/* The first one is where take() was, which is a little before for backtrace.
   Below _start backtrace() may go on into nothing.  */
static void check_taken(void)
{
	uint32_t count = unwind_taken(FRAMES_MAX);
	int expected = taken.expected_count;

	while (expected && (uint64_t)(uintptr_t)
	       taken.expected[expected - 1] < 4096)
		expected--;
	for (uint32_t i = 1; i < count && (int)i < expected; i++)
		ck_assert_msg(addresses[i] ==
			      (uint64_t)(uintptr_t)taken.expected[i],
			      "frame %u: %#" PRIx64 ", expected %p", i,
			      addresses[i], taken.expected[i]);
	ck_assert_int_eq((int)count, expected);
}

/* One with a frame of changing size, one with a large one, and one that is
   the compiler's choice.  */
__attribute__((noinline)) static void descend(int depth, void (*last)(void));

__attribute__((noinline)) static void with_alloca(int depth, void (*last)(void))
{
	volatile char *block = __builtin_alloca((size_t)depth * 16 + 1);

	block[0] = (char)depth;
	taken.returns[depth] = __builtin_return_address(0);
	descend(depth + 1, last);
	sink += block[0];
}

__attribute__((noinline)) static void with_block(int depth, void (*last)(void))
{
	volatile char block[2000];

	block[depth] = (char)depth;
	taken.returns[depth] = __builtin_return_address(0);
	descend(depth + 1, last);
	sink += block[depth];
}

__attribute__((noinline)) static void descend(int depth, void (*last)(void))
{
	if (depth >= DEPTH) {
		last();
		sink++;
		return;
	}
	taken.returns[depth] = __builtin_return_address(0);
	if (depth % 5 == 1)
		with_alloca(depth + 1, last);
	else if (depth % 5 == 3)
		with_block(depth + 1, last);
	else
		descend(depth + 1, last);
	sink++;
}

static void take_here(void)
{
	take();
	sink++;
}

START_TEST(callers)
{
	uint32_t count, found = 0;

	descend(0, take_here);
	check_taken();
	count = unwind_taken(FRAMES_MAX);
	for (uint32_t i = 0; i < count && found < DEPTH; i++)
		found += addresses[i] == (uint64_t)(uintptr_t)
			 taken.returns[DEPTH - 1 - found];
	ck_assert_uint_eq(found, DEPTH);
}
END_TEST

static void *run_thread(void *nothing)
{
	descend(0, take_here);
	return nothing;
}

/* The C library says in its tables where a thread begins.  */
START_TEST(thread)
{
	pthread_t id;

	ck_assert_int_eq(pthread_create(&id, NULL, run_thread, NULL), 0);
	pthread_join(id, NULL);
	check_taken();
}
END_TEST

static void on_signal(int number)
{
	(void)number;
	take();
	sink++;
}

static void send_signal(void)
{
	raise(SIGUSR1);
	sink++;
}

/* At an instruction that calls nothing, the first of a function if the
   compiler leaves it there.  */
__attribute__((noinline)) static void trap(void)
{
#if defined __x86_64__
	__asm__ volatile("int3");
#else
	raise(SIGTRAP);
#endif
	sink++;
}

static void handle(int number, int flags)
{
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = flags };

	ck_assert_int_eq(sigaction(number, &action, NULL), 0);
}

START_TEST(signals)
{
	handle(SIGUSR1, 0);
	descend(0, send_signal);
	check_taken();
	handle(SIGTRAP, 0);
	descend(0, trap);
	check_taken();
}
END_TEST

/* The rest lies on the stack that was not recorded.  */
START_TEST(signal_with_a_stack_of_its_own)
{
	static uint64_t room[65536];
	const stack_t stack = { .ss_sp = room, .ss_size = sizeof(room) };
	uint32_t count;
	int at = -1;

	ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
	handler_stack_end = (uint64_t)(uintptr_t)room + sizeof(room);
	handle(SIGTRAP, SA_ONSTACK);
	descend(0, trap);
	count = unwind_taken(FRAMES_MAX);
	ck_assert_uint_gt(count, 3);
	ck_assert_uint_lt(count, 10);
	for (int i = 0; i < taken.expected_count; i++) {
		if (addresses[count - 1] ==
		    (uint64_t)(uintptr_t)taken.expected[i])
			at = i;
	}
	ck_assert_int_eq(at, (int)count - 1);
}
END_TEST

START_TEST(as_many_as_wanted)
{
	descend(0, take_here);
	for (uint32_t max = 0; max < 10; max++)
		ck_assert_uint_eq(unwind_taken(max), max);
}
END_TEST

/* Less of the stack gives the same chain, but shorter.  */
START_TEST(truncated)
{
	uint64_t whole[FRAMES_MAX];
	uint64_t size;
	uint32_t count, before = 1;

	descend(0, take_here);
	count = unwind_taken(FRAMES_MAX);
	size = taken.dump.size;
	memcpy(whole, addresses, sizeof(whole));
	for (uint64_t part = 0; part <= size; part++) {
		/* In memory of that size, for ASan to see.  */
		uint8_t *copy = malloc(part ? part : 1);
		uint32_t found;

		memcpy(copy, taken.stack, part);
		taken.dump.stack = copy;
		taken.dump.size = part;
		found = unwind_taken(FRAMES_MAX);
		free(copy);
		ck_assert_uint_ge(found, before);
		ck_assert_mem_eq(whole, addresses, found * sizeof(*whole));
		before = found;
	}
	ck_assert_uint_eq(before, count);
}
END_TEST

static uint64_t random_number(void)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Whatever is in the registers and on the stack, there is an end to it.  */
START_TEST(random_dumps)
{
	struct taken *whole = malloc(sizeof(*whole));
	uint32_t total = 0;

	descend(0, take_here);
	*whole = taken;
	for (int round = 0; round < 20000; round++) {
		unsigned changes = random_number() % 8;

		taken.dump.mask = round % 16 ? whole->dump.mask :
				  random_number() & random_number() &
				  whole->dump.mask;
		memcpy(taken.registers, whole->registers,
		       sizeof(taken.registers));
		memcpy(taken.stack, whole->stack, 4096);
		for (unsigned i = 0; i < changes; i++) {
			taken.registers[random_number() % REGISTERS] ^=
				random_number() >> random_number() % 64;
			taken.stack[random_number() % 512] =
				random_number() % 2 ? random_number() :
				whole->stack[random_number() % 512];
		}
		taken.dump.size = round % 4 ? 4096 : random_number() % 4097;
		total += unwind_taken(FRAMES_MAX);
	}
	ck_assert_uint_gt(total, 20000);
	free(whole);
}
END_TEST

START_TEST(refused)
{
	descend(0, take_here);
	taken.dump.narrow = true;
	ck_assert_uint_eq(unwind_taken(FRAMES_MAX), 0);
	taken.dump.narrow = false;
	taken.dump.machine = EM_NONE;
	ck_assert_uint_eq(unwind_taken(FRAMES_MAX), 0);
	taken.dump.machine = EM_S390;
	ck_assert_uint_eq(unwind_taken(FRAMES_MAX), 0);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("unwind");
	TCase *tests = tcase_create("self");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, callers);
	tcase_add_test(tests, thread);
	tcase_add_test(tests, signals);
	tcase_add_test(tests, signal_with_a_stack_of_its_own);
	tcase_add_test(tests, as_many_as_wanted);
	tcase_add_test(tests, truncated);
	tcase_add_test(tests, random_dumps);
	tcase_add_test(tests, refused);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make_suite());
}

#else

int main(void)
{
	skip_or_fail("this machine's stacks are not unwound");
}

#endif
