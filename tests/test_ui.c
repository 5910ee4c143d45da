/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * The screen without a terminal: curses writes to /dev/null, and what it would
 * show is read back and compared with tests/screens/. To write those anew:
 * LEAKTOP_REGENERATE=1 tests/test_ui
 */
#include "config.h"

#include "ui_screen.h"

#include "ui/suspects.h"

/* Screens that are kept. */

static void go_nowhere(void)
{
}

static void go_filter(void)
{
	type("f1k-4k\n");
}

static void go_wrong_filter(void)
{
	type("f12,,x\n");
}

static void go_life(void)
{
	key('\n');
	key(KEY_OF(KEY_DOWN));
	key(KEY_OF(KEY_DOWN));
}

static void go_help(void)
{
	key('?');
}

static void go_lost(void)
{
	struct snapshot *heap = fake_heap(10);

	heap->lost = 1234567;
	heap->last_lost = heap->start + 73 * SECOND / 10;
	/* Most of a few, and one of many. */
	heap->groups[0].doubtful = 7;
	heap->groups[3].doubtful = 1;
	show(heap, STATE_WATCHING);
}

static void show_mode(enum watch_mode mode, double overhead, double max_overhead)
{
	fake_show(&test.fake, fake_heap(10), STATE_WATCHING);
	test.fake.picture->mode = mode;
	test.fake.picture->overhead = overhead;
	test.fake.picture->max_overhead = max_overhead;
	screen_news(test.screen);
	turn();
}

static void go_no_chains(void)
{
	show_mode(WATCH_NO_CHAINS, 0.0123, 0.05);
}

static void go_paused(void)
{
	show_mode(WATCH_PAUSED, 0, 0);
}

static void go_probes(void)
{
	key('?');
	fake_show(&test.fake, fake_heap(10), STATE_WATCHING);
	test.fake.picture->details = strdup(
		"malloc     libc.so.6+0x98930 +4  push %rbp: emulated by the kernel, all "
		"arguments are still in their registers\n"
		"!posix_memalign  left out: no file descriptors are left\n"
		"\n"
		"free       libc.so.6+0x98f20 +0  the entry: nothing else fits");
	screen_news(test.screen);
	turn();
	key('G');
}

static void go_loading(void)
{
	show(fake_heap(10), STATE_LOADING);
}

static void go_exited(void)
{
	show(fake_heap(10), STATE_EXITED);
}

static void go_damaged(void)
{
	show(fake_heap(10), STATE_DAMAGED);
	strcpy(test.fake.picture->notice, "demo.perf.data: cut off at byte 4711");
	screen_news(test.screen);
	turn();
}

static void go_empty(void)
{
	struct snapshot *heap = fake_heap(2);

	heap->group_count = 0;
	heap->live_blocks = heap->live_bytes = heap->hits = 0;
	heap->end = heap->start;
	show(heap, STATE_STARTING);
}

static const struct {
	const char *name;
	enum source_kind kind;
	void (*go)(void);
	int lines;
	int columns;
	bool ascii;
} kept[] = {
	{"suspects-80x24", SOURCE_LIVE, go_nowhere, 24, 80, false},
	{"suspects-120x40", SOURCE_LIVE, go_nowhere, 40, 120, false},
	{"suspects-40x10", SOURCE_LIVE, go_nowhere, 10, 40, false},
	{"suspects-80x24-ascii", SOURCE_LIVE, go_nowhere, 24, 80, true},
	{"suspects-120x40-ascii", SOURCE_LIVE, go_nowhere, 40, 120, true},
	{"suspects-40x10-ascii", SOURCE_LIVE, go_nowhere, 10, 40, true},
	{"file-80x24", SOURCE_FILE, go_nowhere, 24, 80, false},
	{"filter-80x24", SOURCE_LIVE, go_filter, 24, 80, false},
	{"filter-40x10", SOURCE_LIVE, go_filter, 10, 40, false},
	{"wrong-filter-80x24", SOURCE_LIVE, go_wrong_filter, 24, 80, false},
	{"life-80x24", SOURCE_FILE, go_life, 24, 80, false},
	{"life-120x40", SOURCE_FILE, go_life, 40, 120, false},
	{"life-160x30", SOURCE_FILE, go_life, 30, 160, false},
	{"life-40x10", SOURCE_FILE, go_life, 10, 40, false},
	{"life-80x24-ascii", SOURCE_FILE, go_life, 24, 80, true},
	{"life-120x40-ascii", SOURCE_FILE, go_life, 40, 120, true},
	{"life-40x10-ascii", SOURCE_FILE, go_life, 10, 40, true},
	{"help-80x24", SOURCE_LIVE, go_help, 24, 80, false},
	{"help-120x40", SOURCE_LIVE, go_help, 66, 120, false},
	{"help-40x10", SOURCE_LIVE, go_help, 10, 40, false},
	{"lost-80x24", SOURCE_LIVE, go_lost, 24, 80, false},
	{"lost-40x10", SOURCE_LIVE, go_lost, 10, 40, false},
	{"no-chains-80x24", SOURCE_LIVE, go_no_chains, 24, 80, false},
	{"paused-80x24", SOURCE_LIVE, go_paused, 24, 80, false},
	{"paused-40x10", SOURCE_LIVE, go_paused, 10, 40, false},
	{"probes-80x24", SOURCE_LIVE, go_probes, 24, 80, false},
	{"loading-80x24", SOURCE_FILE, go_loading, 24, 80, false},
	{"loading-40x10", SOURCE_FILE, go_loading, 10, 40, false},
	{"exited-80x24", SOURCE_LIVE, go_exited, 24, 80, false},
	{"damaged-80x24", SOURCE_FILE, go_damaged, 24, 80, false},
	{"empty-80x24", SOURCE_LIVE, go_empty, 24, 80, false},
};

