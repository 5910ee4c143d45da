/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/heap.h"

#include <stdlib.h>
#include <string.h>

#include "heap/chains.h"
#include "heap/follow.h"
#include "heap/groups.h"
#include "heap/order.h"
#include "heap/pair.h"
#include "heap/points.h"

struct heap {
	struct heap_options options;
	struct chains *chains;
	struct points points;
	struct order order;
	struct pair *pair;
	struct follow *follow;
	struct groups groups;
	struct log *log;
	struct heap_host host;
	uint32_t space_pid;     /* whose address space was asked for last */
	uint32_t space;         /* 0: to be asked for */
	uint64_t hits;
	uint64_t lost_records;  /* told one by one */
	uint64_t lost_total;    /* told as a sum at the end */
	uint64_t failed;        /* for want of memory */
};

static uint32_t on_begin(void *context, uint32_t pid, uint64_t old)
{
	return follow_begin(((struct heap *)context)->follow, pid, old);
}

static void on_operation(void *context, const struct operation *operation)
{
	follow_operation(((struct heap *)context)->follow, operation);
}

static void on_drop(void *context, uint32_t pid, uint64_t old, uint32_t token)
{
	follow_drop(((struct heap *)context)->follow, pid, old, token);
}

static void close_pipe(struct heap *heap)
{
	order_clear(&heap->order);
	pair_free(heap->pair);
	heap->pair = NULL;
	follow_free(heap->follow);
	heap->follow = NULL;
	groups_clear(&heap->groups);
	log_free(heap->log);
	heap->log = NULL;
}

static int open_pipe(struct heap *heap)
{
	const struct pair_output output = {
		.context = heap,
		.begin = on_begin,
		.operation = on_operation,
		.drop = on_drop,
	};

	if (groups_init(&heap->groups) < 0)
		return -1;
	if (heap->options.log) {
		heap->log = log_new(heap->options.log_limit,
				    &heap->options.log_sizes);
		if (!heap->log)
			return -1;
	}
	heap->follow = follow_new(&heap->groups, heap->log);
	heap->pair = pair_new(&output, &heap->points);
	heap->hits = 0;
	heap->lost_records = 0;
	heap->lost_total = 0;
	heap->failed = 0;
	return heap->follow && heap->pair ? 0 : -1;
}

struct heap *heap_new(const struct heap_options *options)
{
	struct heap *heap = calloc(1, sizeof(*heap));

	if (!heap)
		return NULL;
	heap->options = *options;
	heap->chains = chains_new();
	if (!heap->chains || open_pipe(heap) < 0) {
		heap_free(heap);
		return NULL;
	}
	return heap;
}

void heap_free(struct heap *heap)
{
	if (!heap)
		return;
	close_pipe(heap);
	points_clear(&heap->points);
	chains_unref(heap->chains);
	free(heap);
}

int heap_restart(struct heap *heap)
{
	close_pipe(heap);
	return open_pipe(heap);
}

void heap_set_host(struct heap *heap, const struct heap_host *host)
{
	heap->host = *host;
	heap->points.query = host->is_stub;
	heap->points.context = host->context;
}

bool heap_found_stubs(struct heap *heap)
{
	return points_find_stubs(&heap->points);
}

static void count_lost(struct heap *heap, const struct hit *hit)
{
	if (hit->flags & HIT_LOST_TOTAL)
		heap->lost_total += hit->argument[0];
	else
		heap->lost_records += hit->argument[0];
}

static uint32_t space_of(struct heap *heap, uint32_t pid)
{
	if (!heap->host.space)
		return pid;
	if (!heap->space || heap->space_pid != pid) {
		heap->space = heap->host.space(heap->host.context, pid);
		heap->space_pid = pid;
	}
	return heap->space;
}

static void tell_host(struct heap *heap, const struct hit *hit)
{
	heap->space = 0;
	if (heap->host.event)
		heap->host.event(heap->host.context, hit);
}

