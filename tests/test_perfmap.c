/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Names that programs tell in /tmp/perf-PID.map: the file itself, whose it has
 * to be, and where it is looked for.
 */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols/perfmap.h"
#include "symbols/symbols.h"
#include "testing.h"

static char directory[64];
static struct symbols *symbols;

static void setup(void)
{
	strcpy(directory, "/tmp/leaktop-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	symbols = symbols_new();
	ck_assert_ptr_nonnull(symbols);
}

static void teardown(void)
{
	char command[128];

	symbols_free(symbols);
	snprintf(command, sizeof(command), "rm -r %s", directory);
	ck_assert_int_eq(system(command), 0);
}

static void write_file(const char *path, const char *bytes, size_t size)
{
	FILE *file = fopen(path, "we");

	ck_assert_msg(file != NULL, "can't write %s", path);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

static struct perfmap *read_bytes(const char *bytes, size_t size)
{
	char path[128];
	struct perfmap *map;
	int fd;

	snprintf(path, sizeof(path), "%s/map", directory);
	write_file(path, bytes, size);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	map = perfmap_read(fd);
	close(fd);
	ck_assert_ptr_nonnull(map);
	return map;
}

START_TEST(lines)
{
	static const struct {
		uint64_t address;
		const char *name; /* NULL: none */
		uint64_t start;
	} expected[] = {
		{0xfff, NULL, 0}, {0x1000, "first one", 0x1000},
		{0x10ff, "first one", 0x1000}, {0x1100, NULL, 0},
		{0x2000, "upper", 0x2000}, {0x200f, "upper", 0x2000},
		/* A later line takes the place of an earlier one, wherever
		 * either begins. */
		{0x3000, "old", 0x3000}, {0x3010, "new", 0x3010},
		{0x301f, "new", 0x3010}, {0x3020, "old", 0x3000},
		{0x4010, "large", 0x4000}, {0x4fff, "large", 0x4000},
		{0x5000, "again", 0x5000}, {0x500f, "again", 0x5000},
		{0x5010, "at first", 0x5000},
		{0xfffffffffffffff0, "last", 0xfffffffffffffff0},
		/* None of the lines that make no sense. */
		{0x6000, NULL, 0}, {0x7000, NULL, 0}, {0x8000, NULL, 0},
		{0x9000, NULL, 0}, {0xa000, NULL, 0}, {0, NULL, 0},
	};
	static const char text[] =
		"1000 100 first one\n"
		"0x2000 0X10 upper\n"
		"3000 100 old\n"
		"3010 10 new\n"
		"4010 10 small\n"
		"4000 1000 large\n"
		"5000 100 at first\n"
		"5000 10 again\n"
		"fffffffffffffff0 f last\n"
		"fffffffffffffff0 20 beyond the end\n"
		"6000 0 nothing\n"
		"7000 10\n"
		"7000 10 \n"
		"\n"
		"x8000 10 no number\n"
		"8000 g no size\n"
		"-8000 10 negative\n"
		" 8000 10 a space\n"
		"10000000000009000 10 too large\n"
		"9000 10000000000000010 too large\n"
		"10000000000000000000000000009000 10 too large\n"
		"a000 10 not whole";
	struct perfmap *map = read_bytes(text, sizeof(text) - 1);

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		uint64_t start = 0;
		const char *name = perfmap_find(map, expected[i].address, &start);

		if (!expected[i].name) {
			ck_assert_msg(!name, "%s at %zu", name, i);
			continue;
		}
		ck_assert_msg(name != NULL, "none at %zu", i);
		ck_assert_str_eq(name, expected[i].name);
		ck_assert_uint_eq(start, expected[i].start);
	}
	perfmap_free(map);
}
END_TEST

/* Whatever is in it, an answer comes soon, and without reading beyond it. */
/* A name is as long as any that is given out.  */
START_TEST(long_name)
{
	static char text[20000] = "1000 10 ";
	struct perfmap *map;
	uint64_t start;

	memset(text + 8, 'x', sizeof(text) - 9);
	text[sizeof(text) - 1] = '\n';
	map = read_bytes(text, sizeof(text));
	ck_assert_uint_eq(strlen(perfmap_find(map, 0x1000, &start)), 4095);
	perfmap_free(map);
}
END_TEST

START_TEST(hostile)
{
	static char bytes[1 << 20];
	size_t size = 0;
	uint64_t start;
	struct perfmap *map;

	map = read_bytes("", 0);
	ck_assert_ptr_null(perfmap_find(map, 0x1000, &start));
	perfmap_free(map);
	memset(bytes, '\n', sizeof(bytes));
	map = read_bytes(bytes, sizeof(bytes));
	ck_assert_ptr_null(perfmap_find(map, 0x1000, &start));
	perfmap_free(map);
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, "1000 10 a\0b\n2000 10 c\n", 22);
	map = read_bytes(bytes, sizeof(bytes));
	ck_assert_str_eq(perfmap_find(map, 0x1000, &start), "a");
	ck_assert_str_eq(perfmap_find(map, 0x2000, &start), "c");
	perfmap_free(map);
	/* One that spans all others: only so many are looked through. */
	size += (size_t)sprintf(bytes, "0 7fffffffffffffff all\n");
	for (unsigned i = 1; i < 20000; i++)
		size += (size_t)sprintf(bytes + size, "%x 10 f%x\n", i * 16, i);
	map = read_bytes(bytes, size);
	ck_assert_str_eq(perfmap_find(map, 16, &start), "f1");
	ck_assert_str_eq(perfmap_find(map, 19999 * 16 + 15, &start), "f4e1f");
	ck_assert_str_eq(perfmap_find(map, 1, &start), "all");
	ck_assert_ptr_null(perfmap_find(map, UINT64_MAX, &start));
	perfmap_free(map);
	/* Any bytes at all. */
	for (unsigned round = 0; round < 50; round++) {
		for (size_t i = 0; i < 4096; i++)
			bytes[i] = "0123abcdef x\n \xff\x1b"[rand() % 16];
		map = read_bytes(bytes, 4096);
		for (uint64_t at = 0; at < 4096; at += 13)
			perfmap_find(map, at, &start);
		perfmap_free(map);
	}
}
END_TEST

