/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_SNAPSHOT_H
#define LEAKTOP_HEAP_SNAPSHOT_H

#include <stdatomic.h>
#include <stdint.h>

#include "heap/allocators.h"
#include "heap/chains.h"
#include "heap/log.h"

enum anomaly {
	ANOMALY_UNALLOCATED_FREE,
	ANOMALY_DOUBLE_FREE,
	ANOMALY_DOUBLE_ALLOC,
	ANOMALY_COUNT
};

/* The names in the report.  */
extern const char *const anomaly_names[ANOMALY_COUNT];

/* The watched time is divided into equal slices; when they are used up, each
   two become one.  */
#define SLICES 32

/* What happened to the blocks of one size from one call chain.  */
struct group {
	uint64_t size;          /* bytes of each block */
	uint32_t chain;
	uint32_t live;          /* blocks */
	uint32_t doubtful;      /* of these, that were alive when events were lost:
				   they may have been freed unseen */
	uint64_t allocated;     /* blocks, ever */
	uint64_t freed;
	uint64_t alone;         /* of those allocated, that only the call is known
				   of: neither live nor freed, see HIT_ALONE */
	uint64_t first;         /* time of the first allocation, ns */
	uint64_t last;          /* of the last one */
	uint64_t oldest;        /* birth of the oldest live block; 0: none lives */
	/* Of the blocks that were the oldest of the group until they went,
	   the last one.  Where blocks turn over that was a moment ago; where
	   they are kept, long ago or never (0).  */
	uint64_t elder_born;
	uint64_t elder_gone;
	/* Of the blocks that live now, how many were born in each slice of
	   the watched time: a steady leak fills all of them evenly.  */
	uint32_t born[SLICES];
	/* Live blocks at the end of each slice in use.  */
	uint32_t live_at[SLICES];
};

/* The state of the heap at one moment.  Never changes; shared by reference.  */
struct snapshot {
	atomic_uint references;
	uint64_t start;         /* ns; time of the first event */
	uint64_t end;           /* of the last */
	uint64_t slice;         /* length of a slice, ns */
	unsigned slices;        /* in use, 1..SLICES */

	uint64_t hits;
	uint64_t lost;
	uint64_t last_lost;     /* when, last; 0: never */
	uint64_t missed_frees;  /* allocations at a live address: its block's free
				   was not seen */
	uint64_t unpaired;
	uint64_t late;          /* that came after younger ones had had their turn:
				   counts may be off by as many */
	uint64_t operations[ALLOC_COUNT];
	uint64_t anomalies[ANOMALY_COUNT];

	uint64_t live_blocks;
	uint64_t live_bytes;
	uint64_t allocated;     /* blocks, ever */
	uint64_t freed;
	uint64_t alone;         /* as in struct group */
	uint64_t live_bytes_at[SLICES]; /* at the end of each slice */

	struct group *groups;   /* those with a block ever; no order */
	uint32_t group_count;

	struct chains *chains;
	uint32_t chain_limit;   /* above all chain numbers in here */
	struct log_view *log;   /* NULL when no log is kept */
};

struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot);

#endif
