/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/chains.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/seed.h"

/* Chains and addresses live in chunks that are never moved nor freed before
   the end; only the index of hashes is reallocated, and only who interns looks
   at that.  */
#define CHUNK_BITS 12
#define CHUNK_CHAINS (1u << CHUNK_BITS)
#define CHUNK_LIMIT 4096
#define ARENA_ADDRESSES 32768

struct entry {
	const uint64_t *addresses;
	uint32_t space;
	uint32_t count;
	uint64_t hash;
	/* These may change while others look.  */
	_Atomic uint32_t shallow;
	_Atomic(struct deeper *) deeper;        /* NULL: none */
};

/* What dumps have shown for a chain.  */
struct deeper {
	atomic_uint count;      /* CHAINS_DEEPER + 1: more */
	uint32_t id[CHAINS_DEEPER];
};

struct arena {
	struct arena *next;
	uint64_t addresses[ARENA_ADDRESSES];
};

struct chains {
	atomic_uint references;
	uint32_t count;         /* ids given out, 0 included */
	struct entry *chunks[CHUNK_LIMIT];
	struct arena *arena;
	size_t arena_used;
	uint32_t *index;        /* open addressing; 0: free */
	uint32_t index_size;    /* a power of two */
	uint64_t seed;          /* see base/seed.h */
};

struct chains *chains_new(void)
{
	struct chains *chains = calloc(1, sizeof(*chains));

	if (!chains)
		return NULL;
	chains->seed = seed_new();
	chains->index_size = 1024;
	chains->index = calloc(chains->index_size, sizeof(*chains->index));
	if (!chains->index) {
		free(chains);
		return NULL;
	}
	atomic_init(&chains->references, 1);
	chains->count = 1;
	return chains;
}

struct chains *chains_ref(struct chains *chains)
{
	atomic_fetch_add(&chains->references, 1);
	return chains;
}

static struct entry *entry_of(const struct chains *chains, uint32_t id)
{
	return &chains->chunks[id >> CHUNK_BITS][id & (CHUNK_CHAINS - 1)];
}

void chains_unref(struct chains *chains)
{
	struct arena *arena, *next;

	if (!chains || atomic_fetch_sub(&chains->references, 1) != 1)
		return;
	for (arena = chains->arena; arena; arena = next) {
		next = arena->next;
		free(arena);
	}
	for (uint32_t id = 1; id < chains->count; id++)
		free(atomic_load(&entry_of(chains, id)->deeper));
	for (unsigned i = 0; i < CHUNK_LIMIT; i++)
		free(chains->chunks[i]);
	free(chains->index);
	free(chains);
}

static uint64_t hash_chain(const struct chains *chains, uint32_t space,
			   const uint64_t *addresses, uint32_t count)
{
	uint64_t seed = chains->seed;
	uint64_t hash = seed_mix(seed, seed, (uint64_t)space << 32 | count);

	for (uint32_t i = 0; i < count; i++)
		hash = seed_mix(seed, hash, addresses[i]);
	return hash;
}

static int index_grow(struct chains *chains)
{
	uint32_t size = chains->index_size * 2;
	uint32_t *index = calloc(size, sizeof(*index));

	if (!index)
		return -1;
	for (uint32_t id = 1; id < chains->count; id++) {
		uint32_t at = entry_of(chains, id)->hash & (size - 1);

		while (index[at])
			at = (at + 1) & (size - 1);
		index[at] = id;
	}
	free(chains->index);
	chains->index = index;
	chains->index_size = size;
	return 0;
}

static uint64_t *arena_take(struct chains *chains, uint32_t count)
{
	uint64_t *addresses;

	if (!chains->arena || chains->arena_used + count > ARENA_ADDRESSES) {
		struct arena *arena = malloc(sizeof(*arena));

		if (!arena)
			return NULL;
		arena->next = chains->arena;
		chains->arena = arena;
		chains->arena_used = 0;
	}
	addresses = chains->arena->addresses + chains->arena_used;
	chains->arena_used += count;
	return addresses;
}

