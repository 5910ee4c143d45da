/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PRESENT_COLUMNS_H
#define LEAKTOP_PRESENT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "present/rows.h"

struct cell_context {
	const struct snapshot *snapshot;
	struct symbols *symbols;
	bool ascii;             /* no characters beyond ASCII */
};

/* One column of the suspects table, on the screen and in the text report
   alike.  */
struct column {
	const char *name;       /* for --sort and the help; ASCII, no spaces */
	const char *title;      /* head of the column; N_() */
	const char *help;       /* one line; N_() */
	char key;               /* sorts by it on the screen */
	int width;              /* cells; 0: the rest of the line */
	unsigned drop;          /* the larger, the earlier it goes where the line
				   is too narrow; 0: never */
	bool left;              /* aligned to the left */
	bool descending;        /* which end comes first when sorted by it */
	void (*cell)(const struct row *row, const struct cell_context *context,
		     char *text, size_t size);
	/* <0, 0, >0 in ascending order.  */
	int (*compare)(const struct row *a, const struct row *b,
		       const struct cell_context *context);
};

extern const struct column columns[];
extern const size_t column_count;

/* Cells that the column for the rest of the line gets before another one is
   dropped for it.  */
#define COLUMN_REST_MIN 20

/* By name, or NULL.  */
const struct column *column_by_name(const char *name);

/* Sorts stably; COLUMN NULL: by suspicion.  REVERSE turns the column's own direction
   round.  */
void rows_sort(struct rows *rows, const struct column *column, bool reverse,
	       const struct cell_context *context);

#endif
