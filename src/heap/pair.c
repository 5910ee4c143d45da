/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/pair.h"

#include <stdlib.h>
#include <string.h>

#include "heap/threads.h"

/* A call inside which more calls than this have come is one whose return was
   missed.  */
#define INNER_MAX 16
/* A probe for the call may sit some instructions behind the function's
   start, where its return has the start.  */
#define SAME_FUNCTION 64

struct pair {
	struct pair_output output;
	struct points *points;
	struct threads threads;
	uint64_t unpaired;
	uint32_t losses;
	uint64_t lost_at;       /* time of the last one */
};

struct pair *pair_new(const struct pair_output *output, struct points *points)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	if (!pair)
		return NULL;
	pair->output = *output;
	pair->points = points;
	if (threads_init(&pair->threads) < 0) {
		free(pair);
		return NULL;
	}
	return pair;
}

void pair_free(struct pair *pair)
{
	if (!pair)
		return;
	threads_clear(&pair->threads);
	free(pair);
}

uint64_t pair_unpaired(const struct pair *pair)
{
	return pair->unpaired;
}

/* NULL when out of memory.  */
static struct thread *thread_find_or_add(struct pair *pair, uint32_t pid,
					 uint32_t tid)
{
	struct thread *thread = threads_find(&pair->threads, pid, tid);

	if (thread)
		return thread;
	thread = threads_add(&pair->threads, pid, tid);
	if (thread)
		thread->image = pair->output.image(pair->output.context, pid);
	return thread;
}

static inline struct thread *thread_get(struct pair *pair, uint32_t pid,
					uint32_t tid)
{
	struct thread *thread = threads_recent(&pair->threads, pid, tid);

	return thread ? thread : thread_find_or_add(pair, pid, tid);
}

static uint64_t old_block(uint8_t function,
			  const uint64_t argument[ALLOCATOR_ARGUMENTS])
{
	for (int i = 0; i < ALLOCATOR_ARGUMENTS; i++) {
		if (allocators[function].argument[i].role == ROLE_OLD)
			return argument[i];
	}
	return 0;
}

static bool moves(uint8_t function)
{
	return allocators[function].acquires && allocators[function].releases;
}

/* Forgets the calls above LEVEL.  */
static void drop_calls(struct pair *pair, struct thread *thread, unsigned level)
{
	while (thread->depth > level) {
		const struct call *call = &thread->calls[--thread->depth];

		if (!thread->depth && moves(call->function))
			pair->output.drop(pair->output.context, thread->pid,
					  old_block(call->function,
						    call->argument),
					  call->token);
	}
}

/* Forgets the calls above LEVEL as their returns never came.  */
static void miss_calls(struct pair *pair, struct thread *thread, unsigned level)
{
	if (thread->depth > level)
		pair->unpaired += thread->depth - level;
	drop_calls(pair, thread, level);
}

/* HIT: the return, or the call where there is no return.  */
static void emit(struct pair *pair, const struct thread *thread,
		 const struct call *call, const struct hit *hit,
		 uint64_t result, uint32_t deep)
{
	struct operation operation = {
		.time = hit->time,
		.result = result,
		.pid = thread->pid,
		.tid = thread->tid,
		.chain = hit->chain ? hit->chain : call->chain,
		.deep = deep ? deep : call->deep,
		.token = call->token,
		.call_segment = call->segment,
		.segment = hit->segment,
		.function = call->function,
		.alone = hit->flags & HIT_ALONE,
		.unseen = allocators[call->function].result == RESULT_STATUS &&
			!hit->argument[0] && !result,
	};

	memcpy(operation.argument, call->argument, sizeof(operation.argument));
	pair->output.operation(pair->output.context, &operation);
}

/* Forgets what stands open in THREAD if that can't be true any more: else all
   that follows would pass for a part of it.  */
static void drop_stale(struct pair *pair, struct thread *thread)
{
	if (thread->depth &&
	    (thread->depth == THREAD_DEPTH || thread->calls[0].inner > INNER_MAX ||
	     thread->calls[thread->depth - 1].losses != pair->losses))
		miss_calls(pair, thread, 0);
}

/* What two hits of one call have in common, that are of functions without a
   return.  */
static uint64_t single_argument(const struct hit *hit)
{
	return hit->flags & HIT_ALONE ? hit->argument[0] :
		old_block(hit->function, hit->argument);
}

/* Field by field: to clear it all first takes longer than the rest of the hit.  */
static void begin_call(struct call *call, const struct hit *hit,
		       struct point *point, uint32_t losses)
{
	call->address = hit->address;
	for (int i = 0; i < ALLOCATOR_ARGUMENTS; i++)
		call->argument[i] = hit->argument[i];
	call->pointer = 0;
	call->reached = 0;
	call->point = point;
	call->chain = hit->chain;
	call->deep = 0;
	call->token = 0;
	call->segment = hit->segment;
	call->inner = 0;
	call->twins = 0;
	call->function = hit->function;
	call->losses = losses;
}

