/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_UI_LOOK_H
#define LEAKTOP_UI_LOOK_H

#include <curses.h>
#include <stdbool.h>

/* What things are drawn for, rather than how.  How is in the table of look.c,
   once for colour and once without; nothing is told by colour alone.  */
enum role {
	ROLE_TEXT,
	ROLE_DIM,
	ROLE_LABEL,
	ROLE_VALUE,
	ROLE_SPARK,
	ROLE_GOOD,
	ROLE_LOUD,
	ROLE_HEAD,
	ROLE_HEAD_SORTED,
	ROLE_SELECTED,
	ROLE_SEPARATOR,
	ROLE_STEADY,
	ROLE_GROWING,
	ROLE_ENTER,
	ROLE_EXIT,
	ROLE_STILL_LIVE,
	ROLE_KEY,
	ROLE_KEY_LABEL,
	ROLE_PROMPT,
	ROLE_ERROR,
	ROLE_COUNT
};

enum glyph {
	GLYPH_BAR_FULL,
	GLYPH_BAR_EMPTY,
	GLYPH_RULE,
	GLYPH_WALL,
	GLYPH_UP,
	GLYPH_DOWN,
	GLYPH_ELLIPSIS,
	GLYPH_TIMES,
	GLYPH_COUNT
};

struct look {
	bool ascii;
	attr_t attributes[ROLE_COUNT];
	short pairs[ROLE_COUNT];
};

/* For the current terminal and locale.  */
void look_init(struct look *look, bool ascii, bool monochrome);

const char *look_glyph(const struct look *look, enum glyph glyph);

#endif
