/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Names on the screen: how call chains show them, and what happens while they
 * are still being read. See test_ui.c for how screens are kept.
 */
#include "config.h"

#include "ui_screen.h"

static void on(enum source_kind kind)
{
	start(kind, "C.UTF-8", 40, 120);
	turn();
}

/* The key goes round the four ways, in each view. */
START_TEST(ways_to_show)
{
	static const struct {
		const char *frame;
		const char *inlined; /* NULL: none is shown */
	} ways[] = {
		{" #2  x_term_init+0x21 (demo) demo.c:160\n",
		 "\n     x_display_init (inlined) term.h:57\n"},
		{" #2  0x4021 (demo+0x4021)\n", NULL},
		{" #2  x_term_init (demo)\n", "\n     x_display_init (inlined)\n"},
		{" #2  x_term_init+0x21 (demo)\n", "\n     x_display_init (inlined)\n"},
		{" #2  x_term_init+0x21 (demo) demo.c:160\n",
		 "\n     x_display_init (inlined) term.h:57\n"},
	};

	on(SOURCE_LIVE);
	if (_i)
		type("\njj");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		ck_shows(ways[i].frame);
		if (ways[i].inlined)
			ck_shows(ways[i].inlined);
		else
			ck_shows_not("(inlined)");
		key('s');
	}
	stop();
}
END_TEST

/* What has no name is raw in all of them. */
START_TEST(without_names)
{
	static const char *const first[] = {
		"+0x123 (libñandú.so.1)\n", "#0  0x9123 (libñandú.so.1+0x9123)\n",
		"cells>> (libñandú.so.1)\n", "+0x123 (libñandú.so.1)\n",
	};

	on(SOURCE_LIVE);
	type("j");
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		ck_shows(first[i]);
		ck_shows(" #1  0xa456 (libstripped.so.2+0xa456)\n");
		ck_shows(" #2  0xb789\n");
		ck_shows(" #3  0x1234567\n");
		key('s');
	}
	stop();
}
END_TEST

static const struct {
	const char *name;
	const char *keys;
	int lines;
	int columns;
} kept[] = {
	{"names-raw-120x40", "s", 40, 120},
	{"names-functions-120x40", "ss", 40, 120},
	{"names-offsets-80x24", "wsss", 24, 80},
	{"names-life-raw-160x30", "\nsjj", 30, 160},
	{"names-life-functions-80x24", "\nssjj", 24, 80},
};

#define KEPT_COUNT ((int)(sizeof(kept) / sizeof(kept[0])))

START_TEST(screens)
{
	start(SOURCE_LIVE, "C.UTF-8", kept[_i].lines, kept[_i].columns);
	turn();
	type(kept[_i].keys);
	compare_screen(kept[_i].name);
	stop();
}
END_TEST

/* Only raw addresses need nothing that is slow to find. */
START_TEST(raw_asks_for_no_lines)
{
	int asked;

	on(SOURCE_LIVE);
	key('s');
	asked = test.fake.symbols.lines_asked;
	test.screen->dirty = true;
	turn();
	ck_assert_int_eq(test.fake.symbols.lines_asked, asked);
	key('s');
	ck_assert_int_gt(test.fake.symbols.lines_asked, asked);
	stop();
}
END_TEST

/* The pane is too small for all that is inlined: a frame is whole or not
 * there, and what is missing is counted. */
START_TEST(no_room)
{
	on(SOURCE_LIVE);
	for (int lines = 5; lines < 40; lines++) {
		char *screen;
		unsigned shown = 0, more = 0;
		const char *at;

		resize(lines, 100);
		if (!shows("── 3072 bytes"))
			continue;
		screen = read_screen();
		for (unsigned i = 0; i < 5; i++) {
			char number[8];

			snprintf(number, sizeof(number), "#%u ", i);
			shown += strstr(screen, number) != NULL;
		}
		at = strstr(screen, " more callers");
		if (at)
			more = (unsigned)at[-1] - '0';
		ck_assert_msg(shown + more == 5 || shown <= 1, "%u and %u in\n%s", shown, more,
			      screen);
		free(screen);
	}
	stop();
}
END_TEST

/* Names that are not read yet are not waited for; when they are, call sites
 * are found anew. */
START_TEST(names_come_later)
{
	start(SOURCE_LIVE, "C.UTF-8", 40, 120);
	test.fake.symbols.wait = true;
	turn();
	ck_shows("demo+0x1009");
	ck_shows_not("query_font_info");
	test.fake.symbols.wait = false;
	test.fake.symbols.generation++;
	screen_names(test.screen);
	turn();
	ck_selected("query_font_info (demo)");
	ck_shows(">#1  query_font_info+0x16 (demo) demo.c:151");
	stop();
}
END_TEST

/* Said once for each file more. */
START_TEST(outdated_files)
{
	on(SOURCE_FILE);
	screen_names(test.screen);
	turn();
	ck_shows_not("changed since");
	test.fake.symbols.lacking[FILES_OUTDATED] = 1;
	screen_names(test.screen);
	turn();
	ck_shows("/usr/bin/demo has changed since: its names are not used");
	key('j');
	ck_shows_not("changed since");
	screen_names(test.screen);
	turn();
	ck_shows_not("changed since");
	test.fake.symbols.lacking[FILES_OUTDATED] = 3;
	screen_names(test.screen);
	turn();
	ck_shows("/usr/bin/demo and 2 other files have changed since");
	key('j');
	test.fake.symbols.lacking[FILES_MISSING] = 1;
	screen_names(test.screen);
	turn();
	ck_shows("/usr/bin/demo is not here: for its names see --sysroot");
	stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("names on the screen");
	TCase *names = tcase_create("names");

	tcase_add_loop_test(names, ways_to_show, 0, 2);
	tcase_add_test(names, without_names);
	tcase_add_loop_test(names, screens, 0, KEPT_COUNT);
	tcase_add_test(names, raw_asks_for_no_lines);
	tcase_add_test(names, no_room);
	tcase_add_test(names, names_come_later);
	tcase_add_test(names, outdated_files);
	suite_add_tcase(suite, names);
	return run_suite(suite);
}
