/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_THREADS_H
#define LEAKTOP_HEAP_THREADS_H

#include <stddef.h>
#include <stdint.h>

#include "base/idmap.h"
#include "heap/allocators.h"
#include "heap/points.h"

/* What each thread is doing, for who joins calls and returns.  */

/* A call that has not returned.  */
struct call {
	uint64_t address;
	uint64_t argument[ALLOCATOR_ARGUMENTS];
	uint64_t pointer;       /* new block of a call inside it that returned last */
	uint64_t reached;       /* address of that call; 0: none */
	struct point *point;
	uint32_t chain;
	uint32_t deep;          /* from a stack dump, see pair_deepen(); 0: none */
	uint32_t token;         /* the receiver's; see begin below */
	uint32_t segment;       /* of the hit */
	uint16_t inner;         /* calls inside it so far */
	uint16_t twins;         /* other functions at the same address, hit by the same call: bits */
	uint8_t function;
	uint32_t losses;        /* that had happened when it began: where more have
				   since, its return may be among them */
};

/* Allocation functions call each other at most a few levels deep.  */
#define THREAD_DEPTH 8

struct thread {
	uint32_t pid;
	uint32_t tid;
	uint64_t image;         /* see struct pair_output */
	uint8_t depth;          /* of calls */
	struct call calls[THREAD_DEPTH];
	/* Returns still to come of functions that share the address of the
	   last completed call.  */
	uint16_t twins;
	uint64_t twins_address;
	/* Of the newest hit.  */
	uint64_t time;
	uint64_t address;
	uint8_t kind;
	uint8_t function;
	/* Of a stack dump, for the next hit of its function; 0: none.  */
	uint32_t deep;
	uint8_t deep_function;
	uint64_t deep_time;
	/* The newest call of a function without a return.  */
	struct point *single;
	uint64_t single_argument;
	struct thread *next;    /* of the same hash */
	/* Of the same process.  */
	struct thread *before;
	struct thread *after;
	uint32_t process;       /* its index in struct threads */
};

/* As many threads as are busy in turn: a power of two.  */
#define THREADS_RECENT 16

struct threads {
	struct thread **table;
	size_t size;            /* a power of two */
	size_t count;
	uint64_t seed;          /* see base/seed.h */
	struct idmap pids;      /* indexes of processes */
	struct thread **first;  /* by process: one of its threads, or NULL */
	struct thread *recent[THREADS_RECENT];  /* of the newest look-ups, by tid */
};

/* Returns -1 when out of memory.  */
int threads_init(struct threads *threads);
/* Frees the threads, too.  */
void threads_clear(struct threads *threads);

/* The thread, or NULL.  It is a recent one then.  */
struct thread *threads_find(struct threads *threads, uint32_t pid, uint32_t tid);

/* Adds one that is not there, all zeros but for its numbers.  NULL when out of
   memory.  */
struct thread *threads_add(struct threads *threads, uint32_t pid, uint32_t tid);

/* Frees THREAD.  */
void threads_remove(struct threads *threads, struct thread *thread);

/* Any thread of PID, or NULL.  */
struct thread *threads_first(const struct threads *threads, uint32_t pid);

/* The thread if it is a recent one, or NULL.  */
static inline struct thread *threads_recent(const struct threads *threads,
					    uint32_t pid, uint32_t tid)
{
	struct thread *thread = threads->recent[tid % THREADS_RECENT];

	return thread && thread->tid == tid && thread->pid == pid ? thread : NULL;
}

#endif
