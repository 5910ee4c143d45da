/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Unwinds stacks that are made up, by tables that are made up: small ELF files
 * with what toolchains write, and what they don't.
 */
#include "config.h"

#include "unwind_builder.h"

START_TEST(usual_frames)
{
	FUNCTION(0x100, 0x100, USUAL);
	FUNCTION(0x200, 0x100, FRAMED);
	FUNCTION(0x300, 0x100, CFA(RSP, 40), SAVED(RIP, 1), SAVED(RBP, 2));
	FUNCTION(0x400, 0x100, OUTERMOST);
	load_file();
	registers[P_RIP] = at(0x150);
	registers[P_RBP] = word(4);
	stack[0] = at(0x250);
	stack[4] = word(20);            /* the rbp of 0x3.. */
	stack[5] = at(0x350);
	stack[9] = word(30);            /* that of 0x2.. again */
	stack[10] = at(0x260);
	stack[31] = at(0x450);
	EXPECT(at(0x150), at(0x250), at(0x350), at(0x260), at(0x450));
	/* Once more, from what is remembered.  */
	EXPECT(at(0x150), at(0x250), at(0x350), at(0x260), at(0x450));
	stack_size = 8 * 10 + 7;
	EXPECT(at(0x150), at(0x250), at(0x350));
}
END_TEST

/* What the tables don't mention a function leaves as it is.  */
START_TEST(kept_registers)
{
	static const struct {
		uint8_t dwarf, perf;
	} kept[] = {
		{ RBX, P_RBX }, { RBP, P_RBP }, { R12, P_R12 }, { 13, 21 },
		{ 14, 22 }, { 15, 23 },
	};

	FUNCTION(0x100, 0x100, USUAL);
	for (uint8_t i = 0; i < 6; i++) {
		const uint8_t by_register[] = {
			CFA(kept[i].dwarf, 8), SAVED(RIP, 1),
		};

		add_function(0x200 + 16 * i, 16, false, by_register,
			     sizeof(by_register));
	}
	FUNCTION(0x300, 0x100, OUTERMOST);
	FUNCTION(0x400, 0x100, CFA(0, 8), SAVED(RIP, 1));
	load_file();
	registers[P_RIP] = at(0x150);
	stack[20] = at(0x350);
	for (uint8_t i = 0; i < 6; i++) {
		registers[kept[i].perf] = word(20);
		stack[0] = at(0x208 + 16 * i);
		EXPECT(at(0x150), at(0x208 + 16 * i), at(0x350));
		registers[kept[i].perf] = 0;
	}
	/* Others are lost with the call, but there where it all began.  */
	registers[0] = word(20);
	stack[0] = at(0x450);
	EXPECT(at(0x150), at(0x450));
	registers[P_RIP] = at(0x450);
	EXPECT(at(0x450), at(0x350));
}
END_TEST

/* A function that ends with a call does not own what follows.  */
START_TEST(return_address_behind_a_function)
{
	FUNCTION(0x100, 0x100, USUAL);
	FUNCTION(0x200, 0x100, CFA(RSP, 24), SAVED(RIP, 1));
	FUNCTION(0x300, 0x100, OUTERMOST);
	load_file();
	registers[P_RIP] = at(0x100);
	stack[0] = at(0x300);
	stack[3] = at(0x310);
	EXPECT(at(0x100), at(0x300), at(0x310));
}
END_TEST

/* What a signal interrupted is where it is, be it at a function's start.  */
START_TEST(signal_frame)
{
	FUNCTION(0x100, 0x100, USUAL);
	/* As of the C library: every register in memory.  */
	FUNCTION_AS(0x200, 0x10, true,
		    0x0f, 4, 0x77, 0xa0, 1, 0x06,       /* [rsp+160] */
		    0x10, RIP, 3, 0x77, 0xa8, 1,        /* at rsp+168 */
		    0x10, RBP, 3, 0x77, 0xf8, 0,        /* at rsp+120 */
		    0x10, RBX, 3, 0x77, 0x80, 1);       /* at rsp+128 */
	FUNCTION(0x300, 0x100, CFA(RSP, 24), SAVED(RIP, 1));
	FUNCTION(0x400, 0x100, CFA(RBX, 8), SAVED(RIP, 1));
	FUNCTION(0x500, 0x100, OUTERMOST);
	load_file();
	registers[P_RIP] = at(0x150);
	stack[0] = at(0x201);
	stack[1 + 20] = word(100);
	stack[1 + 21] = at(0x400);
	stack[1 + 16] = word(120);
	stack[120] = at(0x510);
	EXPECT(at(0x150), at(0x201), at(0x400), at(0x510));
	/* The handler had a stack of its own, above that.  */
	stack[1 + 20] = STACK - 0x10000;
	EXPECT(at(0x150), at(0x201), at(0x400), at(0x510));
}
END_TEST

