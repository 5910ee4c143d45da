/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PRESENT_LIFECYCLE_H
#define LEAKTOP_PRESENT_LIFECYCLE_H

#include <stddef.h>
#include <stdint.h>

#include "heap/log.h"

/* No event: a partner that is not there.  */
#define LIFECYCLE_NONE UINT64_MAX

/* Where the allocation of each block that is live now stands in the log.  */
struct lifecycle_blocks {
	struct lifecycle_block {
		uint64_t address;
		uint64_t number; /* LIFECYCLE_NONE: the slot is free */
	} *slot;
	size_t count;
	size_t capacity; /* a power of 2, or 0 */
	uint64_t seed;   /* see base/seed.h */
};

/* Which entries of a log are about one size; kept up to date as the log
   grows.  */
struct lifecycle {
	uint64_t size;          /* bytes */
	uint64_t *entries;      /* numbers in the log, in order */
	uint64_t *partners;     /* of the same block: for an allocation the
				   number of its release, for a release that of
				   its allocation; LIFECYCLE_NONE: still live,
				   or allocated before the log begins */
	size_t count;
	size_t capacity;
	uint64_t scanned;       /* log entries looked at so far */
	uint64_t dropped;       /* log entries that were gone before they were
				   seen, or are gone by now */
	struct lifecycle_blocks blocks;
};

void lifecycle_start(struct lifecycle *lifecycle, uint64_t size);

/* Adds what is new in VIEW, and lets go what it no longer has.  Looks at no
   more than BUDGET entries (0: all), so that a screen stays responsive.
   Returns 1 when there is more to look at, 0 when done, -1 when out of
   memory.  */
int lifecycle_update(struct lifecycle *lifecycle, const struct log_view *view,
		     uint64_t budget);
void lifecycle_clear(struct lifecycle *lifecycle);

/* The index of the entry with this NUMBER in the log, or of the next one.  */
size_t lifecycle_find(const struct lifecycle *lifecycle, uint64_t number);

#endif
