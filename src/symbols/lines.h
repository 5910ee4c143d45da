/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_LINES_H
#define LEAKTOP_SYMBOLS_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "symbols/inlined.h"
#include "symbols/names.h"
#include "symbols/objects.h"
#include "symbols/strings.h"

/* Source lines and inlined functions, from DWARF.  Any thread; each waits
   while another reads.  */
struct lines;

/* What DWARF says of an address.  */
struct source {
	const char *file;       /* NULL: not known */
	int line;               /* 1…; 0: not known */
	/* The functions that are inlined there, innermost first; FILE and LINE
	   are in the first.  Owned by the lines, as long as they live.  */
	const struct inlined *inlined;
	unsigned count;
};

/* NULL when out of memory.  */
struct lines *lines_new(struct strings *strings);
void lines_free(struct lines *lines);

/* The source of ADDRESS in OBJECT, whose NAMES these are.  What was found, or
   not, is remembered.  */
void lines_find(struct lines *lines, const struct object *object,
		struct names *names, uint64_t address, struct source *source);

/* The same, if it is remembered; never waits.  */
bool lines_known(struct lines *lines, const struct object *object,
		 struct names *names, uint64_t address, struct source *source);

#endif
