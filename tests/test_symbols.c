/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "symbols/symbols.h"
#include "testing.h"

#define SELF 4711
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Functions to be found, in the test itself. */

static volatile int sink;

void exported_function(void);
void *xcharalloc(size_t size);

__attribute__((noinline)) void exported_function(void)
{
	sink += 1;
	sink += 2;
}

__attribute__((noinline)) static int static_function_line(void)
{
	sink += 3;
	return __LINE__;
}

__attribute__((noinline)) static void caller(void)
{
	sink += 5;
	sink += 6;
}

__attribute__((noinline)) void *xcharalloc(size_t size)
{
	void *block = malloc(size);

	if (!block)
		abort();
	sink += 1;
	return block;
}

static struct symbols *symbols;

static void setup(void)
{
	symbols = symbols_new();
	ck_assert_ptr_nonnull(symbols);
}

static void teardown(void)
{
	symbols_free(symbols);
}

static void map(uint32_t pid, uint64_t start, uint64_t length, uint64_t offset,
		const char *path)
{
	struct mapping mapping = {
		.pid = pid,
		.start = start,
		.length = length,
		.offset = offset,
		.path = path,
	};

	symbols_map(symbols, &mapping);
}

/* What the kernel says of this very process. */
static void map_self(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096];

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps)) {
		uint64_t start, end, offset;
		char mode[5], path[4096] = "";

		ck_assert_int_ge(sscanf(line,
					"%" SCNx64 "-%" SCNx64 " %4s %" SCNx64
					" %*s %*s %4095[^\n]",
					&start, &end, mode, &offset, path), 4);
		if (mode[2] == 'x')
			map(SELF, start, end - start, offset, path);
	}
	fclose(maps);
}

static struct frame frame_at(uint32_t pid, uint64_t address, unsigned flags)
{
	struct frame frame;

	symbols_frame(symbols, symbols_space(symbols, pid), address, flags,
		      &frame);
	return frame;
}

static uint64_t own(void (*function)(void))
{
	return (uint64_t)(uintptr_t)function;
}

#define OWN(function) own((void (*)(void))(function))

/* ASan has its own malloc in the executable: look into the C library. */
static uint64_t of_libc(const char *name)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
	uint64_t address;

	ck_assert_ptr_nonnull(libc);
	address = (uint64_t)(uintptr_t)dlsym(libc, name);
	ck_assert_uint_ne(address, 0);
	dlclose(libc);
	return address;
}

START_TEST(names_of_the_c_library)
{
	static const char *const names[] = {
		"malloc", "calloc", "realloc", "free", "posix_memalign",
		"getenv", "qsort", "fopen", "printf",
	};

	map_self();
	for (size_t i = 0; i < COUNT(names); i++) {
		uint64_t address = of_libc(names[i]);
		struct frame frame = frame_at(SELF, address, 0);

		ck_assert_ptr_nonnull(frame.object);
		ck_assert_ptr_nonnull(strstr(frame.object, "libc"));
		ck_assert_str_eq(frame.symbol, names[i]);
		ck_assert_uint_eq(frame.offset, 0);
		ck_assert_int_eq(frame.allocator, i < 5);
		frame = frame_at(SELF, address + 3, FRAME_RETURN);
		ck_assert_str_eq(frame.symbol, names[i]);
		ck_assert_uint_eq(frame.offset, 3);
		ck_assert_ptr_null(frame.file);
	}
}
END_TEST

