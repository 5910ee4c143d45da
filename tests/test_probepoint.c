/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/point.h"
#include "capture/x86.h"
#include "testing.h"

/* Where the code under test is said to run.  */
#define BASE 0x401000

static struct point choose(const uint8_t *code, size_t size,
			   unsigned arguments, bool returns)
{
	struct point point;

	point_choose(code, size, BASE, arguments, returns, &point);
	return point;
}

/* Expects the point at OFFSET for code that needs ARGUMENTS.  */
#define EXPECT_POINT(offset_, emulated_, arguments_, returns_, ...) do {    \
	const uint8_t code_[] = { __VA_ARGS__ };                            \
	struct point point_ = choose(code_, sizeof code_, arguments_,       \
				     returns_);                             \
									    \
	ck_assert_uint_eq(point_.offset, offset_);                          \
	ck_assert_int_eq(point_.emulated, emulated_);                       \
	ck_assert_ptr_nonnull(point_.reason);                               \
} while (0)

#define DI 1u
#define SI 2u
#define DX 4u

#define ENDBR64 0xf3, 0x0f, 0x1e, 0xfa
#define PUSH_RBX 0x53
#define PUSH_R12 0x41, 0x54
#define TEST_RDI 0x48, 0x85, 0xff
#define RET 0xc3

START_TEST(push_at_the_entry)
{
	EXPECT_POINT(0, true, DI, true, PUSH_RBX, RET);
	EXPECT_POINT(0, true, DI, true, PUSH_R12, PUSH_RBX, RET);
}
END_TEST

START_TEST(behind_endbr64)
{
	EXPECT_POINT(4, true, DI, true, ENDBR64, PUSH_RBX, RET);
	EXPECT_POINT(4, true, DI | SI, true, ENDBR64, PUSH_R12, RET);
}
END_TEST

START_TEST(null_check)
{
	/* glibc 2.36's free: test; je; push; ret; ret.  The je is emulated,
	   and free(NULL) passes it too.  */
	EXPECT_POINT(3, true, DI, false, TEST_RDI, 0x0f, 0x84, 0x02, 0, 0, 0,
		     0x55, RET, RET);
	EXPECT_POINT(3, true, DI, false, TEST_RDI, 0x74, 0x02, 0x55, RET, RET);
}
END_TEST

START_TEST(plain_instructions_first)
{
	/* cmpb $0,0x1000(%rip); push %r12  */
	EXPECT_POINT(7, true, DI | DX, true, 0x80, 0x3d, 0, 0x10, 0, 0, 0,
		     PUSH_R12, RET);
	/* mov %rdi,%rax; push %rbx  */
	EXPECT_POINT(3, true, DI, true, 0x48, 0x89, 0xf8, PUSH_RBX, RET);
	/* mov %fs:0x28,%rax; push %rbx  */
	EXPECT_POINT(9, true, DI, true, 0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0,
		     0, 0, PUSH_RBX, RET);
}
END_TEST

START_TEST(nops)
{
	EXPECT_POINT(0, true, DI, true, 0x90, PUSH_RBX, RET);
	EXPECT_POINT(0, true, DI, true, 0x66, 0x90, RET);
	/* The long form is stepped over: nopl 0(%rax); push %rbx  */
	EXPECT_POINT(4, true, DI, true, 0x0f, 0x1f, 0x40, 0, PUSH_RBX, RET);
	/* So is pause, which shares the byte.  */
	EXPECT_POINT(2, true, DI, true, 0xf3, 0x90, PUSH_RBX, RET);
	/* And xchg %rax,%r8.  */
	EXPECT_POINT(2, true, DI, true, 0x49, 0x90, PUSH_RBX, RET);
}
END_TEST

START_TEST(jumps_and_calls_first)
{
	/* A tail call, fentry's call, a short jump: all emulated themselves.  */
	EXPECT_POINT(0, true, DI, true, 0xe9, 0, 1, 0, 0);
	EXPECT_POINT(0, true, DI, true, 0xe8, 0, 1, 0, 0, PUSH_RBX, RET);
	EXPECT_POINT(0, true, DI, true, 0xeb, 0x10);
	/* Not through a register or memory: jmp *%rax, call *%rax.  */
	EXPECT_POINT(0, false, DI, true, 0xff, 0xe0, PUSH_RBX, RET);
	EXPECT_POINT(0, false, DI, true, 0xff, 0xd0, PUSH_RBX, RET);
	/* bnd jmp  */
	EXPECT_POINT(0, false, DI, true, 0xf2, 0xe9, 0, 1, 0, 0, PUSH_RBX);
	/* jrcxz; loop  */
	EXPECT_POINT(0, false, DI, true, 0xe3, 0x00, PUSH_RBX, RET);
	EXPECT_POINT(0, false, DI, true, 0xe2, 0x00, PUSH_RBX, RET);
	EXPECT_POINT(0, false, DI, true, RET, PUSH_RBX);
}
END_TEST

