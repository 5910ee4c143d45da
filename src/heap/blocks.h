/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_BLOCKS_H
#define LEAKTOP_HEAP_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Values of a slot; any other is the number of a live block.  */
/* Nothing was seen of this address.  */
#define BLOCK_UNKNOWN UINT32_C(0)
/* The last thing seen was the release of a block whose allocation was seen.  */
#define BLOCK_FREED UINT32_MAX
/* A block of the process that this one was forked from.  */
#define BLOCK_INHERITED (UINT32_MAX - 1)
#define BLOCK_NUMBER_MAX (UINT32_MAX - 2)

struct block_table;

/* What is known of each address of one address space.  A fork shares it until
   either process changes its own.  */
struct blocks {
	struct block_table *table; /* NULL: nothing */
	bool inherited;         /* its live blocks are the other process's */
};

void blocks_clear(struct blocks *blocks);

/* ADDRESS must not be 0.  LOSSES: how often events were lost so far.  What was
   freed before the last time may have been allocated again unseen: it is
   unknown.  */
uint32_t blocks_get(const struct blocks *blocks, uint64_t address,
		    uint32_t losses);

/* Whether events were lost since ADDRESS was set.  */
bool blocks_outdated(const struct blocks *blocks, uint64_t address,
		     uint32_t losses);

/* Returns -1 when out of memory; never for an address that is not unknown, in
   a table that is not shared.  */
int blocks_set(struct blocks *blocks, uint64_t address, uint32_t value,
	       uint32_t losses);

/* Makes TO, empty before, share all of FROM; its live blocks are inherited
   ones.  */
void blocks_inherit(struct blocks *to, struct blocks *from);

/* Calls VISIT with each live block of the process's own.  */
void blocks_each(const struct blocks *blocks,
		 void (*visit)(void *context, uint32_t number), void *context);

#endif