static void allocation_hit(struct heap *heap, const struct hit *hit)
{
	uint32_t space = space_of(heap, hit->pid);
	struct hit moved = *hit;

	groups_advance(&heap->groups, hit->time);
	if (hit->chain && heap->host.space) {
		struct chain chain = chains_get(heap->chains, hit->chain);

		if (chain.space != space)
			moved.chain = chains_intern(heap->chains, space,
						    chain.addresses,
						    chain.count);
	}
	if (pair_hit(heap->pair, &moved, follow_image(heap->follow, hit->pid),
		     space) < 0)
		heap->failed++;
}

/* A hit in its turn.  */
static void ordered(void *context, const struct hit *hit)
{
	struct heap *heap = context;

	switch (hit->kind) {
	case HIT_CALL:
	case HIT_RETURN:
		allocation_hit(heap, hit);
		return;
	case HIT_NOTE:
		tell_host(heap, hit);
		return;
	case HIT_FORK:
		if (hit->argument[0] != hit->pid)
			tell_host(heap, hit);
		follow_fork(heap->follow, (uint32_t)hit->argument[0], hit->pid);
		break;
	case HIT_EXEC:
		tell_host(heap, hit);
		follow_exec(heap->follow, hit->pid);
		break;
	case HIT_LOST:
		count_lost(heap, hit);
		break;
	default:
		break;
	}
	if (pair_hit(heap->pair, hit, 0, 0) < 0)
		heap->failed++;
}

int heap_hit(struct heap *heap, const struct hit *hit, uint32_t space,
	     const uint64_t *addresses, uint32_t count)
{
	struct hit copy = *hit;

	if (hit->kind == HIT_CALL || hit->kind == HIT_RETURN)
		heap->hits++;
	copy.chain = chains_intern(heap->chains, space, addresses, count);
	if (order_add(&heap->order, &copy) < 0) {
		heap->failed++;
		return -1;
	}
	return 0;
}

void heap_round(struct heap *heap)
{
	order_round(&heap->order, ordered, heap);
}

void heap_finish(struct heap *heap)
{
	order_finish(&heap->order, ordered, heap);
}

void heap_advance(struct heap *heap, uint64_t time)
{
	groups_advance(&heap->groups, time);
}

/* Losses are told one by one where they happened, or as sums at the end that
   cover the same, or both.  */
static uint64_t lost(const struct heap *heap)
{
	uint64_t told = heap->lost_records > heap->lost_total ?
			heap->lost_records : heap->lost_total;

	return told + heap->failed + follow_failed(heap->follow);
}

static void copy_counts(struct snapshot *snapshot, const struct heap *heap)
{
	const struct groups *groups = &heap->groups;

	snapshot->start = groups->start;
	snapshot->end = groups->end;
	snapshot->slice = UINT64_C(1) << groups->slice_bits;
	snapshot->slices = groups->slices;
	snapshot->hits = heap->hits;
	snapshot->lost = lost(heap);
	snapshot->unpaired = pair_unpaired(heap->pair);
	memcpy(snapshot->operations, follow_operations(heap->follow),
	       sizeof(snapshot->operations));
	memcpy(snapshot->anomalies, follow_anomalies(heap->follow),
	       sizeof(snapshot->anomalies));
	snapshot->live_blocks = groups->live_blocks;
	snapshot->live_bytes = groups->live_bytes;
	snapshot->allocated = groups->allocated;
	snapshot->freed = groups->freed;
	memcpy(snapshot->live_bytes_at, groups->live_bytes_at,
	       sizeof(snapshot->live_bytes_at));
}

struct snapshot *heap_snapshot(struct heap *heap)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	uint32_t count = heap->groups.count;

	if (!snapshot)
		return NULL;
	atomic_init(&snapshot->references, 1);
	snapshot->chains = chains_ref(heap->chains);
	snapshot->groups = malloc((count + 1) * sizeof(*snapshot->groups));
	if (heap->log)
		snapshot->log = log_view_new(heap->log);
	if (!snapshot->groups || (heap->log && !snapshot->log)) {
		snapshot_unref(snapshot);
		return NULL;
	}
	if (count)
		memcpy(snapshot->groups, heap->groups.groups,
		       count * sizeof(*snapshot->groups));
	snapshot->group_count = count;
	copy_counts(snapshot, heap);
	return snapshot;
}
