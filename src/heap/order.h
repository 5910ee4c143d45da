/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_ORDER_H
#define LEAKTOP_HEAP_ORDER_H

#include <stddef.h>

#include "heap/hit.h"

/* Hits of pending that are sorted by time.  */
struct order_run {
	size_t at;              /* of the first */
	/* Known while they are passed on.  */
	size_t end;
	uint64_t time;          /* of the first */
};

/* Puts hits that come from several CPUs in the order of time.  Within one
   CPU they come sorted, so what is held back is a few sorted runs, of which the
   earliest hit is taken again and again.  */
struct order {
	struct hit *pending;
	size_t count;
	size_t capacity;
	struct order_run *runs; /* one behind the other, in pending */
	size_t run_count;
	size_t run_capacity;
	size_t *heap;           /* of runs that have something to be passed on, by
				   their number, the earliest first */
	uint64_t newest;        /* latest time seen so far */
	uint64_t complete;      /* nothing older than this comes any more */
	uint64_t passed;        /* time of the last hit that was passed on */
	uint64_t late;          /* hits that came after younger ones were passed on */
};

/* HIT is the receiver's until it returns.  */
typedef void order_output(void *context, struct hit *hit);

void order_clear(struct order *order);

/* Room for a hit of TIME, which is to be filled in, with that time, before the next
   call.  NULL when out of memory.  */
struct hit *order_room(struct order *order, uint64_t time);

/* Returns -1 when out of memory.  */
int order_add(struct order *order, const struct hit *hit);

/* A round is over: passes on what is as old as all that was seen by the end
   of the round before, as perf does at FINISHED_ROUND.  */
void order_round(struct order *order, order_output *output, void *context);

/* Passes on everything.  */
void order_finish(struct order *order, order_output *output, void *context);

#endif