/* As linkers describe all stubs of .plt at once.  */
START_TEST(linkage_stubs)
{
	FUNCTION(0x100, 0x100, CFA(RSP, 16), SAVED(RIP, 1), 0x0f, 11, 0x77, 8,
		 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22);
	FUNCTION(0x200, 0x100, OUTERMOST);
	load_file();
	stack[0] = at(0x210);
	stack[1] = at(0x220);
	registers[P_RIP] = at(0x126);
	EXPECT(at(0x126), at(0x210));
	registers[P_RIP] = at(0x12b);
	EXPECT(at(0x12b), at(0x220));
}
END_TEST

/* As compilers write it for functions that align the stack.  */
START_TEST(realigned_stack)
{
	FUNCTION(0x100, 0x100, SAVED(RIP, 1), 0x0f, 3, 0x76, 0x78, 0x06,
		 0x10, RBP, 2, 0x76, 0);
	FUNCTION(0x200, 0x100, FRAMED);
	FUNCTION(0x300, 0x100, OUTERMOST);
	load_file();
	registers[P_RIP] = at(0x150);
	registers[P_RBP] = word(8);
	stack[7] = word(21);            /* the CFA */
	stack[8] = word(40);
	stack[20] = at(0x250);
	stack[41] = at(0x350);
	EXPECT(at(0x150), at(0x250), at(0x350));
}
END_TEST

START_TEST(values_in_registers)
{
	/* The return address in r12; rbx is CFA+16, rbp is rbx+8.  */
	FUNCTION(0x100, 0x100, CFA(RSP, 8), 0x09, RIP, R12, 0x15, RBX, 0x7e,
		 0x16, RBP, 2, 0x73, 8);
	FUNCTION(0x200, 0x100, CFA(RBX, 8), SAVED(RIP, 1));
	FUNCTION(0x300, 0x100, CFA(RBP, 8), SAVED(RIP, 1));
	FUNCTION(0x400, 0x100, OUTERMOST);
	load_file();
	registers[P_RIP] = at(0x150);
	registers[P_R12] = at(0x250);
	registers[P_RBX] = word(9);
	stack[3] = at(0x350);
	stack[10] = at(0x450);
	EXPECT(at(0x150), at(0x250), at(0x350), at(0x450));
}
END_TEST

START_TEST(large_frames)
{
	/* CFA is rsp+100000, rbx is saved 80000 below it.  */
	FUNCTION(0x100, 0x100, CFA(RSP, 0xa0), 0x8d, 6, SAVED(RIP, 1),
		 0x05, RBX, 0x90, 0x4e);
	FUNCTION(0x200, 0x100, CFA(RBX, 8), SAVED(RIP, 1));
	FUNCTION(0x300, 0x100, OUTERMOST);
	load_file();
	registers[P_RIP] = at(0x150);
	stack[12500 - 1] = at(0x250);
	stack[12500 - 10000] = word(13000);
	stack[13000] = at(0x350);
	EXPECT(at(0x150), at(0x250), at(0x350));
}
END_TEST

