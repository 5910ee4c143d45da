/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/keys.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "base/intl.h"

static const struct {
	int code;
	const char *name;
} names[] = {
	{' ', N_("Space")},
	{'\n', N_("Enter")},
	{'\t', N_("Tab")},
	{KEY_ESCAPE, N_("Esc")},
	{KEY_OF(KEY_UP), N_("Up")},
	{KEY_OF(KEY_DOWN), N_("Down")},
	{KEY_OF(KEY_LEFT), N_("Left")},
	{KEY_OF(KEY_RIGHT), N_("Right")},
	{KEY_OF(KEY_PPAGE), N_("PgUp")},
	{KEY_OF(KEY_NPAGE), N_("PgDn")},
	{KEY_OF(KEY_HOME), N_("Home")},
	{KEY_OF(KEY_END), N_("End")},
	{KEY_OF(KEY_BACKSPACE), N_("Backspace")},
	{KEY_OF(KEY_DC), N_("Del")},
	{KEY_OF(KEY_BTAB), N_("Shift-Tab")},
	{KEY_OF(KEY_F(1)), "F1"},
	{KEY_OF(KEY_F(10)), "F10"},
};

#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

const struct key *key_lookup(const struct key_table *table, int code)
{
	for (size_t i = 0; i < table->count; i++)
		for (size_t j = 0; j < sizeof(table->keys[i].codes) / sizeof(int); j++)
			if (code && table->keys[i].codes[j] == code)
				return &table->keys[i];
	return NULL;
}

void key_label(int code, char *text, size_t size)
{
	for (size_t i = 0; i < NAME_COUNT; i++) {
		if (names[i].code == code) {
			snprintf(text, size, "%s", _(names[i].name));
			return;
		}
	}
	if (code < ' ')
		snprintf(text, size, "^%c", code + '@');
	else
		snprintf(text, size, "%lc", (wint_t)code);
}

void key_names(const struct key *key, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(key->codes) / sizeof(int) && key->codes[i]; i++) {
		char name[32];
		int added;

		key_label(key->codes[i], name, sizeof(name));
		added = snprintf(text + used, size - used, "%s%s", used ? " " : "", name);
		if (added < 0 || (size_t)added >= size - used)
			return;
		used += (size_t)added;
	}
}

static const int same_keys[][2] = {
	{'\r', '\n'},
	{KEY_OF(KEY_ENTER), '\n'},
	{KEY_DELETE, KEY_OF(KEY_BACKSPACE)},
	{KEY_CTRL('h'), KEY_OF(KEY_BACKSPACE)},
	{KEY_OF(KEY_A1), KEY_OF(KEY_HOME)},
	{KEY_OF(KEY_A3), KEY_OF(KEY_PPAGE)},
	{KEY_OF(KEY_C1), KEY_OF(KEY_END)},
	{KEY_OF(KEY_C3), KEY_OF(KEY_NPAGE)},
	{KEY_OF(KEY_FIND), KEY_OF(KEY_HOME)},
	{KEY_OF(KEY_SELECT), KEY_OF(KEY_END)},
};

int key_normalize(int code)
{
	for (size_t i = 0; i < sizeof(same_keys) / sizeof(same_keys[0]); i++)
		if (same_keys[i][0] == code)
			return same_keys[i][1];
	return code;
}

static int read_code(WINDOW *window)
{
	wint_t code;

	switch (wget_wch(window, &code)) {
	case OK:
		return (int)code;
	case KEY_CODE_YES:
		return KEY_OF((int)code);
	default:
		return ERR;
	}
}

/* The rest of a control sequence: up to its final byte.  */
static void swallow_sequence(WINDOW *window)
{
	int code;

	do
		code = read_code(window);
	while (code != ERR && (code < '@' || code > '~'));
}

int key_read(WINDOW *window)
{
	int code = read_code(window);
	int next;

	if (code != KEY_ESCAPE)
		return code == ERR ? ERR : key_normalize(code);
	next = read_code(window);
	if (next == '[' || next == 'O') {
		swallow_sequence(window);
		return key_read(window);
	}
	if (next != ERR && next & KEY_SPECIAL)
		ungetch(next & ~KEY_SPECIAL);
	else if (next != ERR)
		unget_wch((wchar_t)next);
	return code;
}
