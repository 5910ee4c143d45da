/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "session/relay.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/thread.h"

/* Many enough that to hand a batch over costs nothing; and as many batches as have
   the hits of a recorder's round with large buffers, 16 MiB: the heap follows what
   came in a round at its end, and who reads goes on meanwhile.  */
#define BATCH_HITS 2048
#define BATCHES 128

/* Kinds that hits have only in a batch.  */
enum { RELAY_ROUND = 0x80, RELAY_SEGMENT, RELAY_NEED };

struct batch {
	size_t count;
	struct hit hits[BATCH_HITS];
};

struct relay {
	struct heap *heap;
	void (*drop)(const struct hit *note);
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under lock.  Numbers of batches, of which BATCHES are there.  */
	size_t given;           /* handed over so far */
	size_t taken;           /* of these */
	size_t left;            /* who reads waits until no more than this are to be
				   taken */
	bool end;
	/* Of who reads.  */
	bool holds;             /* the heap's chains */
	struct batch *open;     /* that is being filled */
	struct batch batches[BATCHES];
};

static void take(const struct relay *relay, const struct hit *hit)
{
	struct heap *heap = relay->heap;

	switch (hit->kind) {
	case RELAY_ROUND:
		heap_round(heap);
		break;
	case RELAY_SEGMENT:
		heap_segment(heap, hit->argument[0]);
		break;
	case RELAY_NEED:
		heap_need_segment(heap);
		break;
	default:
		/* Out of memory a hit is counted as lost.  */
		if (heap_take(heap, hit) < 0 && hit->kind == HIT_NOTE)
			relay->drop(hit);
		break;
	}
}

static void *run(void *context)
{
	struct relay *relay = context;

	pthread_mutex_lock(&relay->lock);
	for (;;) {
		const struct batch *batch;

		while (relay->given == relay->taken && !relay->end)
			pthread_cond_wait(&relay->changed, &relay->lock);
		if (relay->given == relay->taken)
			break;
		batch = &relay->batches[relay->taken % BATCHES];
		pthread_mutex_unlock(&relay->lock);
		for (size_t i = 0; i < batch->count; i++)
			take(relay, &batch->hits[i]);
		pthread_mutex_lock(&relay->lock);
		relay->taken++;
		if (relay->given - relay->taken <= relay->left)
			pthread_cond_signal(&relay->changed);
	}
	pthread_mutex_unlock(&relay->lock);
	return NULL;
}

static bool has_second_processor(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 &&
	       CPU_COUNT(&set) > 1;
}

struct relay *relay_new(struct heap *heap, void (*drop)(const struct hit *note))
{
	struct relay *relay;

	if (!has_second_processor())
		return NULL;
	relay = calloc(1, sizeof(*relay));
	if (!relay)
		return NULL;
	relay->heap = heap;
	relay->drop = drop;
	relay->open = &relay->batches[0];
	pthread_mutex_init(&relay->lock, NULL);
	pthread_cond_init(&relay->changed, NULL);
	if (!thread_start(&relay->thread, run, relay))
		return relay;
	pthread_cond_destroy(&relay->changed);
	pthread_mutex_destroy(&relay->lock);
	free(relay);
	return NULL;
}

/* Waits until no more than LEFT batches are to be taken.  */
static void wait_for(struct relay *relay, size_t left)
{
	relay->left = left;
	while (relay->given - relay->taken > left)
		pthread_cond_wait(&relay->changed, &relay->lock);
}

/* Hands over what was filled.  */
static void hand_over(struct relay *relay)
{
	if (relay->holds)
		heap_let_chains(relay->heap);
	relay->holds = false;
	pthread_mutex_lock(&relay->lock);
	relay->given++;
	pthread_cond_signal(&relay->changed);
	/* Sleeping costs more than a batch, so it is done for several.  */
	if (relay->given - relay->taken == BATCHES)
		wait_for(relay, BATCHES / 2);
	relay->open = &relay->batches[relay->given % BATCHES];
	pthread_mutex_unlock(&relay->lock);
	relay->open->count = 0;
}

/* Room for one more.  */
static inline struct hit *next(struct relay *relay)
{
	if (relay->open->count == BATCH_HITS)
		hand_over(relay);
	return &relay->open->hits[relay->open->count++];
}

void relay_hit(struct relay *relay, const struct hit *hit, uint32_t space,
	       const uint64_t *addresses, uint32_t count)
{
	struct hit *room = next(relay);

	if (!relay->holds)
		heap_hold_chains(relay->heap);
	relay->holds = true;
	*room = *hit;
	room->chain = count ? heap_intern(relay->heap, space, addresses, count) : 0;
}

void relay_round(struct relay *relay)
{
	next(relay)->kind = RELAY_ROUND;
}

void relay_segment(struct relay *relay, uint64_t place)
{
	struct hit *room = next(relay);

	room->kind = RELAY_SEGMENT;
	room->argument[0] = place;
}

void relay_need_segment(struct relay *relay)
{
	next(relay)->kind = RELAY_NEED;
}

void relay_drain(struct relay *relay)
{
	hand_over(relay);
	pthread_mutex_lock(&relay->lock);
	wait_for(relay, 0);
	pthread_mutex_unlock(&relay->lock);
}

void relay_free(struct relay *relay)
{
	if (!relay)
		return;
	hand_over(relay);
	pthread_mutex_lock(&relay->lock);
	relay->end = true;
	pthread_cond_signal(&relay->changed);
	pthread_mutex_unlock(&relay->lock);
	pthread_join(relay->thread, NULL);
	pthread_cond_destroy(&relay->changed);
	pthread_mutex_destroy(&relay->lock);
	free(relay);
}
