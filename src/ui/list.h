/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_UI_LIST_H
#define LEAKTOP_UI_LIST_H

#include <stddef.h>

/* Which line of a list is selected, and which one is at the top.  */
struct list {
	size_t count;
	size_t selected;        /* < count, or 0 */
	size_t top;
	int height;             /* lines when it was last shown */
};

enum motion {
	MOTION_UP,
	MOTION_DOWN,
	MOTION_PAGE_UP,
	MOTION_PAGE_DOWN,
	MOTION_FIRST,
	MOTION_LAST
};

void list_move(struct list *list, enum motion motion);
void list_select(struct list *list, size_t index);
/* The selected line is at INDEX now, of COUNT, since the lines changed: keeps its
   place on the screen where it can.  */
void list_follow(struct list *list, size_t index, size_t count);
/* Called before the list is drawn on HEIGHT lines.  */
void list_show(struct list *list, int height);

#endif
