/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_SEGMENTS_H
#define LEAKTOP_HEAP_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which segments of a recording have calls that acquired or released blocks of
   one size: what is to be read again to tell of that size alone.  Takes 144 bytes
   for each segment, whatever is in it.  */

/* Sizes, by their numbers, share this many bits: a segment may be taken to have
   a size that it has not.  */
#define SEGMENT_BITS 1024

struct segment {
	uint64_t place;         /* where it begins, for whoever reads it */
	bool needed;            /* has what changes the meaning of other segments */
	uint8_t rounds;         /* that end in it; 2: or more */
	uint64_t sizes[SEGMENT_BITS / 64];
};

struct segments {
	struct segment *segments;
	size_t count;
	size_t capacity;
	bool incomplete;        /* memory ran out: it can't tell */
};

void segments_clear(struct segments *segments);

/* What comes next lies in a segment that begins at PLACE, larger than that of the
   one before.  */
void segments_begin(struct segments *segments, uint64_t place);

/* The number of the present one; 0 if none was begun.  */
uint32_t segments_current(const struct segments *segments);

/* Of the present one: it has to be read in any case; a round ends here.  */
void segments_need(struct segments *segments);
void segments_round(struct segments *segments);

/* SEGMENT has a part of a call that changed the blocks of the size with this
   NUMBER.  */
void segments_mark(struct segments *segments, uint32_t segment, uint32_t number);

/* Segments that follow each other, and what is skipped before them.  */
struct stretch {
	uint64_t begin;         /* place */
	uint64_t end;           /* place; UINT64_MAX: that of the source */
	bool gap;               /* something is skipped */
	unsigned rounds;        /* that ended in that, 2 at most */
};

/* The next stretch that has to be read for the size with NUMBER, from segment
   *AT on, which is moved behind it.  Returns false when there is none.  */
bool segments_next(const struct segments *segments, uint32_t number,
		   uint32_t *at, struct stretch *stretch);

#endif
