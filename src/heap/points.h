/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_POINTS_H
#define LEAKTOP_HEAP_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/allocators.h"

/* The addresses at which hits were seen.  perf probe also puts probes on
   procedure linkage stubs, under the name of some function, not always
   the one that the stub leads to: hits there are no operations.  Where the
   binary is at hand its sections tell; else a stub shows itself as a second
   address of a function, whose calls all reach another function and return
   the same, or that lies farther from the other functions, which stand
   together, than the first.  */
struct point {
	uint64_t address;
	uint64_t image;         /* which process and program, see follow_image() */
	uint8_t function;
	bool stub;              /* its hits are left out */
	bool known;             /* that it is one or not; else a guess: no */
	uint64_t calls;         /* completed; of free: begun */
	uint64_t reached;       /* of these, that reached another address and returned the same */
	uint64_t last_reached;  /* which */
};

/* As many functions as are called in turn, and some more: a power of two.  */
#define POINTS_RECENT 16

struct points {
	struct point **table;   /* open addressing by address and image */
	size_t size;            /* a power of two, or 0 */
	size_t count;
	uint64_t seed;          /* see base/seed.h */
	struct point *recent[POINTS_RECENT]; /* of the newest look-ups, by address and image */
	/* See is_stub in struct heap_host.  */
	int (*query)(void *context, uint64_t address, uint32_t space);
	void *context;
};

void points_clear(struct points *points);

/* What points_get() does where it has to look further.  */
struct point *points_find(struct points *points, uint64_t address,
			  uint64_t image, uint32_t space, uint8_t function);

static inline size_t points_recent(uint64_t address, uint64_t image)
{
	return ((address ^ address >> 5) / 16 ^ image) % POINTS_RECENT;
}

/* The point of a hit, asked about by address and SPACE if it is new.  NULL
   when out of memory.  */
static inline struct point *points_get(struct points *points, uint64_t address,
				       uint64_t image, uint32_t space,
				       uint8_t function)
{
	struct point *point = points->recent[points_recent(address, image)];

	if (point && point->address == address && point->image == image)
		return point;
	return points_find(points, address, image, space, function);
}

/* Marks points that proved to be stubs as such.  Returns whether there are
   any: what was counted with them as functions is wrong.  */
bool points_find_stubs(struct points *points);

#endif
