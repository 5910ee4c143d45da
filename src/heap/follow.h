/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_FOLLOW_H
#define LEAKTOP_HEAP_FOLLOW_H

#include <stdint.h>

#include "heap/groups.h"
#include "heap/hit.h"
#include "heap/log.h"
#include "heap/pair.h"
#include "heap/segments.h"

/* Follows the blocks of every process from operation to operation: what each
   acquires, releases or moves, and what does not fit.  */
struct follow;

/* What FOLLOW fills, borrowed.  */
struct follow_output {
	struct groups *groups;
	struct log *log;        /* NULL: not wanted */
	struct segments *segments;      /* where what is logged comes from; NULL: not
	                           wanted */
};

struct follow *follow_new(const struct follow_output *output);
void follow_free(struct follow *follow);

/* See struct pair_output.  */
uint32_t follow_begin(struct follow *follow, uint32_t pid, uint64_t old);
void follow_drop(struct follow *follow, uint32_t pid, uint64_t old,
		 uint32_t token);
void follow_operation(struct follow *follow, const struct operation *operation);

/* CHILD begins with a copy of PARENT's blocks; they are counted once.  */
void follow_fork(struct follow *follow, uint32_t parent, uint32_t child);

/* PID has a new address space: its blocks are gone, none was freed.  */
void follow_exec(struct follow *follow, uint32_t pid);

void follow_thread_exit(struct follow *follow, uint32_t pid, uint32_t tid);

/* Nothing more comes.  */
void follow_finish(struct follow *follow);

/* PID has ended, and nothing of it follows: its blocks stay counted, what
   stands at its addresses is forgotten.  */
void follow_exit(struct follow *follow, uint32_t pid);

/* Events are missing here: what was freed before may have been allocated
   since, what lives may have been freed.  */
void follow_lost(struct follow *follow);

/* What a change of the mode does to what is known.  */
enum follow_change {
	FOLLOW_SAME,            /* it is the mode of before */
	FOLLOW_OTHER,           /* allocations may be missing */
	FOLLOW_GAP              /* anything may be, as after follow_lost() */
};
enum follow_change follow_mode(struct follow *follow, enum hit_mode mode);

/* A call whose beginning was not seen has returned a block at ADDRESS.  */
void follow_stray(struct follow *follow, uint32_t pid, uint64_t address);

/* Which program of which process: the same number in each reading of the same
   recording.  */
uint64_t follow_image(struct follow *follow, uint32_t pid);

/* Completed operations by function.  */
const uint64_t *follow_operations(const struct follow *follow);
const uint64_t *follow_anomalies(const struct follow *follow);

/* Allocations at an address where a live block was.  */
uint64_t follow_missed_frees(const struct follow *follow);

/* Operations that could not be followed for want of memory.  */
uint64_t follow_failed(const struct follow *follow);

#endif