START_TEST(clobbered_arguments)
{
	/* xor %edi,%edi; push %rbx  */
	EXPECT_POINT(0, false, DI, true, 0x31, 0xff, PUSH_RBX, RET);
	/* mov $1,%di; mov $1,%dil; mov $1,%sil  */
	EXPECT_POINT(0, false, DI, true, 0x66, 0xbf, 1, 0, PUSH_RBX, RET);
	EXPECT_POINT(0, false, DI, true, 0x40, 0xb7, 1, PUSH_RBX, RET);
	EXPECT_POINT(0, false, SI, true, 0x40, 0xb6, 1, PUSH_RBX, RET);
	/* mov $1,%dh is %rdx  */
	EXPECT_POINT(0, false, DX, true, 0xb6, 1, PUSH_RBX, RET);
	/* mov %rsi,%rax; mul %rdx changes %rdx unnamed.  */
	EXPECT_POINT(0, false, DI | DX, true, 0x48, 0x89, 0xf0, 0x48, 0xf7,
		     0xe2, PUSH_RBX, RET);
	/* cqto does too.  */
	EXPECT_POINT(0, false, DX, true, 0x48, 0x99, PUSH_RBX, RET);
	/* xchg %rax,%rdi; xchg %rdi,%rax in its other form  */
	EXPECT_POINT(0, false, DI, true, 0x48, 0x97, PUSH_RBX, RET);
	EXPECT_POINT(0, false, DI, true, 0x48, 0x87, 0xf8, PUSH_RBX, RET);
	/* rep stosq moves %rdi.  */
	EXPECT_POINT(0, false, DI, true, 0xf3, 0x48, 0xab, PUSH_RBX, RET);
	/* lea -0x10(%rdi),%rdi; add $16,%rdi; shl %rdi; cmove %rax,%rdi  */
	EXPECT_POINT(0, false, DI, true, 0x48, 0x8d, 0x7f, 0xf0, PUSH_RBX,
		     RET);
	EXPECT_POINT(0, false, DI, true, 0x48, 0x83, 0xc7, 0x10, PUSH_RBX,
		     RET);
	EXPECT_POINT(0, false, DI, true, 0x48, 0xd1, 0xe7, PUSH_RBX, RET);
	EXPECT_POINT(0, false, DI, true, 0x48, 0x0f, 0x44, 0xf8, PUSH_RBX,
		     RET);
	/* syscall, for a fourth argument in %rcx  */
	EXPECT_POINT(0, false, 8u, true, 0x0f, 0x05, PUSH_RBX, RET);
}
END_TEST

START_TEST(clobbered_others)
{
	/* What is not fetched may change: xor %esi,%esi; push %rbx.  */
	EXPECT_POINT(2, true, DI, true, 0x31, 0xf6, PUSH_RBX, RET);
	EXPECT_POINT(2, true, DI | DX, true, 0x31, 0xf6, PUSH_RBX, RET);
	EXPECT_POINT(0, false, DI | SI, true, 0x31, 0xf6, PUSH_RBX, RET);
}
END_TEST

START_TEST(moved_stack)
{
	/* sub $8,%rsp; push %rbx: no place for a return probe any more.  */
	EXPECT_POINT(0, false, DI, true, 0x48, 0x83, 0xec, 0x08, PUSH_RBX,
		     RET);
	EXPECT_POINT(4, true, DI, false, 0x48, 0x83, 0xec, 0x08, PUSH_RBX,
		     RET);
}
END_TEST

static bool caller_on_top(const uint8_t *code, size_t size)
{
	return choose(code, size, DI, false).caller_on_top;
}

/* The return address is where it was when nothing before the point has moved
   the stack.  */
