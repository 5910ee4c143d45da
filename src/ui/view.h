/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_UI_VIEW_H
#define LEAKTOP_UI_VIEW_H

#include <curses.h>
#include <stdbool.h>
#include <stdint.h>

#include "ui/keys.h"
#include "ui/list.h"

struct screen;
struct view;

/* A view fills the middle of the screen.  Each is one file that ends in its
   ops; the screen keeps them in a stack and works with the top one.  */
struct view_ops {
	const char *name;               /* N_() */
	struct key_table keys;
	/* Keys of another table, such as that of the columns; true when CODE is
	   one.  May be NULL.  */
	bool (*other_key)(struct view *view, int code);
	/* Another picture, filter or order than at the last call.  */
	void (*update)(struct view *view);
	void (*draw)(struct view *view, WINDOW *window);
	/* Lines that the motion keys work on, or NULL.  */
	struct list *(*list)(struct view *view);
	/* After a motion key.  May be NULL.  */
	void (*moved)(struct view *view, enum motion motion);
	/* Time passes: NOW in ns.  Returns when to be called again, or 0 for not
	   needed.  May be NULL.  */
	uint64_t (*tick)(struct view *view, uint64_t now);
	void (*close)(struct view *view);
};

struct view {
	const struct view_ops *ops;
	struct screen *screen;
	bool stale;                     /* update() is due */
};

/* The views, to be handed to screen_push().  NULL when out of memory.  */
struct view *suspects_open(struct screen *screen);
struct view *lifecycle_open(struct screen *screen, uint64_t size);
/* Only where the feed has an output.  */
struct view *output_open(struct screen *screen);
/* The keys and columns of BELOW explained.  */
struct view *help_open(struct screen *screen, const struct view *below);

#endif
