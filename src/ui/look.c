/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/look.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

struct role_style {
	short foreground;
	short background;
	attr_t colour;          /* attributes besides the colours */
	attr_t monochrome;      /* attributes instead of them */
};

/* -1: the terminal's own.  */
static const struct role_style styles[ROLE_COUNT] = {
	[ROLE_TEXT] = {-1, -1, A_NORMAL, A_NORMAL},
	[ROLE_DIM] = {-1, -1, A_DIM, A_NORMAL},
	[ROLE_LABEL] = {COLOR_CYAN, -1, A_NORMAL, A_NORMAL},
	[ROLE_VALUE] = {-1, -1, A_BOLD, A_BOLD},
	[ROLE_SPARK] = {COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
	[ROLE_GOOD] = {COLOR_GREEN, -1, A_BOLD, A_BOLD},
	[ROLE_LOUD] = {COLOR_WHITE, COLOR_RED, A_BOLD, A_REVERSE | A_BOLD},
	[ROLE_HEAD] = {COLOR_BLACK, COLOR_GREEN, A_NORMAL, A_UNDERLINE},
	[ROLE_HEAD_SORTED] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_UNDERLINE | A_BOLD},
	[ROLE_SELECTED] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE},
	[ROLE_SEPARATOR] = {COLOR_CYAN, -1, A_NORMAL, A_NORMAL},
	[ROLE_STEADY] = {COLOR_RED, -1, A_BOLD, A_BOLD},
	[ROLE_GROWING] = {COLOR_YELLOW, -1, A_BOLD, A_BOLD},
	[ROLE_ENTER] = {COLOR_YELLOW, -1, A_NORMAL, A_NORMAL},
	[ROLE_EXIT] = {COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
	[ROLE_STILL_LIVE] = {COLOR_RED, -1, A_BOLD, A_BOLD},
	[ROLE_KEY] = {-1, -1, A_BOLD, A_BOLD},
	[ROLE_KEY_LABEL] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE},
	[ROLE_PROMPT] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE},
	[ROLE_ERROR] = {COLOR_RED, -1, A_BOLD, A_REVERSE},
};

static const char *const glyphs[2][GLYPH_COUNT] = {
	{
		[GLYPH_BAR_FULL] = "█", [GLYPH_BAR_EMPTY] = "░", [GLYPH_RULE] = "─",
		[GLYPH_WALL] = "│", [GLYPH_UP] = "▲", [GLYPH_DOWN] = "▼",
		[GLYPH_ELLIPSIS] = "…", [GLYPH_TIMES] = "×",
	},
	{
		[GLYPH_BAR_FULL] = "#", [GLYPH_BAR_EMPTY] = ".", [GLYPH_RULE] = "-",
		[GLYPH_WALL] = "|", [GLYPH_UP] = "^", [GLYPH_DOWN] = "v",
		[GLYPH_ELLIPSIS] = "~", [GLYPH_TIMES] = "x",
	},
};

static void init_colours(struct look *look)
{
	bool defaults = use_default_colors() == OK;

	for (int role = 0; role < ROLE_COUNT; role++) {
		const struct role_style *style = &styles[role];
		short foreground = style->foreground;
		short background = style->background;

		look->attributes[role] = style->colour;
		if (foreground < 0 && background < 0)
			continue;
		if (!defaults) {
			foreground = foreground < 0 ? COLOR_WHITE : foreground;
			background = background < 0 ? COLOR_BLACK : background;
		}
		if (init_pair((short)(role + 1), foreground, background) == OK)
			look->pairs[role] = (short)(role + 1);
		else
			look->attributes[role] = style->monochrome;
	}
}

void look_init(struct look *look, bool ascii, bool monochrome)
{
	const char *no_color = getenv("NO_COLOR");

	*look = (struct look){.ascii = ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0};
	for (int role = 0; role < ROLE_COUNT; role++)
		look->attributes[role] = styles[role].monochrome;
	if (monochrome || (no_color && *no_color) || !has_colors() || start_color() == ERR ||
	    COLORS < 8)
		return;
	init_colours(look);
}

const char *look_glyph(const struct look *look, enum glyph glyph)
{
	return glyphs[look->ascii][glyph];
}
