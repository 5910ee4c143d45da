/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_UI_LIFE_H
#define LEAKTOP_UI_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "present/lifecycle.h"
#include "ui/view.h"

/* The lifecycle pane; shared by the files that it is made of.  */

enum life_pane { LIFE_PANE_AUTO, LIFE_PANE_ON, LIFE_PANE_OFF };

struct life {
	struct view view;
	struct lifecycle events;
	struct list list;
	/* A recording may have to be read twice: then the numbers of its events
	   begin anew.  */
	bool loading;
	uint64_t hits;
	bool asked;             /* for a second reading */
	bool again;             /* the log is what that has brought */
	bool placed;            /* a line was selected */
	bool unread;            /* there are log entries not looked at yet */
	bool follow;            /* stays at the last event */
	bool playing;
	unsigned speed;         /* index, see life_speed() */
	uint64_t play_now;      /* at this time of the clock ... */
	uint64_t play_time;     /* ... this time of the log was reached */
	enum life_pane pane;
	int shift;
};

static inline struct life *life_of(struct view *view)
{
	return (struct life *)view;
}

/* NULL beyond the last one.  */
const struct log_entry *life_entry(const struct life *life, size_t index);
/* The other event of the same block, or NULL.  */
const struct log_entry *life_partner(const struct life *life, size_t index);
double life_speed(const struct life *life);
/* Whether the newest second reading is, or was, for this size.  */
bool life_is_again(const struct life *life);

/* life_draw.c */
void life_draw(struct view *view, WINDOW *window);
bool life_pane_shown(const struct life *life, int lines);

#endif