START_TEST(return_address)
{
	static const uint8_t push[] = { PUSH_RBX, RET };
	static const uint8_t check[] = { TEST_RDI, 0x74, 0x02, 0x55, RET, RET };
	/* sub $8, %rsp; push %rbx */
	static const uint8_t moved[] = { 0x48, 0x83, 0xec, 0x08, PUSH_RBX, RET };
	/* The same, but the point stays at the entry: ret comes first.  */
	static const uint8_t entry[] = { 0x48, 0x83, 0xec, 0x08, RET };

	ck_assert(caller_on_top(push, sizeof push));
	ck_assert(caller_on_top(check, sizeof check));
	ck_assert(!caller_on_top(moved, sizeof moved));
	ck_assert(caller_on_top(entry, sizeof entry));
	ck_assert(caller_on_top(entry, 0));
}
END_TEST

START_TEST(jump_back_into_the_head)
{
	/* test; L: push; …; jmp L  */
	EXPECT_POINT(0, false, DI, false, TEST_RDI, 0x55, 0x90, 0xeb, 0xfc);
	/* test; L: lea; push; …; jne L: the push is passed again too.  */
	EXPECT_POINT(0, false, DI, false, TEST_RDI, 0x48, 0x8d, 0x47, 0x08,
		     0x55, RET, 0x0f, 0x85, 0xf2, 0xff, 0xff, 0xff);
	/* To the entry: a call like any other.  */
	EXPECT_POINT(3, true, DI, false, TEST_RDI, 0x55, 0x90, 0xeb, 0xf9);
	/* Behind the point.  */
	EXPECT_POINT(3, true, DI, false, TEST_RDI, 0x55, 0x90, 0xeb, 0xfd);
	/* The entry itself is safe whatever jumps behind it.  */
	EXPECT_POINT(0, true, DI, true, 0x55, 0x90, 0xeb, 0xfd);
	/* Behind bytes that are none: test; L: push; ret; (bad); jmp L.  */
	EXPECT_POINT(0, false, DI, false, TEST_RDI, 0x55, RET, 0x06, 0xeb,
		     0xfb);
}
END_TEST

START_TEST(no_code)
{
	/* Invalid in 64-bit mode.  */
	EXPECT_POINT(0, false, DI, true, 0x06, PUSH_RBX, RET);
	EXPECT_POINT(0, false, DI, true, TEST_RDI, 0x06, PUSH_RBX, RET);
	/* Cut off inside an instruction.  */
	EXPECT_POINT(0, false, DI, true, TEST_RDI, 0x0f, 0x84, 0x02);
	EXPECT_POINT(0, false, DI, true, 0x41);
	struct point point = choose((const uint8_t *)"\x06", 1, DI, true);

	ck_assert_str_eq(point.reason, "the code can't be disassembled");
	point = choose((const uint8_t *)"", 0, DI, true);
	ck_assert_uint_eq(point.offset, 0);
	ck_assert_int_eq(point.emulated, false);
}
END_TEST

START_TEST(never_past_the_head)
{
	uint8_t code[100];

	/* xor %eax,%eax all along  */
	for (size_t i = 0; i < sizeof code; i += 2) {
		code[i] = 0x31;
		code[i + 1] = 0xc0;
	}
	code[98] = 0x55;
	code[99] = RET;
	ck_assert_uint_eq(choose(code, sizeof code, DI, true).offset, 0);
	ck_assert_int_eq(choose(code, sizeof code, DI, true).emulated, false);
}
END_TEST

static int stored(const uint8_t *code, size_t size)
{
	return point_stored_register(code, size, BASE);
}

#define EXPECT_STORED(expected, ...) do {                                   \
	const uint8_t code_[] = { __VA_ARGS__ };                            \
									    \
	ck_assert_int_eq(stored(code_, sizeof code_), expected);            \
} while (0)

/* push %rbx; mov %rdi,%rbx; call; mov %rax,%rdx; test %rdx,%rdx; …  */
#define STORED_HEAD PUSH_RBX, 0x48, 0x89, 0xfb, 0xe8, 0, 1, 0, 0,           \
	0x48, 0x89, 0xc2, 0x48, 0x85, 0xd2
#define STORE_RDX 0x48, 0x89, 0x13
#define STORE_RAX 0x48, 0x89, 0x03
#define ZERO_EAX 0x31, 0xc0
#define POP_RBX 0x5b

