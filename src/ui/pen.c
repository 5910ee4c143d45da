/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/pen.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

struct pen pen_at(WINDOW *window, const struct look *look, int y, int x, int width)
{
	struct pen pen = {
		.window = window, .look = look, .y = y, .x = x, .end = x + width, .over = -1,
	};
	int columns = getmaxx(window);

	if (pen.end > columns)
		pen.end = columns;
	return pen;
}

/* One character of TEXT that is fit to be shown, and how many cells it takes;
   returns its bytes, 0 at the end.  */
static size_t next_character(const struct look *look, const char *text, mbstate_t *state,
			     wchar_t *character, int *cells)
{
	size_t bytes;

	if (*text >= ' ' && *text <= '~') {
		*character = (wchar_t)*text;
		*cells = 1;
		return 1;
	}
	bytes = mbrtowc(character, text, MB_LEN_MAX, state);
	if (bytes == 0)
		return 0;
	if (bytes == (size_t)-1 || bytes == (size_t)-2) {
		*state = (mbstate_t){0};
		*character = L'?';
		*cells = 1;
		/* One mark for one character of UTF-8, whatever the locale.  */
		bytes = 1;
		while (((unsigned char)text[0] & 0xc0) == 0xc0 &&
		       ((unsigned char)text[bytes] & 0xc0) == 0x80)
			bytes++;
		return bytes;
	}
	*cells = wcwidth(*character);
	if (*cells < 0 || !iswprint((wint_t)*character) || (look->ascii && *character > 0x7e)) {
		*character = L'?';
		*cells = 1;
	}
	return bytes;
}

static void write_characters(struct pen *pen, enum role role, const wchar_t *characters, int count,
			     int cells)
{
	enum role with = pen->over >= 0 ? (enum role)pen->over : role;

	if (count == 0 || pen->y < 0 || pen->y >= getmaxy(pen->window))
		return;
	wattr_set(pen->window, pen->look->attributes[with], pen->look->pairs[with], NULL);
	mvwaddnwstr(pen->window, pen->y, pen->x, characters, count);
	pen->x += cells;
}

#define PIECE 128

void pen_text(struct pen *pen, enum role role, const char *text)
{
	wchar_t piece[PIECE];
	mbstate_t state = {0};
	int count = 0;
	int used = 0;
	wchar_t character;
	size_t bytes;
	int cells;

	while ((bytes = next_character(pen->look, text, &state, &character, &cells)) > 0) {
		text += bytes;
		if (pen->skip > 0) {
			pen->skip -= cells;
			continue;
		}
		if (pen->x + used + cells > pen->end)
			break;
		piece[count++] = character;
		used += cells;
		if (count == PIECE) {
			write_characters(pen, role, piece, count, used);
			count = used = 0;
		}
	}
	write_characters(pen, role, piece, count, used);
}

void pen_printf(struct pen *pen, enum role role, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	pen_text(pen, role, text);
}

void pen_repeat(struct pen *pen, enum role role, const char *glyph, int count)
{
	for (int i = 0; i < count && pen->x < pen->end; i++)
		pen_text(pen, role, glyph);
}

void pen_spaces(struct pen *pen, enum role role, int count)
{
	pen_repeat(pen, role, " ", count);
}

void pen_fill(struct pen *pen, enum role role)
{
	pen->skip = 0;
	pen_spaces(pen, role, pen->end - pen->x);
}

void pen_cell(struct pen *pen, enum role role, const char *text, int width, bool left)
{
	int cells = text_cells(pen->look, text);
	struct pen cell = *pen;

	if (cell.end > cell.x + width)
		cell.end = cell.x + width;
	if (!left)
		pen_spaces(&cell, role, width - cells);
	pen_text(&cell, role, text);
	pen_fill(&cell, role);
	pen->x = cell.x;
}

int text_cells(const struct look *look, const char *text)
{
	mbstate_t state = {0};
	wchar_t character;
	size_t bytes;
	int sum = 0;
	int cells;

	while ((bytes = next_character(look, text, &state, &character, &cells)) > 0) {
		text += bytes;
		sum += cells;
	}
	return sum;
}
