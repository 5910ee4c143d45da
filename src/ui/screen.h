/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_UI_SCREEN_H
#define LEAKTOP_UI_SCREEN_H

#include <curses.h>
#include <stdbool.h>
#include <stdint.h>

#include "present/columns.h"
#include "present/format.h"
#include "present/picture.h"
#include "symbols/symbols.h"
#include "ui/look.h"
#include "ui/prompt.h"
#include "ui/ui.h"
#include "ui/view.h"

#define VIEW_DEPTH 8

/* The whole screen, apart from where keys, time and signals come from: the
   terminal (terminal.c) or a test.  */
struct screen {
	const struct feed *feed;
	struct look look;

	struct picture *picture;        /* that is shown; never NULL */
	bool frozen;
	bool draining;                  /* D asked for it; pictures don't tell while paused */
	struct sizespec sizes;          /* filter */
	const struct column *sort;      /* NULL: by suspicion */
	bool reverse;
	enum names_shown names;         /* in call chains */
	unsigned generation;            /* of the names that are shown */
	unsigned lacking[LACKING_KINDS]; /* files of which was said that they have no
	                                   names */

	struct view *views[VIEW_DEPTH];
	unsigned depth;
	struct prompt prompt;
	char message[200];              /* until the next key */

	WINDOW *header;                 /* these are NULL where there is no room */
	WINDOW *body;
	WINDOW *footer;
	int lines;
	int columns;
	uint64_t now;                   /* ns, of a clock that never jumps */

	bool dirty;                     /* to be drawn */
	/* What a key asked for that only the terminal can do.  */
	bool quit;
	/* Whether this key, or the one before, asked if it is meant to quit.  */
	bool asks;
	bool asked;
	bool repaint;
};

/* For the current curses terminal.  NULL when out of memory.  */
struct screen *screen_new(const struct ui_options *options, const struct feed *feed);
void screen_free(struct screen *screen);

/* After the terminal's size changed, and once at the beginning.  */
void screen_resize(struct screen *screen, int lines, int width);
/* The feed has a newer picture.  */
void screen_news(struct screen *screen);
/* More names are known.  */
void screen_names(struct screen *screen);
void screen_key(struct screen *screen, int code, uint64_t now);
/* Returns when to be called again (ns), 0: not before something happens.  */
uint64_t screen_tick(struct screen *screen, uint64_t now);
/* Up to wnoutrefresh(); doupdate() is the caller's.  */
void screen_draw(struct screen *screen);

/* For the views.  */

struct view *screen_top(struct screen *screen);
/* Takes VIEW over; NULL says that memory ran out.  */
void screen_push(struct screen *screen, struct view *view);
/* Away with the top view, unless it is the only one.  */
void screen_pop(struct screen *screen);
void screen_say(struct screen *screen, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Begins or ends to take stack dumps of the allocations of SIZE, and says
   so.  */
void screen_focus(struct screen *screen, uint64_t size);
/* The filter or the order changed.  */
void screen_stale(struct screen *screen);
struct cell_context screen_cells(const struct screen *screen);

/* Keys that work in every view, and those that move in a list.  */
extern const struct key_table screen_keys;
extern const struct key_table motion_keys;

#endif