START_TEST(stored_is_left)
{
	EXPECT_STORED(X86_DX, STORED_HEAD, STORE_RDX, ZERO_EAX, POP_RBX, RET);
	/* The status comes before the store.  */
	EXPECT_STORED(X86_DX, STORED_HEAD, ZERO_EAX, STORE_RDX, POP_RBX, RET);
	/* A copy is made afterwards: mov %rax,%rcx.  */
	EXPECT_STORED(X86_CX, STORED_HEAD, STORE_RAX, 0x48, 0x89, 0xc1,
		      ZERO_EAX, POP_RBX, RET);
	/* The way to the return leads over a jump: jmp to xor.  */
	EXPECT_STORED(X86_DX, STORED_HEAD, STORE_RDX, 0xeb, 0x02, POP_RBX, RET,
		      ZERO_EAX, POP_RBX, RET);
}
END_TEST

START_TEST(stored_is_overwritten)
{
	/* Only %rax held it.  */
	EXPECT_STORED(-1, STORED_HEAD, STORE_RAX, ZERO_EAX, POP_RBX, RET);
	/* xor %edx,%edx; mov $1,%dl; pop %rdx  */
	EXPECT_STORED(-1, STORED_HEAD, STORE_RDX, 0x31, 0xd2, ZERO_EAX,
		      POP_RBX, RET);
	EXPECT_STORED(-1, STORED_HEAD, STORE_RDX, 0xb2, 1, ZERO_EAX, POP_RBX,
		      RET);
	EXPECT_STORED(-1, STORED_HEAD, STORE_RDX, ZERO_EAX, 0x5a, RET);
	/* A call or a branch on the way.  */
	EXPECT_STORED(-1, STORED_HEAD, STORE_RDX, 0xe8, 0, 1, 0, 0, ZERO_EAX,
		      POP_RBX, RET);
	EXPECT_STORED(-1, STORED_HEAD, STORE_RDX, 0x75, 0x00, ZERO_EAX,
		      POP_RBX, RET);
	/* A loop without a return.  */
	EXPECT_STORED(-1, STORED_HEAD, STORE_RDX, 0xeb, 0xfe);
}
END_TEST

START_TEST(stored_elsewhere)
{
	/* 8(%rbx), (%rbx,%rax), %edx, through a register that is no argument  */
	EXPECT_STORED(-1, STORED_HEAD, 0x48, 0x89, 0x53, 0x08, ZERO_EAX,
		      POP_RBX, RET);
	EXPECT_STORED(-1, STORED_HEAD, 0x48, 0x89, 0x14, 0x03, ZERO_EAX,
		      POP_RBX, RET);
	EXPECT_STORED(-1, STORED_HEAD, 0x89, 0x13, ZERO_EAX, POP_RBX, RET);
	EXPECT_STORED(-1, STORED_HEAD, 0x48, 0x89, 0x16, ZERO_EAX, POP_RBX,
		      RET);
	/* The argument's copy is overwritten: mov %rax,%rbx.  */
	EXPECT_STORED(-1, STORED_HEAD, 0x48, 0x89, 0xc3, STORE_RDX, ZERO_EAX,
		      POP_RBX, RET);
	/* Two stores of different registers.  */
	EXPECT_STORED(-1, STORED_HEAD, STORE_RDX, ZERO_EAX, POP_RBX, RET,
		      0x48, 0x89, 0x0b, ZERO_EAX, POP_RBX, RET);
	/* No store, no code.  */
	EXPECT_STORED(-1, STORED_HEAD, ZERO_EAX, POP_RBX, RET);
	EXPECT_STORED(-1, STORED_HEAD, STORE_RDX, ZERO_EAX, POP_RBX, RET,
		      0x06);
	ck_assert_int_eq(stored((const uint8_t *)"", 0), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probe points");
	TCase *point = tcase_create("point");
	TCase *pointer = tcase_create("stored register");

	tcase_add_test(point, push_at_the_entry);
	tcase_add_test(point, behind_endbr64);
	tcase_add_test(point, null_check);
	tcase_add_test(point, plain_instructions_first);
	tcase_add_test(point, nops);
	tcase_add_test(point, jumps_and_calls_first);
	tcase_add_test(point, clobbered_arguments);
	tcase_add_test(point, clobbered_others);
	tcase_add_test(point, moved_stack);
	tcase_add_test(point, return_address);
	tcase_add_test(point, jump_back_into_the_head);
	tcase_add_test(point, no_code);
	tcase_add_test(point, never_past_the_head);
	suite_add_tcase(suite, point);
	tcase_add_test(pointer, stored_is_left);
	tcase_add_test(pointer, stored_is_overwritten);
	tcase_add_test(pointer, stored_elsewhere);
	suite_add_tcase(suite, pointer);
	return run_suite(suite);
}
