/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/heap.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "heap/chains.h"
#include "heap/follow.h"
#include "heap/groups.h"
#include "heap/order.h"
#include "heap/pair.h"
#include "heap/points.h"

/* All that one reading of a recording fills.  */
struct pipe {
	struct order order;
	struct pair *pair;
	struct follow *follow;
	struct groups groups;
	struct log *log;
	struct segments segments;       /* only with a log */
	struct chains *chains;  /* the heap's */
	uint64_t hits;
	uint64_t lost_records;  /* told one by one */
	uint64_t lost_total;    /* told as a sum at the end */
	uint64_t last_lost;     /* when; 0: never */
	uint64_t failed;        /* for want of memory */
	uint64_t failed_before; /* of these, that are known to be missing */
};

struct heap {
	struct heap_options options;
	struct chains *chains;
	pthread_mutex_t chains_lock;    /* for who adds to them */
	struct points points;
	struct pipe *pipe;
	struct pipe *first;     /* in a second reading, that of the first */
	uint32_t life_number;   /* of the size that it is about */
	uint32_t life_at;       /* the segment to be read next */
	struct heap_host host;
	uint32_t space_pid;     /* whose address space was asked for last */
	uint32_t space;         /* 0: to be asked for */
};

static uint32_t on_begin(void *context, uint32_t pid, uint64_t old)
{
	return follow_begin(((struct pipe *)context)->follow, pid, old);
}

/* Whether the chain from a stack dump is to be used.  A dump is cut where it is
   too small, or where unwind tables are missing.  */
static bool prefer_deep(struct chains *chains,
			const struct operation *operation)
{
	uint32_t shallow = operation->chain, deep = operation->deep;

	if (shallow == deep || chains_get(chains, deep).count <
			       chains_get(chains, shallow).count)
		return false;
	if (shallow)
		chains_link(chains, shallow, deep);
	return true;
}

static void on_operation(void *context, const struct operation *operation)
{
	struct pipe *pipe = context;
	struct operation better;

	if (operation->deep && prefer_deep(pipe->chains, operation)) {
		better = *operation;
		better.chain = operation->deep;
		operation = &better;
	}
	follow_operation(pipe->follow, operation);
}

static void on_drop(void *context, uint32_t pid, uint64_t old, uint32_t token)
{
	follow_drop(((struct pipe *)context)->follow, pid, old, token);
}

static void on_stray(void *context, uint32_t pid, uint64_t block)
{
	follow_stray(((struct pipe *)context)->follow, pid, block);
}

static void pipe_free(struct pipe *pipe)
{
	if (!pipe)
		return;
	order_clear(&pipe->order);
	pair_free(pipe->pair);
	follow_free(pipe->follow);
	groups_clear(&pipe->groups);
	log_free(pipe->log);
	segments_clear(&pipe->segments);
	free(pipe);
}

static struct pipe *pipe_new(const struct heap_options *options,
			     struct chains *chains, struct points *points)
{
	struct pipe *pipe = calloc(1, sizeof(*pipe));
	const struct pair_output output = {
		.context = pipe,
		.begin = on_begin,
		.operation = on_operation,
		.drop = on_drop,
		.stray = on_stray,
	};

	if (!pipe)
		return NULL;
	pipe->chains = chains;
	if (options->log)
		pipe->log = log_new(options->log_limit, &options->log_sizes);
	if (groups_init(&pipe->groups) == 0) {
		const struct follow_output filled = {
			.groups = &pipe->groups,
			.log = pipe->log,
			.segments = pipe->log ? &pipe->segments : NULL,
		};

		pipe->follow = follow_new(&filled);
		pipe->pair = pair_new(&output, points);
	}
	if (pipe->follow && pipe->pair && (pipe->log || !options->log))
		return pipe;
	pipe_free(pipe);
	return NULL;
}

struct heap *heap_new(const struct heap_options *options)
{
	struct heap *heap = calloc(1, sizeof(*heap));