#define KEPT_COUNT ((int)(sizeof(kept) / sizeof(kept[0])))

START_TEST(screens)
{
	start(kept[_i].kind, kept[_i].ascii ? "C" : "C.UTF-8", kept[_i].lines, kept[_i].columns);
	turn();
	kept[_i].go();
	compare_screen(kept[_i].name);
	stop();
}
END_TEST

/* --ascii counts as well in a locale with UTF-8. */
START_TEST(ascii_option)
{
	start_with(SOURCE_LIVE, "C.UTF-8", 24, 80, (struct ui_options){.ascii = true});
	turn();
	compare_screen("suspects-80x24-ascii");
	stop();
}
END_TEST

static attr_t attributes_at(int y, int x)
{
	cchar_t cell;
	wchar_t text[CCHARW_MAX];
	attr_t attributes;
	short pair;

	mvwin_wch(newscr, y, x, &cell);
	getcchar(&cell, text, &attributes, &pair, NULL);
	return attributes | COLOR_PAIR(pair);
}

static int line_of_selection(void)
{
	char line[LINE_MAX_BYTES];

	for (int y = 0; y < test.screen->lines; y++) {
		read_line(y, line);
		if (line[0] == '>')
			return y;
	}
	return -1;
}

START_TEST(monochrome)
{
	start_with(SOURCE_LIVE, "C.UTF-8", 24, 80, (struct ui_options){.monochrome = true});
	turn();
	for (int y = 0; y < 24; y++)
		for (int x = 0; x < 80; x++)
			ck_assert_int_eq(PAIR_NUMBER(attributes_at(y, x)), 0);
	ck_assert(attributes_at(line_of_selection(), 40) & A_REVERSE);
	stop();
}
END_TEST

START_TEST(no_color)
{
	start(SOURCE_LIVE, "C.UTF-8", 24, 80);
	turn();
	ck_assert_int_ne(PAIR_NUMBER(attributes_at(line_of_selection(), 40)), 0);
	screen_free(test.screen);
	setenv("NO_COLOR", "1", 1);
	test.screen = screen_new(&(struct ui_options){.ascii = false}, &test.fake.feed);
	screen_resize(test.screen, 24, 80);
	turn();
	ck_assert_int_eq(PAIR_NUMBER(attributes_at(line_of_selection(), 40)), 0);
	stop();
}
END_TEST

/* Keys. */

static void on_80x24(void)
{
	start(SOURCE_LIVE, "C.UTF-8", 24, 80);
	turn();
}

START_TEST(quits)
{
	static const int codes[] = {'q', KEY_OF(KEY_F(10))};

	on_80x24();
	for (size_t i = 0; i < 2; i++) {
		test.screen->quit = false;
		key(codes[i]);
		ck_assert(test.screen->quit);
	}
	stop();
}
END_TEST

START_TEST(filters)
{
	on_80x24();
	ck_shows("cache_put");
	type("f>1k");
	ck_shows("Sizes (3072, 0xc00, 1k-4k, >1M): >1k");
	key('\n');
	ck_shows_not("cache_put");
	ck_shows("sizes >");
	ck_shows("log_append");
	/* Enter alone shows all. */
	type("f\n");
	ck_shows("cache_put");
	/* Up brings the last one back, to be changed. */
	key('f');
	key(KEY_OF(KEY_UP));
	key('\n');
	ck_shows_not("cache_put");
	key('c');
	ck_shows("cache_put");
	ck_shows_not("sizes");
	/* Esc leaves the filter as it was. */
	type("f3072");
	key(KEY_ESCAPE);
	ck_shows("cache_put");
	ck_assert_ptr_null(test.screen->prompt.ops);
	stop();
}
END_TEST

