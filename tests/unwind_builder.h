/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Makes small ELF files with unwind tables, byte by byte, and stacks to be
 * unwound by them.
 */
#ifndef LEAKTOP_TESTS_UNWIND_BUILDER_H
#define LEAKTOP_TESTS_UNWIND_BUILDER_H

#include <elf.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "symbols/unwind.h"
#include "testing.h"

#define PID 42
#define BASE UINT64_C(0x555500000000)
#define JIT UINT64_C(0x7f0000000000)
#define STACK UINT64_C(0x7ffc00000000)
#define STACK_WORDS 16384
#define FRAMES_MAX 64

/* Of the file.  */
#define TEXT 0x1000
#define TABLES 0x2000
#define FILE_SIZE 0x4000

/* DWARF's numbers, and perf's.  */
enum { RBX = 3, RBP = 6, RSP = 7, R12 = 12, RIP = 16 };
enum { P_RBX = 1, P_RBP = 6, P_RSP = 7, P_RIP = 8, P_R12 = 20 };
enum { P_X29 = 29, P_LR = 30, P_SP = 31, P_PC = 32 };

struct file {
	uint8_t bytes[FILE_SIZE];
	size_t end;             /* of the tables */
	uint16_t machine;
	bool debug_frame;
	uint8_t build_id;       /* its first byte */
	/* Of the common entries.  */
	uint8_t column;         /* of the return address */
	uint8_t version;
	uint8_t code_factor;
	bool personality;       /* as of C++ */
	bool wide;              /* 64-bit DWARF */
	bool no_sections;
	uint8_t common[16];     /* instructions */
	uint8_t common_length;
};

static struct file file;
static char path[64];
static struct symbols *symbols;
static struct unwinder *unwinder;
static uint64_t registers[64];
static uint64_t stack[STACK_WORDS];
static uint64_t stack_size;
static uint64_t addresses[FRAMES_MAX];
static uint32_t count;

static void put(const void *data, size_t size)
{
	ck_assert_uint_le(file.end + size, FILE_SIZE - 0x800);
	memcpy(file.bytes + file.end, data, size);
	file.end += size;
}

static void put_u32(uint32_t value)
{
	put(&value, sizeof(value));
}

static void put_u64(uint64_t value)
{
	put(&value, sizeof(value));
}

/* Begins an entry; returns where.  */
static size_t begin_entry(void)
{
	size_t at = file.end;

	if (file.wide) {
		put_u32(UINT32_MAX);
		put_u64(0);
	} else {
		put_u32(0);
	}
	return at;
}

static void end_entry(size_t at)
{
	size_t head = file.wide ? 12 : 4;
	uint64_t length;

	while ((file.end - at) % 8)
		put("", 1);
	length = file.end - at - head;
	memcpy(file.bytes + at + (file.wide ? 4 : 0), &length,
	       file.wide ? 8 : 4);
}

/* What a function's entry has for the common one at COMMON.  */
static void put_reference(size_t common)
{
	if (!file.debug_frame)
		put_u32((uint32_t)(file.end - common));
	else if (file.wide)
		put_u64(common - TABLES);
	else
		put_u32((uint32_t)(common - TABLES));
}

static void add_common(bool signal)
{
	size_t at = begin_entry();

	if (file.debug_frame && file.wide)
		put_u64(UINT64_MAX);
	else
		put_u32(file.debug_frame ? UINT32_MAX : 0);
	put(&file.version, 1);
	if (file.debug_frame)
		put("", 1);
	else
		put(file.personality ? "zPLR" : signal ? "zRS" : "zR",
		    file.personality ? 5 : signal ? 4 : 3);
	if (file.version == 4)
		put("\10", 2);          /* 8 bytes, and no segments */
	put(&file.code_factor, 1);
	put("\x78", 1);                 /* -8 */
	put(&file.column, 1);
	/* A function's address is absolute.  */
	if (file.personality)
		put("\7\x9b\1\2\3\4\x1b\0", 8);
	else if (!file.debug_frame)
		put("\1\0", 2);
	put(file.common, file.common_length);
	end_entry(at);
}

