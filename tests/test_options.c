/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "testing.h"

#define WORDS 12

/* Splits LINE at blanks and reads it as a command line.  */
static int read_line(struct options *options, const char *line,
		     struct error *error)
{
	static char copy[512], name[] = "leaktop";
	/* Options may point into it.  */
	static char *argv[WORDS + 1];
	int argc = 1;

	memset(argv, 0, sizeof(argv));
	argv[0] = name;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word && argc < WORDS;
	     word = strtok(NULL, " "))
		argv[argc++] = word;
	error->text[0] = '\0';
	return options_read(options, argc, argv, error);
}

static struct options accept(const char *line)
{
	struct options options;
	struct error error;

	ck_assert_msg(read_line(&options, line, &error) == 0, "%s: %s", line,
		      error.text);
	return options;
}

START_TEST(good_lines)
{
	struct options options = accept("-p 123");

	ck_assert_int_eq(options.mode, RUN_SCREEN);
	ck_assert_int_eq(options.session.capture.pid, 123);
	ck_assert_ptr_null(options.session.path);
	ck_assert(options.session.heap.log);
	ck_assert_uint_gt(options.session.heap.log_limit, 0);
	options = accept("perf.data");
	ck_assert_str_eq(options.session.path, "perf.data");
	/* What it does not hold is read again.  */
	ck_assert_uint_gt(options.session.heap.log_limit, 0);
	ck_assert_uint_gt(options.session.heap.life_limit, 0);
	options = accept("-b --pid=5 --duration=1.5 --top=7 --size=1k-4k,>1M");
	ck_assert_int_eq(options.mode, RUN_BATCH);
	ck_assert(options.duration == 1.5);
	ck_assert_uint_eq(options.top, 7);
	ck_assert_uint_eq(options.sizes.count, 2);
	ck_assert(!options.session.heap.log);
	options = accept("--batch --format json --follow=0xc00 perf.data");
	ck_assert_str_eq(options.format->name, "json");
	ck_assert(options.follow);
	ck_assert_uint_eq(options.follow_size, 3072);
	ck_assert(options.session.heap.log);
	ck_assert_uint_eq(options.session.heap.log_sizes.count, 1);
	options = accept("--ring-size=4096 --chain-depth=16 -p1");
	ck_assert_uint_eq(options.session.capture.ring_kib, 4096);
	ck_assert_uint_eq(options.session.capture.chain_depth, 16);
	options = accept("-b --follow=0 x");
	ck_assert(options.follow);
	ck_assert_int_eq(accept("--help -p nonsense").mode, RUN_HELP);
	ck_assert_int_eq(accept("-V").mode, RUN_VERSION);
	ck_assert_int_eq(accept("--check").mode, RUN_CHECK);
	ck_assert_int_eq(accept("--check -p 7").session.capture.pid, 7);
	ck_assert_int_eq(accept("--cleanup").mode, RUN_CLEANUP);
	ck_assert_uint_eq(accept("--focus=512,3k -p 1").session.focus.count, 2);
	ck_assert_uint_eq(accept("--focus=512,3k -p 1").session.focus.size[1],
			  3072);
	ck_assert_uint_eq(accept("--call-graph=dwarf,1001 -p 1")
			  .session.focus.dump_bytes, 1008);
	ck_assert(accept("--max-overhead=2.5 -p 1").session.max_overhead ==
		  0.025);
	ck_assert(accept("--force --free-chains -p1").session.capture.force);
	ck_assert(accept("--follow-forks -p1").session.capture.follow_forks);
	ck_assert(!accept("-p1").session.capture.follow_forks);
	ck_assert_ptr_null(accept("-p1").session.record);
	ck_assert_str_eq(accept("-o f -p1").session.record, "f");
	ck_assert_str_eq(accept("-p1 --output=f").session.record, "f");
	ck_assert_str_eq(accept("-b -of -- x -o g").session.record, "f");
	ck_assert_str_eq(accept("-p1 -of").session.arguments[2], "-of");
}
END_TEST

