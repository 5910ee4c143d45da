/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/cost.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "capture/internal.h"
#include "capture/probes.h"
#include "capture/rings.h"
#include "capture/target.h"

/* Calls in one run, of which the fastest counts: it was not interrupted.  All
   together take some 20 ms.  */
#define CALLS 200
#define RUNS 25

/* Room for the samples of a run, with chains of all allowed depths.  */
#define RING_SIZE (1u << 21)

/* Frames above the calls, as a program has them.  */
#define FRAMES 8

/* Where it can't be measured, ns: more than on most machines, as a limit is to
   hold.  */
static const struct capture_cost assumed = {
	.call = 5000, .chain_return = 7000, .plain_return = 5000
};

struct cost {
	pthread_t thread;
	bool stop;
	bool emulated;
	unsigned chain_depth;
	struct libc libc;       /* leaktop's own file as if it were one */
	struct probes probes;
	struct capture_cost result;
	int done;
};

/* cost_pushing begins with an instruction that uprobes emulate, cost_testing
   with one that they step over.  cost_frames makes frames that the kernel's
   unwinder can follow, however this file is compiled.  */
void cost_pushing(void) __attribute__((visibility("hidden")));
void cost_testing(void) __attribute__((visibility("hidden")));
void cost_frames(int frames, void (*call)(void))
	__attribute__((visibility("hidden")));

#ifdef __x86_64__
__asm__ (
"	.pushsection .text\n"
"	.globl cost_pushing, cost_testing, cost_frames\n"
"	.hidden cost_pushing, cost_testing, cost_frames\n"
"	.type cost_pushing, @function\n"
"cost_pushing:\n"
"	push %rbp\n"
"	pop %rbp\n"
"	ret\n"
"	.size cost_pushing, . - cost_pushing\n"
"	.type cost_testing, @function\n"
"cost_testing:\n"
"	test %rdi, %rdi\n"
"	ret\n"
"	.size cost_testing, . - cost_testing\n"
"	.type cost_frames, @function\n"
"cost_frames:\n"
"	push %rbp\n"
"	mov %rsp, %rbp\n"
"	test %edi, %edi\n"
"	je 1f\n"
"	dec %edi\n"
"	call cost_frames\n"
"	pop %rbp\n"
"	ret\n"
"1:	call *%rsi\n"
"	pop %rbp\n"
"	ret\n"
"	.size cost_frames, . - cost_frames\n"
"	.popsection\n");
#else
__attribute__((noinline)) void cost_pushing(void)
{
	__asm__ volatile ("");
}

__attribute__((noinline)) void cost_testing(void)
{
	__asm__ volatile ("");
}

__attribute__((noinline)) void cost_frames(int frames, void (*call)(void))
{
	if (frames)
		cost_frames(frames - 1, call);
	else
		call();
	__asm__ volatile ("");
}
#endif

struct place {
	uint64_t address;
	uint64_t offset;
	bool found;
};

static bool look_for(void *context, const struct target_map *map)
{
	struct place *place = context;

	if (place->address < map->start || place->address >= map->end)
		return true;
	place->offset = place->address - map->start + map->offset;
	place->found = map->inode;
	return false;
}

/* Makes leaktop's own file look like a C library: its free is the function that
   is called, with a probe at the call only, and so is its malloc, with one at the
   return, too.  */
static bool find_place(struct cost *cost)
{
	struct place place = {
		(uintptr_t)(cost->emulated ? cost_pushing : cost_testing),
		0, false
	};
	const int ids[] = { ALLOC_MALLOC, ALLOC_FREE };

	if (target_maps(getpid(), look_for, &place) || !place.found)
		return false;
	snprintf(cost->libc.path, sizeof cost->libc.path, "/proc/%d/exe",
		 (int)getpid());
	for (int i = 0; i < 2; i++) {
		struct libc_function *function = &cost->libc.function[ids[i]];

		function->present = true;
		function->offset = place.offset;
		function->stored_register = -1;
	}
	return true;
}

static __thread uint64_t span;  /* in: which function; out: how long, ns */

static void run_calls(void)
{
	uint64_t before = clock_now();

	if (span) {
		for (int i = 0; i < CALLS; i++)
			cost_pushing();
	} else {
		for (int i = 0; i < CALLS; i++)
			cost_testing();
	}
	span = clock_now() - before;
}

static void skip(void *context, const struct perf_event_header *record)
{
	(void)context;
	(void)record;
}

/* Nanoseconds per call under RINGS, which may be NULL.  */
static double measure(const struct cost *cost, struct rings *rings)
{
	uint64_t least = UINT64_MAX;
	bool full;

	for (int i = 0; i < RUNS; i++) {
		span = cost->emulated;
		cost_frames(FRAMES, run_calls);
		if (span < least)
			least = span;
		if (rings)
			rings_drain(rings, skip, NULL, &full);
	}
	return (double)least / CALLS;
}

/* The same under the probes of FUNCTION.  0 when there can be none.  */
static double measure_probed(const struct cost *cost,
			     enum allocator_id function, bool chains)
{
	struct rings_options options = {
		.ring_size = RING_SIZE,
		.chain_depth = cost->chain_depth,
		.functions = 1u << function,
		.chains = chains,
	};
	pid_t tid = syscall(SYS_gettid);
	struct error error;
	struct rings *rings;
	double result;

	if (__atomic_load_n(&cost->stop, __ATOMIC_RELAXED) ||
	    rings_open(&rings, &cost->probes, &options, &tid, 1,
				     &error) != RINGS_OK)
		return 0;
	result = measure(cost, rings);
	rings_close(rings);
	return result;
}

static double above(double value, double base)
{
	return value > base ? value - base : 0;
}

/* Returns whether the result says something.  */
static bool measure_all(struct cost *cost, struct capture_cost *result)
{
	struct error error;
	double bare, call, plain, chain;

	if (!find_place(cost) ||
	    probes_make(&cost->probes, &cost->libc, false, &error))
		return false;
	bare = measure(cost, NULL);
	call = measure_probed(cost, ALLOC_FREE, false);
	plain = measure_probed(cost, ALLOC_MALLOC, false);
	chain = measure_probed(cost, ALLOC_MALLOC, true);
	probes_remove(&cost->probes);
	result->call = above(call, bare);
	result->plain_return = above(plain, call);
	result->chain_return = above(chain, call);
	return call > 0 && plain > 0 && chain > 0 && result->call > 0;
}

static void *calibrate(void *context)
{
	struct cost *cost = context;

	if (!measure_all(cost, &cost->result))
		cost->result = assumed;
	__atomic_store_n(&cost->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

struct cost *cost_begin(const struct libc *libc, unsigned chain_depth)
{
	struct cost *cost = calloc(1, sizeof *cost);

	if (!cost)
		return NULL;
	cost->chain_depth = chain_depth;
	cost->emulated = libc->function[ALLOC_MALLOC].point.emulated;
	if (!thread_start(&cost->thread, calibrate, cost))
		return cost;
	free(cost);
	return NULL;
}

struct capture_cost cost_result(struct cost *cost)
{
	if (cost && __atomic_load_n(&cost->done, __ATOMIC_ACQUIRE))
		return cost->result;
	return (struct capture_cost){ 0, 0, 0 };
}

void cost_end(struct cost *cost)
{
	if (!cost)
		return;
	__atomic_store_n(&cost->stop, true, __ATOMIC_RELAXED);
	pthread_join(cost->thread, NULL);
	free(cost);
}
