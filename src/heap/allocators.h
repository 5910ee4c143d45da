/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_ALLOCATORS_H
#define LEAKTOP_HEAP_ALLOCATORS_H

#include <stdbool.h>
#include <stddef.h>

/* The allocation functions that are followed, one row each in allocators[].
   The order is that of the report, and of preference where two symbols share
   an address.  */
enum allocator_id {
	ALLOC_MALLOC,
	ALLOC_CALLOC,
	ALLOC_REALLOC,
	ALLOC_REALLOCARRAY,
	ALLOC_ALIGNED_ALLOC,
	ALLOC_MEMALIGN,
	ALLOC_POSIX_MEMALIGN,
	ALLOC_VALLOC,
	ALLOC_FREE,
	ALLOC_COUNT
};

enum argument_role {
	ROLE_NONE,      /* not needed: neither fetched nor decoded */
	ROLE_SIZE,      /* bytes; the product of all ROLE_SIZE arguments counts */
	ROLE_OLD,       /* the block that is released */
	ROLE_OUT        /* where the address of the new block is stored */
};

enum allocator_result {
	RESULT_NONE,    /* the call is the whole operation: no return probe */
	RESULT_POINTER, /* the new block, or NULL */
	RESULT_STATUS   /* 0 on success; the block goes through ROLE_OUT */
};

#define ALLOCATOR_ARGUMENTS 3

struct allocator {
	const char *symbol;
	enum allocator_result result;
	bool acquires;
	bool releases;
	/* By position in the C prototype.  names: what probes call the
	   argument, separated by spaces, the first being leaktop's own.  */
	struct {
		enum argument_role role;
		const char *names;
	} argument[ALLOCATOR_ARGUMENTS];
};

extern const struct allocator allocators[ALLOC_COUNT];

/* The function of that exact name (LENGTH bytes), or -1.  */
int allocator_by_name(const char *name, size_t length);

#endif
