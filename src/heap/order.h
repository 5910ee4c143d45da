/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_ORDER_H
#define LEAKTOP_HEAP_ORDER_H

#include <stddef.h>

#include "heap/hit.h"

/* Puts hits that come from several CPUs in the order of time.  Within one
   CPU they come sorted, so what is held back is a few sorted runs, which are
   merged.  */
struct order {
	struct hit *pending;
	struct hit *spare;      /* to merge into; as large as pending */
	size_t count;
	size_t capacity;
	size_t *runs;           /* where each sorted run of pending begins */
	size_t run_count;
	size_t run_capacity;
	uint64_t newest;        /* latest time seen so far */
	uint64_t complete;      /* nothing older than this comes any more */
	uint64_t passed;        /* time of the last hit that was passed on */
	uint64_t late;          /* hits that came after younger ones were passed on */
};

typedef void (*order_output)(void *context, const struct hit *hit);

void order_clear(struct order *order);

/* Returns -1 when out of memory.  */
int order_add(struct order *order, const struct hit *hit);

/* A round is over: passes on what is as old as all that was seen by the end
   of the round before, as perf does at FINISHED_ROUND.  */
void order_round(struct order *order, order_output output, void *context);

/* Passes on everything.  */
void order_finish(struct order *order, order_output output, void *context);

#endif
