/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "present/lifecycle.h"

#include <stdlib.h>
#include <string.h>

#include "base/seed.h"

/* Open addressing; a removal closes the gap that it leaves.  */

static size_t home_slot(const struct lifecycle_blocks *blocks, uint64_t address)
{
	return (size_t)seed_hash(blocks->seed, address) & (blocks->capacity - 1);
}

static struct lifecycle_block *find_slot(const struct lifecycle_blocks *blocks, uint64_t address)
{
	size_t i = home_slot(blocks, address);

	while (blocks->slot[i].number != LIFECYCLE_NONE && blocks->slot[i].address != address)
		i = (i + 1) & (blocks->capacity - 1);
	return &blocks->slot[i];
}

static int blocks_grow(struct lifecycle_blocks *blocks)
{
	struct lifecycle_blocks larger = {
		.capacity = blocks->capacity ? 2 * blocks->capacity : 64,
		.count = blocks->count,
		.seed = blocks->capacity ? blocks->seed : seed_new(),
	};

	larger.slot = calloc(larger.capacity, sizeof(*larger.slot));
	if (!larger.slot)
		return -1;
	for (size_t i = 0; i < larger.capacity; i++)
		larger.slot[i].number = LIFECYCLE_NONE;
	for (size_t i = 0; i < blocks->capacity; i++)
		if (blocks->slot[i].number != LIFECYCLE_NONE)
			*find_slot(&larger, blocks->slot[i].address) = blocks->slot[i];
	free(blocks->slot);
	*blocks = larger;
	return 0;
}

static int blocks_put(struct lifecycle_blocks *blocks, uint64_t address, uint64_t number)
{
	struct lifecycle_block *slot;

	if (2 * (blocks->count + 1) > blocks->capacity && blocks_grow(blocks) < 0)
		return -1;
	slot = find_slot(blocks, address);
	blocks->count += slot->number == LIFECYCLE_NONE;
	*slot = (struct lifecycle_block){address, number};
	return 0;
}

static uint64_t blocks_take(struct lifecycle_blocks *blocks, uint64_t address)
{
	size_t mask = blocks->capacity - 1;
	struct lifecycle_block *slot;
	uint64_t number;
	size_t gap;

	if (blocks->capacity == 0)
		return LIFECYCLE_NONE;
	slot = find_slot(blocks, address);
	number = slot->number;
	if (number == LIFECYCLE_NONE)
		return number;
	blocks->count--;
	gap = (size_t)(slot - blocks->slot);
	for (size_t i = (gap + 1) & mask; blocks->slot[i].number != LIFECYCLE_NONE;
	     i = (i + 1) & mask) {
		size_t home = home_slot(blocks, blocks->slot[i].address);

		/* Not before its home.  */
		if (((i - home) & mask) < ((i - gap) & mask))
			continue;
		blocks->slot[gap] = blocks->slot[i];
		gap = i;
	}
	blocks->slot[gap].number = LIFECYCLE_NONE;
	return number;
}

void lifecycle_start(struct lifecycle *lifecycle, uint64_t size)
{
	*lifecycle = (struct lifecycle){.size = size};
}

void lifecycle_clear(struct lifecycle *lifecycle)
{
	free(lifecycle->entries);
	free(lifecycle->partners);
	free(lifecycle->blocks.slot);
	*lifecycle = (struct lifecycle){.size = lifecycle->size};
}

size_t lifecycle_find(const struct lifecycle *lifecycle, uint64_t number)
{
	size_t low = 0;
	size_t high = lifecycle->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lifecycle->entries[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int reserve_entry(struct lifecycle *lifecycle)
{
	size_t capacity = lifecycle->capacity ? 2 * lifecycle->capacity : 256;
	uint64_t *entries;
	uint64_t *partners;

	if (lifecycle->count < lifecycle->capacity)
		return 0;
	entries = realloc(lifecycle->entries, capacity * sizeof(*entries));
	if (!entries)
		return -1;
	lifecycle->entries = entries;
	partners = realloc(lifecycle->partners, capacity * sizeof(*partners));
	if (!partners)
		return -1;
	lifecycle->partners = partners;
	lifecycle->capacity = capacity;
	return 0;
}

static int add_entry(struct lifecycle *lifecycle, const struct log_entry *entry, uint64_t number)
{
	uint64_t partner = LIFECYCLE_NONE;

	if (reserve_entry(lifecycle) < 0)
		return -1;
	if (entry->enter) {
		if (blocks_put(&lifecycle->blocks, entry->address, number) < 0)
			return -1;
	} else {
		partner = blocks_take(&lifecycle->blocks, entry->address);
		if (partner != LIFECYCLE_NONE && lifecycle->count > 0 &&
		    partner >= lifecycle->entries[0])
			lifecycle->partners[lifecycle_find(lifecycle, partner)] = number;
		else
			partner = LIFECYCLE_NONE;
	}
	lifecycle->entries[lifecycle->count] = number;
	lifecycle->partners[lifecycle->count] = partner;
	lifecycle->count++;
	return 0;
}

static void drop_before(struct lifecycle *lifecycle, uint64_t first)
{
	size_t gone = lifecycle_find(lifecycle, first);

	lifecycle->dropped = first;
	if (gone == 0)
		return;
	lifecycle->count -= gone;
	memmove(lifecycle->entries, lifecycle->entries + gone,
		lifecycle->count * sizeof(*lifecycle->entries));
	memmove(lifecycle->partners, lifecycle->partners + gone,
		lifecycle->count * sizeof(*lifecycle->partners));
	for (size_t i = 0; i < lifecycle->count; i++)
		if (lifecycle->partners[i] < first)
			lifecycle->partners[i] = LIFECYCLE_NONE;
}

int lifecycle_update(struct lifecycle *lifecycle, const struct log_view *view, uint64_t budget)
{
	uint64_t first = log_view_first(view);
	uint64_t end = log_view_end(view);
	uint64_t stop = end;

	/* Another log than before.  */
	if (end < lifecycle->scanned)
		lifecycle_clear(lifecycle);
	if (first > lifecycle->dropped)
		drop_before(lifecycle, first);
	if (lifecycle->scanned < first)
		lifecycle->scanned = first;
	if (budget && lifecycle->scanned < end && end - lifecycle->scanned > budget)
		stop = lifecycle->scanned + budget;
	while (lifecycle->scanned < stop) {
		const struct log_entry *entry = log_view_get(view, lifecycle->scanned);

		if (entry && entry->size == lifecycle->size &&
		    add_entry(lifecycle, entry, lifecycle->scanned) < 0)
			return -1;
		lifecycle->scanned++;
	}
	return lifecycle->scanned < end;
}