/* An end, where the tables make no sense.  */
START_TEST(no_progress)
{
	FUNCTION(0x100, 0x100, USUAL);
	FUNCTION(0x200, 0x100, CFA(RSP, 0), 0x11, RIP, 0);
	FUNCTION(0x300, 0x100, CFA(RBX, 8), SAVED(RIP, 1));
	/* A jump; more than fits; too few operands; nothing.  */
	FUNCTION(0x400, 0x10, 0x0f, 4, 0x77, 0, 0x2f, 0xfd, SAVED(RIP, 1));
	FUNCTION(0x410, 0x10, 0x0f, 17, 0x31, 0x31, 0x31, 0x31, 0x31, 0x31,
		 0x31, 0x31, 0x31, 0x31, 0x31, 0x31, 0x31, 0x31, 0x31, 0x31,
		 0x31, SAVED(RIP, 1));
	FUNCTION(0x420, 0x10, 0x0f, 2, 0x31, 0x22, SAVED(RIP, 1));
	FUNCTION(0x430, 0x10, 0x0f, 0, SAVED(RIP, 1));
	FUNCTION(0x440, 0x10, CFA(40, 8), SAVED(RIP, 1));
	FUNCTION(0x450, 0x10, 0x0f, 1, 0x06, SAVED(RIP, 1));
	/* Where the return address is, only that column tells.  */
	file.column = R12;
	FUNCTION(0x460, 0x10, CFA(RSP, 8), SAVED(R12, 1), SAVED(RIP, 1));
	load_file();
	registers[P_RIP] = at(0x150);
	stack[0] = at(0x250);
	stack[1] = at(0x250);
	EXPECT(at(0x150), at(0x250));
	/* CFA is where it was, and then below.  */
	registers[P_RBX] = word(0);
	stack[0] = at(0x350);
	EXPECT(at(0x150), at(0x350));
	registers[P_RBX] = STACK - 16;
	EXPECT(at(0x150), at(0x350));
	/* CFA wraps around.  */
	registers[P_RBX] = UINT64_MAX - 3;
	EXPECT(at(0x150), at(0x350));
	for (uint64_t offset = 0x400; offset < 0x470; offset += 0x10) {
		registers[P_RIP] = at(offset + 5);
		EXPECT(at(offset + 5));
	}
	/* Return addresses that are none.  */
	registers[P_RIP] = at(0x150);
	stack[0] = 0;
	EXPECT(at(0x150));
	stack[0] = UINT64_C(0x800000000000);
	EXPECT(at(0x150));
	/* A function that calls itself for ever.  */
	for (unsigned i = 0; i < STACK_WORDS; i++)
		stack[i] = at(0x150);
	run();
	ck_assert_uint_eq(count, FRAMES_MAX);
}
END_TEST

/* Code that is in no file.  */
START_TEST(frame_pointers)
{
	FUNCTION(0x100, 0x100, USUAL);
	FUNCTION(0x300, 0x100, OUTERMOST);
	load_file();
	registers[P_RIP] = at(0x150);
	registers[P_RBP] = word(4);
	stack[0] = JIT;
	stack[4] = word(10);
	stack[5] = JIT + 100;
	stack[10] = word(20);
	stack[11] = at(0x350);
	EXPECT(at(0x150), JIT, JIT + 100, at(0x350));
	/* In a file without tables, to another function of a file only.  */
	registers[P_RIP] = at(0x250);
	stack[5] = at(0x350);
	EXPECT(at(0x250), at(0x350));
	stack[5] = JIT + 100;
	EXPECT(at(0x250));
	registers[P_RIP] = JIT;
	EXPECT(JIT, JIT + 100, at(0x350));
	/* The caller in the file may use the register for something else.  */
	stack[10] = 42;
	EXPECT(JIT, JIT + 100, at(0x350));
	/* To the outermost; backwards; in a circle; not aligned; beyond the
	   dump.  */
	stack[11] = JIT + 200;
	stack[10] = 0;
	EXPECT(JIT, JIT + 100, JIT + 200);
	stack[10] = word(3);
	EXPECT(JIT, JIT + 100);
	stack[10] = word(10);
	EXPECT(JIT, JIT + 100);
	registers[P_RBP] = word(4) + 1;
	EXPECT(JIT);
	registers[P_RBP] = STACK - 8;
	EXPECT(JIT);
	/* In a frame that has returned.  */
	registers[P_RIP] = at(0x150);
	registers[P_RBP] = word(0);
	stack[0] = STACK + 0x100000;
	stack[1] = at(0x350);
	EXPECT(at(0x150), STACK + 0x100000);
	registers[P_RIP] = JIT;
	registers[P_RBP] = word(STACK_WORDS - 1);
	EXPECT(JIT);
	registers[P_RBP] = UINT64_MAX - 7;
	EXPECT(JIT);
	/* In uprobes' page, which has taken a return address's place.  */
	registers[P_RIP] = UINT64_C(0x7fffffffe000);
	registers[P_RBP] = word(4);
	EXPECT(UINT64_C(0x7fffffffe000));
}
END_TEST