/* Adds a chain that is new, whose place in the index is AT.  */
static uint32_t add(struct chains *chains, uint64_t hash, uint32_t at,
		    uint32_t space, const uint64_t *addresses, uint32_t count)
{
	uint32_t id = chains->count;
	struct entry *entry;
	uint64_t *copy;

	if (id >> CHUNK_BITS >= CHUNK_LIMIT)
		return 0;
	if (!chains->chunks[id >> CHUNK_BITS]) {
		struct entry *chunk = malloc(CHUNK_CHAINS * sizeof(*chunk));

		if (!chunk)
			return 0;
		chains->chunks[id >> CHUNK_BITS] = chunk;
	}
	copy = arena_take(chains, count);
	if (!copy)
		return 0;
	memcpy(copy, addresses, count * sizeof(*copy));
	entry = entry_of(chains, id);
	entry->addresses = copy;
	entry->space = space;
	entry->count = count;
	entry->hash = hash;
	atomic_init(&entry->shallow, 0);
	atomic_init(&entry->deeper, NULL);
	chains->index[at] = id;
	chains->count++;
	/* Growing can fail: a fuller index still works until it has no free
	   place left, which index_full() keeps from happening.  */
	if (chains->count > chains->index_size / 2)
		index_grow(chains);
	return id;
}

static bool index_full(const struct chains *chains)
{
	return chains->count + 1 >= chains->index_size;
}

uint32_t chains_intern(struct chains *chains, uint32_t space,
		       const uint64_t *addresses, uint32_t count)
{
	uint32_t mask = chains->index_size - 1;
	uint64_t hash;
	uint32_t at;

	if (!count)
		return 0;
	if (count > CHAIN_DEPTH_MAX)
		count = CHAIN_DEPTH_MAX;
	hash = hash_chain(chains, space, addresses, count);
	for (at = hash & mask; chains->index[at]; at = (at + 1) & mask) {
		uint32_t id = chains->index[at];
		const struct entry *entry = entry_of(chains, id);

		if (entry->hash == hash && entry->space == space &&
		    entry->count == count &&
		    !memcmp(entry->addresses, addresses,
			    count * sizeof(*addresses)))
			return id;
	}
	if (index_full(chains))
		return 0;
	return add(chains, hash, at, space, addresses, count);
}

uint32_t chains_space(const struct chains *chains, uint32_t id)
{
	return entry_of(chains, id)->space;
}

struct chain chains_get(const struct chains *chains, uint32_t id)
{
	const struct entry *entry;

	if (!id)
		return (struct chain) { 0, 0, NULL };
	entry = entry_of(chains, id);
	return (struct chain) { entry->space, entry->count, entry->addresses };
}

void chains_link(struct chains *chains, uint32_t shallow, uint32_t deep)
{
	struct entry *entry = entry_of(chains, shallow);
	struct deeper *deeper = atomic_load(&entry->deeper);
	unsigned count;

	if (!deeper) {
		deeper = calloc(1, sizeof(*deeper));
		if (!deeper)
			return;
		atomic_store(&entry->deeper, deeper);
	}
	count = atomic_load(&deeper->count);
	for (unsigned i = 0; i < count && i < CHAINS_DEEPER; i++) {
		if (deeper->id[i] == deep)
			return;
	}
	atomic_store(&entry_of(chains, deep)->shallow, shallow);
	if (count > CHAINS_DEEPER)
		return;
	if (count < CHAINS_DEEPER)
		deeper->id[count] = deep;
	atomic_store(&deeper->count, count + 1);
}

unsigned chains_deeper(const struct chains *chains, uint32_t shallow,
		       uint32_t ids[CHAINS_DEEPER])
{
	struct deeper *deeper = shallow ?
		atomic_load(&entry_of(chains, shallow)->deeper) : NULL;
	unsigned count = deeper ? atomic_load(&deeper->count) : 0;

	for (unsigned i = 0; i < count && i < CHAINS_DEEPER; i++)
		ids[i] = deeper->id[i];
	return count;
}

uint32_t chains_shallow(const struct chains *chains, uint32_t deep)
{
	return deep ? atomic_load(&entry_of(chains, deep)->shallow) : 0;
}

uint32_t chains_limit(const struct chains *chains)
{
	return chains->count;
}
