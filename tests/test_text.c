/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * The text of perf script: its lines, one by one, as perf writes them and as it
 * does not; then whole files.
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "perfdata/perfdata.h"
#include "perfdata/text_chain.h"
#include "perfdata/text_line.h"
#include "symbols/symbols.h"
#include "testing.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool parse_event(const char *text, struct text_event_line *line)
{
	return text_event_line(text, text + strlen(text), line);
}

static void check_span(struct text_span span, const char *expected)
{
	ck_assert_msg(span.length == strlen(expected) &&
		      (!span.length || !memcmp(span.at, expected, span.length)), "'%.*s', not '%s'",
		      (int)span.length, span.at, expected);
}

START_TEST(choices_of_fields)
{
	static const struct {
		const char *text;
		const char *comm;
		int64_t pid, tid, time; /* -1: missing */
	} cases[] = {
		{ "emacs-tst 31381 [001] 609235.683003: p:malloc: (7f) arg1=0x3",
		  "emacs-tst", -1, 31381, 609235683003000 },
		{ "           storm  7495/7498  [000]  4608.428822815: p:malloc: (7f) bytes=0x10",
		  "storm", 7495, 7498, 4608428822815 },
		{ "storm  7495/7498  U      4608.428822:          1    p:malloc: (7f) bytes=0x10",
		  "storm", 7495, 7498, 4608428822000 },
		{ "Web Content 12 13 [-01] 5.000001: p:malloc: (7f)", "Web Content 12", -1, 13,
		  5000001000 },
		{ "Line: 124809 Refcount: 1. enter emacs 31381 [001] 6.683003: p:malloc_ret: (7f <- 7e) arg1=0x1",
		  "Line: 124809 Refcount: 1. enter emacs", -1, 31381, 6683003000 },
		{ "(sd-pam) 77 [000] 1.5: p:malloc: (7f)", "(sd-pam)", -1, 77, 1500000000 },
		{ "a: (b) 77 [000] 1.5: p:malloc: (7f)", "a: (b)", -1, 77, 1500000000 },
		{ " 4608.428822:                     p:malloc: (7f) bytes=0x10", "", -1, -1,
		  4608428822000 },
		{ " 7498                     p:malloc: (7f) bytes=0x10", "", -1, 7498, -1 },
		{ "storm  7498 [000]         p:malloc: (7f) bytes=0x10", "storm", -1, 7498, -1 },
		{ "                    p:malloc: (7f) bytes=0x10", "", -1, -1, -1 },
		{ "p:malloc: (7f)", "", -1, -1, -1 },
		{ "swapper 0/-1 [000] 1.5: p:malloc: (7f)", "swapper", 0, UINT32_MAX, 1500000000 },
		{ "x 1/2/3 [000] 1.5: p:malloc: (7f)", "x 1/2/3", -1, -1, 1500000000 },
		{ "x 99999999999 1.5: p:malloc: (7f)", "x 99999999999", -1, -1, 1500000000 },
		{ "x 1 99999999999999999999.5: p:malloc: (7f)", "x 1 99999999999999999999.5:", -1, -1, -1 },
		{ "x 1 1.1234567890: p:malloc: (7f)", "x 1 1.1234567890:", -1, -1, -1 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct text_event_line line;

		ck_assert_msg(parse_event(cases[i].text, &line), "%s", cases[i].text);
		check_span(line.comm, cases[i].comm);
		ck_assert_int_eq(line.has_pid ? (int64_t)line.pid : -1, cases[i].pid);
		ck_assert_int_eq(line.has_tid ? (int64_t)line.tid : -1, cases[i].tid);
		ck_assert_int_eq(line.has_time ? (int64_t)line.time : -1, cases[i].time);
		ck_assert(line.has_trace && !line.is_record);
		ck_assert(line.address == 0x7f);
	}
}
END_TEST

START_TEST(no_events)
{
	static const char *const cases[] = {
		"", " ", "(", ": (", ": (7f)", "x: (7f)", ":x: (7f)", "p:: (7f)", "p:x (7f)",
		"p:x: (7g)", "p:x: (7f", "p:x: (7f)y", "p:x: (7f <- )", "p:x: (7f <-7e)",
		"p:x: ()", "p:x: (11112222333344445)", "# p:malloc",
		"bash 1 [000] 1.5:     1 cycles:  ffff",
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct text_event_line line;

		ck_assert_msg(!parse_event(cases[i], &line), "%s", cases[i]);
	}
}
END_TEST

START_TEST(records)
{
	struct text_event_line line;

	ck_assert(parse_event("exe  7479 [-01]  4604.211645: PERF_RECORD_COMM exec: exe:7479/7479",
			      &line));
	ck_assert(line.is_record && !line.has_trace);
	check_span(line.event, "PERF_RECORD_COMM");
	check_span(line.rest, " exec: exe:7479/7479");
	check_span(line.comm, "exe");
	ck_assert_uint_eq(line.time, 4604211645000);
}
END_TEST

START_TEST(names_and_traces_that_are_missing)
{
	struct text_event_line line;
	static const char nameless[] = "storm  7498  4608.428822: (7f9ff8933930) bytes=0x10";

	ck_assert(parse_event("storm 7498 4608.428822:    p:malloc: ", &line));
	ck_assert(!line.has_trace && line.tid == 7498);
	check_span(line.event, "p:malloc");
	ck_assert(!parse_event(nameless, &line));
	ck_assert(text_line_is_nameless(nameless, nameless + sizeof(nameless) - 1));
}
END_TEST

START_TEST(numbers)
{
	static const struct { const char *text; bool good; uint64_t value; } cases[] = {
		{ "0x0", true, 0 }, { "0xffffffffffffffff", true, UINT64_MAX },
		{ "0xFf", true, 255 }, { "18446744073709551615", true, UINT64_MAX },
		{ "-1", true, UINT64_MAX }, { "-9223372036854775808", true, UINT64_C(1) << 63 },
		{ "0x10000000000000000", false, 0 }, { "18446744073709551616", false, 0 },
		{ "-9223372036854775809", false, 0 }, { "0x", false, 0 }, { "-", false, 0 },
		{ "", false, 0 }, { "--1", false, 0 }, { "x", false, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *at = cases[i].text, *end = at + strlen(at);
		uint64_t value = 0;

		ck_assert_msg(text_number(&at, end, &value) == cases[i].good, "%s",
			      cases[i].text);
		if (cases[i].good)
			ck_assert(value == cases[i].value && at == end);
	}
}
END_TEST

START_TEST(frames)
{
	static const struct {
		const char *text;
		const char *symbol, *object; /* NULL: not told */
		int64_t address, offset;        /* -1: not told */
	} cases[] = {
		{ "\t           98930 malloc+0x0 (/usr/lib/libc.so.6)", "malloc",
		  "/usr/lib/libc.so.6", 0x98930, 0 },
		{ "\t    7fbbd7027020 malloc (/lib/libc-2.19.so)", "malloc", "/lib/libc-2.19.so",
		  0x7fbbd7027020, -1 },
		{ "                 2400009 [unknown] ([unknown])", NULL, NULL, 0x2400009, -1 },
		{ "\t            14bc", NULL, NULL, 0x14bc, -1 },
		{ "\t7fffffffffffffff [unknown] ([unknown])", NULL, NULL, INT64_MAX, -1 },
		{ "\t            14bc right", "right", NULL, 0x14bc, -1 },
		{ "\t            14bc ns::f(int (*)(char), void (A::*)() const)+0x1c (/a b (deleted))",
		  "ns::f(int (*)(char), void (A::*)() const)", "/a b (deleted)", 0x14bc, 0x1c },
		{ "\t            14bc A::operator()(int) (/x)", "A::operator()(int)", "/x", 0x14bc, -1 },
		{ "\t            14bc f (/a)b)", "f", "/a)b", 0x14bc, -1 },
		{ "\t            14bc f(int)", "f(int)", NULL, 0x14bc, -1 },
		{ "\t            14bc [unknown] (/x+0x14bc)", NULL, "/x", 0x14bc, -1 },
		{ "\tadd+0x4 (/x)", "add", "/x", -1, 4 },
		{ "\t    dead (/x)", "dead", "/x", -1, -1 },
		{ "\t malloc@plt+0x0 ([vdso])", "malloc@plt", "[vdso]", -1, 0 },
		{ "\t            14bc f+0x11112222333344445 (/x)", "f+0x11112222333344445", "/x",
		  0x14bc, -1 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *text = cases[i].text;
		struct told told;

		ck_assert_msg(text_frame_line(text, text + strlen(text), &told) ==
			      TEXT_FRAME_USER, "%s", text);
		check_span((struct text_span){ told.symbol, told.symbol_length },
			   cases[i].symbol ? cases[i].symbol : "");
		check_span((struct text_span){ told.object, told.object_length },
			   cases[i].object ? cases[i].object : "");
		ck_assert_int_eq(told.has_address ? (int64_t)told.address : -1,
				 cases[i].address);
		ck_assert_int_eq(told.has_offset ? (int64_t)told.offset : -1, cases[i].offset);
	}
}
END_TEST

START_TEST(frames_of_others)
{
	static const char *const others[] = {
		"\tffffffff81234567 do_syscall_64+0x1 ([kernel.kallsyms])",
		"\tffffffffc0123456 nft_do_chain+0x1 ([nf_tables])",
		"\tffffffff81234567", "\t            14bc f (inlined)",
	};
	static const char *const none[] = {
		"", "\t", " ", "  storm.c:64", "malloc (/x)", "\tword", "\t\t",
	};
	struct told told;

	for (size_t i = 0; i < COUNT(others); i++)
		ck_assert_msg(text_frame_line(others[i], others[i] + strlen(others[i]), &told) ==
			      TEXT_FRAME_OTHER, "%s", others[i]);
	for (size_t i = 0; i < COUNT(none); i++)
		ck_assert_msg(text_frame_line(none[i], none[i] + strlen(none[i]), &told) ==
			      TEXT_FRAME_NONE, "%s", none[i]);
}
END_TEST

/* What a sink was given, one line for each.  */
struct seen {
	char text[4096];
	size_t length;
	size_t hits;
	struct symbols *symbols;        /* NULL: not told of anything */
	uint64_t chain[8];              /* of the last hit */
	size_t depth;
	uint64_t last_time;
};

static void see(struct seen *seen, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void see(struct seen *seen, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(seen->text + seen->length, sizeof(seen->text) - seen->length, format,
			   arguments);
	va_end(arguments);
	if (length > 0 && (size_t)length < sizeof(seen->text) - seen->length)
		seen->length += (size_t)length;
}

static void see_hit(void *context, struct hit *hit, const uint64_t *chain, size_t size)
{
	static const char *const kinds[] = {
		[HIT_CALL] = "call", [HIT_RETURN] = "return", [HIT_FORK] = "fork",
		[HIT_EXEC] = "exec", [HIT_EXIT] = "exit",     [HIT_LOST] = "lost",
		[HIT_MODE] = "mode", [HIT_NOTE] = "note",
	};
	struct seen *seen = context;
	bool probe = hit->kind == HIT_CALL || hit->kind == HIT_RETURN;

	seen->hits += probe;
	see(seen, "%s %s %u/%u %" PRIx64 ": %" PRIx64 " %" PRIx64 " %" PRIx64 " [%zu]%s%s\n",
	    kinds[hit->kind], probe ? allocators[hit->function].symbol : "-", hit->pid, hit->tid,
	    hit->address, hit->argument[0], hit->argument[1], hit->argument[2], size,
	    hit->flags & HIT_HAS_POINTER ? " pointer" : "",
	    hit->kind == HIT_CALL && hit->flags & HIT_HAS_CALLER ? " caller" : "");
	seen->depth = size < COUNT(seen->chain) ? size : COUNT(seen->chain);
	if (seen->depth)
		memcpy(seen->chain, chain, seen->depth * sizeof(*chain));
	seen->last_time = hit->time;
}

static void see_mapping(void *context, const struct mapping *mapping)
{
	see(context, "map %u %" PRIx64 "+%" PRIx64 " @ %" PRIx64 " %s\n", mapping->pid,
	    mapping->start, mapping->length, mapping->offset, mapping->path);
}

static void see_comm(void *context, uint32_t pid, uint32_t tid, const char *name, bool exec)
{
	see(context, "comm %u/%u %s%s\n", pid, tid, name, exec ? " exec" : "");
}

static void see_told(void *context, const struct told *told)
{
	struct seen *seen = context;

	if (seen->symbols)
		symbols_told(seen->symbols, told);
}

static void see_round(void *context)
{
	(void)context;
}

static char path[] = "/tmp/leaktop-text-XXXXXX";

static void write_file(const char *text, size_t size)
{
	FILE *file;
	int fd;

	strcpy(path + sizeof(path) - sizeof("XXXXXX"), "XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	file = fdopen(fd, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

/* Reads SIZE bytes of TEXT as a file.  Returns 0; -1 with ERROR when it is refused
   or damaged.  */
static int read_bytes(const char *text, size_t size, struct seen *seen, struct error *error)
{
	const struct sink sink = {
		.context = seen, .hit = see_hit, .mapping = see_mapping,
		.told = see_told, .comm = see_comm, .round = see_round,
	};
	_Atomic uint64_t done = 0;
	struct perfdata *perfdata;
	int result = -1;

	write_file(text, size);
	error->text[0] = '\0';
	perfdata = perfdata_open(path, error);
	if (perfdata) {
		result = perfdata_read(perfdata, &sink, &done, NULL, error);
		ck_assert_uint_le(done, perfdata_size(perfdata));
	}
	perfdata_close(perfdata);
	unlink(path);
	return result;
}

static int read_text(const char *text, struct seen *seen, struct error *error)
{
	return read_bytes(text, strlen(text), seen, error);
}

static void check_read(const char *text, const char *expected)
{
	struct seen seen = { .length = 0 };
	struct error error;

	ck_assert_msg(read_text(text, &seen, &error) == 0, "%s", error.text);
	ck_assert_str_eq(seen.text, expected);
}

START_TEST(every_function)
{
	check_read("a 1/1 [000] 1.000001: p:malloc: (a0) bytes=0x10\n"
		   "a 1/1 [000] 1.000002: p:malloc_ret__return: (a0 <- b0) arg1=0x5000\n"
		   "a 1/1 [000] 1.000003: p:calloc: (a1) elem_size=8 n=3\n"
		   "a 1/1 [000] 1.000004: p:realloc_1: (a2) oldmem=0x5000 bytes=32\n"
		   "a 1/1 [000] 1.000005: p:posix_memalign: (a3) size=7 alignment=0x40 memptr=0x77\n"
		   "a 1/1 [000] 1.000006: p:posix_memalign_ret: (a3 <- b0) arg1=-1 ptr=0x6000\n"
		   "a 1/1 [000] 1.000007: q:lt_free: (a4) mem=0x6000 caller=0xb7\n",
		   "comm 1/1 a\n"
		   "call malloc 1/1 a0: 10 0 0 [0]\n"
		   "return malloc 1/1 a0: 5000 0 0 [0]\n"
		   "call calloc 1/1 a1: 3 8 0 [0]\n"
		   "call realloc 1/1 a2: 5000 20 0 [0]\n"
		   "call posix_memalign 1/1 a3: 77 0 7 [0]\n"
		   "return posix_memalign 1/1 a3: ffffffff 6000 0 [0] pointer\n"
		   "call free 1/1 a4: 6000 b7 0 [0] caller\n");
}
END_TEST

START_TEST(other_lines)
{
	check_read("# ========\n# captured on: p:malloc: (a0) bytes=0x10\n#\n\r\n"
		   "a 1/1 [000] 1.000001: p:free: (a0) mem=0x10\r\n"
		   "\t            14bc f (/x)\r\n"
		   "\r\n"
		   "\t            14bc nobody's (/x)\n"
		   "a 1/1 [000] 1.0: sched:sched_switch: a:1 [120] S ==> b:2 [120]\n"
		   "\t            14bc other's (/x)\n"
		   "a 1/1 [000] 1.0: p:strdup: (a0) s=0x10\n"
		   "\t            14bc other's (/x)\n"
		   "a 1/1 [000] 1.0: p:free: (a0 <- b0) mem=0x10\n"
		   "a 1/1 [000] 1.0: p:free: (a0) text=\"mem=0x9 \" mem=0x11 ip=f (/x)\n"
		   "                    14bc f (/x)\n"
		   "  x.c:64\n"
		   "a 1/1 [000] 1.0: p:free: (a0) mem=0x12\n"
		   "\tffffffff81234567 entry ([kernel.kallsyms])\n"
		   "\t            14bc in (inlined)\n"
		   "\t            14bc f (/x)\n"
		   "  x.c:64\n",
		   "comm 1/1 a\n"
		   "call free 1/1 a0: 10 0 0 [1]\n"
		   "call free 1/1 a0: 11 0 0 [1]\n"
		   "call free 1/1 a0: 12 0 0 [1]\n");
}
END_TEST

START_TEST(perfs_own_records)
{
	check_read("a 0/0 [000] 0.0: PERF_RECORD_MMAP -1/0: [0xffffffff81000000(0x1208d88) @ 0xffffffff81000000]: x [kernel.kallsyms]_text\n"
		   "a 0/0 [000] 0.0: PERF_RECORD_MMAP2 7/7: [0x55d357546000(0x2000) @ 0 fe:00 10 0]: r-xp /tmp/a b\n"
		   "a 0/0 [000] 0.0: PERF_RECORD_MMAP2 7/7: [0x55d357548000(0x2000) @ 0x1000 fe:00 10 0]: r--p /tmp/a b\n"
		   "a 0/0 [000] 0.0: PERF_RECORD_COMM: a:b:7/8\n"
		   "a 8 [000] 1.0: p:free: (a0) mem=0x10\n"
		   "a 7 [-01] 2.0: PERF_RECORD_FORK(9:9):(7:7)\n"
		   "a 9 [000] 3.0: p:free: (a0) mem=0x10\n"
		   "a 9 [-01] 3.1: PERF_RECORD_COMM exec: c:9/9\n"
		   "a 9 [-01] 3.1: PERF_RECORD_LOST lost 513\n"
		   "a 9 [-01] 3.1: PERF_RECORD_LOST_SAMPLES lost 600\n"
		   "a 9 [-01] 3.2: PERF_RECORD_EXIT(9:9):(7:7)\n"
		   "a 9 [-01] 3.2: PERF_RECORD_EXIT(9:9):(7:99999999999999999999)\n"
		   "a 9 [-01] 3.2: PERF_RECORD_LOST lost \n"
		   "a 9 [-01] 3.2: PERF_RECORD_COMM\n"
		   "a 9 [-01] 3.2: PERF_RECORD_SWITCH_CPU_WIDE OUT\n",
		   "map 7 55d357546000+2000 @ 0 /tmp/a b\n"
		   "comm 7/8 a:b\n"
		   "call free 7/8 a0: 10 0 0 [0]\n"
		   "fork - 9/9 0: 7 7 0 [0]\n"
		   "call free 9/9 a0: 10 0 0 [0]\n"
		   "exec - 9/9 0: 0 0 0 [0]\n"
		   "comm 9/9 c exec\n"
		   "lost - 0/0 0: 201 0 0 [0]\n"
		   "lost - 0/0 0: 258 0 0 [0]\n"
		   "exit - 9/9 0: 0 0 0 [0]\n");
}
END_TEST

START_TEST(threads_without_processes)
{
	/* 5 and 6 have the library at one place, 7 and 8 at another.  */
	static const char text[] =
		"a 5 [000] 1.0: p:free: (7f3a000000a0) mem=0x10\n"
		"a 6 [000] 1.1: p:free: (7f3a000000a0) mem=0x10\n"
		"b 7 [000] 1.2: p:free: (7f3b000000b0) mem=0x10\n"
		"b 7 [000] 1.3: p:malloc: (7f3b000000b8) bytes=0x10\n"
		"b 8 [000] 1.4: p:malloc: (7f3b000000b8) bytes=0x10\n"
		/* Which was called by none of them before, on either side.  */
		"b 9 [000] 1.5: p:calloc: (7f3afff00000) n=1 elem_size=0x10\n";
	struct seen seen = { .length = 0 };
	struct error error;

	ck_assert_int_eq(read_text(text, &seen, &error), 0);
	ck_assert_str_eq(seen.text,
			 "call free 5/5 7f3a000000a0: 10 0 0 [0]\n"
			 "call free 5/6 7f3a000000a0: 10 0 0 [0]\n"
			 "call free 7/7 7f3b000000b0: 10 0 0 [0]\n"
			 "call malloc 7/7 7f3b000000b8: 10 0 0 [0]\n"
			 "call malloc 7/8 7f3b000000b8: 10 0 0 [0]\n"
			 "call calloc 7/9 7f3afff00000: 1 10 0 [0]\n");
	ck_assert_msg(strstr(error.text, "process ids"), "%s", error.text);
}
END_TEST

START_TEST(times_that_are_missing)
{
	struct seen seen = { .length = 0 };
	struct error error;

	ck_assert_int_eq(read_text("p:free: (a0) mem=0x10\np:free: (a0) mem=0x11\n", &seen,
				   &error), 0);
	ck_assert_uint_eq(seen.hits, 2);
	ck_assert_uint_eq(seen.last_time, 2000000);
	ck_assert_msg(strstr(error.text, "no times"), "%s", error.text);
}
END_TEST

static const char chains[] =
	"a 1/1 [000] 1.0: p:malloc_ret: (a0 <- b0) arg1=0x10\n"
	"\t            14bc xmalloc+0x1c (/bin/a)\n"
	"\t            1500 work+0x10 (/bin/a)\n"
	"\t            1500 start (/lib/b)\n"
	"\t        _ZN1a1bEv (/lib/b)\n"
	"\t        99999999 [unknown] ([unknown])\n"
	"\t            1500 work+0x10 (/bin/a)\n"
	"\n";

START_TEST(names_are_told)
{
	struct seen seen = { .symbols = symbols_new() };
	struct error error;
	struct frame frame;
	struct place place;

	ck_assert_int_eq(read_text(chains, &seen, &error), 0);
	ck_assert_uint_eq(seen.depth, 6);
	ck_assert(seen.chain[1] == seen.chain[5]);
	/* The same number of another object is another place.  */
	ck_assert(seen.chain[1] != seen.chain[2]);
	ck_assert_uint_eq(symbols_call_site(seen.symbols, 1, seen.chain, 6), 1);
	ck_assert(symbols_frame(seen.symbols, 1, seen.chain[1], FRAME_RETURN, &frame));
	ck_assert_str_eq(frame.symbol, "work");
	ck_assert_str_eq(frame.object, "/bin/a");
	ck_assert(frame.offset == 0x10 && !frame.no_offset && !frame.allocator);
	ck_assert(symbols_frame(seen.symbols, 1, seen.chain[2], FRAME_RETURN, &frame));
	ck_assert_str_eq(frame.symbol, "start");
	ck_assert_str_eq(frame.object, "/lib/b");
	ck_assert(frame.no_offset);
	ck_assert(symbols_frame(seen.symbols, 1, seen.chain[3], FRAME_RETURN, &frame));
	ck_assert_str_eq(frame.symbol, "a::b()");
	ck_assert(!symbols_frame(seen.symbols, 1, seen.chain[4], FRAME_RETURN, &frame));
	ck_assert_ptr_null(frame.symbol);
	/* Chains have another number for the one that is at 0x1500, too, and
	   for the one without an address.  */
	ck_assert(symbols_frame(seen.symbols, 1, seen.chain[2], 0, &frame));
	ck_assert(frame.numbered && frame.object_offset == 0x1500);
	ck_assert(symbols_frame(seen.symbols, 1, seen.chain[3], 0, &frame));
	ck_assert(frame.numbered && !frame.object_offset);
	ck_assert(symbols_frame(seen.symbols, 1, seen.chain[1], 0, &frame));
	ck_assert(!frame.numbered && seen.chain[1] == 0x1500);
	/* In whatever space.  */
	place = symbols_place(seen.symbols, 7, seen.chain[2]);
	ck_assert(place.object && place.offset == 0x1500);
	ck_assert_uint_ne(place.object,
			  symbols_place(seen.symbols, 7, seen.chain[1]).object);
	symbols_free(seen.symbols);
}
END_TEST

static void check_refused(const char *text, const char *why)
{
	struct seen seen = { .length = 0 };
	struct error error;

	ck_assert_int_lt(read_text(text, &seen, &error), 0);
	ck_assert_uint_eq(seen.hits, 0);
	ck_assert_msg(strstr(error.text, why), "'%s' in: %s", why, error.text);
}

START_TEST(refused)
{
	check_refused("Dear reader,\n", "is not a perf.data file");
	check_refused("\n\n\n", "is not a perf.data file");
	check_refused("a 1 [000] 1.0: (a0) bytes=0x10\n", "the names of events");
	check_refused("a 1 [000] 1.0: p:malloc: (a0) size_t=0x10\n",
		      "p:malloc has no argument bytes");
	check_refused("a 1 [000] 1.0: p:malloc: \n", "p:malloc has no arguments");
	check_refused("a 1 [000] 1.0: p:strdup: (a0) s=0x10\na 1 [000] 1.0: q:x: (a0)\n",
		      "only p:strdup, q:x;");
}
END_TEST

/* TEXT is read up to its HITS' hit, and then WHY.  */
static void check_damaged(const char *text, size_t size, size_t hits, const char *why)
{
	struct seen seen = { .length = 0 };
	struct error error;

	ck_assert_int_lt(read_bytes(text, size, &seen, &error), 0);
	ck_assert_uint_eq(seen.hits, hits);
	ck_assert_msg(strstr(error.text, why), "'%s' in: %s", why, error.text);
}

START_TEST(damaged)
{
#define GOOD "a 1/1 [000] 1.0: p:free: (a0) mem=0x10\n"
	static const struct { const char *text; size_t size; const char *why; } cases[] = {
		{ GOOD "a 1/1 [000] 1.0: p:free: (a0) mem=0x11", 0, "cut off in its last line, after 1 " },
		{ GOOD "a 1/1 [000] 1.0: p:free: (a0) mem=0x10000000000000000\n", 0,
		  "damaged at offset 0x27, after 1 " },
		{ GOOD "a 1/1 [000] 1.0: p:free: (a0) mem=0x1x\n", 0, "has no argument mem" },
		{ GOOD "a 1/1 [000] 1.0: p:free: (a0)\n", 0, "has no argument mem" },
		{ GOOD "a\0b\n", sizeof(GOOD "a\0b\n") - 1, "damaged at offset 0x27" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		check_damaged(cases[i].text, cases[i].size ? cases[i].size :
			      strlen(cases[i].text), 1, cases[i].why);
}
END_TEST

/* It is another's.  */
START_TEST(zero_in_a_name)
{
	static const char text[] = GOOD "a 1/1 [000] 1.0: p:free\0x: (a0) mem=0x11\n" GOOD;
	struct seen seen = { .length = 0 };
	struct error error;

	ck_assert_int_eq(read_bytes(text, sizeof(text) - 1, &seen, &error), 0);
	ck_assert_uint_eq(seen.hits, 2);
}
END_TEST

START_TEST(last_line_without_end)
{
	/* A call chain's is whole where its object is.  */
	check_read(GOOD "\t            14bc f (/x)",
		   "comm 1/1 a\ncall free 1/1 a0: 10 0 0 [1]\n");
	check_damaged(GOOD "\t            14bc f (/", strlen(GOOD) + 23, 1, "cut off");
}
END_TEST

START_TEST(long_lines)
{
	size_t size = (size_t)3 << 20, at = 0;
	struct seen seen = { .symbols = symbols_new() };
	char *text = malloc(size);
	struct error error;
	struct frame frame;

	ck_assert_ptr_nonnull(text);
	/* Nobody's line; a hit whose symbol is as long; and a chain as deep.  */
	memset(text, '(', size);
	memcpy(text, GOOD, sizeof(GOOD) - 1);
	at = size / 2;
	text[at++] = '\n';
	memcpy(text + at, GOOD "\t            14bc ", sizeof(GOOD) - 1 + 18);
	at += sizeof(GOOD) - 1 + 18 + 100000;
	memcpy(text + at, " (/x)\n", 6);
	at += 6;
	for (unsigned i = 0; i < 10000; i++)
		at += (size_t)sprintf(text + at, "\t%16x f%u (/x)\n", 0x2000 + i, i);
	ck_assert_uint_lt(at, size);
	ck_assert_msg(read_bytes(text, at, &seen, &error) == 0, "%s", error.text);
	ck_assert_uint_eq(seen.hits, 2);
	ck_assert_uint_eq(seen.depth, COUNT(seen.chain));
	ck_assert(symbols_frame(seen.symbols, 1, seen.chain[0], FRAME_RETURN, &frame));
	ck_assert_uint_eq(strlen(frame.symbol), 4095);
	symbols_free(seen.symbols);
	free(text);
}
END_TEST

/* Whatever a byte becomes, or wherever the text ends: nothing goes wrong but
   what is told.  */
START_TEST(any_byte)
{
	static const char strange[] = { 0, '\n', '\t', ' ', '(', ')', ':', '=', '"', '\\', -1, '9' };
	char text[1024];
	size_t size;

	size = (size_t)snprintf(text, sizeof(text), "%s%s%s", GOOD,
				"a 1/1 [-01] 3.1: PERF_RECORD_COMM exec: c:9/9\n"
				"a 0/0 [000] 0.0: PERF_RECORD_MMAP2 7/7: [0x5(0x2) @ 0 fe:00 1 0]: r-xp /a\n"
				"a 9 [-01] 3.2: PERF_RECORD_EXIT(9:9):(7:7)\n"
				"# cmdline : perf\n", chains);
	for (size_t i = 0; i < size; i++) {
		struct seen seen = { .symbols = symbols_new() };
		struct error error;
		char kept = text[i];

		text[i] = strange[i % COUNT(strange)];
		if (read_bytes(text, size, &seen, &error) < 0)
			ck_assert_str_ne(error.text, "");
		text[i] = kept;
		seen.length = seen.hits = 0;
		if (i && read_bytes(text, i, &seen, &error) < 0)
			ck_assert_str_ne(error.text, "");
		ck_assert_uint_le(seen.hits, 2);
		symbols_free(seen.symbols);
	}
}
END_TEST

START_TEST(command_and_process)
{
	struct perfdata *perfdata;
	struct error error;
	static const char text[] = "# cmdline : /usr/bin/perf record -g\n" GOOD;

	write_file(text, sizeof(text) - 1);
	perfdata = perfdata_open(path, &error);
	unlink(path);
	ck_assert_msg(perfdata, "%s", error.text);
	ck_assert_str_eq(perfdata_command(perfdata), "/usr/bin/perf record -g");
	ck_assert_uint_eq(perfdata_pid(perfdata), 1);
	ck_assert_uint_eq(perfdata_size(perfdata), sizeof(text) - 1);
	perfdata_close(perfdata);
}
END_TEST

static unsigned alone[ALLOC_COUNT], together[ALLOC_COUNT];

static void count_alone(void *context, struct hit *hit, const uint64_t *chain, size_t size)
{
	(void)context;
	(void)chain;
	(void)size;
	if (hit->kind == HIT_CALL && hit->flags & HIT_ALONE)
		alone[hit->function]++;
	else
		together[hit->function]++;
}

/* Of p all is there but calloc's return, of q calls alone; r has the returns of
 * somebody's valloc. */
START_TEST(calls_alone_are_learned)
{
	static const char text[] =
		"a 5/5 [000] 1.0: p:malloc: (7f3a000000a0) bytes=0x10\n"
		"a 5/5 [000] 1.1: p:malloc__return: (7f3a000000a0 <- 7f3a000000b0) arg1=0x10\n"
		"a 5/5 [000] 1.2: q:malloc: (7f3b000000a0) bytes=0x10\n"
		"a 5/5 [000] 1.3: p:calloc: (7f3a000000c0) n=0x1 elem_size=0x10\n"
		"a 5/5 [000] 1.4: q:valloc: (7f3b000000c0) bytes=0x10\n"
		"a 5/5 [000] 1.5: r:valloc__return: (7f3b000000c0 <- 7f3a000000b0) arg1=0x10\n"
		"a 5/5 [000] 1.6: p:free: (7f3a000000d0) mem=0x10\n";
	const struct sink sink = {
		.hit = count_alone,
		.mapping = see_mapping,
		.comm = see_comm,
		.round = see_round,
	};
	struct perfdata *perfdata;
	struct error error = {""};

	write_file(text, sizeof(text) - 1);
	perfdata = perfdata_open(path, &error);
	unlink(path);
	ck_assert_msg(perfdata, "%s", error.text);
	for (int reading = 0; reading < 3; reading++) {
		struct seen seen = {.length = 0};
		struct sink own = sink;

		own.context = &seen;
		memset(alone, 0, sizeof(alone));
		memset(together, 0, sizeof(together));
		ck_assert_int_eq(perfdata_read(perfdata, &own, NULL, NULL, &error), 0);
		ck_assert_int_eq(perfdata_learned(perfdata), !reading);
		ck_assert_uint_eq(alone[ALLOC_MALLOC], reading ? 1 : 0);
		ck_assert_uint_eq(together[ALLOC_MALLOC], reading ? 2 : 3);
		ck_assert_uint_eq(alone[ALLOC_CALLOC], reading ? 1 : 0);
		ck_assert_uint_eq(alone[ALLOC_VALLOC], 0);
		ck_assert_uint_eq(together[ALLOC_VALLOC], 2);
		ck_assert_uint_eq(alone[ALLOC_FREE], 0);
	}
	perfdata_close(perfdata);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("text");
	TCase *lines = tcase_create("lines");
	TCase *files = tcase_create("files");

	tcase_add_test(lines, choices_of_fields);
	tcase_add_test(lines, no_events);
	tcase_add_test(lines, records);
	tcase_add_test(lines, names_and_traces_that_are_missing);
	tcase_add_test(lines, numbers);
	tcase_add_test(lines, frames);
	tcase_add_test(lines, frames_of_others);
	suite_add_tcase(suite, lines);
	tcase_add_test(files, every_function);
	tcase_add_test(files, other_lines);
	tcase_add_test(files, perfs_own_records);
	tcase_add_test(files, threads_without_processes);
	tcase_add_test(files, times_that_are_missing);
	tcase_add_test(files, names_are_told);
	tcase_add_test(files, refused);
	tcase_add_test(files, damaged);
	tcase_add_test(files, zero_in_a_name);
	tcase_add_test(files, last_line_without_end);
	tcase_add_test(files, long_lines);
	tcase_add_test(files, any_byte);
	tcase_add_test(files, command_and_process);
	tcase_add_test(files, calls_alone_are_learned);
	suite_add_tcase(suite, files);
	return run_suite(suite);
}
