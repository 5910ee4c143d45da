/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_HEAP_INTERNAL_H
#define LEAKTOP_HEAP_HEAP_INTERNAL_H

#include <pthread.h>

#include "heap/chains.h"
#include "heap/follow.h"
#include "heap/groups.h"
#include "heap/heap.h"
#include "heap/order.h"
#include "heap/pair.h"
#include "heap/points.h"
#include "heap/segments.h"

/* What the files that make up the heap share, and no others: heap.c takes hits
   and puts them into order, turn.c follows what has its turn, reread.c is about
   second readings.  */

/* Keeps what two threads write for each hit out of one cache line, or two that are
   fetched together: bytes.  */
#define APART 128

/* All that one reading of a recording fills.  */
struct pipe {
	/* Of who feeds the heap.  */
	struct order order;
	uint64_t hits;
	uint64_t refused;       /* for want of memory */
	uint32_t begun;         /* segments */

	char apart[APART];

	/* Of who follows, which may be another thread, see heap_set_stage().  */
	struct pair *pair;
	struct follow *follow;
	struct groups groups;
	struct log *log;
	struct segments segments;       /* only with a log */
	struct chains *chains;  /* the heap's */
	uint64_t lost_records;  /* told one by one */
	uint64_t lost_total;    /* told as a sum at the end */
	uint64_t last_lost;     /* when; 0: never */
	uint64_t failed;        /* for want of memory */
	uint64_t failed_before; /* of these and those refused, that are known to be
				   missing */
};

struct heap {
	struct heap_options options;
	struct chains *chains;
	pthread_mutex_t chains_lock;    /* for who adds to them */
	struct pipe *pipe;
	struct heap_host host;

	/* Of who feeds.  */
	struct heap_stage stage;
	unsigned whole_functions;       /* by bits, whose calls can be HIT_WHOLE */
	bool holds_chains;
	struct pipe *first;     /* in a second reading, that of the first */
	uint32_t life_number;   /* of the size that it is about */
	uint32_t life_at;       /* the segment to be read next */

	char apart[APART];

	/* Of who follows.  */
	struct points points;
	uint32_t space_pid;     /* whose address space was asked for last */
	uint32_t space;         /* 0: to be asked for */
};

/* Kinds of hits that only heap_turn() gets.  */
enum {
	TURN_ROUND = 0x80,      /* argument[0]: hits refused so far */
	TURN_SEGMENT,           /* argument[0]: where one begins */
	TURN_NEED,              /* the present one is needed */
	TURN_END                /* argument[0]: as of TURN_ROUND */
};

/* NULL when out of memory.  CHAINS and POINTS are borrowed.  */
struct pipe *heap_pipe_new(const struct heap_options *options,
			   struct chains *chains, struct points *points);
void heap_pipe_free(struct pipe *pipe);

/* Losses are told one by one where they happened, or as sums that cover the
   same, or both.  */
uint64_t heap_pipe_told_lost(const struct pipe *pipe);

/* What there was no memory for once hits were in order.  */
uint64_t heap_pipe_failures(const struct pipe *pipe);

#endif
