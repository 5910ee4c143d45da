/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_OPTIONS_TABLE_H
#define LEAKTOP_OPTIONS_TABLE_H

#include <stddef.h>

#include "base/error.h"
#include "options.h"

/* One option; help and getopt's tables are made of these.  */
struct option_row {
	const char *name;
	int letter;             /* 0: only the long name */
	const char *argument;   /* N_(); NULL: takes none */
	const char *help;       /* N_() */
	int (*set)(struct options *options, const char *value,
		   struct error *error);
};

/* At least that there is room for.  */
#define OPTION_ROWS_MAX 64
extern const struct option_row option_rows[];
extern const size_t option_row_count;

#endif
