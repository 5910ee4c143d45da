/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_HEAP_H
#define LEAKTOP_HEAP_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/hit.h"
#include "heap/segments.h"
#include "heap/sizespec.h"
#include "heap/snapshot.h"

/* The pipe from hits to the state of the heap: order by time, pair returns
   with calls, follow the blocks, sum up.  One thread feeds it and takes
   snapshots; another one may follow, see heap_set_stage().  */
struct heap;

struct heap_options {
	bool log;                       /* keep the life of the blocks */
	uint64_t log_limit;             /* entries; 0: all */
	uint64_t life_limit;            /* of a second reading; 0: all */
	struct sizespec log_sizes;      /* of these sizes only */
};

struct heap *heap_new(const struct heap_options *options);
void heap_free(struct heap *heap);

/* Takes one hit in the order of delivery.  ADDRESSES: its call chain; SPACE:
   the address space that it probably lies in, which is asked for again when
   the hit has its turn.  Returns -1 when out of memory; the hit is then
   counted as lost.  */
int heap_hit(struct heap *heap, const struct hit *hit, uint32_t space,
	     const uint64_t *addresses, uint32_t count);

/* From within host.event, for a HIT_NOTE with the pid, tid, function and time of
   a hit, or nearly its time: what a stack dump has given for that hit's call
   chain, to take the place of the one it comes with, unless that is longer.
   The note has its turn before the call's return.  */
void heap_deepen(struct heap *heap, const struct hit *note, uint32_t space,
		 const uint64_t *addresses, uint32_t count);

/* What happened before the start of the previous round is complete: passes it
   on.  */
void heap_round(struct heap *heap);

/* TIME has come, in the clock of the hits, without need of a hit: for a live
   source.  */
void heap_advance(struct heap *heap, uint64_t time);

/* Nothing more comes: passes on what is held back.  */
void heap_finish(struct heap *heap);

/* Between what feeds the heap and what follows there may be another thread.  */
struct heap_stage {
	void *context;
	/* Gets all that would be followed now, in order; *HIT is valid until it
	   returns.  */
	void (*give)(void *context, struct hit *hit);
};

/* From now on what is in order is given to STAGE, which hands it on, in this
   order, to a thread that calls heap_turn() with HEAP and a copy of the hit; NULL:
   it is followed at once.  The heap's host is asked by that thread.  Before
   anything else but feeding is done with the heap, and before the stage is taken
   away, all must have been handed on and followed.  */
void heap_set_stage(struct heap *heap, const struct heap_stage *stage);
void heap_turn(void *heap, struct hit *hit);

/* While there is a stage who feeds the heap holds its call chains.  To be called by
   the stage before it waits for the other thread, which may want them, too.  */
void heap_let_chains(struct heap *heap);

/* What the heap asks of those who feed it, and tells them, in the order of
   time.  All may be NULL.  */
struct heap_host {
	void *context;
	/* A HIT_FORK of a process, a HIT_EXEC or a HIT_NOTE has its turn.  */
	void (*event)(void *context, const struct hit *hit);
	/* The address space of PID now.  */
	uint32_t (*space)(void *context, uint32_t pid);
	/* Whether ADDRESS, at which calls were seen, lies in a procedure
	   linkage stub: 1 yes, 0 no, -1 not known.  Asked once for each
	   address.  Hits at stubs are left out.  */
	int (*is_stub)(void *context, uint64_t address, uint32_t space);
};

void heap_set_host(struct heap *heap, const struct heap_host *host);

/* Whether addresses that were taken for functions, for want of knowledge,
   proved by what happened there to be stubs.  Then what was counted is wrong:
   heap_restart(), and feed the same hits again.  */
bool heap_found_stubs(struct heap *heap);

/* Forgets all but what it has learnt about stubs, and the call chains.
   Returns -1 when out of memory, and all is as it was.  */
int heap_restart(struct heap *heap);

/* NULL when out of memory.  Owned by the caller.  */
struct snapshot *heap_snapshot(struct heap *heap);

/* A recording that is larger than the log is read again for the life of the blocks
   of one size.  */

/* What comes next lies in another segment of the recording, which can be read
   again from PLACE on.  Does nothing where no log is kept.  */
void heap_segment(struct heap *heap, uint64_t place);

/* What comes now changes what hits in other segments mean; where HEAP is told of
   it as of a hit, it knows that, but for notes.  */
void heap_need_segment(struct heap *heap);

/* Begins a second reading, after heap_finish(): until heap_life_end() all that
   HEAP is fed and asked is about that.  Then the first one is back.  Returns -1
   when out of memory, or no block of SIZE was ever seen.  */
int heap_life_begin(struct heap *heap, uint64_t size);

/* Whether the segments tell what is to be read: else it is everything.  */
bool heap_life_has_segments(const struct heap *heap);

/* What is to be fed next; false: nothing more.  */
bool heap_life_next(struct heap *heap, struct stretch *stretch);

/* The log of what was read; of the size alone.  *SAME: it tells the same as the
   first reading has.  NULL when out of memory.  Owned by the caller.  */
struct log_view *heap_life_end(struct heap *heap, bool *same);

#endif
