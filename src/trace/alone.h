/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_TRACE_ALONE_H
#define LEAKTOP_TRACE_ALONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/idmap.h"
#include "heap/allocators.h"
#include "heap/hit.h"

/* Which functions a recording shows by their calls alone (HIT_ALONE): those of
   which there are events for calls and none for returns.  That is asked of each
   group of events, which most often is a library's: of two allocators one may be
   probed whole, and the other by its calls.  But where a group has returns of a
   function and no calls, they may be those of any other group.  Zeroed, it is
   empty.  */
struct alone {
	struct idmap groups;    /* indexes, by a hash of the name, which stands for it */
	uint64_t seed;          /* of that, see base/seed.h; set with the first one */
	struct alone_group *group;
	uint16_t strays;        /* functions, by bits: a group has their returns only */
};

void alone_clear(struct alone *alone);

/* There is an event of FUNCTION; NAME is "group:event".  Returns 0, or -1 when out of
   memory.  */
int alone_note(struct alone *alone, const char *name,
	       enum allocator_id function, enum hit_kind kind);

/* All are noted that there are for now.  */
void alone_settle(struct alone *alone);

/* Whether calls that event NAME tells are alone, by what was noted before it was
   settled.  */
bool alone_is(const struct alone *alone, const char *name,
	      enum allocator_id function);

#endif
