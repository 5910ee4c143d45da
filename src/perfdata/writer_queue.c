/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/writer_queue.h"

#include <stdlib.h>

/* Empty chunks that are kept, as fresh memory costs a page fault for every
   page.  */
#define SPARES_MAX 4

void queue_init(struct queue *queue)
{
	*queue = (struct queue){ .last = &queue->first };
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->filled, NULL);
}

static void free_list(struct chunk *chunk)
{
	while (chunk) {
		struct chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
}

void queue_free(struct queue *queue)
{
	free_list(queue->first);
	free_list(queue->spare);
	pthread_cond_destroy(&queue->filled);
	pthread_mutex_destroy(&queue->lock);
}

struct chunk *queue_take(struct queue *queue, size_t most)
{
	struct chunk *chunk;
	bool make;

	pthread_mutex_lock(&queue->lock);
	chunk = queue->spare;
	make = !chunk && queue->chunks < most;
	if (chunk) {
		queue->spare = chunk->next;
		queue->spares--;
	}
	queue->chunks += make;
	pthread_mutex_unlock(&queue->lock);
	if (make) {
		chunk = malloc(sizeof(*chunk));
		if (!chunk) {
			pthread_mutex_lock(&queue->lock);
			queue->chunks--;
			pthread_mutex_unlock(&queue->lock);
		}
	}
	if (chunk) {
		chunk->next = NULL;
		chunk->size = 0;
	}
	return chunk;
}

void queue_push(struct queue *queue, struct chunk *chunk)
{
	pthread_mutex_lock(&queue->lock);
	*queue->last = chunk;
	queue->last = &chunk->next;
	pthread_cond_signal(&queue->filled);
	pthread_mutex_unlock(&queue->lock);
}

void queue_end(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->ended = true;
	pthread_cond_signal(&queue->filled);
	pthread_mutex_unlock(&queue->lock);
}

struct chunk *queue_pop(struct queue *queue)
{
	struct chunk *chunk;

	pthread_mutex_lock(&queue->lock);
	while (!queue->first && !queue->ended)
		pthread_cond_wait(&queue->filled, &queue->lock);
	chunk = queue->first;
	if (chunk) {
		queue->first = chunk->next;
		if (!queue->first)
			queue->last = &queue->first;
		chunk->next = NULL;
	}
	pthread_mutex_unlock(&queue->lock);
	return chunk;
}

void queue_give_back(struct queue *queue, struct chunk *chunk)
{
	pthread_mutex_lock(&queue->lock);
	if (queue->spares < SPARES_MAX) {
		chunk->next = queue->spare;
		queue->spare = chunk;
		queue->spares++;
		chunk = NULL;
	} else {
		queue->chunks--;
	}
	pthread_mutex_unlock(&queue->lock);
	free(chunk);
}
