/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_UI_FIT_H
#define LEAKTOP_UI_FIT_H

#include <stdbool.h>
#include <stddef.h>

/* What a table needs to know of a column to lay it out.  */
struct fit {
	int width;      /* 0: the rest of the line */
	unsigned drop;  /* the larger, the earlier it goes; 0: never */
	bool shown;     /* the result */
};

/* Which of COUNT columns are shown on WIDTH cells, one cell apart, with at
   least REST_MIN left for the one of width 0.  */
void fit_columns(struct fit *fits, size_t count, int width, int rest_min);

#endif
