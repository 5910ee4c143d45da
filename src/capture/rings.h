/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_RINGS_H
#define LEAKTOP_CAPTURE_RINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/perf_event.h>

#include "base/error.h"
#include "capture/probes.h"
#include "trace/records.h"

/* Perf events on the probes, for some threads of the target and all that
   these create, in one ring per CPU.  The only file that knows libperf.  */
struct rings;

struct rings_options {
	size_t ring_size;       /* bytes per CPU, a power of two of pages */
	unsigned chain_depth;   /* frames, 1..127 */
	bool follow_forks;      /* child processes inherit the events, too */
	unsigned functions;     /* bit n: enum allocator_id n is watched */
	bool chains;            /* of the returns of allocations */
	bool free_chains;       /* and of the calls that release */
	bool ip;                /* samples have the address, too, by which perf
	                           report tells them apart */
	/* Not 0: only the calls, with the user's registers and so many bytes of
	   the stack, a multiple of 8; no records of threads and mappings.  */
	uint32_t dump_bytes;
	const char *filter[ALLOC_COUNT];        /* of the kernel's for each
	                           function's events; NULL: none */
};

enum rings_status {
	RINGS_OK,
	RINGS_GONE,     /* a thread of the list has ended: try with the rest */
	RINGS_FILES,    /* no descriptors are left, with a message */
	RINGS_FAILED    /* with a message */
};

/* How many descriptors the events of FUNCTIONS (as in rings_options) take for
   THREADS threads.  */
unsigned long rings_files(const struct probes *probes, unsigned functions,
			  size_t threads);

/* Opens the events of the chosen PROBES, one that tells of mappings, names, new
   and ending threads, and last of all one of context switches, for COUNT
   threads.  They begin one after another, and what happens before all are there
   is not recorded.  *RINGS is NULL unless RINGS_OK.  */
enum rings_status rings_open(struct rings **rings, const struct probes *probes,
			     const struct rings_options *options,
			     const pid_t *tids, size_t count,
			     struct error *error);

/* With follow_forks: whether a process goes on to be watched when a child of it
   has ended.  Before 6.12 the kernel may take its breakpoints away then.  */
bool rings_keep_parents(const struct rings *rings);

/* Calls EACH with the attributes of every event and the ids of its samples,
   until it returns other than 0.  Returns what EACH did.  */
int rings_events(struct rings *rings,
		 int (*each)(void *context, const struct perf_event_attr *attr,
			     const uint64_t *ids, size_t count),
		 void *context);

/* Makes RECORDS know all events.  Returns 0; -1 with ERROR.  */
int rings_tell_records(struct rings *rings, struct records *records,
		       struct error *error);

/* Ends the record of context switches.  */
void rings_end_proof(struct rings *rings);
/* Ends the record of the probes' hits, and all else.  */
void rings_stop(struct rings *rings);

/* How many descriptors the events hold.  */
unsigned long rings_held(const struct rings *rings);

/* One descriptor per ring that polls readable when the ring is filled by an
   eighth; -1 where there is none.  Valid until RINGS is closed.  */
size_t rings_count(const struct rings *rings);
int rings_wake_fd(const struct rings *rings, size_t ring);

/* Hands what is in the rings to EACH, ring by ring.  Ends even while the
   target goes on filling them: a ring's size is the most that is read of it,
   which covers all that it had at the start.  *FULL becomes true when one was
   so full that samples may be lost; a record of that comes only with the next
   sample, and perhaps never.  Returns the number of bytes.  */
uint64_t rings_drain(struct rings *rings,
		     void (*each)(void *context,
				  const struct perf_event_header *record),
		     void *context, bool *full);

/* Samples that the kernel could not store, from its own counters; 0 where it
   has none (before 6.0).  One system call per event, CPU and thread.  */
uint64_t rings_lost(struct rings *rings);

/* NULL is allowed.  */
void rings_close(struct rings *rings);

#endif
