/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* An allocator that stands in for the C library's malloc, calloc, realloc and
   free, and has that one do the work.  It is preloaded as a library, and also
   linked into a program, whose own it is then.  */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);

static void *find(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		abort();
	return function;
}

static void find_all(void)
{
	void *function[] = {
		find("malloc"), find("calloc"), find("realloc"), find("free")
	};

	memcpy(&real_malloc, &function[0], sizeof real_malloc);
	memcpy(&real_calloc, &function[1], sizeof real_calloc);
	memcpy(&real_realloc, &function[2], sizeof real_realloc);
	memcpy(&real_free, &function[3], sizeof real_free);
}

__attribute__((constructor)) static void prepare(void)
{
	if (!real_free)
		find_all();
}

void *malloc(size_t size)
{
	prepare();
	return real_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	prepare();
	return real_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
	prepare();
	return real_realloc(block, size);
}

void free(void *block)
{
	prepare();
	real_free(block);
}
