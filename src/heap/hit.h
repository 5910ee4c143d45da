/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_HIT_H
#define LEAKTOP_HEAP_HIT_H

#include <stdint.h>

#include "heap/allocators.h"

enum hit_kind {
	/* These three first.  */
	HIT_CALL,   /* entry of an allocation function; argument[] as in allocators[] */
	HIT_RETURN, /* its return; argument[0] the result, see HIT_HAS_POINTER */
	HIT_WHOLE,  /* a call and its return, put together by the heap where they
		       came together: argument[] of the call, with the result in
		       WHOLE_RESULT; the return's time, and how much that is later
		       than the call's */
	HIT_FORK,   /* pid, tid: the new task; argument[0], [1]: its parent's pid, tid */
	HIT_EXEC,   /* pid has a new program, and none of its old blocks */
	HIT_EXIT,   /* thread tid of pid is gone */
	HIT_LOST,   /* argument[0] events are missing, about at this time */
	HIT_MODE,   /* from now on argument[0] is seen: enum hit_mode.  Calls may
		       be missing at every change; releases at those to and
		       from MODE_NOTHING.  The same mode again says only that
		       it was so until now */
	HIT_NOTE    /* what the host wants back in its turn, see heap/heap.h */
};

/* In argument[]: no function that HIT_WHOLE is used for needs it.  */
#define WHOLE_RESULT 2

/* What a source shows; see HIT_MODE.  */
enum hit_mode {
	MODE_ALL,               /* every hit */
	MODE_MOST,              /* not of all functions that acquire blocks */
	MODE_RELEASES,          /* only of functions that release blocks */
	MODE_NOTHING
};

enum hit_flags {
	/* On the return of a RESULT_STATUS function: argument[1] holds the
	   new block's address.  */
	HIT_HAS_POINTER = 1 << 0,
	/* On HIT_LOST: the count was read from the event at the end, and covers
	   again what single records have told.  */
	HIT_LOST_TOTAL = 1 << 1,
	/* On the call of a RESULT_NONE function: argument[1] holds the address
	   that it returns to.  */
	HIT_HAS_CALLER = 1 << 2,
	/* Of a stack dump: the same call is told by another event as well, and
	   no hit comes with this one.  */
	HIT_DUMP_ONLY = 1 << 3,
	/* On the call of a function with a result: returns of that function are
	   not seen at all, so that the call is the whole operation, whose block
	   nobody knows.  */
	HIT_ALONE = 1 << 4,
	/* On the call of a function with a result: its return comes with the call
	   chain as well, and with a better one.  */
	HIT_CHAIN_FOLLOWS = 1 << 5
};

/* One thing that happened in a traced process.  A hit of a probe, or one of
   the events that change what hits mean.  */
struct hit {
	uint64_t time;          /* ns, of the recording's clock */
	uint64_t address;       /* probed address; on a return the function's */
	uint64_t argument[ALLOCATOR_ARGUMENTS];
	uint32_t pid;
	uint32_t tid;
	uint32_t chain;         /* call chain, see heap/chains.h; 0: none */
	uint32_t segment;       /* of the recording; set by the heap, see
				   heap_segment() */
	uint8_t kind;           /* enum hit_kind */
	uint8_t function;       /* enum allocator_id, for calls and returns */
	uint16_t flags;         /* enum hit_flags */
	uint32_t lasted;        /* ns, of HIT_WHOLE */
};

#endif
