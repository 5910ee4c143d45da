/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "trace/idmap.h"

#include <stdlib.h>
#include <sys/random.h>

void idmap_free(struct idmap *map)
{
	free(map->slots);
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
	/* Without randomness it is just slower in bad hands.  */
	if (!old && getrandom(&map->seed, sizeof(map->seed), GRND_NONBLOCK) < 0)
		map->seed = 0;
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
