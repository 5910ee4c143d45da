/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/prompt.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "base/intl.h"
#include "ui/keys.h"
#include "ui/pen.h"

static void to_bytes(const wchar_t *text, char *bytes, size_t size)
{
	mbstate_t state = {0};
	size_t used = 0;
	char one[MB_LEN_MAX];

	for (; *text; text++) {
		size_t length = wcrtomb(one, *text, &state);

		if (length == (size_t)-1) {
			state = (mbstate_t){0};
			continue;
		}
		if (used + length >= size)
			break;
		memcpy(bytes + used, one, length);
		used += length;
	}
	bytes[used] = '\0';
}

static void changed(struct prompt *prompt)
{
	char bytes[PROMPT_MAX * MB_LEN_MAX + 1];

	prompt->text[prompt->length] = L'\0';
	prompt->error.text[0] = '\0';
	if (!prompt->ops->changed)
		return;
	to_bytes(prompt->text, bytes, sizeof(bytes));
	prompt->ops->changed(prompt->view, bytes);
}

void prompt_open(struct prompt *prompt, const struct prompt_ops *ops, struct view *view,
		 const char *before)
{
	mbstate_t state = {0};
	size_t length;

	*prompt = (struct prompt){.ops = ops, .view = view};
	length = mbsrtowcs(prompt->before, &before, PROMPT_MAX, &state);
	prompt->before[length <= PROMPT_MAX ? length : 0] = L'\0';
}

void prompt_close(struct prompt *prompt)
{
	prompt->ops = NULL;
}

static void cut_text(struct prompt *prompt, size_t from, size_t to)
{
	if (from == to)
		return;
	wmemmove(prompt->text + from, prompt->text + to, prompt->length - to);
	prompt->length -= to - from;
	prompt->cursor = from;
	changed(prompt);
}

static void edit_backspace(struct prompt *prompt)
{
	/* Back beyond the beginning leaves, as in less.  */
	if (prompt->length == 0) {
		if (prompt->ops->cancel)
			prompt->ops->cancel(prompt->view);
		prompt_close(prompt);
	} else if (prompt->cursor > 0) {
		cut_text(prompt, prompt->cursor - 1, prompt->cursor);
	}
}

static void edit_delete(struct prompt *prompt)
{
	if (prompt->cursor < prompt->length)
		cut_text(prompt, prompt->cursor, prompt->cursor + 1);
}

static void edit_delete_all(struct prompt *prompt)
{
	cut_text(prompt, 0, prompt->length);
}

static void edit_delete_word(struct prompt *prompt)
{
	size_t from = prompt->cursor;

	while (from > 0 && !iswalnum((wint_t)prompt->text[from - 1]))
		from--;
	while (from > 0 && iswalnum((wint_t)prompt->text[from - 1]))
		from--;
	cut_text(prompt, from, prompt->cursor);
}

static void edit_left(struct prompt *prompt)
{
	prompt->cursor -= prompt->cursor > 0;
}

static void edit_right(struct prompt *prompt)
{
	prompt->cursor += prompt->cursor < prompt->length;
}

static void edit_home(struct prompt *prompt)
{
	prompt->cursor = 0;
}

static void edit_end(struct prompt *prompt)
{
	prompt->cursor = prompt->length;
}

static void edit_before(struct prompt *prompt)
{
	wcscpy(prompt->text, prompt->before);
	prompt->length = prompt->cursor = wcslen(prompt->text);
	changed(prompt);
}

static void edit_accept(struct prompt *prompt)
{
	char bytes[PROMPT_MAX * MB_LEN_MAX + 1];
	struct error error = {""};

	to_bytes(prompt->text, bytes, sizeof(bytes));
	if (prompt->ops->accept(prompt->view, bytes, &error) == 0)
		prompt_close(prompt);
	else
		prompt->error = error;
}

static void edit_cancel(struct prompt *prompt)
{
	if (prompt->ops->cancel)
		prompt->ops->cancel(prompt->view);
	prompt_close(prompt);
}

static const struct {
	int code;
	void (*edit)(struct prompt *prompt);
} edits[] = {
	{'\n', edit_accept},
	{KEY_ESCAPE, edit_cancel},
	{KEY_CTRL('g'), edit_cancel},
	{KEY_OF(KEY_BACKSPACE), edit_backspace},
	{KEY_OF(KEY_DC), edit_delete},
	{KEY_CTRL('d'), edit_delete},
	{KEY_CTRL('u'), edit_delete_all},
	{KEY_CTRL('w'), edit_delete_word},
	{KEY_OF(KEY_LEFT), edit_left},
	{KEY_CTRL('b'), edit_left},
	{KEY_OF(KEY_RIGHT), edit_right},
	{KEY_CTRL('f'), edit_right},
	{KEY_OF(KEY_HOME), edit_home},
	{KEY_CTRL('a'), edit_home},
	{KEY_OF(KEY_END), edit_end},
	{KEY_CTRL('e'), edit_end},
	{KEY_OF(KEY_UP), edit_before},
	{KEY_CTRL('p'), edit_before},
	{KEY_OF(KEY_DOWN), edit_delete_all},
	{KEY_CTRL('n'), edit_delete_all},
};

static void insert(struct prompt *prompt, wchar_t character)
{
	if (prompt->length == PROMPT_MAX)
		return;
	wmemmove(prompt->text + prompt->cursor + 1, prompt->text + prompt->cursor,
		 prompt->length - prompt->cursor);
	prompt->text[prompt->cursor++] = character;
	prompt->length++;
	changed(prompt);
}

void prompt_key(struct prompt *prompt, int code)
{
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		if (edits[i].code == code) {
			edits[i].edit(prompt);
			return;
		}
	}
	if (!(code & KEY_SPECIAL) && iswprint((wint_t)code))
		insert(prompt, (wchar_t)code);
}

static int cells_of(const wchar_t *text, size_t length)
{
	int cells = 0;

	for (size_t i = 0; i < length; i++)
		cells += wcwidth(text[i]) > 0 ? wcwidth(text[i]) : 0;
	return cells;
}

void prompt_draw(const struct prompt *prompt, WINDOW *window, const struct look *look)
{
	int lines = getmaxy(window);
	struct pen pen = pen_at(window, look, lines - 1, 0, getmaxx(window));
	int cursor = cells_of(prompt->text, prompt->cursor);
	char bytes[PROMPT_MAX * MB_LEN_MAX + 1];
	int start;

	to_bytes(prompt->text, bytes, sizeof(bytes));
	pen_text(&pen, ROLE_PROMPT, _(prompt->ops->label));
	pen_text(&pen, ROLE_PROMPT, " ");
	start = pen.x;
	/* The cursor stays in sight.  */
	if (cursor >= pen.end - start)
		pen.skip = cursor - (pen.end - start) + 1;
	cursor -= pen.skip;
	pen_text(&pen, ROLE_PROMPT, bytes);
	pen_fill(&pen, ROLE_PROMPT);
	if (prompt->error.text[0]) {
		pen = pen_at(window, look, lines > 1 ? lines - 2 : 0, 0, getmaxx(window));
		pen_text(&pen, ROLE_ERROR, prompt->error.text);
		pen_fill(&pen, ROLE_ERROR);
	}
	wmove(window, lines - 1, start + cursor < pen.end ? start + cursor : pen.end - 1);
}