/* No process has such a number, so the file in /tmp is ours alone. */
static uint32_t strange_pid(void)
{
	return 10000000 + (uint32_t)getpid();
}

static struct frame frame_of(uint32_t pid, uint64_t address, unsigned flags)
{
	struct frame frame;

	symbols_frame(symbols, symbols_space(symbols, pid), address, flags, &frame);
	return frame;
}

static void tell(const char *path, const char *text)
{
	write_file(path, text, strlen(text));
}

/* Of a process of a recording, as it is on this machine. */
START_TEST(of_a_recording)
{
	uint32_t pid = strange_pid();
	char path[64];
	struct frame frame;

	snprintf(path, sizeof(path), "/tmp/perf-%u.map", pid);
	tell(path, "1000 100 LazyCompile:~f \x1b[31mx.js:1\n");
	frame = frame_of(pid, 0x1010, FRAME_RETURN | FRAME_LINE);
	ck_assert_ptr_nonnull(frame.symbol);
	ck_assert_ptr_nonnull(strstr(frame.symbol, "LazyCompile:~f "));
	/* Fit to be shown. */
	ck_assert_ptr_null(strchr(frame.symbol, '\x1b'));
	ck_assert_uint_eq(frame.offset, 0x10);
	ck_assert_str_eq(frame.object, path);
	ck_assert_ptr_null(frame.file);
	/* A return address just behind is still the call's before it. */
	ck_assert_ptr_nonnull(frame_of(pid, 0x1100, FRAME_RETURN).symbol);
	ck_assert_ptr_null(frame_of(pid, 0x1100, 0).symbol);
	ck_assert_ptr_null(frame_of(pid + 1, 0x1010, 0).symbol);
	unlink(path);
}
END_TEST

/* Whose file it may be, and what it may be. */
START_TEST(of_somebody_else)
{
	uint32_t pid = strange_pid();
	char path[64], other[128];

	snprintf(path, sizeof(path), "/tmp/perf-%u.map", pid);
	snprintf(other, sizeof(other), "%s/secret", directory);
	tell(other, "1000 100 secret\n");
	ck_assert_int_eq(symlink(other, path), 0);
	ck_assert_ptr_null(frame_of(pid, 0x1010, 0).symbol);
	unlink(path);
	/* Nobody writes into it: that would be a long wait. */
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	pid++;
	snprintf(other, sizeof(other), "/tmp/perf-%u.map", pid);
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_ptr_null(frame_of(pid, 0x1010, 0).symbol);
	unlink(other);
	if (geteuid() != 0)
		return;
	pid++;
	snprintf(path, sizeof(path), "/tmp/perf-%u.map", pid);
	tell(path, "1000 100 f\n");
	ck_assert_int_eq(chown(path, 65534, 65534), 0);
	ck_assert_ptr_null(frame_of(pid, 0x1010, 0).symbol);
	unlink(path);
}
END_TEST