/* A common entry and one for SIZE bytes from START of the text on.  */
static void add_function(uint64_t start, uint64_t size, bool signal,
			 const uint8_t *instructions, size_t length)
{
	size_t common = file.end, at;

	add_common(signal);
	at = begin_entry();
	put_reference(common);
	put_u64(TEXT + start);
	put_u64(size);
	if (!file.debug_frame)
		put(file.personality ? "\4\1\2\3\4" : "",
		    file.personality ? 5 : 1);
	put(instructions, length);
	end_entry(at);
}

#define FUNCTION_AS(start, size, signal, ...)				\
	do {								\
		static const uint8_t instructions_[] = { __VA_ARGS__ };	\
		add_function(start, size, signal, instructions_,	\
			     sizeof(instructions_));			\
	} while (0)
#define FUNCTION(start, size, ...) FUNCTION_AS(start, size, false, __VA_ARGS__)

#define CFA(number, offset) 0x0c, number, offset
#define SAVED(number, words) 0x80 | (number), words
#define UNDEFINED(number) 0x07, number
/* Right behind the call, or the push of a frame pointer after it.  */
#define USUAL CFA(RSP, 8), SAVED(RIP, 1)
#define FRAMED CFA(RBP, 16), SAVED(RIP, 1), SAVED(RBP, 2)
#define OUTERMOST CFA(RSP, 8), UNDEFINED(RIP)

#define NAMES "\0.text\0.eh_frame\0.debug_frame\0.note.gnu.build-id\0.shstrtab"

/* The rest of the file.  */
static void finish_file(void)
{
	static const char names[] = NAMES;
	const uint64_t notes_at = FILE_SIZE - 0x800;
	const uint64_t head_at = FILE_SIZE - 0x780;
	const uint64_t names_at = FILE_SIZE - 0x700;
	const uint64_t headers_at = FILE_SIZE - 0x600;
	const Elf64_Ehdr header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_DYN, .e_machine = file.machine,
		.e_version = EV_CURRENT, .e_phoff = sizeof(Elf64_Ehdr),
		.e_shoff = file.no_sections ? 0 : headers_at,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = file.no_sections ? 3 : 2,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = file.no_sections ? 0 : 5,
		.e_shstrndx = file.no_sections ? 0 : 4,
	};
	const Elf64_Phdr segments[] = {
		{ .p_type = PT_LOAD, .p_flags = PF_R | PF_X,
		  .p_filesz = FILE_SIZE, .p_memsz = FILE_SIZE,
		  .p_align = 0x1000 },
		{ .p_type = PT_NOTE, .p_flags = PF_R, .p_offset = notes_at,
		  .p_vaddr = notes_at, .p_filesz = 36, .p_memsz = 36,
		  .p_align = 4 },
		{ .p_type = PT_GNU_EH_FRAME, .p_flags = PF_R,
		  .p_offset = head_at, .p_vaddr = head_at, .p_filesz = 8,
		  .p_memsz = 8, .p_align = 4 },
	};
	/* .eh_frame_hdr: where the tables are, from where that stands.  */
	const int32_t head[] = {
		(int32_t)0xffff1b01, TABLES - (int32_t)(head_at + 4),
	};
	const Elf64_Shdr sections[] = {
		{ .sh_type = SHT_NULL },
		{ .sh_name = 1, .sh_type = SHT_PROGBITS,
		  .sh_flags = SHF_ALLOC | SHF_EXECINSTR, .sh_addr = TEXT,
		  .sh_offset = TEXT, .sh_size = 0x1000, .sh_addralign = 16 },
		{ .sh_name = file.debug_frame ? 17 : 7,
		  .sh_type = SHT_PROGBITS,
		  .sh_flags = file.debug_frame ? 0 : SHF_ALLOC,
		  .sh_addr = file.debug_frame ? 0 : TABLES,
		  .sh_offset = TABLES, .sh_size = file.end - TABLES,
		  .sh_addralign = 8 },
		{ .sh_name = 30, .sh_type = SHT_NOTE, .sh_flags = SHF_ALLOC,
		  .sh_addr = notes_at, .sh_offset = notes_at, .sh_size = 36,
		  .sh_addralign = 4 },
		{ .sh_name = 49, .sh_type = SHT_STRTAB, .sh_offset = names_at,
		  .sh_size = sizeof(names), .sh_addralign = 1 },
	};
	const uint32_t note[] = { 4, 20, NT_GNU_BUILD_ID };

	if (!file.debug_frame)
		put_u32(0);
	memcpy(file.bytes, &header, sizeof(header));
	memcpy(file.bytes + sizeof(header), segments, sizeof(segments));
	memcpy(file.bytes + head_at, head, sizeof(head));
	memcpy(file.bytes + notes_at, note, sizeof(note));
	memcpy(file.bytes + notes_at + 12, "GNU", 4);
	file.bytes[notes_at + 16] = file.build_id;
	memcpy(file.bytes + names_at, names, sizeof(names));
	memcpy(file.bytes + headers_at, sections, sizeof(sections));
}

