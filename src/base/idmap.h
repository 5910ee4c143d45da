/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_BASE_IDMAP_H
#define LEAKTOP_BASE_IDMAP_H

#include <stddef.h>
#include <stdint.h>

/* A number for each 64-bit id: a hash table with open addressing, and for ids
   that lie close together a plain one beside it.  Zeroed, it is empty.  */
struct idmap {
	struct idmap_slot *slots;
	size_t mask;            /* slots - 1; a power of two less one */
	size_t count;
	uint64_t seed;          /* so that no file can choose ids that collide */
	/* See idmap_settle(); owned, or NULL.  */
	uint32_t *near;
	size_t near_count;
	uint64_t near_first;    /* the id of near[0] */
};

struct idmap_slot {
	uint64_t id;
	uint64_t value;         /* plus 1; 0: the slot is free */
};

#define IDMAP_NONE UINT32_MAX

void idmap_free(struct idmap *map);

/* Makes room for MORE ids.  Returns 0, or -1 when out of memory.  */
int idmap_reserve(struct idmap *map, size_t more);

/* Adds ID, for which there must be room.  Returns the value that ID has
   then: another than VALUE if it was there before.  */
uint32_t idmap_add(struct idmap *map, uint64_t id, uint32_t value);

/* No more ids come for now: they are found at once, if they lie close together,
   as those that the kernel gives to events do.  */
void idmap_settle(struct idmap *map);

static inline size_t idmap_hash(const struct idmap *map, uint64_t id)
{
	id = (id ^ map->seed) * UINT64_C(0x9e3779b97f4a7c15);
	id = (id ^ id >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (size_t)(id >> 32) & map->mask;
}

/* The value of ID, or IDMAP_NONE.  */
static inline uint32_t idmap_find(const struct idmap *map, uint64_t id)
{
	if (id - map->near_first < map->near_count)
		return map->near[id - map->near_first];
	if (!map->slots)
		return IDMAP_NONE;
	for (size_t i = idmap_hash(map, id);; i = (i + 1) & map->mask) {
		const struct idmap_slot *slot = &map->slots[i];

		if (!slot->value)
			return IDMAP_NONE;
		if (slot->id == id)
			return (uint32_t)(slot->value - 1);
	}
}

#endif
