/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_BASE_SEED_H
#define LEAKTOP_BASE_SEED_H

#include <stdint.h>

/* A number for a hash function, so that nobody who writes a file or is watched can
   choose keys that collide.  0 where there is no randomness: then searches are
   slower in bad hands.  */
uint64_t seed_new(void);

/* Takes KEY into HASH, which is SEED before the first one.  All bits of the product
   count, so that no difference between two keys can be taken back by the next
   ones, whatever the seed.  */
static inline uint64_t seed_mix(uint64_t seed, uint64_t hash, uint64_t key)
{
	const uint64_t factor = (seed ^ UINT64_C(0x9e3779b97f4a7c15)) | 1;

#ifdef __SIZEOF_INT128__
	unsigned __int128 product = (unsigned __int128)(hash ^ key) * factor;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
	hash = (hash ^ key) * factor;
	hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return hash ^ hash >> 29;
#endif
}

/* The hash of one key.  */
static inline uint64_t seed_hash(uint64_t seed, uint64_t key)
{
	return seed_mix(seed, seed, key);
}

#endif
