/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_PAIR_H
#define LEAKTOP_HEAP_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/hit.h"
#include "heap/points.h"

/* Joins calls and returns to operations.  They pair by thread and function
   address, and nest: only the outermost call is an operation.  */

/* A completed outermost call.  */
struct operation {
	uint64_t time;          /* of the return; of the call where there is none */
	uint64_t argument[ALLOCATOR_ARGUMENTS];
	uint64_t result;        /* the new block; 0: failed, or none */
	uint32_t pid;
	uint32_t tid;
	uint32_t chain;
	uint32_t deep;          /* the same from a stack dump; 0: there is none */
	uint32_t token;
	uint32_t call_segment;  /* of the recording, where the call is */
	uint32_t segment;       /* where TIME is */
	uint8_t function;
	bool unseen;            /* it has a new block, but nobody knows where */
	bool alone;             /* the same, and it may have failed: see HIT_ALONE */
};

/* What comes out.  */
struct pair_output {
	void *context;
	/* An outermost call begins that may release a block by its end: the
	   block's address can be given to another thread before the call
	   returns.  What is returned comes back as token with the operation,
	   or with drop.  */
	uint32_t (*begin)(void *context, uint32_t pid, uint64_t old);
	void (*operation)(void *context, const struct operation *operation);
	/* A call that began will not be heard of again.  */
	void (*drop)(void *context, uint32_t pid, uint64_t old, uint32_t token);
	/* A return without a call: a block that was acquired unseen.  */
	void (*stray)(void *context, uint32_t pid, uint64_t block);
	/* Which program of which process PID is now, see points_get(); asked once
	   for each of its threads.  */
	uint64_t (*image)(void *context, uint32_t pid);
};

struct pair;

/* How far from each other the times of a hit and of its dump may be, ns: they
   can be of two events on one probe.  */
#define DEEP_NS 1000000

struct pair *pair_new(const struct pair_output *output, struct points *points);
void pair_free(struct pair *pair);

/* A stack dump has given the call chain DEEP of a hit of DUMPED's pid, tid,
   function and time: it belongs to the thread's next hit of that function, if
   that is as near as DEEP_NS.  */
void pair_deepen(struct pair *pair, const struct hit *dumped, uint32_t deep);

/* Take the next hit in order of time: of an allocation function, and of what a task
   does.  SPACE: see points_get().  The first returns -1 when out of memory.  */
int pair_allocation(struct pair *pair, const struct hit *hit, uint32_t space);
void pair_task(struct pair *pair, const struct hit *hit);

/* Events are missing at TIME: what stands open is suspect.  */
void pair_lost(struct pair *pair, uint64_t time);

/* Whether a thread of PID has been seen that has not exited.  */
bool pair_knows(const struct pair *pair, uint32_t pid);

/* Returns without a call, and calls whose return never came.  */
uint64_t pair_unpaired(const struct pair *pair);

#endif
