/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/heap_internal.h"

#include <stdlib.h>
#include <string.h>

/* Functions, by bits, between whose call and return nothing happens that others
   could see, and that leave room for the result.  */
static unsigned whole_functions(void)
{
	unsigned functions = 0;

	for (unsigned i = 0; i < ALLOC_COUNT; i++) {
		const struct allocator *allocator = &allocators[i];

		if (allocator->result == RESULT_POINTER && !allocator->releases &&
		    allocator->argument[WHOLE_RESULT].role == ROLE_NONE)
			functions |= 1u << i;
	}
	return functions;
}

struct heap *heap_new(const struct heap_options *options)
{
	struct heap *heap = calloc(1, sizeof(*heap));

	if (!heap)
		return NULL;
	heap->options = *options;
	heap->whole_functions = whole_functions();
	heap_set_stage(heap, NULL);
	pthread_mutex_init(&heap->chains_lock, NULL);
	heap->chains = chains_new();
	heap->pipe = heap_pipe_new(options, heap->chains, &heap->points);
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
	heap_pipe_free(heap->pipe);
	heap_pipe_free(heap->first);
	points_clear(&heap->points);
	chains_unref(heap->chains);
	pthread_mutex_destroy(&heap->chains_lock);
	free(heap);
}

int heap_restart(struct heap *heap)
{
	struct pipe *pipe = heap_pipe_new(&heap->options, heap->chains, &heap->points);

	if (!pipe)
		return -1;
	heap_pipe_free(heap->pipe);
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

void heap_set_stage(struct heap *heap, const struct heap_stage *stage)
{
	const struct heap_stage none = { heap, heap_turn };

	heap_let_chains(heap);
	heap->stage = stage ? *stage : none;
}

void heap_let_chains(struct heap *heap)
{
	if (heap->holds_chains)
		pthread_mutex_unlock(&heap->chains_lock);
	heap->holds_chains = false;
}

/* Only where another thread may want them, and then until it lets them go: to do
   it for each hit takes longer than the hit.  */
static void hold_chains(struct heap *heap)
{
	if (heap->stage.give == heap_turn || heap->holds_chains)
		return;
	pthread_mutex_lock(&heap->chains_lock);
	heap->holds_chains = true;
}

/* What is in order as it comes.  */
static void tell(struct heap *heap, unsigned kind, uint64_t argument)
{
	struct hit hit = { .kind = (uint8_t)kind, .argument = { argument } };

	heap->stage.give(heap->stage.context, &hit);
}

/* The chain's number; 0: there is none.  */
static uint32_t intern(struct heap *heap, uint32_t space,
		       const uint64_t *addresses, uint32_t count)
{
	if (!count)
		return 0;
	hold_chains(heap);
	return chains_intern(heap->chains, space, addresses, count);
}

static uint32_t segment_of(const struct pipe *pipe)
{
	return pipe->begun ? pipe->begun - 1 : 0;
}

/* How far a return may be from a call if they are to become one, ns.  What comes
   together comes from one CPU, and in between the thread may have been on another
   one: to finish that call, and begin the one that this is the return of.  But not
   in this time: it would have to be moved there and back, with hits on both.  */
#define WHOLE_NS 10000

/* Whether CALL, what came last, is that of HIT, a return, and came in the same
   segment: most often so.  */
static bool is_call_of(const struct heap *heap, const struct hit *call,
		       const struct hit *hit)
{
	return call->kind == HIT_CALL && call->tid == hit->tid &&
		call->pid == hit->pid && call->function == hit->function &&
		call->address == hit->address && !(call->flags & HIT_ALONE) &&
		hit->time - call->time <= WHOLE_NS &&
		call->segment == segment_of(heap->pipe) &&
		heap->whole_functions >> hit->function & 1;
}

/* Takes HIT, a return, and the CALL that came before it as one.  */
static void join(struct heap *heap, struct hit *call, const struct hit *hit,
		 uint32_t space, const uint64_t *addresses, uint32_t count)
{
	uint32_t chain = intern(heap, space, addresses, count);

	call->kind = HIT_WHOLE;
	call->lasted = (uint32_t)(hit->time - call->time);
	call->argument[WHOLE_RESULT] = hit->argument[0];
	if (chain)
		call->chain = chain;
	order_delay(&heap->pipe->order, hit->time);
}

/* Of what is no call and no return.  */
static __attribute__((noinline)) uint64_t
time_of_note(struct heap *heap, const struct hit *hit)
{
	if (hit->kind != HIT_NOTE)
		heap_need_segment(heap);
	/* When is not known; not later than what has come.  */
	if (hit->kind == HIT_LOST && !hit->time)
		return heap->pipe->order.newest;
	return hit->time;
}

int heap_hit(struct heap *heap, const struct hit *hit, uint32_t space,
	     const uint64_t *addresses, uint32_t count)
{
	struct pipe *pipe = heap->pipe;
	uint64_t time = hit->time;
	struct hit *room;

	if (hit->kind > HIT_RETURN) {
		time = time_of_note(heap, hit);
	} else {
		pipe->hits++;
		room = hit->kind == HIT_RETURN ? order_last(&pipe->order) : NULL;
		if (room && is_call_of(heap, room, hit)) {
			join(heap, room, hit, space, addresses, count);
			return 0;
		}
	}
	room = order_room(&pipe->order, time);
	if (!room) {
		pipe->refused++;
		return -1;
	}
	*room = *hit;
	room->time = time;
	room->segment = segment_of(pipe);
	room->chain = intern(heap, space, addresses, count);
	return 0;
}

void heap_round(struct heap *heap)
{
	struct pipe *pipe = heap->pipe;

	order_round(&pipe->order, heap->stage.give, heap->stage.context);
	tell(heap, TURN_ROUND, pipe->refused);
}

void heap_finish(struct heap *heap)
{
	struct pipe *pipe = heap->pipe;

	order_finish(&pipe->order, heap->stage.give, heap->stage.context);
	tell(heap, TURN_END, pipe->refused);
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
	snapshot->lost = heap_pipe_told_lost(heap->pipe) + heap->pipe->refused +
		heap_pipe_failures(heap->pipe);
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
	if (!heap->options.log || heap->first)
		return;
	heap->pipe->begun++;
	tell(heap, TURN_SEGMENT, place);
}

void heap_need_segment(struct heap *heap)
{
	if (heap->pipe->begun)
		tell(heap, TURN_NEED, 0);
}
