/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_WATCH_INTERNAL_H
#define LEAKTOP_CAPTURE_WATCH_INTERNAL_H

#include "capture/coverage.h"
#include "capture/watch.h"
#include "trace/records.h"

/* What watch.c and cover.c share.  */

struct watch {
	struct family *family;
	const struct probes *probes;
	struct rings_options options;
	struct records *records;
	struct rings *set[COVERAGE_SETS];
	int sets;
	struct coverage *coverage;
	unsigned offset[ALLOC_COUNT];   /* of the probe in its function */
	uint64_t pass;          /* number of the present one, or the last */
	bool started;
	bool no_files;          /* that is what opening failed for */
	bool full;              /* a ring was, so that samples may be lost */
	uint64_t lost;          /* as told already */
	uint64_t unseen;        /* hits of threads that no set has all hits of */
	uint64_t unseen_told;
	uint64_t from, until;   /* the times of what is delivered */
	uint64_t hits_from;     /* and of the probes' hits */
	/* To the next watch, whose it is; and from the one before.  */
	struct handover *gives, *takes;
	/* While threads may exist whose creation was under way when a set was
	   opened, each must prove that it is covered.  */
	bool proving;
	uint64_t settled;       /* when that may end, ns of CLOCK_MONOTONIC */
	uint64_t proved;        /* when it ended */
	uint64_t next_look;     /* for threads without proof */
	uint64_t look[2];       /* passes before the last two looks */
	pid_t *doubted;         /* those that the last look found */
	size_t doubted_count;
	struct recording *recording;    /* borrowed; NULL: none */
	int recorded_sets;      /* it knows the events of the first ones */
	/* During a pass.  */
	const struct sink *sink;
	const struct perf_event_header *record; /* under way; NULL: no recording */
	bool delivered;         /* something of the record was */
	struct sink own;
	int current;
};

/* Opens sets until every thread is covered.  Returns 0 or -1.  */
int watch_cover(struct watch *watch, const struct sink *sink,
		struct error *error);

/* Between passes while watch->proving: covers threads that have given no proof
   for a while, and ends it when all that were being created are there.  */
void watch_look(struct watch *watch);

#endif
