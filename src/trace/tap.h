/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_TRACE_TAP_H
#define LEAKTOP_TRACE_TAP_H

#include <stddef.h>
#include <stdint.h>

#include <linux/perf_event.h>

/* Where a live source hands out what it delivers as the records that it was
   made of, so that they can be kept.  A sink (trace/sink.h) is told what they
   mean, a tap what they are.  All pointers are valid only during the call, and
   all calls come from one thread, none of which they may keep waiting.  */
struct tap {
	void *context;

	/* An event's format: TEXT, SIZE bytes of the file "format" in tracefs,
	   of an event in GROUP.  Comes before the event.  */
	void (*format)(void *context, const char *group, const char *text,
		       size_t size);
	/* An event, NAME being its "GROUP:EVENT" or what else perf calls it,
	   and the COUNT ids of its samples; comes before the first record with
	   one of these.  May come again for the same event with other ids.  */
	void (*event)(void *context, const struct perf_event_attr *attr,
		      const char *name, const uint64_t *ids, size_t count);
	/* A record, aligned to 8 bytes, as is its size.  Samples: of each hit
	   that is delivered, exactly once, and of no other.  Others: what is
	   delivered of mappings, names, forks, exits and losses; that of what
	   was there before the events were opened is made up
	   (trace/synthesize.h) and comes first, beginning with a COMM of the
	   target.  */
	void (*record)(void *context, const struct perf_event_header *record);
	/* As in a sink: what comes from here on is not older than the start of
	   the round before this one.  */
	void (*round)(void *context);
};

#endif
