/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/blocks.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 32

void blocks_clear(struct blocks *blocks)
{
	if (blocks->table && !--blocks->table->users)
		free(blocks->table);
	memset(blocks, 0, sizeof(*blocks));
}

/* Whether SLOT says no more than a free one does.  */
static bool is_outdated(const struct block_slot *slot, uint32_t losses)
{
	return slot->value == BLOCK_UNKNOWN ||
		(slot->value == BLOCK_FREED && slot->losses != losses);
}

static struct block_table *table_new(size_t size, uint64_t seed)
{
	struct block_table *table = calloc(1, sizeof(*table) +
					   size * sizeof(*table->slots));

	if (!table)
		return NULL;
	table->users = 1;
	table->size = size;
	table->seed = seed;
	return table;
}

/* Gives BLOCKS a table of its own with SIZE slots and what it has now, without
   what is not known any more: else it would grow with every address.  */
static int rebuild(struct blocks *blocks, size_t size, uint32_t losses)
{
	struct block_table *old = blocks->table;
	struct block_table *table = table_new(size, old ? old->seed : seed_new());

	if (!table)
		return -1;
	for (size_t i = 0; old && i < old->size; i++) {
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
		      blocks->table->size * sizeof(*blocks->table->slots);
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
	size_t slots = table ? table->size : FIRST_SIZE;
	bool full = slot && !slot->address &&
		    table->count + 1 > table->size / 4 * 3;
	int result = 0;

	if (!table || blocks->inherited || full)
		result = rebuild(blocks, full ? slots * 2 : slots, losses);
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

static int by_number(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

uint32_t *blocks_live(const struct blocks *blocks, size_t *count)
{
	const struct block_table *table = blocks->inherited ? NULL : blocks->table;
	uint32_t *numbers = malloc((table ? table->count + 1 : 1) * sizeof(*numbers));

	*count = 0;
	if (!numbers)
		return NULL;
	for (size_t i = 0; table && i < table->size; i++) {
		if (block_is_live(table->slots[i].value))
			numbers[(*count)++] = table->slots[i].value;
	}
	qsort(numbers, *count, sizeof(*numbers), by_number);
	return numbers;
}