START_TEST(own_names_and_lines)
{
	struct frame frame;
	char *again;

	map_self();
	frame = frame_at(SELF, OWN(exported_function) + 1, 0);
	ck_assert_str_eq(frame.symbol, "exported_function");
	ck_assert_uint_eq(frame.offset, 1);
	frame = frame_at(SELF, OWN(static_function_line), FRAME_LINE);
	ck_assert_str_eq(frame.symbol, "static_function_line");
	/* Without -g there is none. */
	if (frame.file) {
		const char *name = strrchr(frame.file, '/');

		ck_assert_str_eq(name ? name + 1 : frame.file,
				 "test_symbols.c");
		ck_assert_int_gt(frame.line, 0);
		ck_assert_int_le(abs(frame.line - static_function_line()), 4);
		again = (char *)frame.file;
		frame = frame_at(SELF, OWN(static_function_line), FRAME_LINE);
		ck_assert_ptr_eq(frame.file, again);
	}
	/* A return address belongs to the call before it. */
	frame = frame_at(SELF, OWN(exported_function), FRAME_RETURN);
	ck_assert(!frame.symbol || strcmp(frame.symbol, "exported_function"));
	/* In the file, and the same with either flag. */
	frame = frame_at(SELF, OWN(caller) + 2, 0);
	ck_assert_uint_eq(frame.object_offset,
			  frame_at(SELF, OWN(caller) + 2,
				   FRAME_RETURN).object_offset);
	ck_assert_uint_eq(frame.object_offset,
			  symbols_place(symbols, symbols_space(symbols, SELF),
					OWN(caller) + 2).offset);
}
END_TEST

START_TEST(no_object)
{
	struct frame frame;
	uint32_t space;
	static const char *const paths[] = {
		"", "[vdso]", "[heap]", "[stack]", "[uprobes]", "//anon",
		"/memfd:jit (deleted)", "/dev/zero (deleted)", "/SYSV00000000",
		"/anon_hugepage (deleted)", "anon_inode:[perf]",
	};

	space = symbols_space(symbols, 1);
	ck_assert(!symbols_frame(symbols, space, 0, FRAME_RETURN, &frame));
	ck_assert(!symbols_frame(symbols, space, UINT64_MAX, 3, &frame));
	ck_assert(!symbols_frame(symbols, 0, 0x1000, 3, &frame));
	ck_assert(!symbols_frame(symbols, 99, 0x1000, 3, &frame));
	for (size_t i = 0; i < COUNT(paths); i++) {
		map(1, 0x1000, 0x1000, 0, paths[i]);
		ck_assert(!symbols_frame(symbols, space, 0x1800, 3, &frame));
		ck_assert_ptr_null(frame.object);
		ck_assert_int_eq(symbols_is_stub(symbols, space, 0x1800), -1);
		ck_assert_uint_eq(symbols_place(symbols, space, 0x1800).object,
				  0);
		ck_assert_uint_eq(symbols_place(symbols, space, 0x1800).offset,
				  0x1800);
	}
	/* Not at hand, a directory, a device, no ELF: the object alone. */
	map(1, 0x1000, 0x1000, 0x3000, "/nonexistent/lib\033[31m.so");
	ck_assert(symbols_frame(symbols, space, 0x1800, 3, &frame));
	ck_assert_str_eq(frame.object, "/nonexistent/lib?[31m.so");
	ck_assert_uint_eq(frame.object_offset, 0x3800);
	ck_assert_ptr_null(frame.symbol);
	map(1, 0x2000, 0x1000, 0, "/proc");
	ck_assert(symbols_frame(symbols, space, 0x2800, 3, &frame));
	ck_assert_ptr_null(frame.symbol);
	map(1, 0x3000, 0x1000, 0, "/etc/passwd");
	ck_assert(symbols_frame(symbols, space, 0x3800, 3, &frame));
	ck_assert_ptr_null(frame.symbol);
	ck_assert_int_eq(symbols_is_stub(symbols, space, 0x3800), -1);
}
END_TEST

static int base_of_libc(struct dl_phdr_info *info, size_t size, void *base)
{
	(void)size;
	if (!strstr(info->dlpi_name, "/libc.so"))
		return 0;
	*(struct dl_phdr_info *)base = *info;
	return 1;
}