/* What was changed since tells nothing.  */
START_TEST(other_build_id)
{
	const uint64_t elsewhere = BASE + 0x100000 - BASE % 0x1000;

	FUNCTION(0x100, 0x100, USUAL);
	FUNCTION(0x300, 0x100, OUTERMOST);
	finish_file();
	write_file();
	registers[P_RIP] = at(0x150);
	registers[P_RBP] = word(4);
	stack[0] = at(0x350);
	stack[5] = at(0x350);
	map_file(2);
	EXPECT(at(0x150));
	map_file(1);
	EXPECT(at(0x150), at(0x350));
	/* Nor does the frame pointer in its code, wherever that leads.  */
	map_file_at(elsewhere, 2);
	registers[P_RIP] = elsewhere + TEXT + 0x150;
	EXPECT(elsewhere + TEXT + 0x150);
	/* Changed after its headers were read.  */
	start_over();
	map_file(1);
	registers[P_RIP] = at(0x150);
	ck_assert_int_eq(symbols_is_stub(symbols, symbols_space(symbols, PID),
					 at(0x150)), 0);
	file.bytes[FILE_SIZE - 0x800 + 16] = 3;
	write_file();
	registers[P_RBP] = 0;
	EXPECT(at(0x150));
}
END_TEST

/* The tables of another machine are of no use, if its numbers fit or not.  */
START_TEST(other_machine)
{
	start_file(EM_AARCH64);
	FUNCTION(0x100, 0x100, CFA(RBP, 8), SAVED(30, 1));
	load_file();
	file.machine = EM_X86_64;
	registers[P_RIP] = at(0x150);
	registers[P_RBP] = word(3);
	stack[3] = at(0x150);
	EXPECT(at(0x150));
}
END_TEST

/* Another file in the same place.  */
START_TEST(mapped_anew)
{
	char first[sizeof(path)];

	FUNCTION(0x100, 0x100, USUAL);
	FUNCTION(0x300, 0x100, OUTERMOST);
	load_file();
	registers[P_RIP] = at(0x150);
	stack[0] = at(0x310);
	stack[1] = at(0x320);
	EXPECT(at(0x150), at(0x310));
	strcpy(first, path);
	strcat(path, "2");
	start_file(EM_X86_64);
	file.build_id = 2;
	FUNCTION(0x100, 0x100, CFA(RSP, 16), SAVED(RIP, 1));
	FUNCTION(0x300, 0x100, OUTERMOST);
	load_file();
	EXPECT(at(0x150), at(0x320));
	unlink(path);
	strcpy(path, first);
}
END_TEST

START_TEST(debug_frame)
{
	file.debug_frame = true;
	FUNCTION(0x100, 0x100, USUAL);
	FUNCTION(0x200, 0x100, FRAMED);
	FUNCTION(0x300, 0x100, OUTERMOST);
	load_file();
	registers[P_RIP] = at(0x150);
	registers[P_RBP] = word(4);
	stack[0] = at(0x250);
	stack[5] = at(0x350);
	EXPECT(at(0x150), at(0x250), at(0x350));
}
END_TEST

