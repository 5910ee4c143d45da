/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/seed.h"

/* The first slices last 2^24 ns, 17 ms.  */
#define FIRST_SLICE_BITS 24
/* As many as a block has room for.  */
#define LOSSES_MASK UINT32_C(0x7fffffff)

static uint64_t hash_pair(const struct groups *groups, uint64_t size,
			  uint64_t chain)
{
	return seed_mix(groups->seed, seed_hash(groups->seed, size), chain);
}

int groups_init(struct groups *groups)
{
	memset(groups, 0, sizeof(*groups));
	groups->seed = seed_new();
	groups->slice_bits = FIRST_SLICE_BITS;
	groups->slices = 1;
	groups->block_count = 1;
	groups->index_size = 256;
	groups->size_index_size = 256;
	groups->index = calloc(groups->index_size, sizeof(*groups->index));
	groups->size_index = calloc(groups->size_index_size,
				    sizeof(*groups->size_index));
	if (groups->index && groups->size_index)
		return 0;
	groups_clear(groups);
	return -1;
}

void groups_clear(struct groups *groups)
{
	free(groups->blocks);
	free(groups->groups);
	free(groups->links);
	free(groups->index);
	free(groups->sizes);
	free(groups->size_index);
	memset(groups, 0, sizeof(*groups));
}

/* Makes room for one more of SIZE bytes in ARRAY.  */
static int reserve(void **array, uint32_t count, uint32_t *capacity,
		   size_t size)
{
	uint32_t larger = *capacity ? *capacity * 2 : 256;
	void *new;

	if (count < *capacity)
		return 0;
	if (larger <= *capacity)
		return -1;
	new = realloc(*array, larger * size);
	if (!new)
		return -1;
	*array = new;
	*capacity = larger;
	return 0;
}

/* The slice that TIME lies in; may be beyond those in use.  */
static uint64_t slice_at(const struct groups *groups, uint64_t time)
{
	return time <= groups->start ? 0 :
	       (time - groups->start) >> groups->slice_bits;
}

/* The slice that counts what was born at TIME, which has been.  */
static unsigned slice_of(const struct groups *groups, uint64_t time)
{
	uint64_t slice = slice_at(groups, time);

	return slice < groups->slices ? (unsigned)slice : groups->slices - 1;
}

/* Nothing has happened to a group since it was last touched: in the slices that
   have ended since it was as it is, and what it has was there at each loss.  */
static inline void settle(struct groups *groups, uint32_t number)
{
	struct group *group = &groups->groups[number];
	struct group_links *links = &groups->links[number];

	while (links->slices + 1 < groups->slices)
		group->live_at[links->slices++] = group->live;
	if (links->losses == groups->losses)
		return;
	links->losses = groups->losses;
	group->doubtful = group->live;
}

void groups_settle(struct groups *groups)
{
	for (uint32_t i = 0; i < groups->count; i++) {
		struct group *group = &groups->groups[i];
		uint32_t oldest = groups->links[i].oldest;

		settle(groups, i);
		group->live_at[groups->slices - 1] = group->live;
		group->oldest = oldest ? groups->blocks[oldest].time : 0;
	}
	groups->live_bytes_at[groups->slices - 1] = groups->live_bytes;
}

void groups_lost(struct groups *groups)
{
	groups->losses = (groups->losses + 1) & LOSSES_MASK;
}

/* Each two slices become one.  */
static void halve_slices(struct groups *groups)
{
	groups_settle(groups);
	for (uint32_t i = 0; i < groups->count; i++) {
		struct group *group = &groups->groups[i];
		uint32_t *born = group->born;

		for (unsigned j = 0; j < SLICES / 2; j++) {
			born[j] = born[2 * j] + born[2 * j + 1];
			group->live_at[j] = group->live_at[2 * j + 1];
		}
		memset(born + SLICES / 2, 0, SLICES / 2 * sizeof(*born));
		/* The last one may go on.  */
		groups->links[i].slices = SLICES / 2 - 1;
	}
	for (unsigned j = 0; j < SLICES / 2; j++)
		groups->live_bytes_at[j] = groups->live_bytes_at[2 * j + 1];
	groups->slices = SLICES / 2;
	groups->slice_bits++;
}

