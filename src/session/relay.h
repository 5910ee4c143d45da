/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SESSION_RELAY_H
#define LEAKTOP_SESSION_RELAY_H

#include "heap/heap.h"

/* While one thread reads a recording and puts its hits into order, another one
   follows them: a heap's stage, which hands them over in batches.  The functions
   here are for the thread that reads.  */
struct relay;

/* HEAP is borrowed, and fed as without the relay; but it may be asked only between
   relay_drain() and what it is fed next, and its host must expect the other thread.
   NULL when there can be no thread, or would be no processor for it.  */
struct relay *relay_new(struct heap *heap);
/* After all that came was followed.  */
void relay_free(struct relay *relay);

/* Waits until all that came was followed.  */
void relay_drain(struct relay *relay);

#endif
