/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_CHAINS_H
#define LEAKTOP_HEAP_CHAINS_H

#include <stdint.h>

/* Every distinct call chain once.  Grows only: a chain never moves, so the
   thread that reads snapshots may look at chains while another one adds
   others.  Reference counted by those who share it.  */
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
   space.  0 when COUNT is 0, or memory ran out.  One thread at a time, see
   heap_let_chains().  */
uint32_t chains_intern(struct chains *chains, uint32_t space,
		       const uint64_t *addresses, uint32_t count);

/* ID: one that came with a snapshot; 0 gives an empty chain.  */
struct chain chains_get(const struct chains *chains, uint32_t id);

/* The same one's address space; not of 0.  */
uint32_t chains_space(const struct chains *chains, uint32_t id);

/* A stack dump has shown that what call chain SHALLOW begins with, at least, is
   DEEP, which is longer.  Only for the pipe's thread.  */
void chains_link(struct chains *chains, uint32_t shallow, uint32_t deep);

/* The chains that dumps have shown for SHALLOW: up to CHAINS_DEEPER.  Returns how
   many; CHAINS_DEEPER + 1 when there are more.  */
#define CHAINS_DEEPER 8
unsigned chains_deeper(const struct chains *chains, uint32_t shallow,
		       uint32_t deeper[CHAINS_DEEPER]);

/* A chain that DEEP, from a dump, was known by without it; 0: none.  */
uint32_t chains_shallow(const struct chains *chains, uint32_t deep);

/* One more than the largest number given out.  */
uint32_t chains_limit(const struct chains *chains);

#endif
