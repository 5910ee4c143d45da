/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_BLOCKS_H
#define LEAKTOP_HEAP_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/seed.h"

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
	uint32_t losses;        /* that there were when it was set */
};

struct block_table {
	uint32_t users;
	size_t size;            /* slots: a power of two */
	uint64_t seed;          /* see base/seed.h */
	size_t count;           /* addresses */
	struct block_slot slots[]; /* open addressing; there always is a free one */
};

/* What is known of each address of one address space.  A fork shares it until
   either process changes its own.  */
struct blocks {
	struct block_table *table; /* NULL: nothing */
	bool inherited;         /* its live blocks are the other process's */
};

void blocks_clear(struct blocks *blocks);

/* The slot of ADDRESS, or the free one where it belongs.  */
static inline struct block_slot *block_slot(struct block_table *table,
					    uint64_t address)
{
	size_t mask = table->size - 1;
	size_t at = (size_t)seed_hash(table->seed, address) & mask;

	while (table->slots[at].address != address && table->slots[at].address)
		at = (at + 1) & mask;
	return &table->slots[at];
}

/* The slot of ADDRESS, not 0, for what is below; NULL: there is no table yet.
   Valid until BLOCKS change.  */
static inline struct block_slot *blocks_find(const struct blocks *blocks,
					     uint64_t address)
{
	return blocks->table ? block_slot(blocks->table, address) : NULL;
}

static inline bool block_is_live(uint32_t value)
{
	return value != BLOCK_UNKNOWN && value <= BLOCK_NUMBER_MAX;
}

/* What SLOT says.  LOSSES: how often events were lost so far.  What was freed
   before the last time may have been allocated again unseen: it is unknown.  */
static inline uint32_t blocks_value(const struct blocks *blocks,
				    const struct block_slot *slot,
				    uint32_t losses)
{
	if (!slot || (slot->value == BLOCK_FREED && slot->losses != losses))
		return BLOCK_UNKNOWN;
	if (blocks->inherited && block_is_live(slot->value))
		return BLOCK_INHERITED;
	return slot->value;
}

/* What blocks_put() does where the slot can't be filled in as it is.  */
int blocks_make(struct blocks *blocks, struct block_slot *slot, uint64_t address,
		uint32_t value, uint32_t losses);

/* Sets ADDRESS, whose slot is SLOT.  Returns -1 when out of memory; never for an
   address that is not unknown, in a table that is not shared.  */
static inline int blocks_put(struct blocks *blocks, struct block_slot *slot,
			     uint64_t address, uint32_t value, uint32_t losses)
{
	if (!slot || !slot->address || blocks->table->users > 1 ||
	    blocks->inherited)
		return blocks_make(blocks, slot, address, value, losses);
	slot->value = value;
	slot->losses = losses;
	return 0;
}

/* Makes TO, empty before, share all of FROM; its live blocks are inherited
   ones.  */
void blocks_inherit(struct blocks *to, struct blocks *from);

/* The numbers of the live blocks of the process's own, sorted, as the table's order is
   another one each time.  To be freed; NULL when out of memory.  */
uint32_t *blocks_live(const struct blocks *blocks, size_t *count);

#endif
