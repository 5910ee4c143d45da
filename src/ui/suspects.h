/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_UI_SUSPECTS_H
#define LEAKTOP_UI_SUSPECTS_H

#include <stdbool.h>

#include "heap/sizespec.h"
#include "present/rows.h"
#include "ui/view.h"

/* The table of suspects; shared by the files that it is made of.  */

enum pane { PANE_AUTO, PANE_ON, PANE_OFF };

struct suspects {
	struct view view;
	struct rows rows;
	struct chains *chains;  /* that rows knows about */
	struct list list;
	bool moved;             /* the user chose a line; it is followed */
	enum pane pane;
	int shift;              /* cells that call sites are scrolled to the left */
	struct sizespec last_sizes;
	char searched[256];
	char last_search[256];
	bool caseless;
	struct list origin;     /* before the search */
};

static inline struct suspects *suspects_of(struct view *view)
{
	return (struct suspects *)view;
}

/* NULL when there are none.  */
const struct row *suspects_selected(const struct suspects *suspects);
/* Says so, of a key that works on the selected line.  */
void suspects_say_none(struct view *view);
/* Whether the call chain of the selected line is to be shown.  */
bool suspects_pane(const struct suspects *suspects);

/* suspects_draw.c */
void suspects_draw(struct view *view, WINDOW *window);

/* suspects_ask.c: actions of keys */
void suspects_filter_key(struct view *view, int argument);
void suspects_this_size_key(struct view *view, int argument);
void suspects_all_sizes_key(struct view *view, int argument);
void suspects_search_key(struct view *view, int argument);
void suspects_again_key(struct view *view, int backwards);

#endif