START_TEST(filters_wrongly)
{
	on_80x24();
	type("f30x2\n");
	ck_assert_ptr_nonnull(test.screen->prompt.ops);
	ck_shows("'30x2'");
	ck_assert_uint_eq(test.screen->sizes.count, 0);
	/* The error goes with the next change, the text stays. */
	key(KEY_OF(KEY_LEFT));
	key(KEY_OF(KEY_BACKSPACE));
	ck_shows_not("'30x2'");
	ck_shows(": 302");
	type("7");
	key(KEY_OF(KEY_DC));
	type("2");
	key('\n');
	ck_assert_ptr_null(test.screen->prompt.ops);
	ck_shows("sizes 3072");
	stop();
}
END_TEST

START_TEST(filters_this_size)
{
	on_80x24();
	key('=');
	ck_shows("sizes 3072");
	ck_shows_not("cache_put");
	key(KEY_OF(KEY_BACKSPACE));
	ck_shows("cache_put");
	stop();
}
END_TEST

static int compare_columns(const struct column *column)
{
	struct suspects *suspects = suspects_of(test.screen->views[0]);
	struct cell_context context = screen_cells(test.screen);
	int wrong = 0;
	int sign = column->descending != test.screen->reverse ? 1 : -1;

	for (size_t i = 1; i < suspects->rows.count; i++)
		wrong += sign * column->compare(&suspects->rows.row[i - 1],
						&suspects->rows.row[i], &context) < 0;
	return wrong;
}

START_TEST(sorts)
{
	on_80x24();
	ck_shows("by suspicion");
	ck_selected("query_font_info");
	for (size_t i = 0; i < column_count; i++) {
		char by[64];

		snprintf(by, sizeof(by), "by %s", columns[i].title);
		key(columns[i].key);
		ck_shows(by);
		ck_assert_int_eq(compare_columns(&columns[i]), 0);
		key(columns[i].key);
		ck_shows("reversed");
		ck_assert_int_eq(compare_columns(&columns[i]), 0);
		key('I');
		ck_shows_not("reversed");
	}
	key('>');
	ck_shows("by suspicion");
	key('>');
	ck_shows("by SIZE");
	key('>');
	ck_shows("by BLOCKS");
	key('<');
	key('<');
	key('<');
	ck_shows("by CALL SITE");
	key('d');
	ck_shows("by suspicion");
	stop();
}
END_TEST

/* No key does two things. */
START_TEST(keys_are_unique)
{
	const struct key_table *tables[4];

	on_80x24();
	key('\n');
	tables[0] = &test.screen->views[0]->ops->keys;
	tables[1] = &test.screen->views[1]->ops->keys;
	tables[2] = &motion_keys;
	tables[3] = &screen_keys;
	for (size_t i = 0; i < column_count; i++)
		for (size_t t = 0; t < 4; t++)
			if (t != 1)
				ck_assert_ptr_null(key_lookup(tables[t], columns[i].key));
	for (size_t t = 0; t < 4; t++) {
		for (size_t k = 0; k < tables[t]->count; k++) {
			const struct key *row = &tables[t]->keys[k];

			for (size_t c = 0; c < 4 && row->codes[c]; c++) {
				ck_assert_ptr_eq(key_lookup(tables[t], row->codes[c]), row);
				if (t < 2)
					ck_assert_ptr_null(key_lookup(&motion_keys,
								      row->codes[c]));
			}
		}
	}
	stop();
}
END_TEST

/* Every key that works is in the help. */
START_TEST(help_is_complete)
{
	const struct key_table *table;

	start(SOURCE_LIVE, "C.UTF-8", 120, 100);
	turn();
	table = &test.screen->views[0]->ops->keys;
	key('?');
	for (size_t k = 0; k < table->count; k++) {
		char names[64];

		key_names(&table->keys[k], names, sizeof(names));
		ck_shows(names);
		ck_shows(table->keys[k].help);
	}
	ck_shows("Everywhere");
	ck_shows("leaking");
	key('?');
	ck_shows_not("Everywhere");
	key('\n');
	key('h');
	ck_shows("Life of one size");
	key(KEY_ESCAPE);
	ck_shows("Life of 3072");
	key(KEY_ESCAPE);
	ck_shows("CALL SITE");
	key(KEY_ESCAPE);
	ck_shows("CALL SITE");
	stop();
}
END_TEST

