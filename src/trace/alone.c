/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "trace/alone.h"

#include <stdlib.h>
#include <string.h>

#include "base/grown.h"
#include "base/seed.h"
#include "base/text.h"

/* Functions, by bits.  */
struct alone_group {
	uint16_t calls;
	uint16_t returns;
};

_Static_assert(ALLOC_COUNT <= 16, "sets of functions are bits");

void alone_clear(struct alone *alone)
{
	free(alone->group);
	idmap_free(&alone->groups);
	memset(alone, 0, sizeof(*alone));
}

/* An event's name has no colon, but a group's may.  */
static uint64_t group_hash(const struct alone *alone, const char *name)
{
	const char *colon = strrchr(name, ':');

	return text_hash(alone->seed, name, colon ? (size_t)(colon - name) : 0);
}

static struct alone_group *make_group(struct alone *alone, const char *name)
{
	size_t count = alone->groups.count;
	struct alone_group *group;
	uint64_t hash;
	uint32_t index;

	if (!count)
		alone->seed = seed_new();
	hash = group_hash(alone, name);
	index = idmap_find(&alone->groups, hash);
	if (index != IDMAP_NONE)
		return &alone->group[index];
	if (idmap_reserve(&alone->groups, 1) < 0)
		return NULL;
	group = grown(alone->group, count, sizeof(*group));
	if (!group)
		return NULL;
	alone->group = group;
	alone->group[count] = (struct alone_group){ 0, 0 };
	idmap_add(&alone->groups, hash, (uint32_t)count);
	return &alone->group[count];
}

int alone_note(struct alone *alone, const char *name,
	       enum allocator_id function, enum hit_kind kind)
{
	struct alone_group *group;

	if (allocators[function].result == RESULT_NONE)
		return 0;
	group = make_group(alone, name);
	if (!group)
		return -1;
	if (kind == HIT_RETURN)
		group->returns |= (uint16_t)(1u << function);
	else
		group->calls |= (uint16_t)(1u << function);
	return 0;
}

void alone_settle(struct alone *alone)
{
	alone->strays = 0;
	for (size_t i = 0; i < alone->groups.count; i++)
		alone->strays |= alone->group[i].returns &
				 (uint16_t)~alone->group[i].calls;
}

bool alone_is(const struct alone *alone, const char *name,
	      enum allocator_id function)
{
	uint32_t index = idmap_find(&alone->groups, group_hash(alone, name));
	unsigned returns;

	if (index == IDMAP_NONE || allocators[function].result == RESULT_NONE)
		return false;
	returns = alone->group[index].returns | alone->strays;
	return !(returns >> function & 1);
}
