/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/allocators.h"

#include <string.h>

#define SIZE(names) { ROLE_SIZE, names }
#define OLD(names) { ROLE_OLD, names }
#define OUT(names) { ROLE_OUT, names }
#define UNUSED { ROLE_NONE, NULL }

/* The names are those of glibc's parameters, which is what perf probe takes
   from its debugging information, then those of the manual pages.  */
const struct allocator allocators[ALLOC_COUNT] = {
	[ALLOC_MALLOC] = { "malloc", RESULT_POINTER, true, false,
		{ SIZE("bytes size") } },
	[ALLOC_CALLOC] = { "calloc", RESULT_POINTER, true, false,
		{ SIZE("n nmemb"), SIZE("elem_size size") } },
	[ALLOC_REALLOC] = { "realloc", RESULT_POINTER, true, true,
		{ OLD("oldmem ptr mem"), SIZE("bytes size") } },
	[ALLOC_REALLOCARRAY] = { "reallocarray", RESULT_POINTER, true, true,
		{ OLD("optr oldmem ptr"), SIZE("nmemb n"),
		  SIZE("elem_size size") } },
	[ALLOC_ALIGNED_ALLOC] = { "aligned_alloc", RESULT_POINTER, true, false,
		{ UNUSED, SIZE("bytes size") } },
	[ALLOC_MEMALIGN] = { "memalign", RESULT_POINTER, true, false,
		{ UNUSED, SIZE("bytes size") } },
	[ALLOC_POSIX_MEMALIGN] = { "posix_memalign", RESULT_STATUS, true, false,
		{ OUT("memptr"), UNUSED, SIZE("size bytes") } },
	[ALLOC_VALLOC] = { "valloc", RESULT_POINTER, true, false,
		{ SIZE("bytes size") } },
	[ALLOC_FREE] = { "free", RESULT_NONE, false, true,
		{ OLD("mem ptr") } },
};

int allocator_by_name(const char *name, size_t length)
{
	for (int i = 0; i < ALLOC_COUNT; i++) {
		if (strlen(allocators[i].symbol) == length &&
		    !memcmp(allocators[i].symbol, name, length))
			return i;
	}
	return -1;
}