START_TEST(help_scrolls)
{
	start(SOURCE_LIVE, "C.UTF-8", 12, 50);
	turn();
	key('?');
	ck_shows("Suspects");
	key(KEY_OF(KEY_NPAGE));
	ck_shows_not("Suspects");
	key('G');
	ck_shows("the screen stands still: Z");
	key('g');
	ck_shows("Suspects");
	stop();
}
END_TEST

START_TEST(searches)
{
	on_80x24();
	key('/');
	type("log_");
	ck_selected("log_append");
	key(KEY_ESCAPE);
	ck_selected("query_font_info");
	type("/CACHE");
	ck_shows("No call site with 'CACHE'");
	key('\n');
	ck_assert_ptr_null(test.screen->prompt.ops);
	ck_shows("No call site with 'CACHE'");
	key('/');
	type("cache\n");
	ck_selected("cache_put");
	key(KEY_CTRL('l'));
	ck_assert(test.screen->repaint);
	type("/demo\n");
	ck_selected("cache_put");
	key('n');
	ck_selected("query_font");
	key('N');
	ck_selected("cache_put");
	/* Backspace on nothing leaves. */
	key('/');
	key(KEY_OF(KEY_BACKSPACE));
	ck_assert_ptr_null(test.screen->prompt.ops);
	stop();
}
END_TEST

/* The selected row is that of before, wherever a new picture puts it. */
START_TEST(selection_follows)
{
	struct snapshot *heap;

	on_80x24();
	key('M');
	key('j');
	key('j');
	ck_selected("query_font_info");
	heap = fake_heap(90);
	show(heap, STATE_WATCHING);
	ck_selected("query_font_info");
	ck_selected(" 90 ");
	key('B');
	ck_selected("query_font_info");
	key('=');
	ck_selected("query_font_info");
	key('c');
	ck_selected("query_font_info");
	stop();
}
END_TEST

/* But who chose nothing sees the top. */
START_TEST(selection_stays_on_top)
{
	on_80x24();
	ck_selected("query_font_info");
	key('M');
	ck_selected("cache_put");
	show(fake_heap(900), STATE_WATCHING);
	ck_selected("query_font_info");
	stop();
}
END_TEST

START_TEST(freezes)
{
	on_80x24();
	key('Z');
	ck_shows("FROZEN");
	show(fake_heap(90), STATE_WATCHING);
	ck_selected(" 10 ");
	key('Z');
	ck_shows_not("FROZEN");
	ck_selected(" 90 ");
	stop();
}
END_TEST

START_TEST(call_chain)
{
	on_80x24();
	ck_shows_not("create_frame");
	ck_assert_int_eq(test.fake.symbols.lines_asked, 0);
	key('w');
	ck_shows("create_frame+0x44 (demo) demo.c:170");
	key(KEY_OF(KEY_RIGHT));
	ck_shows_not("create_frame+0x44");
	key(KEY_OF(KEY_LEFT));
	key('w');
	ck_shows_not("create_frame");
	stop();
}
END_TEST

/* What is watched. */

static int commands[2];

static void take_command(void *context, enum feed_command command)
{
	ck_assert_ptr_eq(context, &test.fake);
	commands[command]++;
}

START_TEST(commands_reach_the_feed)
{
	on_80x24();
	test.fake.feed.command = take_command;
	memset(commands, 0, sizeof(commands));
	key('p');
	ck_assert_int_eq(commands[FEED_PAUSE], 1);
	ck_shows("Pausing");
	/* A frozen screen shows what was; the key knows what is. */
	key('Z');
	show_mode(WATCH_PAUSED, -1, 0);
	key('p');
	ck_assert_int_eq(commands[FEED_PAUSE], 2);
	ck_shows("Watching goes on");
	key('Z');
	show_mode(WATCH_ALL, -1, 0);
	key('D');
	ck_shows("Draining");
	show_mode(WATCH_DRAINING, -1, 0);
	key('D');
	ck_shows("Watching all again");
	ck_assert_int_eq(commands[FEED_DRAIN], 2);
	/* In every view. */
	key('\n');
	key('p');
	ck_assert_int_eq(commands[FEED_PAUSE], 3);
	ck_shows("Pausing");
	show(fake_heap(10), STATE_EXITED);
	key('p');
	ck_shows("Nothing is watched any more");
	ck_assert_int_eq(commands[FEED_PAUSE], 3);
	stop();
}
END_TEST