START_TEST(below_the_sysroot)
{
	uint32_t pid = strange_pid();
	char path[160];

	snprintf(path, sizeof(path), "%s/tmp", directory);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/tmp/perf-%u.map", directory, pid);
	tell(path, "1000 100 there\n");
	ck_assert_ptr_null(frame_of(pid, 0x1010, 0).symbol);
	symbols_set_sysroot(symbols, directory);
	ck_assert_str_eq(frame_of(pid, 0x1010, 0).symbol, "there");
}
END_TEST

/* Of a living process, below its root, by the number that it knows itself by;
 * and the process goes on to compile. */
START_TEST(of_a_living_process)
{
	uint32_t pid = (uint32_t)getpid();
	char path[160], local[64];

	snprintf(path, sizeof(path), "%s/tmp", directory);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/tmp/perf-%u.map", directory, pid);
	snprintf(local, sizeof(local), "/tmp/perf-%u.map", pid);
	/* Not the one that is outside of its root. */
	tell(local, "1000 1000 outside\n");
	symbols_set_root(symbols, pid, directory);
	ck_assert_ptr_null(frame_of(pid, 0x1010, 0).symbol);
	unlink(local);
	tell(path, "1000 100 one\n");
	usleep(1100000);
	ck_assert_str_eq(frame_of(pid, 0x1010, 0).symbol, "one");
	ck_assert_ptr_null(frame_of(pid, 0x2010, 0).symbol);
	tell(path, "1000 100 one\n2000 100 two\n1000 100 three\n");
	usleep(1100000);
	ck_assert_str_eq(frame_of(pid, 0x2010, 0).symbol, "two");
	ck_assert_str_eq(frame_of(pid, 0x1010, 0).symbol, "three");
}
END_TEST

/* A process can't have others' files read by links. */
START_TEST(links_of_a_process)
{
	uint32_t pid = (uint32_t)getpid();
	char path[160], outside[160];

	snprintf(path, sizeof(path), "%s/root", directory);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(outside, sizeof(outside), "%s/perf-%u.map", directory, pid);
	tell(outside, "1000 1000 outside\n");
	snprintf(path, sizeof(path), "%s/root/tmp", directory);
	ck_assert_int_eq(symlink(directory, path), 0);
	snprintf(path, sizeof(path), "%s/root", directory);
	symbols_set_root(symbols, pid, path);
	ck_assert_ptr_null(frame_of(pid, 0x1010, 0).symbol);
}
END_TEST

/* Who can't wait for the file is told when it is read. */
START_TEST(in_the_background)
{
	uint32_t pid = strange_pid();
	struct pollfd polled;
	unsigned before;
	eventfd_t count;
	char path[64];

	snprintf(path, sizeof(path), "/tmp/perf-%u.map", pid);
	tell(path, "1000 100 f\n");
	ck_assert(symbols_background(symbols));
	before = symbols_generation(symbols);
	ck_assert_ptr_null(frame_of(pid, 0x1010, 0).symbol);
	polled = (struct pollfd){symbols_news_fd(symbols), POLLIN, 0};
	ck_assert_int_eq(poll(&polled, 1, 10000), 1);
	ck_assert_int_eq(eventfd_read(polled.fd, &count), 0);
	ck_assert_uint_ne(symbols_generation(symbols), before);
	ck_assert_str_eq(frame_of(pid, 0x1010, 0).symbol, "f");
	unlink(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("perf-PID.map");
	TCase *maps = tcase_create("maps");

	tcase_add_checked_fixture(maps, setup, teardown);
	tcase_add_test(maps, lines);
	tcase_add_test(maps, long_name);
	tcase_add_test(maps, hostile);
	tcase_add_test(maps, of_a_recording);
	tcase_add_test(maps, of_somebody_else);
	tcase_add_test(maps, below_the_sysroot);
	tcase_add_test(maps, of_a_living_process);
	tcase_add_test(maps, links_of_a_process);
	tcase_add_test(maps, in_the_background);
	suite_add_tcase(suite, maps);
	return run_suite(suite);
}