	if (!heap)
		return NULL;
	heap->options = *options;
	pthread_mutex_init(&heap->chains_lock, NULL);
	heap->chains = chains_new();
	heap->pipe = pipe_new(options, heap->chains, &heap->points);
	if (!heap->chains || !heap->pipe) {
		heap_free(heap);
		return NULL;
	}
	return heap;
}

void heap_free(struct heap *heap)
{
	if (!heap)
		return;
	pipe_free(heap->pipe);
	pipe_free(heap->first);
	points_clear(&heap->points);
	chains_unref(heap->chains);
	pthread_mutex_destroy(&heap->chains_lock);
	free(heap);
}

int heap_restart(struct heap *heap)
{
	struct pipe *pipe = pipe_new(&heap->options, heap->chains, &heap->points);

	if (!pipe)
		return -1;
	pipe_free(heap->pipe);
	heap->pipe = pipe;
	heap->space = 0;
	return 0;
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

/* Losses are told one by one where they happened, or as sums that cover the
   same, or both.  */
static uint64_t told_lost(const struct pipe *pipe)
{
	return pipe->lost_records > pipe->lost_total ? pipe->lost_records :
	       pipe->lost_total;
}

static uint64_t failures(const struct pipe *pipe)
{
	return pipe->failed + follow_failed(pipe->follow);
}

/* Any events are missing at TIME, or before, as FOLLOW has been told.  */
static void gap(struct pipe *pipe, uint64_t time)
{
	pair_lost(pipe->pair);
	if (time > pipe->last_lost)
		pipe->last_lost = time;
}

static void missing(struct pipe *pipe, uint64_t time)
{
	follow_lost(pipe->follow);
	gap(pipe, time);
}

static void change_mode(struct pipe *pipe, const struct hit *hit)
{
	/* Until then was watched, even if nothing happened.  */
	groups_advance(&pipe->groups, hit->time);
	switch (follow_mode(pipe->follow, (enum hit_mode)hit->argument[0])) {
	case FOLLOW_SAME:
		break;
	case FOLLOW_OTHER:
		/* The other half of a call may be.  */
		pair_lost(pipe->pair);
		break;
	case FOLLOW_GAP:
		gap(pipe, hit->time);
		break;
	}
}

/* A sum that tells nothing new says nothing of its own time either.  */
static void count_lost(struct pipe *pipe, const struct hit *hit)
{
	bool sum = hit->flags & HIT_LOST_TOTAL;
	uint64_t before = told_lost(pipe);

	if (sum)
		pipe->lost_total += hit->argument[0];
	else
		pipe->lost_records += hit->argument[0];
	if (!sum || told_lost(pipe) > before)
		missing(pipe, hit->time);
}

/* What there was no memory for is as good as lost.  */
static void miss_failed(struct pipe *pipe)
{
	uint64_t failed = failures(pipe);

	if (failed != pipe->failed_before)
		missing(pipe, pipe->groups.end);
	pipe->failed_before = failed;
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

void heap_hold_chains(struct heap *heap)
{
	pthread_mutex_lock(&heap->chains_lock);
}

void heap_let_chains(struct heap *heap)
{
	pthread_mutex_unlock(&heap->chains_lock);
}

uint32_t heap_intern(struct heap *heap, uint32_t space,
		     const uint64_t *addresses, uint32_t count)
{
	return chains_intern(heap->chains, space, addresses, count);
}

/* The same while another thread may hold them.  */
static uint32_t intern(struct heap *heap, uint32_t space,
		       const uint64_t *addresses, uint32_t count)
{
	uint32_t chain;

	heap_hold_chains(heap);
	chain = chains_intern(heap->chains, space, addresses, count);
	heap_let_chains(heap);
	return chain;
}

static void allocation_hit(struct heap *heap, struct hit *hit)
{
	uint32_t space = space_of(heap, hit->pid);

	groups_advance(&heap->pipe->groups, hit->time);
	if (hit->chain && heap->host.space) {
		struct chain chain = chains_get(heap->chains, hit->chain);

		if (chain.space != space)
			hit->chain = intern(heap, space, chain.addresses,
					    chain.count);
	}
	if (pair_hit(heap->pipe->pair, hit, follow_image(heap->pipe->follow, hit->pid),
		     space) < 0)
		heap->pipe->failed++;
}

void heap_deepen(struct heap *heap, const struct hit *note, uint32_t space,
		 const uint64_t *addresses, uint32_t count)
{
	pair_deepen(heap->pipe->pair, note,
		    intern(heap, space, addresses, count));
}

/* A hit in its turn.  */
static void ordered(void *context, struct hit *hit)
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
		follow_fork(heap->pipe->follow, (uint32_t)hit->argument[0], hit->pid);
		break;
	case HIT_EXEC:
		tell_host(heap, hit);
		follow_exec(heap->pipe->follow, hit->pid);
		break;
	case HIT_LOST:
		count_lost(heap->pipe, hit);
		return;
	case HIT_MODE:
		change_mode(heap->pipe, hit);
		return;
	default:
		break;
	}
	if (pair_hit(heap->pipe->pair, hit, 0, 0) < 0)
		heap->pipe->failed++;
	if (hit->kind == HIT_EXIT)
		follow_thread_exit(heap->pipe->follow, hit->pid, hit->tid);
	/* A main thread may end before the others.  */
	if (hit->kind == HIT_EXIT && hit->tid == hit->pid &&
	    !pair_knows(heap->pipe->pair, hit->pid))
		follow_exit(heap->pipe->follow, hit->pid);
}

