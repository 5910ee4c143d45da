/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SESSION_RELAY_H
#define LEAKTOP_SESSION_RELAY_H

#include <stdint.h>

#include "heap/heap.h"

/* While one thread reads a recording another one follows what it has read: hits
   are handed over to a heap in batches, in the order in which they come.  The
   functions here are for the thread that reads; from relay_new() on the heap, and
   its host, are the other one's, until relay_drain() or relay_free().  */
struct relay;

/* HEAP is borrowed.  DROP: frees what a HIT_NOTE that the heap can't take has with it.
   NULL when there can be no thread, or would be no processor for it.  */
struct relay *relay_new(struct heap *heap, void (*drop)(const struct hit *note));
/* After all that came was taken.  */
void relay_free(struct relay *relay);

/* As heap_hit(), heap_round(), heap_segment() and heap_need_segment().  */
void relay_hit(struct relay *relay, const struct hit *hit, uint32_t space,
	       const uint64_t *addresses, uint32_t count);
void relay_round(struct relay *relay);
void relay_segment(struct relay *relay, uint64_t place);
void relay_need_segment(struct relay *relay);

/* Waits until all that came was taken: the heap may be asked until the next
   call.  */
void relay_drain(struct relay *relay);

#endif
