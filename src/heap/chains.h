/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_CHAINS_H
#define LEAKTOP_HEAP_CHAINS_H

#include <stdint.h>

/* Every distinct call chain once.  Grows only: a chain never moves, so the
   thread that reads snapshots may look at chains while the pipe's thread
   adds others.  Reference counted by those who share it.  */
struct chains;

struct chain {
	uint32_t space;         /* address space, see symbols_space() */
	uint32_t count;
	const uint64_t *addresses; /* return addresses, innermost first */
};

/* Frames kept of a chain at most; deeper ones are cut.  */
#define CHAIN_DEPTH_MAX 127

struct chains *chains_new(void);
struct chains *chains_ref(struct chains *chains);
void chains_unref(struct chains *chains);

/* The number of this chain, the same for the same addresses in the same
   space.  0 when COUNT is 0, or memory ran out.  Only for the pipe's thread.
   */
uint32_t chains_intern(struct chains *chains, uint32_t space,
		       const uint64_t *addresses, uint32_t count);

/* ID: one that came with a snapshot; 0 gives an empty chain.  */
struct chain chains_get(const struct chains *chains, uint32_t id);

/* One more than the largest number given out.  */
uint32_t chains_limit(const struct chains *chains);

#endif