int heap_take(struct heap *heap, const struct hit *hit)
{
	struct pipe *pipe = heap->pipe;
	uint64_t time = hit->time;
	struct hit *room;

	if (hit->kind == HIT_CALL || hit->kind == HIT_RETURN)
		pipe->hits++;
	else if (hit->kind != HIT_NOTE)
		segments_need(&pipe->segments);
	/* When is not known; not later than what has come.  */
	if (hit->kind == HIT_LOST && !time)
		time = pipe->order.newest;
	room = order_room(&pipe->order, time);
	if (!room) {
		pipe->failed++;
		return -1;
	}
	*room = *hit;
	room->time = time;
	room->segment = segments_current(&pipe->segments);
	return 0;
}

int heap_hit(struct heap *heap, const struct hit *hit, uint32_t space,
	     const uint64_t *addresses, uint32_t count)
{
	struct hit with_chain = *hit;

	with_chain.chain = count ? chains_intern(heap->chains, space, addresses,
						 count) : 0;
	return heap_take(heap, &with_chain);
}

void heap_round(struct heap *heap)
{
	segments_round(&heap->pipe->segments);
	order_round(&heap->pipe->order, ordered, heap);
	miss_failed(heap->pipe);
}

void heap_finish(struct heap *heap)
{
	order_finish(&heap->pipe->order, ordered, heap);
	follow_finish(heap->pipe->follow);
	miss_failed(heap->pipe);
}

void heap_advance(struct heap *heap, uint64_t time)
{
	groups_advance(&heap->pipe->groups, time);
}

static void copy_counts(struct snapshot *snapshot, const struct heap *heap)
{
	const struct groups *groups = &heap->pipe->groups;

	snapshot->start = groups->start;
	snapshot->end = groups->end;
	snapshot->slice = UINT64_C(1) << groups->slice_bits;
	snapshot->slices = groups->slices;
	snapshot->hits = heap->pipe->hits;
	snapshot->lost = told_lost(heap->pipe) + failures(heap->pipe);
	snapshot->last_lost = heap->pipe->last_lost;
	snapshot->missed_frees = follow_missed_frees(heap->pipe->follow);
	snapshot->unpaired = pair_unpaired(heap->pipe->pair);
	snapshot->late = heap->pipe->order.late;
	memcpy(snapshot->operations, follow_operations(heap->pipe->follow),
	       sizeof(snapshot->operations));
	memcpy(snapshot->anomalies, follow_anomalies(heap->pipe->follow),
	       sizeof(snapshot->anomalies));
	snapshot->live_blocks = groups->live_blocks;
	snapshot->live_bytes = groups->live_bytes;
	snapshot->allocated = groups->allocated;
	snapshot->freed = groups->freed;
	snapshot->alone = groups->alone;
	memcpy(snapshot->live_bytes_at, groups->live_bytes_at,
	       sizeof(snapshot->live_bytes_at));
}

