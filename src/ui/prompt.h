/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_UI_PROMPT_H
#define LEAKTOP_UI_PROMPT_H

#include <curses.h>
#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "base/error.h"
#include "ui/look.h"

struct view;

#define PROMPT_MAX 200

/* What a prompt asks for.  TEXT is in the locale's encoding.  */
struct prompt_ops {
	const char *label;      /* N_() */
	/* Each time that the text changes; may be NULL.  */
	void (*changed)(struct view *view, const char *text);
	/* Enter: 0 closes the prompt; -1 leaves it open and shows ERROR.  */
	int (*accept)(struct view *view, const char *text, struct error *error);
	/* Esc; may be NULL.  */
	void (*cancel)(struct view *view);
};

/* A line that the user edits.  */
struct prompt {
	const struct prompt_ops *ops; /* NULL: closed */
	struct view *view;
	wchar_t text[PROMPT_MAX + 1];
	size_t length;
	size_t cursor;
	wchar_t before[PROMPT_MAX + 1]; /* what Up brings back */
	struct error error;
};

/* BEFORE: what was entered the last time, or "".  */
void prompt_open(struct prompt *prompt, const struct prompt_ops *ops, struct view *view,
		 const char *before);
void prompt_close(struct prompt *prompt);
/* Takes every key while it is open.  */
void prompt_key(struct prompt *prompt, int code);
/* On the last line of WINDOW, an error above it.  */
void prompt_draw(const struct prompt *prompt, WINDOW *window, const struct look *look);

#endif
