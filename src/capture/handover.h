/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_HANDOVER_H
#define LEAKTOP_CAPTURE_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/hit.h"

/* Where one watch ends and the other begins, so that each hit comes from just
   one of them.  A hit has a time of its own in each, the younger watch's
   being the earlier one (perf_trace_add() puts new events first): near the
   cut a time alone does not tell on which side of it a hit is.  So it is the
   last hit that the old watch delivered of a thread, and nothing of what the
   new one has before that.  */
#define HANDOVER_THREADS 1024
/* The times of one hit are nearer than this, also where the processor was given to
   somebody else between them.  */
#define HANDOVER_NS 20000000

struct handover {
	uint64_t cut;
	unsigned count;
	bool crowded;           /* more threads than fit: the times must do */
	struct {
		uint32_t tid;
		uint64_t last;
	} thread[HANDOVER_THREADS];
};

/* The old watch delivers HIT.  */
void handover_note(struct handover *handover, const struct hit *hit);

/* Whether the new watch delivers HIT.  */
bool handover_takes(const struct handover *handover, const struct hit *hit);

#endif