START_TEST(stubs)
{
	struct dl_phdr_info libc = { .dlpi_name = NULL };
	uint32_t space = symbols_space(symbols, SELF);
	Elf_Scn *section = NULL;
	unsigned found = 0;
	size_t names;
	int fd;
	Elf *elf;

	map_self();
	ck_assert_int_eq(dl_iterate_phdr(base_of_libc, &libc), 1);
	fd = open(libc.dlpi_name, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	ck_assert_int_eq(elf_getshdrstrndx(elf, &names), 0);
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name;
		uint64_t start;
		int stub;

		gelf_getshdr(section, &header);
		name = elf_strptr(elf, names, header.sh_name);
		stub = !strncmp(name, ".plt", 4) || !strcmp(name, ".iplt");
		if (!header.sh_size || (!stub && strcmp(name, ".text")))
			continue;
		start = libc.dlpi_addr + header.sh_addr;
		ck_assert_int_eq(symbols_is_stub(symbols, space, start), stub);
		ck_assert_int_eq(symbols_is_stub(symbols, space,
						 start + header.sh_size - 1),
				 stub);
		found += stub;
	}
	elf_end(elf);
	close(fd);
	ck_assert_uint_gt(found, 0);
	ck_assert_int_eq(symbols_is_stub(symbols, space, of_libc("malloc")), 0);
	ck_assert_int_eq(symbols_is_stub(symbols, space, OWN(caller)), 0);
}
END_TEST

START_TEST(call_site)
{
	uint32_t space = symbols_space(symbols, SELF);
	uint64_t chain[] = {
		of_libc("malloc") + 4, OWN(xcharalloc) + 4, OWN(caller) + 4,
		OWN(exported_function) + 4,
	};

	map_self();
	ck_assert_uint_eq(symbols_call_site(symbols, space, chain, 4), 2);
	ck_assert_uint_eq(symbols_call_site(symbols, space, chain + 2, 2), 0);
	/* All are allocators: the outermost. */
	ck_assert_uint_eq(symbols_call_site(symbols, space, chain, 2), 1);
	ck_assert_uint_eq(symbols_call_site(symbols, space, chain, 1), 0);
	/* Taken at the entry of malloc. */
	chain[0] = of_libc("malloc");
	ck_assert_uint_eq(symbols_call_site(symbols, space, chain, 4), 2);
	/* What is not known is no wrapper. */
	chain[1] = 0x10;
	ck_assert_uint_eq(symbols_call_site(symbols, space, chain, 4), 1);
}
END_TEST

static struct place place(uint32_t pid, uint64_t address)
{
	return symbols_place(symbols, symbols_space(symbols, pid), address);
}

static void assert_place(uint32_t pid, uint64_t address, struct place object,
			 uint64_t offset)
{
	struct place is = place(pid, address);

	ck_assert_uint_eq(is.object, object.object);
	ck_assert_uint_eq(is.offset, offset);
}

START_TEST(overlapping_mappings)
{
	const struct place none = { 0, 0 };
	struct place a, b;

	map(1, 0x10000, 0x10000, 0x1000, "/x/a");
	a = place(1, 0x10000);
	ck_assert_uint_ne(a.object, 0);
	assert_place(1, 0x10000, a, 0x1000);
	assert_place(1, 0x1ffff, a, 0x10fff);
	assert_place(1, 0x20000, none, 0x20000);
	assert_place(1, 0x0ffff, none, 0x0ffff);

	/* In the middle. */
	map(1, 0x14000, 0x4000, 0, "/x/b");
	b = place(1, 0x14000);
	ck_assert_uint_ne(b.object, 0);
	ck_assert_uint_ne(b.object, a.object);
	assert_place(1, 0x13fff, a, 0x4fff);
	assert_place(1, 0x14000, b, 0);
	assert_place(1, 0x17fff, b, 0x3fff);
	assert_place(1, 0x18000, a, 0x9000);

	/* A hole of something anonymous over two borders. */
	map(1, 0x13000, 0x2000, 0, "//anon");
	assert_place(1, 0x12fff, a, 0x3fff);
	assert_place(1, 0x13000, none, 0x13000);
	assert_place(1, 0x14fff, none, 0x14fff);
	assert_place(1, 0x15000, b, 0x1000);

	/* Over all of it, and more. */
	map(1, 0x8000, 0x100000, 0x7000, "/x/b");
	assert_place(1, 0x8000, b, 0x7000);
	assert_place(1, 0x12fff, b, 0x11fff);
	assert_place(1, 0x107fff, b, 0x106fff);

	/* Again what was there; nothing; to the end of the address space. */
	map(1, 0x8000, 0x1000, 0x7000, "/x/b");
	assert_place(1, 0x8fff, b, 0x7fff);
	map(1, 0x8000, 0, 0, "/x/a");
	assert_place(1, 0x8000, b, 0x7000);
	map(1, UINT64_MAX - 0xfff, UINT64_MAX, 0, "/x/a");
	assert_place(1, UINT64_MAX - 1, a, 0xffe);
}
END_TEST

