/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "base/idmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/seed.h"

/* How far apart ids may lie on average to be close together, and any few.  */
#define NEAR_GAP 8
#define NEAR_FEW 1024

void idmap_free(struct idmap *map)
{
	free(map->slots);
	free(map->near);
	*map = (struct idmap){ 0 };
}

int idmap_reserve(struct idmap *map, size_t more)
{
	size_t old_size = map->slots ? map->mask + 1 : 0;
	size_t size = old_size ? old_size : 16;
	struct idmap_slot *old = map->slots;
	struct idmap_slot *slots;

	/* At most half full, so that searches stay short and always end.  */
	if (more > SIZE_MAX / 8 / sizeof(*slots) - map->count)
		return -1;
	while (size / 2 < map->count + more)
		size *= 2;
	if (size == old_size)
		return 0;
	slots = calloc(size, sizeof(*slots));
	if (!slots)
		return -1;
	if (!old)
		map->seed = seed_new();
	map->slots = slots;
	map->mask = size - 1;
	map->count = 0;
	for (size_t i = 0; i < old_size; i++) {
		if (old[i].value)
			idmap_add(map, old[i].id, (uint32_t)(old[i].value - 1));
	}
	free(old);
	return 0;
}

uint32_t idmap_add(struct idmap *map, uint64_t id, uint32_t value)
{
	size_t i = idmap_hash(map, id);

	free(map->near);
	map->near = NULL;
	map->near_count = 0;
	while (map->slots[i].value) {
		if (map->slots[i].id == id)
			return (uint32_t)(map->slots[i].value - 1);
		i = (i + 1) & map->mask;
	}
	map->slots[i].id = id;
	map->slots[i].value = (uint64_t)value + 1;
	map->count++;
	return value;
}

void idmap_settle(struct idmap *map)
{
	size_t size = map->slots ? map->mask + 1 : 0;
	uint64_t first = UINT64_MAX, last = 0;

	for (size_t i = 0; i < size; i++) {
		if (map->slots[i].value && map->slots[i].id < first)
			first = map->slots[i].id;
		if (map->slots[i].value && map->slots[i].id > last)
			last = map->slots[i].id;
	}
	if (map->near || !map->count ||
	    last - first >= map->count * NEAR_GAP + NEAR_FEW)
		return;
	map->near = malloc((last - first + 1) * sizeof(*map->near));
	if (!map->near)
		return;
	map->near_first = first;
	map->near_count = last - first + 1;
	memset(map->near, 0xff, map->near_count * sizeof(*map->near));
	for (size_t i = 0; i < size; i++) {
		if (map->slots[i].value)
			map->near[map->slots[i].id - first] =
				(uint32_t)(map->slots[i].value - 1);
	}
}
