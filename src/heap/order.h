/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_ORDER_H
#define LEAKTOP_HEAP_ORDER_H

#include <stddef.h>

#include "heap/hit.h"

/* Hits that are sorted by time, of which the first has its turn next.  */
struct order_run {
	struct hit *at;
	struct hit *end;
	uint64_t time;          /* of the first */
};

/* Where they are in a part.  */
struct order_span {
	size_t at;
	size_t end;             /* not known of the last one */
};

/* What came in one round: runs, one behind the other.  */
struct order_part {
	struct hit *hits;
	size_t count;
	size_t capacity;
	struct order_span *spans;
	size_t span_count;
	size_t span_capacity;
};

/* Puts hits that come from several CPUs in the order of time.  Within one
   CPU they come sorted, so what is held back is a few sorted runs, of which the
   earliest hit is taken again and again.  When a round is over all that came in
   those before it has its turn, so there are two parts, and nothing ever moves.  */
struct order {
	struct order_part part[2];
	unsigned present;       /* the part that the present round fills */
	/* Of both parts, while they are passed on, in the order in which they
	   came.  */
	struct order_run *runs;
	size_t *heap;           /* of those with something to be passed on, by
				   their number, the earliest first */
	size_t run_capacity;
	uint64_t newest;        /* latest time seen so far */
	uint64_t complete;      /* nothing older than this comes any more */
	uint64_t passed;        /* time of the last hit that was passed on */
	uint64_t late;          /* hits that came after younger ones were passed on */
};

/* HIT is the receiver's until it returns.  */
typedef void order_output(void *context, struct hit *hit);

void order_clear(struct order *order);

/* Makes room for a hit of TIME.  Returns -1 when out of memory.  */
int order_grow(struct order *order, uint64_t time);

/* Room for a hit of TIME, which is to be filled in, with that time, before the next
   call.  NULL when out of memory.  */
static inline struct hit *order_room(struct order *order, uint64_t time)
{
	struct order_part *part = &order->part[order->present];

	if ((part->count == part->capacity || !part->count ||
	     part->hits[part->count - 1].time > time) &&
	    order_grow(order, time) < 0)
		return NULL;
	if (time > order->newest)
		order->newest = time;
	return &part->hits[part->count++];
}

/* The hit that came last in the present round; NULL: none has.  */
static inline struct hit *order_last(struct order *order)
{
	struct order_part *part = &order->part[order->present];

	return part->count ? &part->hits[part->count - 1] : NULL;
}

/* Its time becomes TIME, which is not before what it was.  */
static inline void order_delay(struct order *order, uint64_t time)
{
	order_last(order)->time = time;
	if (time > order->newest)
		order->newest = time;
}

/* Returns -1 when out of memory.  */
int order_add(struct order *order, const struct hit *hit);

/* A round is over: passes on what is as old as all that was seen by the end
   of the round before, as perf does at FINISHED_ROUND.  */
void order_round(struct order *order, order_output *output, void *context);

/* Passes on everything.  */
void order_finish(struct order *order, order_output *output, void *context);

#endif