/* Against a table with one entry per page. */
START_TEST(many_mappings)
{
	enum { PAGES = 300 };
	static uint64_t offset[PAGES];
	static uint32_t object[PAGES];
	uint32_t number[5] = { 0 };
	char path[16];

	srand(7);
	for (int k = 1; k < 5; k++) {
		snprintf(path, sizeof(path), "/x/%d", k);
		map(2, 0, 1, 0, path);
		number[k] = place(2, 0).object;
	}
	for (int round = 0; round < 3000; round++) {
		unsigned first = (unsigned)rand() % PAGES;
		unsigned count = 1 + (unsigned)rand() % (PAGES - first);
		unsigned k = (unsigned)rand() % 5;
		uint64_t from = (uint64_t)(rand() % 100) << 12;

		if (count > 20 && rand() % 8)
			count = 20;
		snprintf(path, sizeof(path), k ? "/x/%u" : "[%u]", k);
		map(1, (uint64_t)first << 12, (uint64_t)count << 12, from,
		    path);
		for (unsigned i = 0; i < count; i++) {
			object[first + i] = number[k];
			offset[first + i] = from + ((uint64_t)i << 12);
		}
		for (unsigned i = 0; i < PAGES; i++) {
			uint64_t address = ((uint64_t)i << 12) + 5;
			struct place is = place(1, address);

			ck_assert_uint_eq(is.object, object[i]);
			ck_assert_uint_eq(is.offset, object[i] ? offset[i] + 5
							       : address);
		}
	}
}
END_TEST

START_TEST(fork_and_exec)
{
	uint32_t parent = symbols_space(symbols, 1), child, after;
	const struct place none = { 0, 0 };
	struct place a;

	ck_assert_uint_ne(parent, 0);
	ck_assert_uint_eq(parent, symbols_space(symbols, 1));
	map(1, 0x10000, 0x1000, 0, "/x/a");
	a = place(1, 0x10000);
	symbols_fork(symbols, 1, 1); /* a thread */
	ck_assert_uint_eq(parent, symbols_space(symbols, 1));
	symbols_fork(symbols, 1, 2);
	child = symbols_space(symbols, 2);
	ck_assert_uint_ne(child, parent);
	assert_place(2, 0x10004, a, 4);
	/* From now on each for itself. */
	map(2, 0x10000, 0x1000, 0, "/x/b");
	map(1, 0x20000, 0x1000, 0, "/x/c");
	assert_place(1, 0x10004, a, 4);
	ck_assert_uint_ne(place(2, 0x10004).object, a.object);
	assert_place(2, 0x20004, none, 0x20004);
	symbols_exec(symbols, 2);
	after = symbols_space(symbols, 2);
	ck_assert_uint_ne(after, child);
	assert_place(2, 0x10004, none, 0x10004);
	/* The old space stays for what was seen in it. */
	ck_assert_uint_ne(symbols_place(symbols, child, 0x10004).object, 0);
	assert_place(1, 0x10004, a, 4);
	/* A number that comes back; a parent that nobody knows. */
	symbols_fork(symbols, 1, 2);
	ck_assert_uint_ne(symbols_space(symbols, 2), after);
	assert_place(2, 0x10004, a, 4);
	symbols_fork(symbols, 77, 2);
	assert_place(2, 0x10004, none, 0x10004);
	/* The same file at another address is the same place. */
	map(3, 0x777000, 0x1000, 0, "/x/a");
	assert_place(3, 0x777004, a, 4);
	for (uint32_t pid = 100; pid < 3000; pid++)
		symbols_fork(symbols, 1, pid);
	assert_place(2999, 0x10004, a, 4);
}
END_TEST

