/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_REPORT_REPORT_H
#define LEAKTOP_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "heap/sizespec.h"
#include "present/columns.h"
#include "present/picture.h"

/* Batch reports: what the screen shows, for scripts.  */

struct report {
	const struct source *source;
	const struct picture *picture;
	struct symbols *symbols;
	struct sizespec sizes;          /* which sizes; empty: all */
	const struct column *sort;      /* NULL: by suspicion */
	unsigned top;                   /* suspects in the text; 0: all */
	bool follow;                    /* with the life of the blocks of follow_size */
	uint64_t follow_size;           /* bytes */
	bool ascii;                     /* no characters beyond ASCII */
};

struct report_format {
	const char *name;               /* for --format */
	const char *help;               /* one line; N_() */
	/* Writes to OUT.  Returns -1 with ERROR when memory ran out; errors
	   of OUT are the caller's to check.  */
	int (*write)(const struct report *report, FILE *out,
		     struct error *error);
};

extern const struct report_format report_formats[];
extern const size_t report_format_count;

/* By name, or NULL.  */
const struct report_format *report_format_by_name(const char *name);

int report_text(const struct report *report, FILE *out, struct error *error);
int report_json(const struct report *report, FILE *out, struct error *error);

/* The suspects of a report in its order, and the life of the blocks it asks
   for: what every format needs.  */
struct report_data {
	struct rows rows;
	struct lifecycle *lifecycle;    /* NULL unless asked for */
};

int report_collect(struct report_data *data, const struct report *report,
		   struct error *error);
void report_release(struct report_data *data);

#endif
