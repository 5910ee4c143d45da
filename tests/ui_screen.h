/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * The screen without a terminal: curses writes to /dev/null, and what it would
 * show is read back and compared with tests/screens/.  To write those anew run
 * the test with LEAKTOP_REGENERATE=1.
 */
#ifndef LEAKTOP_TESTS_UI_SCREEN_H
#define LEAKTOP_TESTS_UI_SCREEN_H

#include "testing.h"

#include <locale.h>
#include <wchar.h>

#include "ui_fixture.h"
#include "ui/screen.h"

/* curses keeps what it allocates for a terminal until the end. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libncursesw\nleak:libtinfo\n";
}

struct test {
	struct fake_feed fake;
	struct screen *screen;
	uint64_t now;
};

static struct test test;

static inline void start_with(enum source_kind kind, const char *locale, int lines,
			      int width, struct ui_options options)
{
	FILE *null = fopen("/dev/null", "r+");

	if (!setlocale(LC_ALL, locale))
		ck_abort_msg("no locale %s", locale);
	unsetenv("NO_COLOR");
	setenv("LINES", "24", 1);
	setenv("COLUMNS", "80", 1);
	ck_assert_ptr_nonnull(newterm("xterm-256color", null, null));
	resizeterm(lines, width);
	memset(&test, 0, sizeof(test));
	test.now = SECOND;
	fake_start(&test.fake, kind);
	test.screen = screen_new(&options, &test.fake.feed);
	screen_resize(test.screen, lines, width);
}

static inline void start(enum source_kind kind, const char *locale, int lines, int width)
{
	start_with(kind, locale, lines, width, (struct ui_options){.ascii = false});
}

static inline void stop(void)
{
	screen_free(test.screen);
	fake_end(&test.fake);
	endwin();
}

/* What the program's main loop does between two waits. */
static inline void turn(void)
{
	screen_tick(test.screen, test.now);
	if (test.screen->dirty)
		screen_draw(test.screen);
}

static inline void key(int code)
{
	screen_key(test.screen, code, test.now);
	turn();
}

static inline void type(const char *text)
{
	for (; *text; text++)
		key(*text);
}

static inline void show(struct snapshot *heap, enum source_state state)
{
	fake_show(&test.fake, heap, state);
	screen_news(test.screen);
	turn();
}

static inline void resize(int lines, int width)
{
	resizeterm(lines, width);
	screen_resize(test.screen, lines, width);
	turn();
}

/* Reading the screen. */

static inline size_t put_utf8(char *text, wchar_t c)
{
	if (c < 0x80) {
		text[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		text[0] = (char)(0xc0 | c >> 6);
		text[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	text[0] = (char)(0xe0 | c >> 12);
	text[1] = (char)(0x80 | (c >> 6 & 0x3f));
	text[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

#define LINE_MAX_BYTES 4096

/* Line Y in UTF-8 without the spaces at its end. */
static inline void read_line(int y, char *text)
{
	cchar_t cells[1024] = {0};
	size_t used = 0;

	mvwin_wchnstr(newscr, y, 0, cells, 1023);
	for (int i = 0; i < 1023 && cells[i].chars[0]; i++)
		used += put_utf8(text + used, cells[i].chars[0]);
	while (used > 0 && text[used - 1] == ' ')
		used--;
	text[used] = '\0';
}

static inline char *read_screen(void)
{
	char *text = calloc((size_t)test.screen->lines, LINE_MAX_BYTES);
	size_t used = 0;

	for (int y = 0; y < test.screen->lines; y++) {
		read_line(y, text + used);
		used += strlen(text + used);
		text[used++] = '\n';
	}
	text[used] = '\0';
	return text;
}

static inline bool shows(const char *text)
{
	char *screen = read_screen();
	bool found = strstr(screen, text) != NULL;

	free(screen);
	return found;
}

#define ck_shows(text) \
	do { \
		char *now_shown = read_screen(); \
		ck_assert_msg(strstr(now_shown, text), "no '%s' on:\n%s", text, now_shown); \
		free(now_shown); \
	} while (0)
#define ck_shows_not(text) ck_assert_msg(!shows(text), "there is '%s'", text)

static inline void selected_line(char *text)
{
	for (int y = 0; y < test.screen->lines; y++) {
		read_line(y, text);
		/* Not the mark of a frame. */
		if (text[0] == '>' && text[1] != '#')
			return;
	}
	text[0] = '\0';
}

static inline void ck_selected(const char *text)
{
	char line[LINE_MAX_BYTES];

	selected_line(line);
	ck_assert_msg(strstr(line, text), "no '%s' in selected '%s'", text, line);
}

static inline void compare_screen(const char *name)
{
	char path[512];
	char *shown = read_screen();
	char *expected = calloc(1, 1 << 18);
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/screens/%s.txt", tests_srcdir(), name);
	if (getenv("LEAKTOP_REGENERATE")) {
		file = fopen(path, "w");
		ck_assert_msg(file != NULL, "cannot write %s", path);
		fputs(shown, file);
	} else {
		file = fopen(path, "r");
		ck_assert_msg(file != NULL, "cannot read %s", path);
		ck_assert_uint_lt(fread(expected, 1, (1 << 18) - 1, file), (1 << 18) - 1);
		ck_assert_msg(strcmp(shown, expected) == 0, "%s: expected:\n%s\nshown:\n%s", name,
			      expected, shown);
	}
	fclose(file);
	free(expected);
	free(shown);
}

#endif