void groups_turn(struct groups *groups, uint64_t time)
{
	uint64_t slice, end;

	if (!groups->started) {
		groups->started = true;
		groups->start = time;
		groups->end = time;
	}
	groups->end = time;
	slice = slice_at(groups, time);
	/* The time between two hits can be of any length: fill what is left
	   of the slices, then halve, until the new one is within.  */
	while (slice >= groups->slices) {
		groups->live_bytes_at[groups->slices - 1] = groups->live_bytes;
		while (groups->slices < SLICES && slice >= groups->slices)
			groups->live_bytes_at[groups->slices++] =
				groups->live_bytes;
		if (slice < groups->slices)
			break;
		halve_slices(groups);
		slice = slice_at(groups, time);
	}
	groups->slice_end = __builtin_add_overflow(groups->start,
		(slice + 1) << groups->slice_bits, &end) ? UINT64_MAX : end;
}

static int grow_size_index(struct groups *groups)
{
	uint32_t size = groups->size_index_size * 2;
	uint32_t *index = calloc(size, sizeof(*index));

	if (!index)
		return -1;
	for (uint32_t i = 0; i < groups->size_count; i++) {
		uint32_t at = hash_pair(groups, groups->sizes[i].size, 0) & (size - 1);

		while (index[at])
			at = (at + 1) & (size - 1);
		index[at] = i + 1;
	}
	free(groups->size_index);
	groups->size_index = index;
	groups->size_index_size = size;
	return 0;
}

/* Where SIZE is in size_index, or would be.  */
static uint32_t size_slot(const struct groups *groups, uint64_t size)
{
	uint32_t mask = groups->size_index_size - 1;
	uint32_t at = hash_pair(groups, size, 0) & mask;

	while (groups->size_index[at] &&
	       groups->sizes[groups->size_index[at] - 1].size != size)
		at = (at + 1) & mask;
	return at;
}

/* Index + 1 of SIZE in sizes; 0 when out of memory.  */
static uint32_t size_find(struct groups *groups, uint64_t size)
{
	uint32_t at = size_slot(groups, size);

	if (groups->size_index[at])
		return groups->size_index[at];
	if (groups->size_count >= groups->size_index_size / 2) {
		if (grow_size_index(groups) < 0)
			return 0;
		return size_find(groups, size);
	}
	if (reserve((void **)&groups->sizes, groups->size_count,
		    &groups->size_capacity, sizeof(*groups->sizes)) < 0)
		return 0;
	groups->sizes[groups->size_count] = (struct size_count) { .size = size };
	groups->size_index[at] = ++groups->size_count;
	return groups->size_count;
}

static int grow_index(struct groups *groups)
{
	uint32_t size = groups->index_size * 2;
	uint32_t *index = calloc(size, sizeof(*index));

	if (!index)
		return -1;
	for (uint32_t i = 0; i < groups->count; i++) {
		const struct group *group = &groups->groups[i];
		uint32_t at = hash_pair(groups, group->size, group->chain) &
			      (size - 1);

		while (index[at])
			at = (at + 1) & (size - 1);
		index[at] = i + 1;
	}
	free(groups->index);
	groups->index = index;
	groups->index_size = size;
	return 0;
}

static uint32_t add_group(struct groups *groups, uint32_t at, uint64_t time,
			  uint64_t size, uint32_t chain)
{
	uint32_t capacity = groups->capacity;
	uint32_t size_number = size_find(groups, size);

	if (!size_number)
		return 0;
	/* Two arrays of one length: the first may grow where the second
	   then can't.  */
	if (reserve((void **)&groups->links, groups->count, &capacity,
		    sizeof(*groups->links)) < 0 ||
	    reserve((void **)&groups->groups, groups->count,
		    &groups->capacity, sizeof(*groups->groups)) < 0)
		return 0;
	memset(&groups->groups[groups->count], 0, sizeof(*groups->groups));
	groups->groups[groups->count].size = size;
	groups->groups[groups->count].chain = chain;
	groups->groups[groups->count].first = time;
	groups->links[groups->count] = (struct group_links) {
		.size = size_number - 1,
		.slices = groups->slices - 1,
		.losses = groups->losses,
	};
	groups->index[at] = ++groups->count;
	return groups->count;
}

/* The place in the index of the group, or where it belongs.  */
static inline uint32_t group_slot(const struct groups *groups, uint64_t size,
				  uint32_t chain)
{
	uint32_t mask = groups->index_size - 1;
	uint32_t at = hash_pair(groups, size, chain) & mask;

	while (groups->index[at]) {
		const struct group *group =
			&groups->groups[groups->index[at] - 1];

		if (group->size == size && group->chain == chain)
			break;
		at = (at + 1) & mask;
	}
	return at;
}