/* What is said is what both keys together lead to. */
START_TEST(commands_mix)
{
	on_80x24();
	test.fake.feed.command = take_command;
	key('p');
	ck_shows("Pausing");
	show_mode(WATCH_PAUSED, -1, 0);
	key('D');
	ck_shows("Paused; only frees will be seen when p goes on");
	key('D');
	ck_shows("Paused; all will be seen when p goes on");
	key('D');
	key('p');
	ck_shows("Draining goes on: only frees are seen");
	show_mode(WATCH_DRAINING, -1, 0);
	key('p');
	ck_shows("Pausing");
	show_mode(WATCH_PAUSED, -1, 0);
	key('p');
	ck_shows("Draining goes on");
	show_mode(WATCH_DRAINING, -1, 0);
	key('D');
	ck_shows("Watching all again");
	stop();
}
END_TEST

START_TEST(nothing_to_select)
{
	static const int codes[] = {'\n', 'F', '=', 'n'};

	on_80x24();
	type("/cache\n");
	type("f7\n");
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		key(codes[i]);
		ck_shows("No line is selected");
		key(KEY_CTRL('l'));
		ck_shows_not("No line is selected");
	}
	stop();
}
END_TEST

START_TEST(frozen_recording)
{
	start(SOURCE_FILE, "C.UTF-8", 24, 80);
	turn();
	key('Z');
	ck_shows("The screen stands still; Z goes on");
	key('Z');
	ck_shows("up to date again");
	stop();
}
END_TEST

START_TEST(commands_can_be_missing)
{
	on_80x24();
	key('p');
	ck_shows("can't be changed here");
	key('D');
	ck_shows("can't be changed here");
	stop();
	start(SOURCE_FILE, "C.UTF-8", 24, 80);
	turn();
	test.fake.feed.command = take_command;
	memset(commands, 0, sizeof(commands));
	key('p');
	ck_shows("A recording can't be paused");
	key('D');
	ck_shows("A recording can't be drained");
	ck_assert_int_eq(commands[FEED_PAUSE] + commands[FEED_DRAIN], 0);
	stop();
}
END_TEST

START_TEST(mode_is_shown)
{
	on_80x24();
	ck_shows_not("cost");
	show_mode(WATCH_ALL, 0.123, 0);
	ck_shows("watching 10.0s");
	ck_shows("cost 12.3 %\n");
	show_mode(WATCH_RESTING, 0.0512, 0.05);
	ck_shows("resting (overhead) 10.0s");
	ck_shows("cost 5.1 % of 5 %");
	show_mode(WATCH_DRAINING, -1, 0.005);
	ck_shows("draining, only frees are seen");
	ck_shows("cost ? of 0.5 %");
	/* The end of the target says more. */
	show_mode(WATCH_PAUSED, 0, 0);
	ck_shows("PAUSED");
	test.fake.picture->state = STATE_EXITED;
	screen_news(test.screen);
	turn();
	ck_shows_not("PAUSED");
	ck_shows("has exited after 10.0s: its blocks can still be looked at\n");
	resize(10, 40);
	ck_shows("exited after 10.0s\n");
	ck_shows_not("has exited");
	show_mode(WATCH_RESTING, 0, 0);
	ck_shows("resting 10.0s");
	stop();
}
END_TEST

START_TEST(losses_are_shown)
{
	struct snapshot *heap = fake_heap(10);

	on_80x24();
	ck_shows("lost 0  ");
	heap->last_lost = heap->start + 2 * SECOND;
	show(heap, STATE_WATCHING);
	ck_shows("lost 0, gap at 2.0s");
	/* When is not known. */
	heap = fake_heap(10);
	heap->lost = 5;
	show(heap, STATE_WATCHING);
	ck_shows("lost 5!  ");
	stop();
}
END_TEST

static attr_t attributes_of(const char *text)
{
	char line[LINE_MAX_BYTES];

	for (int y = 0; y < test.screen->lines; y++) {
		char *at;

		read_line(y, line);
		at = strstr(line, text);
		if (at)
			return attributes_at(y, (int)(at - line));
	}
	ck_abort_msg("no '%s'", text);
	return 0;
}

START_TEST(probes_are_listed)
{
	on_80x24();
	key('?');
	key('G');
	ck_shows_not("Probes");
	key(KEY_ESCAPE);
	go_probes();
	ck_shows("Probes");
	ck_shows("!posix_memalign  left out");
	ck_assert_int_ne((int)attributes_of("!posix"), (int)attributes_of("free       libc"));
	stop();
}
END_TEST

