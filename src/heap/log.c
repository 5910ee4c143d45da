/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/log.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BITS 13
#define CHUNK_ENTRIES (1u << CHUNK_BITS)

struct chunk {
	atomic_uint references;
	struct log_entry entries[CHUNK_ENTRIES];
};

struct log {
	struct chunk **chunks;  /* of entries first.. */
	size_t count;
	size_t capacity;
	size_t limit;           /* chunks; 0: none */
	uint64_t first;         /* a multiple of CHUNK_ENTRIES */
	uint64_t end;
	bool filtered;
	struct sizespec filter;
};

struct log_view {
	atomic_uint references;
	uint64_t first;
	uint64_t end;
	size_t count;
	struct chunk *chunks[];
};

static void chunk_unref(struct chunk *chunk)
{
	if (atomic_fetch_sub(&chunk->references, 1) == 1)
		free(chunk);
}

struct log *log_new(uint64_t limit, const struct sizespec *filter)
{
	struct log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->limit = (limit + CHUNK_ENTRIES - 1) >> CHUNK_BITS;
	if (filter && filter->count) {
		log->filtered = true;
		log->filter = *filter;
	}
	return log;
}

void log_free(struct log *log)
{
	if (!log)
		return;
	for (size_t i = 0; i < log->count; i++)
		chunk_unref(log->chunks[i]);
	free(log->chunks);
	free(log);
}

static void drop_oldest(struct log *log)
{
	chunk_unref(log->chunks[0]);
	log->count--;
	memmove(log->chunks, log->chunks + 1,
		log->count * sizeof(*log->chunks));
	log->first += CHUNK_ENTRIES;
}

static int add_chunk(struct log *log)
{
	struct chunk *chunk;

	/* One more than the limit, so that what is kept never falls below
	   it when the oldest chunk goes.  */
	if (log->limit && log->count > log->limit)
		drop_oldest(log);
	if (log->count == log->capacity) {
		size_t capacity = log->capacity ? log->capacity * 2 : 64;
		struct chunk **chunks = realloc(log->chunks,
						capacity * sizeof(*chunks));

		if (!chunks)
			return -1;
		log->chunks = chunks;
		log->capacity = capacity;
	}
	chunk = malloc(sizeof(*chunk));
	if (!chunk)
		return -1;
	atomic_init(&chunk->references, 1);
	log->chunks[log->count++] = chunk;
	return 0;
}

int log_add(struct log *log, const struct log_entry *entry)
{
	uint64_t at;

	if (log->filtered && !sizespec_accepts(&log->filter, entry->size))
		return 0;
	if (log->end == log->first + ((uint64_t)log->count << CHUNK_BITS) &&
	    add_chunk(log) < 0)
		return -1;
	at = log->end - log->first;
	log->chunks[at >> CHUNK_BITS]->entries[at & (CHUNK_ENTRIES - 1)] = *entry;
	log->end++;
	return 0;
}

struct log_view *log_view_new(struct log *log)
{
	struct log_view *view = malloc(sizeof(*view) +
				       log->count * sizeof(*view->chunks));

	if (!view)
		return NULL;
	atomic_init(&view->references, 1);
	view->first = log->first;
	view->end = log->end;
	view->count = log->count;
	for (size_t i = 0; i < log->count; i++) {
		view->chunks[i] = log->chunks[i];
		atomic_fetch_add(&view->chunks[i]->references, 1);
	}
	return view;
}

void log_view_unref(struct log_view *view)
{
	if (!view || atomic_fetch_sub(&view->references, 1) != 1)
		return;
	for (size_t i = 0; i < view->count; i++)
		chunk_unref(view->chunks[i]);
	free(view);
}

uint64_t log_view_first(const struct log_view *view)
{
	return view->first;
}

uint64_t log_view_end(const struct log_view *view)
{
	return view->end;
}

const struct log_entry *log_view_get(const struct log_view *view,
				     uint64_t number)
{
	uint64_t at = number - view->first;

	return &view->chunks[at >> CHUNK_BITS]->entries[at & (CHUNK_ENTRIES - 1)];
}
