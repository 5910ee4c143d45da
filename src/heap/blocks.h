/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_BLOCKS_H
#define LEAKTOP_HEAP_BLOCKS_H

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

struct block_slot {
	uint64_t address;       /* 0: free */
	uint32_t value;
};

/* What is known of each address of one address space.  */
struct blocks {
	struct block_slot *slots; /* open addressing */
	size_t size;            /* a power of two, or 0 */
	size_t count;
};

void blocks_clear(struct blocks *blocks);

/* ADDRESS must not be 0.  */
uint32_t blocks_get(const struct blocks *blocks, uint64_t address);

/* Returns -1 when out of memory.  */
int blocks_set(struct blocks *blocks, uint64_t address, uint32_t value);

/* Fills TO, empty before, with all of FROM, live blocks as inherited.  */
int blocks_inherit(struct blocks *to, const struct blocks *from);

#endif
