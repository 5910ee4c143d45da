/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_GROUPS_H
#define LEAKTOP_HEAP_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/snapshot.h"

/* Live blocks, and what they add up to by size and call chain.  */

/* A live block.  Numbers link the blocks of a group in the order of birth;
   0 is no block.  */
struct block {
	uint64_t address;
	uint64_t time;          /* of birth, ns */
	uint32_t group;
	uint32_t older;
	uint32_t younger;
	uint32_t moving : 1;    /* a call is under way that may release it */
	uint32_t losses : 31;   /* that had happened when it was born */
};

struct group_links {
	uint32_t oldest;
	uint32_t youngest;
	uint32_t size;          /* index in sizes */
	uint32_t slices;        /* of live_at that are filled in for good */
	uint32_t losses;        /* that doubtful takes into account */
};

struct size_count {
	uint64_t size;          /* bytes */
	uint64_t live;          /* blocks */
	uint64_t events;        /* a sum over what happened to them: see groups_event() */
};

struct groups {
	struct block *blocks;
	uint32_t block_count;   /* used so far, number 0 included */
	uint32_t block_capacity;
	uint32_t free_block;    /* chained through younger */

	struct group *groups;
	struct group_links *links;
	uint32_t count;
	uint32_t capacity;
	uint32_t *index;        /* by size and chain; group number + 1; 0: free */
	uint32_t index_size;    /* a power of two */

	struct size_count *sizes;
	uint32_t size_count;
	uint32_t size_capacity;
	uint32_t *size_index;
	uint32_t size_index_size;

	uint64_t seed;          /* of both indexes, see base/seed.h */
	uint32_t losses;        /* how often events were lost; wraps at 31 bits */

	uint64_t start;         /* of the watched time, ns */
	uint64_t end;
	uint64_t slice_end;     /* of the newest slice */
	unsigned slice_bits;    /* a slice lasts 2^slice_bits ns */
	bool started;

	uint64_t live_blocks;
	uint64_t live_bytes;
	uint64_t allocated;
	uint64_t freed;
	uint64_t alone;         /* see struct group */
	uint64_t live_bytes_at[SLICES];
	unsigned slices;        /* in use */
};

int groups_init(struct groups *groups);
void groups_clear(struct groups *groups);

/* Brings live_bytes_at, and live_at, oldest and doubtful of all groups up to now:
   until then they are of an earlier time.  */
void groups_settle(struct groups *groups);

/* What groups_advance() does where a slice ends.  */
void groups_turn(struct groups *groups, uint64_t time);

/* The watched time reaches to TIME at least.  */
static inline void groups_advance(struct groups *groups, uint64_t time)
{
	if (time <= groups->end && groups->started)
		return;
	if (time < groups->slice_end)
		groups->end = time;
	else
		groups_turn(groups, time);
}

/* Events are missing here: all blocks that are alive become doubtful.  */
void groups_lost(struct groups *groups);

/* Whether events were lost while BLOCK was alive.  */
static inline bool groups_doubtful(const struct groups *groups, uint32_t block)
{
	return groups->blocks[block].losses != groups->losses;
}

/* A new block.  Returns its number; 0 when out of memory.  *LIVE: blocks of
   this size alive now.  */
uint32_t groups_acquire(struct groups *groups, uint64_t time, uint64_t address,
			uint64_t size, uint32_t chain, uint64_t *live);

/* A new block of which nothing else is known, nor ever will be.  *NUMBER: that of
   its size.  Returns -1 when out of memory.  */
int groups_count(struct groups *groups, uint64_t time, uint64_t size,
		 uint32_t chain, uint32_t *number);

/* The number of the size of BLOCK, which lives.  */
static inline uint32_t groups_size_number(const struct groups *groups,
					  uint32_t block)
{
	return groups->links[groups->blocks[block].group].size;
}

/* That of SIZE; GROUPS_NO_SIZE: no block ever had it.  */
#define GROUPS_NO_SIZE UINT32_MAX
uint32_t groups_find_size(const struct groups *groups, uint64_t size);

/* Adds an event, of which EVENT says all that counts, to the sum of the size with
   NUMBER: two readings that come to one sum have seen the same.  */
void groups_event(struct groups *groups, uint32_t number, uint64_t event);

/* BLOCK is gone.  SEEN: by a release that was seen; else it only stops to
   count as alive.  Returns how many of its size are still alive.  */
uint64_t groups_release(struct groups *groups, uint64_t time, uint32_t block,
			bool seen);

#endif