static void on_life(enum source_kind kind)
{
	start(kind, "C.UTF-8", 24, 80);
	turn();
	key('\n');
	ck_shows("Life of 3072-byte blocks");
}

START_TEST(life_steps)
{
	on_life(SOURCE_FILE);
	ck_shows("event 1 of 30");
	ck_selected("0.500000");
	ck_selected("load_query_font");
	ck_shows("freed after 12us by thread 31381");
	key('b');
	ck_selected("exit");
	ck_selected("after 12us");
	ck_shows("load_query_font+0x14");
	key('b');
	ck_selected("enter");
	key('n');
	ck_selected("exit");
	key('\t');
	ck_selected("enter * query_font_info");
	ck_shows("still live");
	key('n');
	ck_shows("Nothing more happens at this address");
	key('b');
	ck_shows("This block is still live");
	key(']');
	ck_shows("event 6 of 30");
	key('[');
	ck_shows("event 3 of 30");
	key('[');
	ck_shows("No earlier block is still live");
	key('N');
	ck_shows("event 2 of 30");
	key('G');
	ck_shows("event 30 of 30");
	ck_shows_not("following");
	key(']');
	ck_shows("No later block is still live");
	key('g');
	key(KEY_ESCAPE);
	ck_shows("CALL SITE");
	stop();
}
END_TEST

START_TEST(life_follows)
{
	on_life(SOURCE_LIVE);
	ck_shows("following");
	ck_shows("event 30 of 30");
	show(fake_heap(20), STATE_WATCHING);
	ck_shows("event 60 of 60");
	key('k');
	ck_shows("event 59 of 60");
	show(fake_heap(30), STATE_WATCHING);
	ck_shows("event 59 of 90");
	ck_shows_not("following");
	key(KEY_OF(KEY_END));
	ck_shows("following");
	show(fake_heap(40), STATE_EXITED);
	ck_shows("event 120 of 120");
	stop();
}
END_TEST

START_TEST(life_plays)
{
	uint64_t due;

	on_life(SOURCE_FILE);
	key(' ');
	ck_shows("playing ×1");
	ck_shows("event 1 of 30");
	due = screen_tick(test.screen, test.now);
	ck_assert_uint_gt(due, test.now);
	/* The next two are microseconds later, the fourth one a second. */
	test.now += SECOND / 20;
	turn();
	ck_shows("event 3 of 30");
	due = screen_tick(test.screen, test.now);
	ck_assert_uint_gt(due, test.now + SECOND / 2);
	ck_assert_uint_lt(due, test.now + SECOND);
	test.now += SECOND;
	turn();
	ck_shows("event 6 of 30");
	/* Slower: the distance is that of before. */
	key('-');
	ck_shows("playing ×0.1");
	test.now += SECOND;
	turn();
	ck_shows("event 6 of 30");
	key('+');
	key('+');
	key('+');
	ck_shows("playing ×100");
	test.now += SECOND;
	turn();
	ck_shows("event 30 of 30");
	ck_shows_not("playing");
	ck_assert_uint_eq(screen_tick(test.screen, test.now), 0);
	/* At the end it begins anew; a second time stops. */
	key(' ');
	ck_shows("event 1 of 30");
	key(' ');
	ck_shows_not("playing");
	stop();
}
END_TEST

/* No source lines while it plays: they are slow to find. */
START_TEST(life_plays_without_lines)
{
	int asked;

	on_life(SOURCE_FILE);
	key(' ');
	asked = test.fake.symbols.lines_asked;
	test.now += SECOND;
	turn();
	ck_assert_int_eq(test.fake.symbols.lines_asked, asked);
	stop();
}
END_TEST

START_TEST(life_of_freed_elsewhere)
{
	on_80x24();
	type("f100\n");
	key('\n');
	key('g');
	ck_shows("by thread 31382");
	stop();
}
END_TEST

START_TEST(life_without_log)
{
	struct snapshot *heap = fake_heap(10);

	on_80x24();
	log_view_unref(heap->log);
	heap->log = NULL;
	show(heap, STATE_WATCHING);
	key('\n');
	ck_shows("No log of single events is kept here");
	key('n');
	key('b');
	key(' ');
	key('G');
	stop();
}
END_TEST

