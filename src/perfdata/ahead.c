/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/ahead.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/thread.h"

/* Bytes that are mapped in one go, and between two words of the reader's; a multiple
   of any page's size.  */
#define CHUNK (UINT64_C(1) << 20)
/* How far ahead: more than is read while a chunk is mapped, and not so much that a
   cache has lost it again.  */
#define WINDOW (8 * CHUNK)
/* What is given back in one go.  */
#define RELEASED (8 * CHUNK)
/* A shorter stretch is read as fast as a thread starts.  */
#define WORTH_WHILE (8 * CHUNK)

struct ahead {
	const uint8_t *map;
	uint64_t mapped;        /* up to here; multiples of CHUNK, these two */
	uint64_t released;
	uint64_t end;
	uint64_t told;          /* the reader's last word */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	uint64_t place;         /* of the reader */
	bool ended;
};

static int advise(const struct ahead *ahead, uint64_t from, uint64_t to, int advice)
{
	return madvise((void *)(uintptr_t)(ahead->map + from), (size_t)(to - from),
		       advice);
}

/* Maps the next chunk.  Where the kernel can't (before Linux 5.14), or the file has
   become shorter, the reader does without.  */
static void map_chunk(struct ahead *ahead)
{
	uint64_t to = ahead->end - ahead->mapped > CHUNK ?
		      ahead->mapped + CHUNK : ahead->end;
	int result = -1;

#ifdef MADV_POPULATE_READ
	result = advise(ahead, ahead->mapped, to, MADV_POPULATE_READ);
#endif
	ahead->mapped = result < 0 ? ahead->end : to;
}

/* Does one thing that PLACE asks for.  Returns false if there is none.  */
static bool work(struct ahead *ahead, uint64_t place)
{
	uint64_t chunk = place - place % CHUNK;

	/* First, or a disk that is slower than the reader would never leave time for it.
	   Nothing is lost by that: who asks for it again, gets it from the file.  */
	if (chunk >= ahead->released + RELEASED) {
		advise(ahead, ahead->released, chunk, MADV_DONTNEED);
		ahead->released = chunk;
		return true;
	}
	if (ahead->mapped < chunk)
		ahead->mapped = chunk;
	if (ahead->mapped >= ahead->end || ahead->mapped - chunk > WINDOW)
		return false;
	map_chunk(ahead);
	return true;
}

static void *run(void *context)
{
	struct ahead *ahead = context;

	pthread_mutex_lock(&ahead->lock);
	while (!ahead->ended) {
		uint64_t place = ahead->place;
		bool busy;

		pthread_mutex_unlock(&ahead->lock);
		busy = work(ahead, place);
		pthread_mutex_lock(&ahead->lock);
		while (!busy && !ahead->ended && ahead->place == place)
			pthread_cond_wait(&ahead->moved, &ahead->lock);
	}
	pthread_mutex_unlock(&ahead->lock);
	return NULL;
}

struct ahead *ahead_new(const uint8_t *map, uint64_t begin, uint64_t end)
{
	struct ahead *ahead;

	if (end <= begin || end - begin < WORTH_WHILE || !thread_has_processor())
		return NULL;
	ahead = calloc(1, sizeof(*ahead));
	if (!ahead)
		return NULL;
	ahead->map = map;
	ahead->mapped = ahead->released = begin - begin % CHUNK;
	ahead->end = end;
	ahead->told = ahead->place = begin;
	pthread_mutex_init(&ahead->lock, NULL);
	pthread_cond_init(&ahead->moved, NULL);
	if (thread_start(&ahead->thread, run, ahead) == 0)
		return ahead;
	pthread_cond_destroy(&ahead->moved);
	pthread_mutex_destroy(&ahead->lock);
	free(ahead);
	return NULL;
}

static void tell(struct ahead *ahead, uint64_t place, bool ended)
{
	pthread_mutex_lock(&ahead->lock);
	ahead->place = place;
	ahead->ended = ended;
	pthread_cond_signal(&ahead->moved);
	pthread_mutex_unlock(&ahead->lock);
	ahead->told = place;
}

void ahead_move(struct ahead *ahead, uint64_t place)
{
	if (place - ahead->told >= CHUNK)
		tell(ahead, place, false);
}

void ahead_free(struct ahead *ahead)
{
	if (!ahead)
		return;
	tell(ahead, ahead->told, true);
	pthread_join(ahead->thread, NULL);
	pthread_cond_destroy(&ahead->moved);
	pthread_mutex_destroy(&ahead->lock);
	free(ahead);
}
