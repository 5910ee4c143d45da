/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/blocks.h"

#include <stdlib.h>
#include <string.h>

void blocks_clear(struct blocks *blocks)
{
	free(blocks->slots);
	memset(blocks, 0, sizeof(*blocks));
}

/* The place of ADDRESS, or the free one where it belongs.  Blocks are
   aligned, so their low bits say little.  */
static size_t place(const struct blocks *blocks, uint64_t address)
{
	size_t at = address * UINT64_C(0x9e3779b97f4a7c15) >> 20 &
		    (blocks->size - 1);

	while (blocks->slots[at].address &&
	       blocks->slots[at].address != address)
		at = (at + 1) & (blocks->size - 1);
	return at;
}

uint32_t blocks_get(const struct blocks *blocks, uint64_t address)
{
	if (!blocks->size)
		return BLOCK_UNKNOWN;
	return blocks->slots[place(blocks, address)].value;
}

static int grow(struct blocks *blocks)
{
	struct blocks larger = {
		.size = blocks->size ? blocks->size * 2 : 1024,
		.count = blocks->count,
	};

	larger.slots = calloc(larger.size, sizeof(*larger.slots));
	if (!larger.slots)
		return -1;
	for (size_t i = 0; i < blocks->size; i++) {
		const struct block_slot *slot = &blocks->slots[i];

		if (slot->address)
			larger.slots[place(&larger, slot->address)] = *slot;
	}
	free(blocks->slots);
	*blocks = larger;
	return 0;
}

int blocks_set(struct blocks *blocks, uint64_t address, uint32_t value)
{
	struct block_slot *slot;

	if (blocks->count + 1 > blocks->size / 4 * 3 && grow(blocks) < 0)
		return -1;
	slot = &blocks->slots[place(blocks, address)];
	if (!slot->address) {
		slot->address = address;
		blocks->count++;
	}
	slot->value = value;
	return 0;
}

int blocks_inherit(struct blocks *to, const struct blocks *from)
{
	if (!from->size)
		return 0;
	to->slots = malloc(from->size * sizeof(*to->slots));
	if (!to->slots)
		return -1;
	memcpy(to->slots, from->slots, from->size * sizeof(*to->slots));
	to->size = from->size;
	to->count = from->count;
	for (size_t i = 0; i < to->size; i++) {
		struct block_slot *slot = &to->slots[i];

		if (slot->value != BLOCK_UNKNOWN && slot->value != BLOCK_FREED)
			slot->value = BLOCK_INHERITED;
	}
	return 0;
}
