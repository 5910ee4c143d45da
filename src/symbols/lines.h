/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_LINES_H
#define LEAKTOP_SYMBOLS_LINES_H

#include <stdint.h>

#include "symbols/names.h"
#include "symbols/objects.h"
#include "symbols/strings.h"

/* Source lines, from DWARF.  Any thread; each waits while another reads.  */
struct lines;

/* NULL when out of memory.  */
struct lines *lines_new(struct strings *strings);
void lines_free(struct lines *lines);

/* The source file of ADDRESS in OBJECT, and its line; NULL: not known.  What
   was found, or not, is remembered.  */
const char *lines_find(struct lines *lines, const struct object *object,
		       struct names *names, uint64_t address, int *line);

#endif