static void start_file(uint16_t machine)
{
	memset(&file, 0, sizeof(file));
	file.machine = machine;
	file.build_id = 1;
	file.column = machine == EM_AARCH64 ? 30 : RIP;
	file.version = 1;
	file.code_factor = 1;
	file.end = TABLES;
}

static void write_file(void)
{
	FILE *out = fopen(path, "we");

	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(file.bytes, 1, FILE_SIZE, out), FILE_SIZE);
	ck_assert_int_eq(fclose(out), 0);
}

/* As the file of BUILD_ID; 0: it does not tell.  */
static void map_file_at(uint64_t start, uint8_t build_id)
{
	const struct mapping mapping = {
		.pid = PID, .start = start, .length = FILE_SIZE, .path = path,
		.build_id = { build_id }, .build_id_size = build_id ? 20 : 0,
	};

	symbols_map(symbols, &mapping);
}

static void map_file(uint8_t build_id)
{
	map_file_at(BASE, build_id);
}

static void load_file(void)
{
	finish_file();
	write_file();
	map_file(0);
}

/* With nothing known of any file.  */
static void start_over(void)
{
	unwinder_free(unwinder);
	symbols_free(symbols);
	symbols = symbols_new();
	unwinder = unwinder_new(symbols, false);
}

static void setup(void)
{
	int fd;

	strcpy(path, "/tmp/leaktop-unwind-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	start_over();
	memset(registers, 0, sizeof(registers));
	memset(stack, 0, sizeof(stack));
	stack_size = sizeof(stack);
	registers[P_RSP] = STACK;
	start_file(EM_X86_64);
}

static void teardown(void)
{
	unwinder_free(unwinder);
	symbols_free(symbols);
	unwinder = NULL;
	symbols = NULL;
	unlink(path);
}

/* An address in the text.  */
static uint64_t at(uint64_t offset)
{
	return BASE + TEXT + offset;
}

/* The address of a word on the stack.  */
static uint64_t word(uint64_t index)
{
	return STACK + 8 * index;
}

static void run(void)
{
	struct dump dump = {
		.machine = file.machine, .registers = registers,
		.stack = (const uint8_t *)stack, .size = stack_size,
		.mask = 0xff0fff,
	};
	uint64_t packed[64];
	unsigned used = 0;

	if (file.machine == EM_AARCH64)
		dump.mask = (UINT64_C(1) << 33) - 1;
	for (unsigned i = 0; i < 64; i++) {
		if (dump.mask >> i & 1)
			packed[used++] = registers[i];
	}
	dump.registers = packed;
	count = unwind(unwinder, symbols_space(symbols, PID), &dump, addresses,
		       FRAMES_MAX);
}

static void check_chain(const uint64_t *expected, uint32_t size)
{
	run();
	for (uint32_t i = 0; i < count && i < size; i++)
		ck_assert_msg(addresses[i] == expected[i],
			      "frame %u: %#" PRIx64 ", expected %#" PRIx64, i,
			      addresses[i], expected[i]);
	ck_assert_uint_eq(count, size);
}

#define EXPECT(...)							\
	do {								\
		const uint64_t expected_[] = { __VA_ARGS__ };		\
		check_chain(expected_,					\
			    sizeof(expected_) / sizeof(expected_[0]));	\
	} while (0)

#endif
