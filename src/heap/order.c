/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void order_clear(struct order *order)
{
	free(order->pending);
	free(order->spare);
	free(order->runs);
	memset(order, 0, sizeof(*order));
}

static int grow(struct order *order)
{
	size_t capacity = order->capacity ? order->capacity * 2 : 4096;
	struct hit *pending, *spare;

	pending = realloc(order->pending, capacity * sizeof(*pending));
	if (!pending)
		return -1;
	order->pending = pending;
	spare = realloc(order->spare, capacity * sizeof(*spare));
	if (!spare)
		return -1;
	order->spare = spare;
	order->capacity = capacity;
	return 0;
}

static int start_run(struct order *order)
{
	if (order->run_count == order->run_capacity) {
		size_t capacity = order->run_capacity ?
				  order->run_capacity * 2 : 64;
		size_t *runs = realloc(order->runs, capacity * sizeof(*runs));

		if (!runs)
			return -1;
		order->runs = runs;
		order->run_capacity = capacity;
	}
	order->runs[order->run_count++] = order->count;
	return 0;
}

int order_add(struct order *order, const struct hit *hit)
{
	if (order->count == order->capacity && grow(order) < 0)
		return -1;
	if ((!order->count ||
	     order->pending[order->count - 1].time > hit->time) &&
	    start_run(order) < 0)
		return -1;
	order->pending[order->count++] = *hit;
	if (hit->time > order->newest)
		order->newest = hit->time;
	return 0;
}

/* Merges the sorted parts [from, middle) and [middle, to).  Stable: of hits
   with equal times the one that came first stays first.  */
static void merge_two(const struct hit *in, struct hit *out, size_t from,
		      size_t middle, size_t to)
{
	size_t left = from, right = middle, at = from;

	while (left < middle && right < to) {
		if (in[right].time < in[left].time)
			out[at++] = in[right++];
		else
			out[at++] = in[left++];
	}
	memcpy(out + at, in + left, (middle - left) * sizeof(*in));
	at += middle - left;
	memcpy(out + at, in + right, (to - right) * sizeof(*in));
}

static size_t run_end(const struct order *order, size_t run)
{
	return run + 1 < order->run_count ? order->runs[run + 1] : order->count;
}

static void merge_runs(struct order *order)
{
	while (order->run_count > 1) {
		struct hit *swap;
		size_t kept = 0;

		for (size_t run = 0; run < order->run_count; run += 2) {
			size_t from = order->runs[run];
			size_t middle = run_end(order, run);
			size_t to = run + 1 < order->run_count ?
				    run_end(order, run + 1) : middle;

			merge_two(order->pending, order->spare, from, middle, to);
			order->runs[kept++] = from;
		}
		order->run_count = kept;
		swap = order->pending;
		order->pending = order->spare;
		order->spare = swap;
	}
}

static void pass_on(struct order *order, uint64_t limit, order_output output,
		    void *context)
{
	size_t done = 0;

	while (done < order->count && order->pending[done].time <= limit) {
		const struct hit *hit = &order->pending[done++];

		/* A note that comes late puts nothing out of order.  */
		if (hit->time < order->passed)
			order->late += hit->kind != HIT_NOTE;
		else
			order->passed = hit->time;
		output(context, hit);
	}
	order->count -= done;
	if (order->count)
		memmove(order->pending, order->pending + done,
			order->count * sizeof(*order->pending));
	order->run_count = order->count ? 1 : 0;
}

void order_round(struct order *order, order_output output, void *context)
{
	merge_runs(order);
	pass_on(order, order->complete, output, context);
	order->complete = order->newest;
}

void order_finish(struct order *order, order_output output, void *context)
{
	merge_runs(order);
	pass_on(order, UINT64_MAX, output, context);
}