START_TEST(life_with_dropped)
{
	struct snapshot *heap = fake_heap(2);
	struct log *log = log_new(8192, NULL);

	on_80x24();
	log_view_unref(heap->log);
	heap->end = heap->start + SECOND / 25;
	for (unsigned i = 0; i < 40000; i++)
		fake_log(log, heap->start + i * 1000, 0x1000 + i / 2 * 16, 3072, i % 2 == 0, 7, 0,
			 i % 2 == 0);
	heap->log = log_view_new(log);
	log_free(log);
	show(heap, STATE_WATCHING);
	type("f3072\n");
	key('\n');
	ck_shows("of 15424, 24576 earlier dropped");
	key('g');
	ck_selected("enter");
	stop();
}
END_TEST

START_TEST(recorded)
{
	on_80x24();
	ck_assert(!shows("recorded"));
	test.fake.picture->recorded = true;
	test.fake.picture->recorded_bytes = 12 << 20;
	screen_news(test.screen);
	turn();
	ck_shows("by suspicion  recorded 12M");
	stop();
}
END_TEST

static uint64_t life_wanted;
static unsigned life_wishes;

static void want_life(void *context, uint64_t size)
{
	(void)context;
	life_wanted = size;
	life_wishes++;
}

/* The story as a recording whose log begins late.  */
static struct snapshot *late_heap(void)
{
	struct snapshot *heap = fake_heap(10);
	struct log *log = log_new(1, NULL);

	log_view_unref(heap->log);
	for (unsigned i = 0; i < 30000; i++)
		fake_log(log, heap->start + i, 0x1000, i < 29998 ? 16 : 3072, 1, 7, 0,
			 i % 2 == 0);
	heap->log = log_view_new(log);
	log_free(log);
	return heap;
}

/* LIFE: what a second reading has brought of 3072 bytes, taken over; DONE: how far
   it is, below 0: not begun.  */
static void show_late(struct snapshot *heap, struct log_view *life, double done)
{
	fake_show(&test.fake, snapshot_ref(heap), STATE_COMPLETE);
	if (done >= 0) {
		test.fake.picture->life_asked = true;
		test.fake.picture->life_size = 3072;
		test.fake.picture->life_done = done;
		test.fake.picture->life = life;
	}
	screen_news(test.screen);
	turn();
}

START_TEST(life_is_read_again)
{
	struct snapshot *heap = late_heap();
	struct log *log = log_new(0, NULL);

	start(SOURCE_FILE, "C.UTF-8", 24, 80);
	test.fake.feed.life = want_life;
	life_wishes = 0;
	show_late(heap, NULL, -1);
	type("f3072\n");
	ck_assert_uint_eq(life_wishes, 0);
	key('\n');
	ck_assert_uint_eq(life_wishes, 1);
	ck_assert_uint_eq(life_wanted, 3072);
	ck_shows("event 1 of 2");
	show_late(heap, NULL, 0.37);
	ck_shows("reading the file again 37 %");
	for (unsigned i = 0; i < 5; i++)
		fake_log(log, 100 * SECOND + i, 0x1000, 3072, 1, 7, 0, i % 2 == 0);
	show_late(heap, log_view_new(log), 1);
	log_free(log);
	ck_shows("event 1 of 5");
	ck_assert(!shows("dropped"));
	ck_assert(!shows("reading"));
	ck_assert_uint_eq(life_wishes, 1);
	/* Another size: what was read does not count.  */
	key(KEY_ESCAPE);
	type("f100\n");
	key('\n');
	ck_assert_uint_eq(life_wishes, 2);
	ck_assert_uint_eq(life_wanted, 100);
	snapshot_unref(heap);
	stop();
}
END_TEST

/* Sizes. */

START_TEST(resize_during_prompt)
{
	on_80x24();
	type("f30");
	resize(10, 40);
	/* The label alone is as wide as the screen: the end stays in sight. */
	type("72");
	ck_assert_int_eq((int)test.screen->prompt.length, 4);
	resize(1, 1);
	key('x');
	key('\n');
	resize(24, 80);
	ck_shows("'3072x'");
	key(KEY_OF(KEY_BACKSPACE));
	key('\n');
	ck_shows("sizes 3072");
	stop();
}
END_TEST

START_TEST(tiny)
{
	static const int sizes[][2] = {{1, 1}, {1, 80}, {2, 2}, {3, 5}, {4, 40}, {5, 1}, {24, 1},
				       {6, 20}, {7, 30}, {8, 30}, {9, 30}, {100, 300}, {2, 500}};
	static const int codes[] = {'j', '?', KEY_ESCAPE, '\n', 'j', 'w', 'b', '?', KEY_ESCAPE,
				    KEY_ESCAPE, 'f', 'x', '\n', KEY_ESCAPE, 'w', 'G'};

	on_80x24();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		resize(sizes[i][0], sizes[i][1]);
		for (size_t j = 0; j < sizeof(codes) / sizeof(codes[0]); j++)
			key(codes[j]);
	}
	stop();
}
END_TEST

