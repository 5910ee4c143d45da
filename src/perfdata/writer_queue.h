/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_WRITER_QUEUE_H
#define LEAKTOP_PERFDATA_WRITER_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Chunks of records on their way from the thread that fills them to the one
   that writes them.  The former never waits.  */

#define CHUNK_SIZE ((size_t)1 << 20)

struct chunk {
	struct chunk *next;
	size_t size;            /* bytes that are filled */
	uint8_t data[CHUNK_SIZE] __attribute__((aligned(8)));
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct chunk *first;    /* to be written, the oldest first */
	struct chunk **last;
	struct chunk *spare;    /* empty ones */
	size_t spares;
	size_t chunks;          /* all that exist */
	bool ended;
};

void queue_init(struct queue *queue);

/* Frees all chunks that are in the queue.  */
void queue_free(struct queue *queue);

/* An empty chunk; the caller owns it until it is pushed.  NULL when there are
   MOST already, or memory is short.  */
struct chunk *queue_take(struct queue *queue, size_t most);
void queue_push(struct queue *queue, struct chunk *chunk);

/* No more will be pushed.  */
void queue_end(struct queue *queue);

/* Waits for a chunk; the caller owns it until it gives it back.  NULL at the
   end.  */
struct chunk *queue_pop(struct queue *queue);
void queue_give_back(struct queue *queue, struct chunk *chunk);

#endif
