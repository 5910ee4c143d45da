/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void order_clear(struct order *order)
{
	free(order->pending);
	free(order->runs);
	free(order->heap);
	memset(order, 0, sizeof(*order));
}

static int grow(struct order *order)
{
	size_t capacity = order->capacity ? order->capacity * 2 : 4096;
	struct hit *pending = reallocarray(order->pending, capacity,
					   sizeof(*pending));

	if (!pending)
		return -1;
	order->pending = pending;
	order->capacity = capacity;
	return 0;
}

static int grow_runs(struct order *order)
{
	size_t capacity = order->run_capacity ? order->run_capacity * 2 : 64;
	struct order_run *runs = reallocarray(order->runs, capacity,
					      sizeof(*runs));
	size_t *heap;

	if (!runs)
		return -1;
	order->runs = runs;
	heap = reallocarray(order->heap, capacity, sizeof(*heap));
	if (!heap)
		return -1;
	order->heap = heap;
	order->run_capacity = capacity;
	return 0;
}

/* The next hit begins a run.  */
static int start_run(struct order *order)
{
	if (order->run_count == order->run_capacity && grow_runs(order) < 0)
		return -1;
	order->runs[order->run_count++].at = order->count;
	return 0;
}

struct hit *order_room(struct order *order, uint64_t time)
{
	if (order->count == order->capacity && grow(order) < 0)
		return NULL;
	if ((!order->count || order->pending[order->count - 1].time > time) &&
	    start_run(order) < 0)
		return NULL;
	if (time > order->newest)
		order->newest = time;
	return &order->pending[order->count++];
}

int order_add(struct order *order, const struct hit *hit)
{
	struct hit *room = order_room(order, hit->time);

	if (!room)
		return -1;
	*room = *hit;
	return 0;
}

/* Of hits with equal times the one that came first is first.  */
static inline bool is_before(const struct order *order, size_t a, size_t b)
{
	uint64_t left = order->runs[a].time, right = order->runs[b].time;

	return left != right ? left < right : a < b;
}

/* Puts RUN into the heap, of COUNT with it, where the first place is free.  */
static void sink_run(struct order *order, size_t count, size_t run)
{
	size_t *heap = order->heap;
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < count &&
		    is_before(order, heap[child + 1], heap[child]))
			child++;
		if (child >= count || is_before(order, run, heap[child]))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = run;
}

/* The same where the last place is free.  */
static void raise_run(struct order *order, size_t count, size_t run)
{
	size_t *heap = order->heap;
	size_t at = count - 1;

	while (at && is_before(order, run, heap[(at - 1) / 2])) {
		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap[at] = run;
}

/* Fills the heap with the runs that have a hit up to LIMIT; returns how many.  */
static size_t collect_runs(struct order *order, uint64_t limit)
{
	size_t count = 0;

	for (size_t i = 0; i < order->run_count; i++) {
		struct order_run *run = &order->runs[i];

		run->end = i + 1 < order->run_count ? run[1].at : order->count;
		run->time = order->pending[run->at].time;
		if (run->time <= limit)
			raise_run(order, ++count, i);
	}
	return count;
}

/* Passes on what the earliest of COUNT runs has up to LIMIT, and before the others
   have something.  Returns whether more is left of it up to LIMIT.  */
static bool pass_run(struct order *order, size_t count, uint64_t limit,
		     order_output *output, void *context)
{
	size_t first = order->heap[0], next = 0;
	struct order_run *run = &order->runs[first];

	if (count > 1)
		next = order->heap[count > 2 && is_before(order, order->heap[2],
							  order->heap[1]) ? 2 : 1];
	do {
		struct hit *hit = &order->pending[run->at++];

		/* A note that comes late puts nothing out of order.  */
		if (hit->time < order->passed)
			order->late += hit->kind != HIT_NOTE;
		else
			order->passed = hit->time;
		output(context, hit);
		if (run->at == run->end)
			return false;
		run->time = order->pending[run->at].time;
		if (run->time > limit)
			return false;
	} while (count == 1 || is_before(order, first, next));
	return true;
}

/* Closes the gaps that what was passed on has left.  */
static void close_gaps(struct order *order)
{
	size_t count = 0, runs = 0;

	for (size_t i = 0; i < order->run_count; i++) {
		size_t from = order->runs[i].at, end = order->runs[i].end;

		if (from == end)
			continue;
		if (!count || order->pending[count - 1].time >
			      order->pending[from].time)
			order->runs[runs++].at = count;
		memmove(order->pending + count, order->pending + from,
			(end - from) * sizeof(*order->pending));
		count += end - from;
	}
	order->count = count;
	order->run_count = runs;
}

static void pass_on(struct order *order, uint64_t limit, order_output *output,
		    void *context)
{
	size_t count = collect_runs(order, limit);

	while (count) {
		size_t run = order->heap[0];

		if (pass_run(order, count, limit, output, context))
			sink_run(order, count, run);
		else if (--count)
			sink_run(order, count, order->heap[count]);
	}
	close_gaps(order);
}

void order_round(struct order *order, order_output *output, void *context)
{
	pass_on(order, order->complete, output, context);
	order->complete = order->newest;
}

void order_finish(struct order *order, order_output *output, void *context)
{
	pass_on(order, UINT64_MAX, output, context);
}
