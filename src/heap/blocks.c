/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/blocks.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 1024

struct block_slot {
	uint64_t address;       /* 0: free */
	uint32_t value;
	uint32_t losses;        /* that there were when it was set */
};

struct block_table {
	uint32_t users;
	size_t size;            /* slots: a power of two */
	size_t count;           /* addresses */
	struct block_slot slots[]; /* open addressing */
};

void blocks_clear(struct blocks *blocks)
{
	if (blocks->table && !--blocks->table->users)
		free(blocks->table);
	memset(blocks, 0, sizeof(*blocks));
}

/* The slot of ADDRESS, or the free one where it belongs.  Blocks are aligned,
   so their low bits say little.  */
static struct block_slot *slot_of(struct block_table *table, uint64_t address)
{
	size_t at = address * UINT64_C(0x9e3779b97f4a7c15) >> 20 &
		    (table->size - 1);

	while (table->slots[at].address && table->slots[at].address != address)
		at = (at + 1) & (table->size - 1);
	return &table->slots[at];
}

static bool is_live(uint32_t value)
{
	return value != BLOCK_UNKNOWN && value <= BLOCK_NUMBER_MAX;
}

/* Whether SLOT says no more than a free one does.  */
static bool is_outdated(const struct block_slot *slot, uint32_t losses)
{
	return slot->value == BLOCK_UNKNOWN ||
		(slot->value == BLOCK_FREED && slot->losses != losses);
}

uint32_t blocks_get(const struct blocks *blocks, uint64_t address,
		    uint32_t losses)
{
	const struct block_slot *slot;

	if (!blocks->table)
		return BLOCK_UNKNOWN;
	slot = slot_of(blocks->table, address);
	if (slot->value == BLOCK_FREED && slot->losses != losses)
		return BLOCK_UNKNOWN;
	if (blocks->inherited && is_live(slot->value))
		return BLOCK_INHERITED;
	return slot->value;
}

bool blocks_outdated(const struct blocks *blocks, uint64_t address,
		     uint32_t losses)
{
	return blocks->table &&
	       slot_of(blocks->table, address)->losses != losses;
}

/* Gives BLOCKS a table of its own with SIZE slots and what it has now, without
   what is not known any more: else it would grow with every address.  */
static int rebuild(struct blocks *blocks, size_t size, uint32_t losses)
{
	struct block_table *old = blocks->table;
	struct block_table *table = calloc(1, sizeof(*table) +
					   size * sizeof(*table->slots));

	if (!table)
		return -1;
	table->users = 1;
	table->size = size;
	for (size_t i = 0; old && i < old->size; i++) {
		struct block_slot *slot;

		if (!old->slots[i].address || is_outdated(&old->slots[i], losses))
			continue;
		slot = slot_of(table, old->slots[i].address);
		*slot = old->slots[i];
		if (blocks->inherited && is_live(slot->value))
			slot->value = BLOCK_INHERITED;
		table->count++;
	}
	blocks_clear(blocks);
	blocks->table = table;
	return 0;
}

/* The slot that ADDRESS gets in BLOCKS, of whose table SLOT is where it belongs, if
   that can't be filled in as it is.  NULL when out of memory.  */
static struct block_slot *make_slot(struct blocks *blocks, uint64_t address,
				    struct block_slot *slot, uint32_t losses)
{
	struct block_table *table = blocks->table;
	size_t size = table ? table->size : FIRST_SIZE;
	bool full = slot && !slot->address &&
		    table->count + 1 > table->size / 4 * 3;

	if (!table || table->users > 1 || blocks->inherited || full) {
		if (rebuild(blocks, full ? size * 2 : size, losses) < 0)
			return NULL;
		table = blocks->table;
		slot = slot_of(table, address);
	}
	if (!slot->address) {
		slot->address = address;
		table->count++;
	}
	return slot;
}

int blocks_set(struct blocks *blocks, uint64_t address, uint32_t value,
	       uint32_t losses)
{
	struct block_table *table = blocks->table;
	struct block_slot *slot = table ? slot_of(table, address) : NULL;

	if (!slot || !slot->address || table->users > 1 || blocks->inherited) {
		slot = make_slot(blocks, address, slot, losses);
		if (!slot)
			return -1;
	}
	slot->value = value;
	slot->losses = losses;
	return 0;
}

void blocks_inherit(struct blocks *to, struct blocks *from)
{
	to->table = from->table;
	to->inherited = true;
	if (to->table)
		to->table->users++;
}

void blocks_each(const struct blocks *blocks,
		 void (*visit)(void *context, uint32_t number), void *context)
{
	const struct block_table *table = blocks->table;

	if (blocks->inherited)
		return;
	for (size_t i = 0; table && i < table->size; i++) {
		if (is_live(table->slots[i].value))
			visit(context, table->slots[i].value);
	}
}
