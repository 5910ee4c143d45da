/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HITS_FIRST 4096
#define SPANS_FIRST 64

void order_clear(struct order *order)
{
	for (int i = 0; i < 2; i++) {
		free(order->part[i].hits);
		free(order->part[i].spans);
	}
	free(order->runs);
	free(order->heap);
	memset(order, 0, sizeof(*order));
}

static int grow_hits(struct order_part *part)
{
	size_t capacity = part->capacity ? part->capacity * 2 : HITS_FIRST;
	struct hit *hits = reallocarray(part->hits, capacity, sizeof(*hits));

	if (!hits)
		return -1;
	part->hits = hits;
	part->capacity = capacity;
	return 0;
}

static int grow_spans(struct order_part *part)
{
	size_t capacity = part->span_capacity ? part->span_capacity * 2 :
			  SPANS_FIRST;
	struct order_span *spans = reallocarray(part->spans, capacity,
						sizeof(*spans));

	if (!spans)
		return -1;
	part->spans = spans;
	part->span_capacity = capacity;
	return 0;
}

/* Makes room for one run more of both parts together, so that there is enough when
   they are passed on.  */
static int reserve_run(struct order *order)
{
	size_t count = order->part[0].span_count + order->part[1].span_count;
	size_t capacity = order->run_capacity ? order->run_capacity * 2 :
			  SPANS_FIRST;
	struct order_run *runs;
	size_t *heap;

	if (count < order->run_capacity)
		return 0;
	runs = reallocarray(order->runs, capacity, sizeof(*runs));
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
static int start_run(struct order *order, struct order_part *part)
{
	if (reserve_run(order) < 0 ||
	    (part->span_count == part->span_capacity && grow_spans(part) < 0))
		return -1;
	if (part->span_count)
		part->spans[part->span_count - 1].end = part->count;
	part->spans[part->span_count++].at = part->count;
	return 0;
}

int order_grow(struct order *order, uint64_t time)
{
	struct order_part *part = &order->part[order->present];

	if (part->count == part->capacity && grow_hits(part) < 0)
		return -1;
	if (part->count && part->hits[part->count - 1].time <= time)
		return 0;
	return start_run(order, part);
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

/* Puts RUN into the heap, of COUNT with it, where place AT is free, and RUN not
   before what is above that.  */
static void sink_run(struct order *order, size_t count, size_t at, size_t run)
{
	size_t *heap = order->heap;

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

/* Adds the runs of PART, from number FIRST on, and to the heap, which has *COUNT,
   those that have a hit up to LIMIT.  Returns the number of the next run.  */
static size_t collect_runs(struct order *order, struct order_part *part,
			   size_t first, uint64_t limit, size_t *count)
{
	if (part->span_count)
		part->spans[part->span_count - 1].end = part->count;
	for (size_t i = 0; i < part->span_count; i++) {
		struct order_run *run = &order->runs[first + i];

		run->at = part->hits + part->spans[i].at;
		run->end = part->hits + part->spans[i].end;
		if (run->at == run->end)
			continue;
		run->time = run->at->time;
		if (run->time <= limit)
			raise_run(order, ++*count, first + i);
	}
	return first + part->span_count;
}

/* Where in the heap, of COUNT, the run is that comes second; 0: there is none.  */
static size_t second(const struct order *order, size_t count)
{
	if (count < 3)
		return count - 1;
	return is_before(order, order->heap[2], order->heap[1]) ? 2 : 1;
}

/* Passes on what RUN has up to UNTIL.  Returns whether it has more.  */
static inline bool pass_run(struct order *order, struct order_run *run,
			    uint64_t until, order_output *output, void *context)
{
	do {
		struct hit *hit = run->at++;

		/* A note that comes late puts nothing out of order.  */
		if (hit->time < order->passed)
			order->late += hit->kind != HIT_NOTE;
		else
			order->passed = hit->time;
		output(context, hit);
		if (run->at == run->end)
			return false;
		run->time = run->at->time;
	} while (run->time <= until);
	return true;
}

/* The earliest of the runs gives what it has before the others have something, and
   what comes second takes its place.  */
static void merge(struct order *order, size_t count, uint64_t limit,
		  order_output *output, void *context)
{
	size_t *heap = order->heap;

	while (count) {
		size_t first = heap[0];
		struct order_run *run = &order->runs[first];
		size_t next = second(order, count);
		uint64_t until = limit;

		/* Of equal times that of the earlier run is first.  */
		if (next)
			until = order->runs[heap[next]].time - (first > heap[next]);
		if (pass_run(order, run, until < limit ? until : limit, output,
			     context) && run->time <= limit) {
			heap[0] = heap[next];
			sink_run(order, count, next, first);
		} else if (--count) {
			sink_run(order, count, 0, heap[count]);
		}
	}
}

static void empty(struct order_part *part)
{
	part->count = 0;
	part->span_count = 0;
}

/* Passes on what is up to LIMIT: all of the rounds before the present one.  */
static void pass_on(struct order *order, uint64_t limit, order_output *output,
		    void *context)
{
	struct order_part *before = &order->part[!order->present];
	struct order_part *present = &order->part[order->present];
	size_t count = 0;
	size_t first = collect_runs(order, before, 0, limit, &count);

	collect_runs(order, present, first, limit, &count);
	merge(order, count, limit, output, context);
	empty(before);
	for (size_t i = 0; i < present->span_count; i++)
		present->spans[i].at = (size_t)(order->runs[first + i].at -
						present->hits);
}

void order_round(struct order *order, order_output *output, void *context)
{
	pass_on(order, order->complete, output, context);
	order->complete = order->newest;
	order->present = !order->present;
}

void order_finish(struct order *order, order_output *output, void *context)
{
	pass_on(order, UINT64_MAX, output, context);
	empty(&order->part[order->present]);
}