struct snapshot *heap_snapshot(struct heap *heap)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	uint32_t count = heap->pipe->groups.count;

	if (!snapshot)
		return NULL;
	atomic_init(&snapshot->references, 1);
	snapshot->chains = chains_ref(heap->chains);
	snapshot->chain_limit = chains_limit(heap->chains);
	groups_settle(&heap->pipe->groups);
	snapshot->groups = malloc((count + 1) * sizeof(*snapshot->groups));
	if (heap->pipe->log)
		snapshot->log = log_view_new(heap->pipe->log);
	if (!snapshot->groups || (heap->pipe->log && !snapshot->log)) {
		snapshot_unref(snapshot);
		return NULL;
	}
	if (count)
		memcpy(snapshot->groups, heap->pipe->groups.groups,
		       count * sizeof(*snapshot->groups));
	snapshot->group_count = count;
	copy_counts(snapshot, heap);
	return snapshot;
}

void heap_segment(struct heap *heap, uint64_t place)
{
	if (heap->pipe->log && !heap->first)
		segments_begin(&heap->pipe->segments, place);
}

void heap_need_segment(struct heap *heap)
{
	segments_need(&heap->pipe->segments);
}

int heap_life_begin(struct heap *heap, uint64_t size)
{
	const struct heap_options options = {
		.log = true,
		.log_limit = heap->options.life_limit,
		.log_sizes = sizespec_only(size),
	};
	struct pipe *pipe;

	heap->life_number = groups_find_size(&heap->pipe->groups, size);
	if (heap->life_number == GROUPS_NO_SIZE)
		return -1;
	pipe = pipe_new(&options, heap->chains, &heap->points);
	if (!pipe)
		return -1;
	heap->first = heap->pipe;
	heap->pipe = pipe;
	heap->life_at = 0;
	heap->space = 0;
	return 0;
}

bool heap_life_has_segments(const struct heap *heap)
{
	const struct segments *segments = &heap->first->segments;

	return segments->count && !segments->incomplete;
}

bool heap_life_next(struct heap *heap, struct stretch *stretch)
{
	bool more = segments_next(&heap->first->segments, heap->life_number,
				  &heap->life_at, stretch);
	/* Behind all that came: calls whose other half is in the gap are not to be
	   waited for.  */
	const struct hit gap = { .kind = HIT_LOST };

	if (stretch->gap)
		heap_take(heap, &gap);
	for (unsigned i = 0; i < stretch->rounds; i++)
		heap_round(heap);
	return more;
}

/* What came of the events of SIZE.  */
static uint64_t sum_of(const struct groups *groups, uint64_t size)
{
	uint32_t number = groups_find_size(groups, size);

	return number == GROUPS_NO_SIZE ? 0 : groups->sizes[number].events;
}

struct log_view *heap_life_end(struct heap *heap, bool *same)
{
	const struct size_count *size =
		&heap->first->groups.sizes[heap->life_number];
	struct log_view *view = log_view_new(heap->pipe->log);

	*same = sum_of(&heap->pipe->groups, size->size) == size->events;
	if (failures(heap->pipe)) {
		log_view_unref(view);
		view = NULL;
	}
	pipe_free(heap->pipe);
	heap->pipe = heap->first;
	heap->first = NULL;
	heap->space = 0;
	return view;
}
