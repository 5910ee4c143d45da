/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_TRACE_SINK_H
#define LEAKTOP_TRACE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dump.h"
#include "base/mapping.h"
#include "base/told.h"
#include "heap/hit.h"

enum spare_chains {
	SPARE_FOLLOWED = 1 << 0,        /* see HIT_CHAIN_FOLLOWS */
	SPARE_RELEASES = 1 << 1         /* calls of RESULT_NONE functions */
};

/* Where a source of events, live or saved, delivers what it reads, in the
   order in which it comes (sorted within one CPU at best).  All pointers are
   valid only during the call.  */
struct sink {
	void *context;

	/* Calls whose call chains nobody asks for; a source that has to look for
	   them may leave them out.  */
	uint8_t spare_chains;   /* enum spare_chains */

	/* CHAIN: the user part of the call chain, innermost frame first, no
	   context markers; SIZE 0 where there is none.  HIT->chain is not set.
	   Fork, exec, exit and loss come this way too.  */
	void (*hit)(void *context, struct hit *hit, const uint64_t *chain,
		    size_t size);
	/* The registers and the stack of the user's side at HIT, which comes
	   next.  Only where the sample has both.  NULL: not wanted.  */
	void (*dump)(void *context, const struct hit *hit,
		     const struct dump *dump);
	void (*mapping)(void *context, const struct mapping *mapping);
	/* Of a source that has names in its call chains: what it says of an
	   address there.  Comes before the first hit that has it.  NULL: not
	   wanted.  */
	void (*told)(void *context, const struct told *told);
	/* The task's name.  EXEC: it changed because of an exec; a HIT_EXEC
	   comes as well.  */
	void (*comm)(void *context, uint32_t pid, uint32_t tid,
		     const char *name, bool exec);
	/* All that happened before the start of the round before this one has
	   been delivered (perf's FINISHED_ROUND).  */
	void (*round)(void *context);
	/* What comes next can be read again from PLACE on, which is larger than
	   any before; see perfdata_read_stretch().  NULL: not wanted.  */
	void (*segment)(void *context, uint64_t place);
};

/* One that ignores all that it is told, for who wants some of it.  */
struct sink sink_ignoring(void *context);

#endif
