/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/seed.h"

#define FIRST_BITS 5

void blocks_clear(struct blocks *blocks)
{
	if (blocks->table && !--blocks->table->users)
		free(blocks->table);
	memset(blocks, 0, sizeof(*blocks));
}

static size_t size_of(const struct block_table *table)
{
	return (size_t)1 << (64 - table->shift);
}

/* Whether SLOT says no more than a free one does.  */
static bool is_outdated(const struct block_slot *slot, uint32_t losses)
{
	return slot->value == BLOCK_UNKNOWN ||
		(slot->value == BLOCK_FREED && slot->losses != losses);
}

static struct block_table *table_new(unsigned bits, uint64_t seed)
{
	struct block_table *table = calloc(1, sizeof(*table) +
		((size_t)1 << bits) * sizeof(*table->slots));

	if (!table)
		return NULL;
	table->users = 1;
	table->shift = 64 - bits;
	table->seed = seed;
	return table;
}

/* Gives BLOCKS a table of its own with 2^BITS slots and what it has now, without
   what is not known any more: else it would grow with every address.  */
static int rebuild(struct blocks *blocks, unsigned bits, uint32_t losses)
{
	struct block_table *old = blocks->table;
	size_t size = old ? size_of(old) : 0;
	struct block_table *table = table_new(bits, old ? old->seed : seed_new());

	if (!table)
		return -1;
	for (size_t i = 0; i < size; i++) {
		struct block_slot *slot;

		if (!old->slots[i].address || is_outdated(&old->slots[i], losses))
			continue;
		slot = block_slot(table, old->slots[i].address);
		*slot = old->slots[i];
		if (blocks->inherited && block_is_live(slot->value))
			slot->value = BLOCK_INHERITED;
		table->count++;
	}
	blocks_clear(blocks);
	blocks->table = table;
	return 0;
}

/* Gives BLOCKS, whose live blocks are its own, a copy of the table that a child
   shares.  */
static int unshare(struct blocks *blocks)
{
	size_t size = sizeof(*blocks->table) +
		      size_of(blocks->table) * sizeof(*blocks->table->slots);
	struct block_table *table = malloc(size);

	if (!table)
		return -1;
	memcpy(table, blocks->table, size);
	table->users = 1;
	blocks->table->users--;
	blocks->table = table;
	return 0;
}

int blocks_make(struct blocks *blocks, struct block_slot *slot, uint64_t address,
		uint32_t value, uint32_t losses)
{
	struct block_table *table = blocks->table;
	unsigned bits = table ? 64 - table->shift : FIRST_BITS;
	bool full = slot && !slot->address &&
		    table->count + 1 > size_of(table) / 4 * 3;
	int result = 0;

	if (!table || blocks->inherited || full)
		result = rebuild(blocks, bits + full, losses);
	else if (table->users > 1)
		result = unshare(blocks);
	if (result < 0)
		return -1;
	if (blocks->table != table)
		slot = block_slot(blocks->table, address);
	if (!slot->address) {
		slot->address = address;
		blocks->table->count++;
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
	size_t size = table ? size_of(table) : 0;

	if (blocks->inherited)
		return;
	for (size_t i = 0; i < size; i++) {
		if (block_is_live(table->slots[i].value))
			visit(context, table->slots[i].value);
	}
}
