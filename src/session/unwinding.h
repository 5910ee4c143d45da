/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SESSION_UNWINDING_H
#define LEAKTOP_SESSION_UNWINDING_H

#include "session/internal.h"

/* A thread that unwinds the dumps of a live process: the one that captures has
   no time to wait for unwind tables.  */
struct unwinding;

enum dump_state { DUMP_QUEUED, DUMP_DONE, DUMP_ABANDONED };

/* A dump that waits for its turn.  */
struct live_dump {
	struct live_dump *next;      /* in the thread's queue */
	struct dump taken;       /* points into data */
	bool at_entry;          /* of a function, see struct hit */
	uint32_t space;         /* that it was unwound in */
	uint64_t changes;       /* of what is mapped, when it came */
	atomic_int state;       /* enum dump_state, where a thread unwinds */
	struct deep deep;       /* valid when DUMP_DONE */
	const char *stuck_in;   /* the object without unwind tables that it ends in;
	                           NULL: in none.  Owned by symbols.  */
	uint64_t data[];        /* registers, then the stack */
};

/* NULL when it can't be started.  */
struct unwinding *unwinding_new(struct symbols *symbols);
/* Ends the thread; all dumps must have been taken back.  NULL is allowed.  */
void unwinding_free(struct unwinding *unwinding);

/* Gives DUMP to the thread.  */
void unwinding_push(struct unwinding *unwinding, struct live_dump *dump);

/* Takes DUMP back.  True: it is done, and the caller's again.  False: it was too
   slow; the thread frees it.  */
bool unwinding_take(struct live_dump *dump);

/* How many are queued, and not done.  */
size_t unwinding_queued(const struct unwinding *unwinding);

#endif
