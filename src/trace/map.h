/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_TRACE_MAP_H
#define LEAKTOP_TRACE_MAP_H

#include <stddef.h>

#include "base/error.h"
#include "trace/decode.h"

/* What the user says of an event whose name does not tell that it is of an
   allocation function, or of which.  */
struct event_map {
	char event[160];        /* "group:event" */
	enum allocator_id function;
	enum hit_kind kind;
	char field[EVENT_FIELDS][EVENT_FIELD_MAX]; /* what the event calls it; "": one of the
	                           usual names */
};

struct event_maps {
	const struct event_map *map;    /* of several for one event the first
	                                   counts */
	size_t count;
};

/* Reads "GROUP:EVENT=FUNCTION(ROLE=FIELD,…)", FUNCTION being one of
   allocators[], with "-return" behind it for its return.  ROLE is one of the
   names of its argument there; of a return, "ptr" is the new block, and "status"
   what posix_memalign answers.  The parenthesis may be left out.  Returns 0 or
   -1.  */
int event_map_parse(struct event_map *map, const char *text,
		    struct error *error);

/* The map of "group:event", or NULL.  */
const struct event_map *event_maps_find(const struct event_maps *maps,
					const char *event);

#endif
