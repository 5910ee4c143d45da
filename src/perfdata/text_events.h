/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_TEXT_EVENTS_H
#define LEAKTOP_PERFDATA_TEXT_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/idmap.h"
#include "perfdata/text_line.h"
#include "trace/alone.h"
#include "trace/decode.h"
#include "trace/map.h"

/* What the events of a text are, by their names, and their hits.  */

struct text_event {
	char *name;             /* "group:name", fit to be shown; owned */
	struct text_span raw;   /* as printed; owned */
	uint8_t role;           /* of an allocation function */
	uint8_t kind;
	uint8_t function;
	bool settled;           /* field[] is known */
	bool noted;             /* it has had hits */
	bool alone;             /* they are HIT_ALONE */
	const struct event_map *map;    /* of it; NULL: its name tells what it is */
	/* What the event calls them; NULL: it has none.  In event_field_names,
	   or of use to nobody.  */
	struct text_span field[EVENT_FIELDS];
};

struct text_events {
	const struct event_maps *maps;  /* NULL: none */
	const struct alone *alone;      /* what an earlier reading has shown; NULL: there
	                                   was none */
	struct text_event *event;
	uint32_t count;
	uint32_t room;
	uint32_t last;          /* of the newest look-up */
	struct idmap ids;       /* indexes by a hash of the name */
	uint64_t seed;          /* of that, see base/seed.h */
};

void text_events_free(struct text_events *events);

/* The index of the event of that name, or IDMAP_NONE when there are too many of
   them or memory is out.  */
uint32_t text_events_find(struct text_events *events, struct text_span name);

enum text_decoded {
	TEXT_HIT,
	TEXT_NO_HIT,            /* an event of another purpose */
	TEXT_BAD                /* an allocation function's, that makes no sense */
};

/* Fills kind, function, address, arguments and flags of HIT from LINE, which is
   one of EVENT, as layout_decode() does.  */
enum text_decoded text_event_decode(struct text_event *event,
				    const struct text_event_line *line,
				    struct hit *hit, struct error *error);

#endif