/* Every instruction, and where it begins to count.  */
START_TEST(instructions)
{
	static const struct {
		uint64_t from;
		uint64_t word;          /* of the return address */
	} steps[] = {
		{ 0x100, 0 }, { 0x110, 1 }, { 0x120, 2 }, { 0x130, 1 },
		{ 0x140, 3 }, { 0x150, 4 }, { 0x160, 5 }, { 0x170, 4 },
		{ 0x180, 5 }, { 0x190, 7 }, { 0x1a0, 3 }, { 0x1b0, 5 },
		{ 0x1c0, 20 }, { 0x200, 20 },
	};

	memcpy(file.common, (const uint8_t[]){ USUAL }, 5);
	file.common_length = 5;
	FUNCTION(0x100, 0x100, 0x2d,    /* nothing for this machine */
		 0x50, 0x0e, 16,                /* CFA is rsp + 16 */
		 0x02, 16, 0x0a, 0x0e, 24,      /* remembered; 24 */
		 0x03, 16, 0, 0x0b,             /* recalled */
		 0x04, 16, 0, 0, 0, 0x12, RSP, 0x7c, /* -4 times -8 */
		 0x50, 0x13, 0x7b, 0x00,        /* 40 */
		 0x50, 0x0e, 48, 0x2e, 16,      /* size of arguments */
		 0x50, 0x05, RIP, 2,            /* at CFA - 16 */
		 0x50, 0xc0 | RIP,              /* as in common: CFA - 8 */
		 0x50, 0x2f, RIP, 1,            /* CFA + 8 */
		 0x50, 0x11, RIP, 3,            /* CFA - 24 */
		 0x50, 0x06, RIP,               /* as in common */
		 0x01, 0xc0, 0x11, 0, 0, 0, 0, 0, 0, /* at an address */
		 0x0d, RBX, 0x0e, 8);
	FUNCTION(0x400, 0x100, UNDEFINED(RIP));
	load_file();
	for (unsigned i = 0; i < 32; i++)
		stack[i] = at(0x400 + i);
	registers[P_RBX] = word(20);
	for (unsigned i = 0; i + 1 < sizeof(steps) / sizeof(steps[0]); i++) {
		for (uint64_t pc = steps[i].from; pc < steps[i + 1].from;
		     pc++) {
			registers[P_RIP] = at(pc);
			EXPECT(at(pc), at(0x400 + steps[i].word));
		}
	}
}
END_TEST

/* A register that is saved, and then isn't.  */
START_TEST(same_value)
{
	FUNCTION(0x100, 0x100, CFA(RSP, 24), SAVED(RIP, 1), SAVED(RBX, 2),
		 0x50, 0x08, RBX, 0x50, 0x83, 3);
	FUNCTION(0x200, 0x100, CFA(RBX, 8), SAVED(RIP, 1));
	FUNCTION(0x400, 0x100, OUTERMOST);
	load_file();
	stack[0] = word(10);
	stack[1] = word(11);
	stack[2] = at(0x250);
	stack[10] = at(0x410);
	stack[11] = at(0x411);
	stack[12] = at(0x412);
	registers[P_RBX] = word(12);
	registers[P_RIP] = at(0x100);
	EXPECT(at(0x100), at(0x250), at(0x411));
	registers[P_RIP] = at(0x110);
	EXPECT(at(0x110), at(0x250), at(0x412));
	registers[P_RIP] = at(0x120);
	EXPECT(at(0x120), at(0x250), at(0x410));
}
END_TEST

/* The other forms that the tables can have.  */
static void check_forms(void)
{
	FUNCTION(0x100, 0x100, CFA(RSP, 16), SAVED(RIP, 2), 0x48, SAVED(RIP, 1));
	FUNCTION(0x400, 0x100, OUTERMOST);
	load_file();
	stack[0] = at(0x410);
	stack[1] = at(0x411);
	registers[P_RIP] = at(0x107);
	EXPECT(at(0x107), at(0x410));
	registers[P_RIP] = at(0x108);
	EXPECT(at(0x108), at(0x411));
}

START_TEST(personality)
{
	file.personality = true;
	check_forms();
}
END_TEST

START_TEST(version_3)
{
	file.version = 3;
	check_forms();
}
END_TEST

START_TEST(version_4)
{
	file.debug_frame = true;
	file.version = 4;
	check_forms();
}
END_TEST

START_TEST(wide_eh_frame)
{
	file.wide = true;
	check_forms();
}
END_TEST

START_TEST(wide_debug_frame)
{
	file.wide = true;
	file.debug_frame = true;
	check_forms();
}
END_TEST

START_TEST(no_sections)
{
	file.no_sections = true;
	check_forms();
}
END_TEST

#define A64_LEAF CFA(31, 0)
#define A64_FRAMED CFA(31, 32), SAVED(29, 4), SAVED(30, 3), SAVED(19, 2)

