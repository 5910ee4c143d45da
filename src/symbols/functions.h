/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_FUNCTIONS_H
#define LEAKTOP_SYMBOLS_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From symbols, which share addresses, overlap, or have no size, to one name
   for each address.  */
struct candidate {
	uint64_t start;
	uint64_t size;          /* bytes; 0: not known */
	const char *name;       /* the linker's */
	bool global;
	bool typed;             /* a function by its type */
};

/* Sorts by address and leaves one per address, with the best name: first
   functions, then what is exported, then the fewest leading underscores, then
   no old version, then the shortest.  Returns how many are left.  */
size_t functions_choose(struct candidate *candidates, size_t count);

/* Addresses START..END-1 belong to the candidate with the index FUNCTION.  */
struct extent {
	uint64_t start;
	uint64_t end;
	uint32_t function;
};

/* Lays out what functions_choose has left: disjoint extents in ascending
   order.  Where sized ones overlap, the one that begins last has the
   address.  Those without size fill the gaps, up to the next or to LIMIT
   (CONTEXT, start), the end of the code around them; functions go before
   untyped labels.  *EXTENTS is malloc'd.  Returns 0; -1 when out of memory.  */
int functions_lay_out(const struct candidate *candidates, size_t count,
		      uint64_t (*limit)(const void *context, uint64_t start),
		      const void *context, struct extent **extents,
		      size_t *extent_count);

/* The extent that holds ADDRESS, or NULL.  */
const struct extent *extents_find(const struct extent *extents, size_t count,
				  uint64_t address);

#endif