static uint32_t random_number(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

#define FUZZ_KEYS 20000

START_TEST(random_keys)
{
	static const int codes[] = {
		'\n', KEY_ESCAPE, '\t', ' ', KEY_OF(KEY_UP), KEY_OF(KEY_DOWN), KEY_OF(KEY_LEFT),
		KEY_OF(KEY_RIGHT), KEY_OF(KEY_PPAGE), KEY_OF(KEY_NPAGE), KEY_OF(KEY_HOME),
		KEY_OF(KEY_END), KEY_OF(KEY_BACKSPACE), KEY_OF(KEY_DC), KEY_OF(KEY_BTAB),
		KEY_OF(KEY_F(1)), KEY_OF(KEY_RESIZE), KEY_OF(KEY_MOUSE), 0xe4, 0x540d, 0x1f600,
		0x301, 'f', '/', '\n', '=', 'c', '?', '>',
	};
	uint32_t random = 4711;

	start(_i ? SOURCE_FILE : SOURCE_LIVE, _i ? "C" : "C.UTF-8", 24, 80);
	for (int i = 0; i < FUZZ_KEYS; i++) {
		uint32_t choice = random_number(&random) % 100;

		test.now += random_number(&random) % (SECOND / 2);
		if (choice < 2)
			resize(1 + (int)(random_number(&random) % 50),
			       1 + (int)(random_number(&random) % 200));
		else if (choice < 3)
			show(fake_heap(2 + random_number(&random) % 40),
			     (enum source_state)(random_number(&random) % (STATE_FAILED + 1)));
		else if (choice < 50)
			key(codes[random_number(&random) % (sizeof(codes) / sizeof(codes[0]))]);
		else
			key((int)(random_number(&random) % 128));
	}
	stop();
}
END_TEST

static Suite *suite(void)
{
	Suite *result = suite_create("ui");
	TCase *kept_screens = tcase_create("screens");
	TCase *keys = tcase_create("keys");
	TCase *sizes = tcase_create("sizes");

	tcase_add_loop_test(kept_screens, screens, 0, KEPT_COUNT);
	tcase_add_test(kept_screens, ascii_option);
	tcase_add_test(kept_screens, monochrome);
	tcase_add_test(kept_screens, no_color);
	suite_add_tcase(result, kept_screens);

	tcase_add_test(keys, quits);
	tcase_add_test(keys, filters);
	tcase_add_test(keys, filters_wrongly);
	tcase_add_test(keys, filters_this_size);
	tcase_add_test(keys, sorts);
	tcase_add_test(keys, keys_are_unique);
	tcase_add_test(keys, help_is_complete);
	tcase_add_test(keys, help_scrolls);
	tcase_add_test(keys, searches);
	tcase_add_test(keys, selection_follows);
	tcase_add_test(keys, selection_stays_on_top);
	tcase_add_test(keys, freezes);
	tcase_add_test(keys, call_chain);
	tcase_add_test(keys, commands_reach_the_feed);
	tcase_add_test(keys, commands_can_be_missing);
	tcase_add_test(keys, commands_mix);
	tcase_add_test(keys, nothing_to_select);
	tcase_add_test(keys, frozen_recording);
	tcase_add_test(keys, mode_is_shown);
	tcase_add_test(keys, losses_are_shown);
	tcase_add_test(keys, probes_are_listed);
	tcase_add_test(keys, life_steps);
	tcase_add_test(keys, life_follows);
	tcase_add_test(keys, life_plays);
	tcase_add_test(keys, life_plays_without_lines);
	tcase_add_test(keys, life_of_freed_elsewhere);
	tcase_add_test(keys, life_without_log);
	tcase_add_test(keys, life_with_dropped);
	tcase_add_test(keys, life_is_read_again);
	tcase_add_test(keys, recorded);
	suite_add_tcase(result, keys);

	tcase_add_test(sizes, resize_during_prompt);
	tcase_add_test(sizes, tiny);
	tcase_add_loop_test(sizes, random_keys, 0, 2);
	/* On a busy machine, under ASan. */
	tcase_set_timeout(kept_screens, 60);
	tcase_set_timeout(keys, 60);
	tcase_set_timeout(sizes, 600);
	suite_add_tcase(result, sizes);
	return result;
}

int main(void)
{
	return run_suite(suite());
}