START_TEST(arm64)
{
	start_file(EM_AARCH64);
	file.code_factor = 4;
	FUNCTION(0x100, 0x100, A64_LEAF);
	FUNCTION(0x200, 0x100, A64_FRAMED);
	FUNCTION(0x300, 0x100, CFA(29, 16), SAVED(29, 2), SAVED(30, 1));
	FUNCTION(0x400, 0x100, CFA(31, 0), UNDEFINED(30));
	FUNCTION(0x500, 0x10, CFA(31, 104), 0x42, CFA(31, 16), 0x41,
		 CFA(31, 104));
	FUNCTION(0x510, 0x10, 0x0f, 2, 0x8f, 16);
	load_file();
	registers[P_PC] = at(0x150);
	registers[P_SP] = STACK;
	registers[P_LR] = at(0x250);
	registers[P_X29] = word(0);
	stack[0] = word(10);
	stack[1] = at(0x350) | UINT64_C(0x00a5) << 48;  /* signed */
	stack[3] = at(0x450);
	stack[10] = word(20);
	stack[11] = at(0x450);
	EXPECT(at(0x150), at(0x250), at(0x350), at(0x450));
	/* Only what was interrupted has its return address in x30.  */
	for (uint64_t offset = 0x500; offset < 0x520; offset += 0x10) {
		stack[11] = at(offset + 8);
		EXPECT(at(0x150), at(0x250), at(0x350), at(offset + 8));
		registers[P_PC] = at(offset + 8);
		EXPECT(at(offset + 8), at(0x250), at(0x450));
		registers[P_PC] = at(0x150);
	}
	/* By frame pointer the stack pointer isn't known.  */
	registers[P_PC] = JIT;
	registers[P_X29] = word(4);
	stack[4] = word(10);
	stack[5] = at(0x350);
	stack[11] = at(0x450);
	EXPECT(JIT, at(0x350), at(0x450));
	stack[5] = at(0x250);
	stack[7] = at(0x450);
	EXPECT(JIT, at(0x250));
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

/* Whatever the tables and the file's headers say.  */
START_TEST(damaged_tables)
{
	uint64_t total = 0;
	struct file *whole = malloc(sizeof(*whole));

	FUNCTION(0x100, 0x100, USUAL);
	FUNCTION(0x200, 0x100, FRAMED);
	FUNCTION(0x300, 0x100, SAVED(RIP, 1), 0x0f, 3, 0x76, 0x78, 0x06,
		 0x10, RBP, 2, 0x76, 0);
	FUNCTION_AS(0x400, 0x100, true, 0x0f, 4, 0x77, 0xa0, 1, 0x06,
		    0x10, RIP, 3, 0x77, 0xa8, 1);
	finish_file();
	*whole = file;
	for (int round = 0; round < 1500; round++) {
		file = *whole;
		for (int i = 0; i < 1 + round % 4; i++) {
			size_t from = round % 8 ? TABLES : 0;
			size_t size = round % 8 ? whole->end - TABLES :
				      FILE_SIZE;

			file.bytes[from + random_number() % size] ^=
				(uint8_t)(1u << random_number() % 8);
		}
		file.machine = EM_X86_64;
		write_file();
		start_over();
		map_file(0);
		for (int i = 0; i < 40; i++) {
			registers[P_RIP] = at(0x100 + random_number() % 0x400);
			registers[P_RBP] = word(random_number() % 64);
			registers[P_RBX] = word(random_number() % 64);
			for (int j = 0; j < 64; j++)
				stack[j] = random_number() % 2 ?
					at(0x100 + random_number() % 0x400) :
					word(random_number() % 64);
			run();
			total += count;
		}
	}
	ck_assert_uint_gt(total, 1500 * 40);
	free(whole);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("unwind_tables");
	TCase *tests = tcase_create("tables");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, usual_frames);
	tcase_add_test(tests, kept_registers);
	tcase_add_test(tests, return_address_behind_a_function);
	tcase_add_test(tests, signal_frame);
	tcase_add_test(tests, linkage_stubs);
	tcase_add_test(tests, realigned_stack);
	tcase_add_test(tests, values_in_registers);
	tcase_add_test(tests, large_frames);
	tcase_add_test(tests, no_progress);
	tcase_add_test(tests, frame_pointers);
	tcase_add_test(tests, other_build_id);
	tcase_add_test(tests, other_machine);
	tcase_add_test(tests, mapped_anew);
	tcase_add_test(tests, debug_frame);
	tcase_add_test(tests, instructions);
	tcase_add_test(tests, same_value);
	tcase_add_test(tests, personality);
	tcase_add_test(tests, version_3);
	tcase_add_test(tests, version_4);
	tcase_add_test(tests, wide_eh_frame);
	tcase_add_test(tests, wide_debug_frame);
	tcase_add_test(tests, no_sections);
	tcase_add_test(tests, arm64);
	tcase_add_test(tests, damaged_tables);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make_suite());
}
