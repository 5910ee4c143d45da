/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "session/relay.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/thread.h"

/* Many enough that to hand a batch over costs nothing; and as many batches as have
   the hits of a recorder's round with large buffers, 16 MiB: the heap follows what
   came in a round at its end, and who reads goes on meanwhile.  */
#define BATCH_HITS 2048
#define BATCHES 128

struct batch {
	size_t count;
	struct hit hits[BATCH_HITS];
};

struct relay {
	struct heap *heap;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under lock.  Numbers of batches, of which BATCHES are there.  */
	size_t given;           /* handed over so far */
	size_t taken;           /* of these */
	size_t left;            /* who reads waits until no more than this are to be
				   taken */
	bool end;
	struct batch *open;     /* that who reads fills */
	struct batch batches[BATCHES];
};

static void *run(void *context)
{
	struct relay *relay = context;

	pthread_mutex_lock(&relay->lock);
	for (;;) {
		struct batch *batch;

		while (relay->given == relay->taken && !relay->end)
			pthread_cond_wait(&relay->changed, &relay->lock);
		if (relay->given == relay->taken)
			break;
		batch = &relay->batches[relay->taken % BATCHES];
		pthread_mutex_unlock(&relay->lock);
		for (size_t i = 0; i < batch->count; i++)
			heap_turn(relay->heap, &batch->hits[i]);
		pthread_mutex_lock(&relay->lock);
		relay->taken++;
		if (relay->given - relay->taken <= relay->left)
			pthread_cond_signal(&relay->changed);
	}
	pthread_mutex_unlock(&relay->lock);
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
	heap_let_chains(relay->heap);
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

static void give(void *context, struct hit *hit)
{
	struct relay *relay = context;

	if (relay->open->count == BATCH_HITS)
		hand_over(relay);
	relay->open->hits[relay->open->count++] = *hit;
}

struct relay *relay_new(struct heap *heap)
{
	struct heap_stage stage = { .give = give };
	struct relay *relay;

	if (!thread_has_processor())
		return NULL;
	relay = calloc(1, sizeof(*relay));
	if (!relay)
		return NULL;
	relay->heap = heap;
	relay->open = &relay->batches[0];
	pthread_mutex_init(&relay->lock, NULL);
	pthread_cond_init(&relay->changed, NULL);
	if (!thread_start(&relay->thread, run, relay)) {
		stage.context = relay;
		heap_set_stage(heap, &stage);
		return relay;
	}
	pthread_cond_destroy(&relay->changed);
	pthread_mutex_destroy(&relay->lock);
	free(relay);
	return NULL;
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
	heap_set_stage(relay->heap, NULL);
	pthread_cond_destroy(&relay->changed);
	pthread_mutex_destroy(&relay->lock);
	free(relay);
}
