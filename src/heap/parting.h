/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_PARTING_H
#define LEAKTOP_HEAP_PARTING_H

#include <stdbool.h>
#include <stdint.h>

/* When a thread ends, glibc frees the blocks that it had kept for it to use
   again: each was freed once already, by the program, so that now it looks
   like a double free.  What tells them from real ones is that nothing but
   such frees follows until the thread's exit, at least two: the last is of
   the list itself, which nobody saw allocated.  So a thread's double frees
   are held back until it does something else.  */
#define PARTING_MAX 64

struct parting {
	struct {
		uint32_t pid;
		uint32_t tid;
		uint32_t frees;         /* of what is not live, in a row */
		uint32_t doubles;       /* of these, double ones */
		uint64_t number;        /* in the order in which they came */
	} thread[PARTING_MAX];
	unsigned count;
	uint64_t next;          /* number */
	uint8_t held[256];      /* how many, by the tid's lower bits */
};

/* Whether a thread of that TID may be held.  */
static inline bool parting_may_hold(const struct parting *parting, uint32_t tid)
{
	return parting->held[tid % 256];
}

/* All return how many double frees prove to be real ones.  */

/* A thread frees what is not live.  */
uint64_t parting_free(struct parting *parting, uint32_t pid, uint32_t tid,
		      bool is_double);
/* It does something else.  */
uint64_t parting_other(struct parting *parting, uint32_t pid, uint32_t tid);
/* It exits.  */
uint64_t parting_exit(struct parting *parting, uint32_t pid, uint32_t tid);
/* Nothing more comes, of any thread.  */
uint64_t parting_end(struct parting *parting);

#endif