/* Behind -- all belongs to the command, whatever it looks like.  */
START_TEST(commands)
{
	struct options options = accept("-b --output-log=log -- x -p 1 -- y");

	ck_assert_int_eq(options.mode, RUN_BATCH);
	ck_assert(!options.have_pid);
	ck_assert_ptr_null(options.session.path);
	ck_assert_str_eq(options.launch.log, "log");
	ck_assert_str_eq(options.launch.command[0], "x");
	ck_assert_str_eq(options.launch.command[1], "-p");
	ck_assert_str_eq(options.launch.command[2], "1");
	ck_assert_str_eq(options.launch.command[3], "--");
	ck_assert_str_eq(options.launch.command[4], "y");
	ck_assert_ptr_null(options.launch.command[5]);
	options = accept("-- -b");
	ck_assert_int_eq(options.mode, RUN_SCREEN);
	ck_assert_str_eq(options.launch.command[0], "-b");
	ck_assert(options.session.heap.log);
	ck_assert_uint_gt(options.session.heap.log_limit, 0);
	options = accept("-b --duration=2 --follow-forks --force -s 3 -- x");
	ck_assert(options.duration == 2);
	/* A value, and not the end of the options.  */
	options = accept("-b --output-log -- -- x");
	ck_assert_str_eq(options.launch.log, "--");
	ck_assert_str_eq(options.launch.command[0], "x");
	ck_assert_ptr_null(accept("-b -p1").launch.command);
	/* What stands before the recording or behind it is the same.  */
	options = accept("perf.data -b");
	ck_assert_str_eq(options.session.path, "perf.data");
	ck_assert_int_eq(options.mode, RUN_BATCH);
}
END_TEST

START_TEST(bad_lines)
{
	static const char *const lines[] = {
		"", "-b", "-p", "-p 0", "-p -1", "-p 12x", "-p 99999999999",
		"-p 1 file", "one two", "--nonsense", "-Z", "--pid", "-b --top=x f",
		"--batch=1 f", "--size=x f", "--sort=nothing f",
		"-b --format=xml f", "--duration=5 -p 1", "-b --duration=5 f",
		"-b --duration=0 -p 1", "-b --duration=-1 -p 1",
		"-b --duration=nan -p 1", "-b --duration=inf -p 1",
		"--follow=3072 f", "-b --follow=1-2 f", "-b --follow= f",
		"--ring-size=0 -p 1", "--ring-size=100 -p 1",
		"--max-overhead=0 -p 1", "--max-overhead=101 -p 1",
		"--max-overhead=5% -p 1", "--max-overhead=5 f", "--check f",
		"--ring-size=4096 f", "--sysroot=/ -p 1", "--top=3 -p 1",
		"--map=a:b=malloc -p 1", "--map=a:b f", "--map f",
		"--map=a:b=mallocs f",
		"--format=json f", "-b --duration=. -p 1",
		"--", "-b --", "-p 1 --", "-p 1 -- x", "f -- x", "f --",
		"--cleanup -b", "--cleanup -p 1", "--check --cleanup",
		"--focus=0 -p 1", "--focus= -p 1", "--focus=1-4 -p 1",
		"--focus=99999999999999999999 -p 1", "--focus=512 f",
		"--focus=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17 -p 1",
		"--call-graph=fp -p 1", "--call-graph=dwarf,1 -p 1",
		"--call-graph=dwarf,70000 -p 1", "--call-graph=dwarf8 -p 1",
		"--check -- x", "--cleanup -- x", "--sort -- x", "-b --pid --",
		"--sysroot=/ -- x", "--duration=1 -- x", "--follow=1 -- x",
		"--output-log=x -p 1", "--output-log=x f", "--output-log",
		"-o x f", "--output=x f", "-o", "--output= -p 1", "-o x",
		"--output-log= -- x", "--follow-forks f", "-b --output-log --",
		"--chain-depth=0 -p 1", "--chain-depth=1000 -p 1",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct options options;
		struct error error;

		ck_assert_msg(read_line(&options, lines[i], &error) < 0,
			      "accepted: %s", lines[i]);
		ck_assert_str_ne(error.text, "");
		ck_assert_ptr_null(strchr(error.text, '\n'));
	}
}
END_TEST