/* HIT is a whole operation.  */
static void emit_single(struct pair *pair, const struct thread *thread,
			const struct hit *hit, uint64_t result, uint32_t deep)
{
	struct operation operation = {
		.time = hit->time,
		.argument = { hit->argument[0], hit->argument[1],
			      hit->kind == HIT_WHOLE ? 0 : hit->argument[2] },
		.result = result,
		.pid = thread->pid,
		.tid = thread->tid,
		.chain = hit->chain,
		.deep = deep,
		.call_segment = hit->segment,
		.segment = hit->segment,
		.function = hit->function,
		.alone = hit->flags & HIT_ALONE,
	};

	_Static_assert(ALLOCATOR_ARGUMENTS == 3 && WHOLE_RESULT == 2,
		       "all are copied, and the result is none");
	pair->output.operation(pair->output.context, &operation);
}

/* A function without a return probe: the call is all there is.  */
static void single_call(struct pair *pair, struct thread *thread,
			const struct hit *hit, struct point *point,
			uint32_t deep)
{
	uint64_t argument = single_argument(hit);

	if (thread->single && thread->single != point &&
	    thread->single->function == point->function &&
	    thread->single_argument == argument) {
		thread->single->reached++;
		thread->single->last_reached = point->address;
	}
	thread->single = point;
	thread->single_argument = argument;
	point->calls++;
	drop_stale(pair, thread);
	if (thread->depth)
		thread->calls[0].inner++;
	else
		emit_single(pair, thread, hit, 0, deep);
}

/* Another function at the same address was hit by the same call, which is
   told as that of the first in allocators[].  */
static void add_twin(struct call *call, const struct hit *hit)
{
	if (hit->function > call->function) {
		call->twins |= 1u << hit->function;
		return;
	}
	call->twins |= 1u << call->function;
	call->function = hit->function;
	memcpy(call->argument, hit->argument, sizeof(call->argument));
}

static void enter(struct pair *pair, struct thread *thread,
		  const struct hit *hit, struct point *point, uint32_t deep)
{
	struct call *call;

	drop_stale(pair, thread);
	if (thread->depth) {
		call = &thread->calls[thread->depth - 1];
		if (call->address == hit->address &&
		    call->function != hit->function) {
			add_twin(call, hit);
			return;
		}
		thread->calls[0].inner++;
	}
	call = &thread->calls[thread->depth++];
	begin_call(call, hit, point, pair->losses);
	call->deep = deep;
	if (thread->depth == 1 && moves(hit->function))
		call->token = pair->output.begin(pair->output.context,
			thread->pid, old_block(hit->function, hit->argument));
}

/* The open call that a return belongs to, or -1.  */
static int find_call(const struct thread *thread, const struct hit *hit)
{
	for (int i = thread->depth - 1; i >= 0; i--) {
		if (thread->calls[i].address == hit->address &&
		    (thread->calls[i].function == hit->function ||
		     thread->calls[i].twins & 1u << hit->function))
			return i;
	}
	for (int i = thread->depth - 1; i >= 0; i--) {
		if (thread->calls[i].function == hit->function &&
		    thread->calls[i].address - hit->address < SAME_FUNCTION)
			return i;
	}
	return -1;
}

/* A function that answers with a status says where the block is; where the
   recording has not kept that, a call inside it may tell.  */
static uint64_t new_block(const struct call *call, const struct hit *hit)
{
	if (allocators[call->function].result == RESULT_POINTER)
		return hit->argument[0];
	if (hit->argument[0])
		return 0;
	return hit->flags & HIT_HAS_POINTER ? hit->argument[1] : call->pointer;
}

static void complete(struct pair *pair, struct thread *thread,
		     const struct hit *hit, uint32_t deep)
{
	const struct call *call = &thread->calls[thread->depth - 1];
	uint64_t block = new_block(call, hit);
	struct point *point = call->point;

	point->calls++;
	if (call->reached && call->reached != call->address &&
	    call->pointer == block) {
		point->reached++;
		point->last_reached = call->reached;
	}
	thread->twins = call->twins;
	thread->twins_address = call->address;
	thread->depth--;
	if (thread->depth) {
		struct call *outer = &thread->calls[thread->depth - 1];

		outer->pointer = block;
		outer->reached = call->address;
		return;
	}
	emit(pair, thread, call, hit, block, deep);
}

/* The return of a call that was not seen; or of another function at the
   address of one that was.  */
static void stray(struct pair *pair, struct thread *thread,
		  const struct hit *hit)
{
	if (thread->twins_address == hit->address &&
	    thread->twins & 1u << hit->function) {
		thread->twins &= ~(1u << hit->function);
		return;
	}
	pair->unpaired++;
	if (!thread->depth && hit->argument[0] &&
	    allocators[hit->function].result == RESULT_POINTER)
		pair->output.stray(pair->output.context, hit->pid,
				   hit->argument[0]);
}