static size_t build_id_of(const char *path, uint8_t *id)
{
	/* As the tests of elfutils do: look for the note by its bytes. */
	static const unsigned char head[] = {
		4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0,
	};
	static char bytes[65536];
	FILE *file = fopen(path, "re");
	size_t n = fread(bytes, 1, sizeof(bytes), file);
	char *note = memmem(bytes, n, head, sizeof(head));

	fclose(file);
	if (!note)
		return 0;
	memcpy(id, note + sizeof(head), 20);
	return 20;
}

START_TEST(build_ids)
{
	struct mapping mapping = { .pid = 1, .length = 0x1000000 };
	uint64_t address = of_libc("getenv");
	struct place first, second;
	struct frame frame;

	/* From the file's first byte on, to where getenv already is. */
	map_self();
	frame = frame_at(SELF, address, 0);
	mapping.start = address - frame.object_offset;
	mapping.path = frame.object;
	mapping.build_id_size = (uint8_t)build_id_of(mapping.path,
						     mapping.build_id);
	/* Debian's and Fedora's have one. */
	if (!mapping.build_id_size)
		return;
	symbols_map(symbols, &mapping);
	frame = frame_at(1, address, 0);
	ck_assert_str_eq(frame.symbol, "getenv");
	first = place(1, address);
	/* Not told: the one of before, in whatever process. */
	ck_assert_uint_eq(first.object, place(SELF, address).object);
	/* Another file had that name: its names would be lies. */
	mapping.pid = 2;
	mapping.build_id[7] ^= 0x10;
	symbols_map(symbols, &mapping);
	ck_assert(symbols_frame(symbols, symbols_space(symbols, 2), address,
				FRAME_RETURN | FRAME_LINE, &frame));
	ck_assert_ptr_nonnull(frame.object);
	ck_assert_ptr_null(frame.symbol);
	ck_assert_ptr_null(frame.file);
	ck_assert_int_eq(symbols_is_stub(symbols, symbols_space(symbols, 2),
					 address), -1);
	second = place(2, address);
	ck_assert_uint_ne(first.object, second.object);
	ck_assert_uint_eq(first.offset, second.offset);
	ck_assert_str_eq(frame_at(1, address, 0).symbol, "getenv");
	/* Of a size that no build id has. */
	mapping.pid = 3;
	mapping.build_id_size = 255;
	symbols_map(symbols, &mapping);
	ck_assert_uint_eq(place(3, address).object, 0);
}
END_TEST

START_TEST(other_root)
{
	char directory[] = "/tmp/leaktop-test-XXXXXX";
	char path[64], command[256];
	struct frame frame;
	uint64_t address = OWN(exported_function);

	map_self();
	frame = frame_at(SELF, address, 0);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/program", directory);
	snprintf(command, sizeof(command), "cp /proc/%ld/exe %s",
		 (long)getpid(), path);
	ck_assert_int_eq(system(command), 0);
	map(1, address - frame.object_offset, 0x1000000, 0, "/program");
	frame = frame_at(1, address, 0);
	ck_assert_str_eq(frame.object, "/program");
	ck_assert_ptr_null(frame.symbol);
	symbols_set_root(symbols, 2, directory);
	symbols_exec(symbols, 2);
	symbols_fork(symbols, 2, 3);
	map(3, address - frame.object_offset, 0x1000000, 0, "/program");
	frame = frame_at(3, address, 0);
	ck_assert_str_eq(frame.object, "/program");
	ck_assert_str_eq(frame.symbol, "exported_function");
	ck_assert_uint_ne(place(1, address).object, place(3, address).object);
	unlink(path);
	rmdir(directory);
}
END_TEST