/* One mistake, one option that is named.  */
START_TEST(live_only)
{
	static const char *const names[] = {
		"--ring-size=4096", "--chain-depth=9", "--free-chains",
		"--max-overhead=5", "--focus=512", "--call-graph=dwarf,1024",
		"--no-auto-focus", "--follow-forks", "--output=x", "--force",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t length = strcspn(names[i], "=");
		struct options options;
		struct error error;
		char line[64];

		snprintf(line, sizeof(line), "%s f", names[i]);
		ck_assert_int_lt(read_line(&options, line, &error), 0);
		ck_assert_int_eq(strncmp(error.text, names[i], length), 0);
		ck_assert_str_eq(error.text + length, " goes with -p PID or a "
				 "command, not with a recording");
	}
}
END_TEST

/* The help has every option, format and column; the manual every option.  */
START_TEST(help_is_complete)
{
	static const char *const options[] = {
		"--pid", "--size", "--sort", "--batch", "--format", "--duration",
		"--top", "--follow", "--ring-size", "--chain-depth", "--sysroot",
		"--ascii", "--monochrome", "--help", "--version",
		"--free-chains", "--max-overhead", "--force", "--check",
		"--cleanup", "--verbose", "--follow-forks", "--output-log",
		"--output", "--map",
	};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	options_help(out);
	fclose(out);
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		ck_assert_msg(strstr(text, options[i]) != NULL,
			      "help lacks %s", options[i]);
	for (size_t i = 0; i < report_format_count; i++)
		ck_assert_ptr_nonnull(strstr(text, report_formats[i].name));
	for (size_t i = 0; i < column_count; i++)
		ck_assert_ptr_nonnull(strstr(text, columns[i].help));
	/* Fits a terminal.  */
	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n");

		ck_assert_msg(length < 100, "%.100s", line);
		line += length + 1;
	}
	free(text);
}
END_TEST

static char *read_manual(void)
{
	static char text[100000];
	char path[4096];
	size_t used = 0;
	FILE *file;
	int c;

	snprintf(path, sizeof(path), "%s/man/leaktop.1", tests_srcdir());
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	/* Without the backslashes before hyphens.  */
	while ((c = getc(file)) != EOF && used + 1 < sizeof(text)) {
		if (c != '\\')
			text[used++] = (char)c;
	}
	text[used] = '\0';
	fclose(file);
	return text;
}

START_TEST(manual_is_complete)
{
	char *help = NULL, *manual = read_manual();
	size_t size;
	FILE *out = open_memstream(&help, &size);

	options_help(out);
	fclose(out);
	for (char *at = strstr(help, "--"); at; at = strstr(at + 2, "--")) {
		size_t length = 2 + strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-");
		char name[64];

		if (length <= 2 || length >= sizeof(name))
			continue;
		memcpy(name, at, length);
		name[length] = '\0';
		ck_assert_msg(strstr(manual, name) != NULL,
			      "the manual lacks %s", name);
	}
	for (size_t i = 0; i < column_count; i++)
		ck_assert_msg(strstr(manual, columns[i].name) != NULL,
			      "the manual lacks column %s", columns[i].name);
	free(help);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *tests = tcase_create("options");

	tcase_add_test(tests, good_lines);
	tcase_add_test(tests, commands);
	tcase_add_test(tests, bad_lines);
	tcase_add_test(tests, live_only);
	tcase_add_test(tests, help_is_complete);
	tcase_add_test(tests, manual_is_complete);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
