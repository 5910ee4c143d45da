/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/heap_internal.h"

#include <stdlib.h>

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

/* Apart from on_operation(), as most have no such chain.  */
static __attribute__((noinline)) void
on_deep_operation(struct pipe *pipe, const struct operation *operation)
{
	struct operation better = *operation;

	if (prefer_deep(pipe->chains, operation))
		better.chain = operation->deep;
	follow_operation(pipe->follow, &better);
}

static void on_operation(void *context, const struct operation *operation)
{
	struct pipe *pipe = context;

	if (operation->deep)
		on_deep_operation(pipe, operation);
	else
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

static uint64_t on_image(void *context, uint32_t pid)
{
	return follow_image(((struct pipe *)context)->follow, pid);
}

void heap_pipe_free(struct pipe *pipe)
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

struct pipe *heap_pipe_new(const struct heap_options *options,
			   struct chains *chains, struct points *points)
{
	struct pipe *pipe = calloc(1, sizeof(*pipe));
	const struct pair_output output = {
		.context = pipe,
		.begin = on_begin,
		.operation = on_operation,
		.drop = on_drop,
		.stray = on_stray,
		.image = on_image,
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
	heap_pipe_free(pipe);
	return NULL;
}

uint64_t heap_pipe_told_lost(const struct pipe *pipe)
{
	return pipe->lost_records > pipe->lost_total ? pipe->lost_records :
	       pipe->lost_total;
}

uint64_t heap_pipe_failures(const struct pipe *pipe)
{
	return pipe->failed + follow_failed(pipe->follow);
}

/* Any events are missing at TIME, or before, as FOLLOW has been told.  */
static void gap(struct pipe *pipe, uint64_t time)
{
	pair_lost(pipe->pair, time);
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
		pair_lost(pipe->pair, hit->time);
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
	uint64_t before = heap_pipe_told_lost(pipe);

	if (sum)
		pipe->lost_total += hit->argument[0];
	else
		pipe->lost_records += hit->argument[0];
	if (!sum || heap_pipe_told_lost(pipe) > before)
		missing(pipe, hit->time);
}

/* What there was no memory for is as good as lost.  */
static void miss_refused(struct pipe *pipe, uint64_t refused)
{
	uint64_t failed = refused + heap_pipe_failures(pipe);

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

/* Who feeds the heap may hold them.  */
static uint32_t intern(struct heap *heap, uint32_t space,
		       const uint64_t *addresses, uint32_t count)
{
	uint32_t chain;

	pthread_mutex_lock(&heap->chains_lock);
	chain = chains_intern(heap->chains, space, addresses, count);
	pthread_mutex_unlock(&heap->chains_lock);
	return chain;
}

/* The chain of HIT, of a process whose address space is SPACE, not that for which
   it was interned: that was another one before the hit had its turn.  */
static __attribute__((noinline)) void
move_chain(struct heap *heap, struct hit *hit, uint32_t space)
{
	struct chain chain = chains_get(heap->chains, hit->chain);

	hit->chain = intern(heap, space, chain.addresses, chain.count);
}

static void allocation_hit(struct heap *heap, struct hit *hit)
{
	uint32_t space = space_of(heap, hit->pid);

	/* The first call is the beginning of all.  */
	if (hit->kind == HIT_WHOLE && !heap->pipe->groups.started)
		groups_advance(&heap->pipe->groups, hit->time - hit->lasted);
	groups_advance(&heap->pipe->groups, hit->time);
	if (hit->chain && heap->host.space &&
	    chains_space(heap->chains, hit->chain) != space)
		move_chain(heap, hit, space);
	if (pair_allocation(heap->pipe->pair, hit, space) < 0)
		heap->pipe->failed++;
}

void heap_deepen(struct heap *heap, const struct hit *note, uint32_t space,
		 const uint64_t *addresses, uint32_t count)
{
	pair_deepen(heap->pipe->pair, note,
		    intern(heap, space, addresses, count));
}

/* What a task does that is no call.  */
static void task_hit(struct heap *heap, const struct hit *hit)
{
	struct pipe *pipe = heap->pipe;

	if (hit->kind == HIT_EXEC ||
	    (hit->kind == HIT_FORK && hit->argument[0] != hit->pid))
		tell_host(heap, hit);
	if (hit->kind == HIT_FORK)
		follow_fork(pipe->follow, (uint32_t)hit->argument[0], hit->pid);
	else if (hit->kind == HIT_EXEC)
		follow_exec(pipe->follow, hit->pid);
	pair_task(pipe->pair, hit);
	if (hit->kind != HIT_EXIT)
		return;
	follow_thread_exit(pipe->follow, hit->pid, hit->tid);
	/* A main thread may end before the others.  */
	if (hit->tid == hit->pid && !pair_knows(pipe->pair, hit->pid))
		follow_exit(pipe->follow, hit->pid);
}

/* What the feeding side tells.  */
static void take_word(struct pipe *pipe, const struct hit *hit)
{
	switch (hit->kind) {
	case TURN_SEGMENT:
		segments_begin(&pipe->segments, hit->argument[0]);
		break;
	case TURN_NEED:
		segments_need(&pipe->segments);
		break;
	case TURN_ROUND:
		segments_round(&pipe->segments);
		miss_refused(pipe, hit->argument[0]);
		break;
	case TURN_END:
		follow_finish(pipe->follow);
		miss_refused(pipe, hit->argument[0]);
		break;
	default:
		break;
	}
}

static void other_hit(struct heap *heap, const struct hit *hit)
{
	switch (hit->kind) {
	case HIT_NOTE:
		tell_host(heap, hit);
		break;
	case HIT_FORK:
	case HIT_EXEC:
	case HIT_EXIT:
		task_hit(heap, hit);
		break;
	case HIT_LOST:
		count_lost(heap->pipe, hit);
		break;
	case HIT_MODE:
		change_mode(heap->pipe, hit);
		break;
	default:
		take_word(heap->pipe, hit);
		break;
	}
}

void heap_turn(void *context, struct hit *hit)
{
	if (hit->kind <= HIT_WHOLE)
		allocation_hit(context, hit);
	else
		other_hit(context, hit);
}