/* The program's own file, stripped, its names elsewhere. */
START_TEST(separate_names)
{
	char directory[] = "/tmp/leaktop-test-XXXXXX", command[2048];
	char path[64];
	uint64_t address = OWN(static_function_line);
	struct frame frame;
	int line;
	const char *const steps[] = {
		/* stripped, with nothing else */
		"strip -o program exe",
		/* the debugging file beside it, in .debug */
		"mkdir .debug && objcopy --only-keep-debug exe .debug/a.debug &&"
		" cd .debug && objcopy --add-gnu-debuglink=a.debug ../program",
		/* the same without a build id, found by its CRC */
		"objcopy -R .note.gnu.build-id exe exe2 &&"
		" strip -o program exe2 &&"
		" objcopy --only-keep-debug exe2 .debug/a.debug && cd .debug &&"
		" objcopy --add-gnu-debuglink=a.debug ../program",
		/* another file of that name */
		"printf x >>.debug/a.debug",
		/* small table within */
		"rm .debug/a.debug && strip -g -o mini exe2 && xz mini &&"
		" strip -o program exe2 &&"
		" objcopy --add-section .gnu_debugdata=mini.xz program",
	};
	static const bool named[] = { false, true, true, false, true };

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/program", directory);
	map_self();
	frame = frame_at(SELF, address, FRAME_LINE);
	line = frame.line;
	for (uint32_t i = 0; i < COUNT(steps); i++) {
		snprintf(command, sizeof(command),
			 "cd %s && { test -e exe || cp /proc/%ld/exe exe; } &&"
			 " { %s; } 2>/dev/null",
			 directory, (long)getpid(), steps[i]);
		/* Without binutils or xz there is nothing to try. */
		if (system(command))
			break;
		teardown();
		setup();
		map(i, address - frame.object_offset, 0x4000000, 0, path);
		if (named[i])
			ck_assert_str_eq(frame_at(i, address, 0).symbol,
					 "static_function_line");
		else
			ck_assert_ptr_null(frame_at(i, address, 0).symbol);
		if (i == 1 || i == 2)
			ck_assert_int_eq(frame_at(i, address, FRAME_LINE).line,
					 line);
	}
	snprintf(command, sizeof(command), "rm -r %s", directory);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

/* Names, lines and stubs of a file that says anything at all. */
static void ask_all(const char *path, uint64_t offset)
{
	struct symbols *others = symbols_new();
	struct mapping mapping = {
		.pid = 1, .start = 0x100000, .length = 0x4000000, .path = path,
	};
	uint32_t space;
	struct frame frame;

	symbols_map(others, &mapping);
	space = symbols_space(others, 1);
	for (uint64_t at = 0; at < 0x400; at += 0x55) {
		ck_assert(symbols_frame(others, space,
					mapping.start + offset + at,
					FRAME_RETURN | FRAME_LINE, &frame));
		symbols_is_stub(others, space, mapping.start + at);
	}
	symbols_free(others);
}

static unsigned char *read_self(size_t *size)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat status;
	unsigned char *bytes;

	ck_assert_int_eq(fstat(fd, &status), 0);
	*size = (size_t)status.st_size;
	bytes = malloc(*size);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(read(fd, bytes, *size), (ssize_t)*size);
	close(fd);
	return bytes;
}

static void write_file(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	close(fd);
}