static __attribute__((noinline)) uint32_t
new_group(struct groups *groups, uint64_t time, uint64_t size, uint32_t chain)
{
	if (groups->count >= groups->index_size / 2 && grow_index(groups) < 0)
		return 0;
	return add_group(groups, group_slot(groups, size, chain), time, size,
			 chain);
}

/* Number + 1 of the group; 0 when out of memory.  */
static inline uint32_t group_find(struct groups *groups, uint64_t time,
				  uint64_t size, uint32_t chain)
{
	uint32_t number = groups->index[group_slot(groups, size, chain)];

	return number ? number : new_group(groups, time, size, chain);
}

static uint32_t take_block(struct groups *groups)
{
	uint32_t number = groups->free_block;

	if (number) {
		groups->free_block = groups->blocks[number].younger;
		return number;
	}
	if (reserve((void **)&groups->blocks, groups->block_count,
		    &groups->block_capacity, sizeof(*groups->blocks)) < 0)
		return 0;
	return groups->block_count++;
}

static void link_block(struct groups *groups, uint32_t number, uint32_t to)
{
	struct group_links *links = &groups->links[to];
	struct block *block = &groups->blocks[number];

	block->group = to;
	block->older = links->youngest;
	block->younger = 0;
	if (links->youngest)
		groups->blocks[links->youngest].younger = number;
	else
		links->oldest = number;
	links->youngest = number;
}

static void unlink_block(struct groups *groups, uint32_t number)
{
	struct block *block = &groups->blocks[number];
	struct group_links *links = &groups->links[block->group];

	if (block->older)
		groups->blocks[block->older].younger = block->younger;
	else
		links->oldest = block->younger;
	if (block->younger)
		groups->blocks[block->younger].older = block->older;
	else
		links->youngest = block->older;
}

uint32_t groups_acquire(struct groups *groups, uint64_t time, uint64_t address,
			uint64_t size, uint32_t chain, uint64_t *live)
{
	uint32_t at, number;
	struct group *group;

	groups_advance(groups, time);
	at = group_find(groups, time, size, chain);
	number = at ? take_block(groups) : 0;
	if (!number)
		return 0;
	at--;
	groups->blocks[number].address = address;
	groups->blocks[number].time = time;
	groups->blocks[number].moving = 0;
	groups->blocks[number].losses = groups->losses & LOSSES_MASK;
	link_block(groups, number, at);
	group = &groups->groups[at];
	settle(groups, at);
	group->live++;
	group->allocated++;
	group->last = time;
	group->born[slice_of(groups, time)]++;
	groups->allocated++;
	groups->live_blocks++;
	groups->live_bytes += size;
	*live = ++groups->sizes[groups->links[at].size].live;
	return number;
}

int groups_count(struct groups *groups, uint64_t time, uint64_t size,
		 uint32_t chain, uint32_t *number)
{
	struct group *group;
	uint32_t at;

	groups_advance(groups, time);
	at = group_find(groups, time, size, chain);
	if (!at)
		return -1;
	group = &groups->groups[at - 1];
	group->allocated++;
	group->alone++;
	group->last = time;
	groups->allocated++;
	groups->alone++;
	*number = groups->links[at - 1].size;
	return 0;
}

uint32_t groups_find_size(const struct groups *groups, uint64_t size)
{
	/* 0 becomes GROUPS_NO_SIZE.  */
	return groups->size_index[size_slot(groups, size)] - 1;
}

void groups_event(struct groups *groups, uint32_t number, uint64_t event)
{
	event *= UINT64_C(0x9e3779b97f4a7c15);
	groups->sizes[number].events += event ^ event >> 32;
}

uint64_t groups_release(struct groups *groups, uint64_t time, uint32_t number,
			bool seen)
{
	struct block *block = &groups->blocks[number];
	struct group *group = &groups->groups[block->group];
	uint64_t live;

	settle(groups, block->group);
	if (groups->links[block->group].oldest == number) {
		group->elder_born = block->time;
		group->elder_gone = time;
	}
	unlink_block(groups, number);
	if (groups_doubtful(groups, number))
		group->doubtful--;
	/* No call that is under way knows it any more.  */
	block->moving = 0;
	group->live--;
	group->born[slice_of(groups, block->time)]--;
	if (seen) {
		group->freed++;
		groups->freed++;
	}
	groups->live_blocks--;
	groups->live_bytes -= group->size;
	live = --groups->sizes[groups->links[block->group].size].live;
	block->younger = groups->free_block;
	groups->free_block = number;
	return live;
}