static void leave(struct pair *pair, struct thread *thread,
		  const struct hit *hit, uint32_t deep)
{
	int at = find_call(thread, hit);
	struct call *call;

	if (at < 0) {
		stray(pair, thread, hit);
		return;
	}
	miss_calls(pair, thread, (unsigned)at + 1);
	call = &thread->calls[at];
	if (call->function != hit->function) {
		call->twins &= ~(1u << hit->function);
		return;
	}
	complete(pair, thread, hit, deep);
}

/* perf 6.1 now and then writes a sample twice, as the last one of a round and
   the first one of the next.  No thread does two things at one time, unless the
   clock is coarse; and not the same call, or return, twice in a row.  */
static bool is_repeated(struct thread *thread, const struct hit *hit)
{
	bool repeated = hit->time && thread->time == hit->time &&
		thread->address == hit->address &&
		thread->kind == hit->kind &&
		thread->function == hit->function &&
		(hit->kind == HIT_RETURN ||
		 allocators[hit->function].result != RESULT_NONE ||
		 thread->single_argument == single_argument(hit));

	thread->time = hit->time;
	thread->address = hit->address;
	thread->kind = hit->kind;
	thread->function = hit->function;
	return repeated;
}

void pair_deepen(struct pair *pair, const struct hit *dumped, uint32_t deep)
{
	struct thread *thread = thread_get(pair, dumped->pid, dumped->tid);

	if (!thread)
		return;
	thread->deep = deep;
	thread->deep_function = dumped->function;
	thread->deep_time = dumped->time;
}

static uint32_t take_deep(struct thread *thread, const struct hit *hit)
{
	uint32_t deep = thread->deep;

	if (!deep || thread->deep_function != hit->function)
		return 0;
	thread->deep = 0;
	return hit->time - thread->deep_time + DEEP_NS <= 2 * DEEP_NS ? deep : 0;
}

static void half_hit(struct pair *pair, struct thread *thread,
		     const struct hit *hit, struct point *point)
{
	uint32_t deep = take_deep(thread, hit);

	if (point->stub || is_repeated(thread, hit))
		return;
	if (hit->kind == HIT_RETURN)
		leave(pair, thread, hit, deep);
	else if (allocators[hit->function].result == RESULT_NONE ||
		 hit->flags & HIT_ALONE)
		single_call(pair, thread, hit, point, deep);
	else
		enter(pair, thread, hit, point, deep);
}

/* A HIT_WHOLE as the two that it was made of.  */
static void two_halves(struct pair *pair, struct thread *thread,
		       const struct hit *hit, struct point *point)
{
	struct hit half = *hit;
	uint32_t losses = pair->losses;

	half.kind = HIT_CALL;
	half.time -= hit->lasted;
	half.argument[WHOLE_RESULT] = 0;
	/* It began before a loss that came inside it.  */
	if (half.time < pair->lost_at)
		pair->losses--;
	half_hit(pair, thread, &half, point);
	pair->losses = losses;
	half.kind = HIT_RETURN;
	half.time = hit->time;
	half.argument[0] = hit->argument[WHOLE_RESULT];
	half_hit(pair, thread, &half, point);
}

/* The same in one step, where nothing else is open or known of the thread.  */
static void whole_hit(struct pair *pair, struct thread *thread,
		      const struct hit *hit, struct point *point)
{
	if (thread->depth || thread->deep || point->stub) {
		two_halves(pair, thread, hit, point);
		return;
	}
	point->calls++;
	thread->twins = 0;
	thread->twins_address = hit->address;
	thread->time = hit->time;
	thread->address = hit->address;
	thread->kind = HIT_RETURN;
	thread->function = hit->function;
	emit_single(pair, thread, hit, hit->argument[WHOLE_RESULT], 0);
}

int pair_allocation(struct pair *pair, const struct hit *hit, uint32_t space)
{
	struct thread *thread = thread_get(pair, hit->pid, hit->tid);
	struct point *point;

	if (!thread)
		return -1;
	point = points_get(pair->points, hit->address, thread->image, space,
			   hit->function);
	if (!point)
		return -1;
	if (hit->kind == HIT_WHOLE)
		whole_hit(pair, thread, hit, point);
	else
		half_hit(pair, thread, hit, point);
	return 0;
}

/* What it was doing was under way at its end: nothing is missing.  */
static void forget(struct pair *pair, struct thread *thread)
{
	drop_calls(pair, thread, 0);
	threads_remove(&pair->threads, thread);
}

void pair_lost(struct pair *pair, uint64_t time)
{
	pair->losses++;
	pair->lost_at = time;
}

bool pair_knows(const struct pair *pair, uint32_t pid)
{
	return threads_first(&pair->threads, pid);
}

void pair_task(struct pair *pair, const struct hit *hit)
{
	struct thread *thread;

	if (hit->kind == HIT_EXEC) {
		while ((thread = threads_first(&pair->threads, hit->pid)))
			forget(pair, thread);
	} else if (hit->kind == HIT_EXIT) {
		thread = threads_find(&pair->threads, hit->pid, hit->tid);
		if (thread)
			forget(pair, thread);
	}
}