START_TEST(damaged_files)
{
	char path[] = "/tmp/leaktop-test-XXXXXX";
	int fd = mkstemp(path);
	const char *rounds = getenv("LEAKTOP_DAMAGE");
	int count = rounds ? atoi(rounds) : 24;
	uint64_t offset;
	size_t size;
	unsigned char *bytes = read_self(&size);
	Elf64_Ehdr header;

	ck_assert_int_ge(fd, 0);
	close(fd);
	map_self();
	offset = frame_at(SELF, OWN(caller), 0).object_offset;
	srand(rounds ? (unsigned)getpid() : 1);
	/* Cut. */
	for (int i = 0; i <= 12; i++) {
		write_file(path, bytes, i < 4 ? (size_t)i * 30
					      : size / 12 * (size_t)i);
		ask_all(path, offset);
	}
	/* Changed: anywhere, in the file header, the program headers, the
	   section headers. */
	memcpy(&header, bytes, sizeof(header));
	for (int i = 0; i < count; i++) {
		static const unsigned char odd[] = {
			0x00, 0x01, 0x7f, 0x80, 0xff,
		};
		unsigned char *copy = malloc(size);
		int changes = 1 + rand() % 40;

		memcpy(copy, bytes, size);
		for (int k = 0; k < changes; k++) {
			size_t at = ((size_t)rand() << 16 ^ (size_t)rand());

			switch (i % 4) {
			case 0:
				at %= size;
				break;
			case 1:
				at = 16 + at % 48;
				k += 20;
				break;
			case 2:
				at = 64 + at % 800;
				k += 10;
				break;
			case 3:
				at = header.e_shoff +
				     at % (size - header.e_shoff);
				break;
			}
			copy[at % size] = rand() % 2
						  ? odd[rand() % 5]
						  : (unsigned char)rand();
		}
		write_file(path, copy, size);
		ask_all(path, offset);
		free(copy);
	}
	free(bytes);
	unlink(path);
}
END_TEST

static void *ask_for_ever(void *stop)
{
	uint32_t space = symbols_space(symbols, SELF);
	uint64_t start = OWN(exported_function);
	struct frame frame;

	for (uint64_t i = 0; !atomic_load((atomic_bool *)stop); i++)
		symbols_frame(symbols, space, start + i % 4096,
			      i % 64 ? 0 : FRAME_LINE, &frame);
	return NULL;
}

START_TEST(threads)
{
	static atomic_bool stop;
	pthread_t askers[2];

	map_self();
	for (size_t i = 0; i < COUNT(askers); i++)
		pthread_create(&askers[i], NULL, ask_for_ever, &stop);
	for (uint32_t i = 0; i < 20000; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/x/%u", i % 500);
		symbols_fork(symbols, SELF, 10000 + i % 1000);
		map(10000 + i % 1000, 0x1000 * (i % 77), 0x3000, 0, path);
		symbols_place(symbols, symbols_space(symbols, SELF),
			      OWN(caller));
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < COUNT(askers); i++)
		pthread_join(askers[i], NULL);
	ck_assert_str_eq(frame_at(SELF, OWN(caller), 0).symbol, "caller");
}
END_TEST

