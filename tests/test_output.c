/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * The view of what a launched command prints, see ui_screen.h.
 */
#include "config.h"

#include "ui_screen.h"

#include "base/transcript.h"

static void print(const char *text)
{
	transcript_add(test.fake.feed.output, text, strlen(text));
}

static void print_lines(int from, int to)
{
	for (int i = from; i <= to; i++) {
		char line[64];

		snprintf(line, sizeof(line), "frame %d\n", i);
		print(line);
	}
}

static void start_output(int lines, int width)
{
	start(SOURCE_LIVE, "C.UTF-8", lines, width);
	test.fake.feed.output = transcript_new();
	turn();
}

static void stop_output(void)
{
	struct transcript *transcript = test.fake.feed.output;

	stop();
	transcript_free(transcript);
}

/* Time passes, and the screen asks for it. */
static void later(void)
{
	test.now += SECOND;
	turn();
}

static const struct {
	const char *name;
	int lines;
	int width;
} kept[] = {
	{"output-80x24", 24, 80},
	{"output-40x10", 10, 40},
};

START_TEST(screens)
{
	start_output(kept[_i].lines, kept[_i].width);
	print_lines(1, 30);
	print("\033[31mwarning:\033[0m größe\tof 名前 is \342\200\256wrong\001\n"
	      "a line that is longer than the narrow screen is, so that it is cut at its end\n"
	      "10 %\r20 %\r30 %");
	key('o');
	compare_screen(kept[_i].name);
	stop_output();
}
END_TEST

START_TEST(nothing_launched)
{
	start(SOURCE_LIVE, "C.UTF-8", 24, 80);
	turn();
	ck_shows_not("oOutput");
	key('o');
	ck_shows("Only what a command prints that leaktop starts");
	ck_shows("CALL SITE");
	key('q');
	ck_assert(test.screen->quit);
	stop();
}
END_TEST

START_TEST(nothing_printed)
{
	start_output(24, 80);
	ck_shows("oOutput");
	key('o');
	/* There the key leads back.  */
	ck_shows_not("oOutput");
	ck_shows("It has printed nothing so far.");
	print("word");
	ck_shows_not("word");
	later();
	ck_shows("word");
	ck_shows("lines 1-1 of 1");
	ck_shows_not("nothing so far");
	print(" and more\n");
	later();
	ck_shows("word and more");
	key('o');
	ck_shows("CALL SITE");
	stop_output();
}
END_TEST

START_TEST(follows_until_scrolled)
{
	start_output(24, 80);
	print_lines(1, 100);
	key('o');
	ck_shows("frame 100");
	ck_shows("  follows");
	print_lines(101, 110);
	later();
	ck_shows("frame 110");
	/* One line up: it stays where it is. */
	key(KEY_OF(KEY_UP));
	ck_shows_not("frame 110");
	ck_shows("frame 109");
	ck_shows_not("  follows");
	print_lines(111, 120);
	later();
	ck_shows("frame 109");
	ck_shows_not("frame 111");
	ck_shows("of 120");
	/* The end again, by steps or at once. */
	key(KEY_OF(KEY_NPAGE));
	ck_shows("frame 120");
	print_lines(121, 121);
	later();
	ck_shows("frame 121");
	key('g');
	ck_shows("lines 1-18 of 121");
	key('G');
	ck_shows("  follows");
	key(KEY_ESCAPE);
	ck_shows("CALL SITE");
	stop_output();
}
END_TEST

/* What goes at the beginning moves nothing, as long as it is still there. */
START_TEST(old_lines_go)
{
	char line[LINE_MAX_BYTES];

	start_output(24, 80);
	print_lines(1, TRANSCRIPT_LINES);
	key('o');
	key('g');
	for (int i = 0; i < 100; i++)
		key('j');
	read_line(5, line);
	ck_assert_str_eq(line, "frame 101");
	print_lines(TRANSCRIPT_LINES + 1, TRANSCRIPT_LINES + 60);
	later();
	read_line(5, line);
	ck_assert_str_eq(line, "frame 101");
	/* Now it is gone as well. */
	print_lines(TRANSCRIPT_LINES + 61, TRANSCRIPT_LINES + 200);
	later();
	read_line(5, line);
	ck_assert_str_eq(line, "frame 201");
	key('G');
	ck_shows("frame 16584");
	stop_output();
}
END_TEST

START_TEST(scrolls_sideways)
{
	start_output(10, 40);
	print("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ\n");
	key('o');
	ck_shows_not("6789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ");
	key(KEY_OF(KEY_RIGHT));
	ck_shows_not("01234567");
	ck_shows("89abcdefghijklmnopqrstuvwxyzABCDEFGHIJ");
	key(KEY_OF(KEY_LEFT));
	key(KEY_OF(KEY_LEFT));
	ck_shows("0123456789abcdefghijklmnopqrstuvwxyzABCD");
	stop_output();
}
END_TEST

/* What a frozen screen opens is as it was then. */
START_TEST(opened_frozen)
{
	start_output(24, 80);
	print("before\n");
	key('Z');
	key('o');
	ck_shows("before");
	ck_shows_not("nothing so far");
	print("after\n");
	later();
	ck_shows_not("after");
	stop_output();
}
END_TEST

/* A frozen screen stands still. */
START_TEST(frozen)
{
	start_output(24, 80);
	print("before\n");
	key('o');
	key('Z');
	print("after\n");
	later();
	ck_shows("before");
	ck_shows_not("after");
	key('Z');
	later();
	ck_shows("after");
	stop_output();
}
END_TEST

/* Any size is drawn, whatever is printed. */
START_TEST(all_sizes)
{
	start_output(24, 80);
	print_lines(1, 50);
	key('o');
	for (int lines = 1; lines <= 24; lines++) {
		for (int width = 1; width <= 20; width++) {
			resize(lines, width);
			key(KEY_OF(KEY_UP));
			key(KEY_OF(KEY_NPAGE));
		}
	}
	resize(24, 80);
	ck_shows("frame 50");
	stop_output();
}
END_TEST

/* A command that runs loses its terminal: that is asked for twice. */
START_TEST(quitting_is_asked)
{
	start_output(24, 80);
	key('q');
	ck_assert(!test.screen->quit);
	ck_shows("q again ends demo (SIGHUP)");
	/* Another key is no answer. */
	key('B');
	ck_shows_not("q again");
	key('q');
	ck_assert(!test.screen->quit);
	key('q');
	ck_assert(test.screen->quit);
	stop_output();
}
END_TEST

START_TEST(quitting_after_the_end)
{
	start_output(24, 80);
	show(fake_heap(10), STATE_EXITED);
	key('q');
	ck_assert(test.screen->quit);
	stop_output();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("output");
	TCase *tests = tcase_create("output");

	tcase_add_loop_test(tests, screens, 0, (int)(sizeof(kept) / sizeof(kept[0])));
	tcase_add_test(tests, nothing_launched);
	tcase_add_test(tests, nothing_printed);
	tcase_add_test(tests, follows_until_scrolled);
	tcase_add_test(tests, old_lines_go);
	tcase_add_test(tests, scrolls_sideways);
	tcase_add_test(tests, opened_frozen);
	tcase_add_test(tests, frozen);
	tcase_add_test(tests, all_sizes);
	tcase_add_test(tests, quitting_is_asked);
	tcase_add_test(tests, quitting_after_the_end);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