START_TEST(clean_text)
{
	static const struct {
		const char *raw;
		const char *clean;
	} texts[] = {
		{ "", "" },
		{ "plain ~text", "plain ~text" },
		{ "\t\n\r\033[2J\a\177", "????[2J??" },
		{ "a\xc2\x80\xc2\x9f\xc2\xa0", "a??\xc2\xa0" },
		{ "\xc2\x9b" "31m", "?31m" },               /* C1 CSI */
		{ "é€😀e\xcc\x81", "é€😀e\xcc\x81" },
		{ "a\xe2\x80\xae" "b\xe2\x81\xa6" "c", "a?b?c" }, /* RLO, LRI */
		{ "a\xe2\x80\x8b" "b\xe2\x80\x8d" "c\xef\xbb\xbf", "a?b?c?" },
		{ "\xe2\x80\xa8\xe2\x80\xa9", "??" },       /* line ends */
		{ "\xd8\x9c\xc2\xad", "??" },               /* ALM, SHY */
		{ "\xf3\xa0\x80\xa1", "?" },                /* tag */
		{ "\xff\xfe\x80", "???" },
		{ "\xc3", "?" },                            /* cut */
		{ "\xe2\x82", "??" },
		{ "\xf0\x9f\x98", "???" },
		{ "\xc3(", "?(" },
		{ "\xc0\xaf\xc1\x81", "????" },             /* overlong */
		{ "\xe0\x80\xaf\xf0\x80\x80\xaf", "???????" },
		{ "\xed\xa0\x80", "???" },                  /* surrogate */
		{ "\xf4\x90\x80\x80\xf8", "?????" },        /* too great */
		{ "\xef\xbf\xbf", "?" },                    /* no character */
	};
	char buffer[64], guard[8];

	for (size_t i = 0; i < COUNT(texts); i++) {
		size_t length = text_clean(buffer, sizeof(buffer),
					   texts[i].raw);

		ck_assert_str_eq(buffer, texts[i].clean);
		ck_assert_uint_eq(length, strlen(buffer));
		/* In place, and again. */
		strcpy(buffer, texts[i].raw);
		text_clean(buffer, sizeof(buffer), buffer);
		ck_assert_str_eq(buffer, texts[i].clean);
		text_clean(buffer, sizeof(buffer), buffer);
		ck_assert_str_eq(buffer, texts[i].clean);
	}
	/* Cut between characters. */
	ck_assert_uint_eq(text_clean(buffer, 5, "ab€"), 2);
	ck_assert_str_eq(buffer, "ab");
	ck_assert_uint_eq(text_clean(buffer, 6, "ab€"), 5);
	ck_assert_uint_eq(text_clean(buffer, 3, "\t\t\t"), 2);
	ck_assert_uint_eq(text_clean(buffer, 1, "abc"), 0);
	ck_assert_str_eq(buffer, "");
	memset(guard, 'x', sizeof(guard));
	ck_assert_uint_eq(text_clean(guard, 0, "abc"), 0);
	ck_assert_int_eq(guard[0], 'x');
	text_clean(guard, 4, "abcdefgh");
	ck_assert_int_eq(guard[4], 'x');
	/* Only so many bytes, which may end in the middle of a character. */
	ck_assert_uint_eq(text_clean_n(buffer, sizeof(buffer), "abc", 2), 2);
	ck_assert_str_eq(buffer, "ab");
	ck_assert_uint_eq(text_clean_n(buffer, sizeof(buffer), "€", 2), 2);
	ck_assert_str_eq(buffer, "??");
	ck_assert_uint_eq(text_clean_n(buffer, sizeof(buffer), "a\0b", 3), 1);
	ck_assert_uint_eq(text_clean_n(buffer, sizeof(buffer), "", 0), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("symbols");
	TCase *live = tcase_create("lookup"), *pure = tcase_create("names");

	tcase_add_checked_fixture(live, setup, teardown);
	tcase_set_timeout(live, 120);
	tcase_add_test(live, names_of_the_c_library);
	tcase_add_test(live, own_names_and_lines);
	tcase_add_test(live, no_object);
	tcase_add_test(live, stubs);
	tcase_add_test(live, call_site);
	tcase_add_test(live, overlapping_mappings);
	tcase_add_test(live, many_mappings);
	tcase_add_test(live, fork_and_exec);
	tcase_add_test(live, build_ids);
	tcase_add_test(live, other_root);
	tcase_add_test(live, separate_names);
	tcase_add_test(live, damaged_files);
	tcase_add_test(live, threads);
	suite_add_tcase(suite, live);
	tcase_add_test(pure, clean_text);
	suite_add_tcase(suite, pure);
	return run_suite(suite);
}
