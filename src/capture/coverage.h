/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_COVERAGE_H
#define LEAKTOP_CAPTURE_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/perf_event.h>

#include "heap/hit.h"

/* Which set of rings has all hits of a thread, see watch.c; and the hits that
   wait until that is known.  */
struct coverage;

/* In place of a set's index.  */
enum {
	COVERED_BY_NONE = -1,   /* not known */
	COVERED_ENDED = -2,     /* the same, but it has ended: what covered it
	                           may still turn out */
	COVERED_NEVER = -3      /* by none, for want of means */
};

#define COVERAGE_SETS 16

/* NULL when out of memory.  */
struct coverage *coverage_new(void);
void coverage_free(struct coverage *coverage);

/* SET, or what stands in its place, is all that counts of TID from now on:
   a new thread may have an ended one's number.  */
void coverage_set(struct coverage *coverage, uint32_t tid, int set);

/* SET was opened for TID when that was running.  */
void coverage_open(struct coverage *coverage, uint32_t tid, int set);

/* SET told of TID by its last event.  If it was not opened for it, TID has
   inherited all events of it, so SET has all that TID ever did.  Of several
   sets the first counts; where hits have been told apart by one that was opened
   for TID already, only for what was before that.  */
void coverage_prove(struct coverage *coverage, uint32_t tid, int set);

/* The set that has what TID did at TIME, ns, or what stands in its place.  */
int coverage_of(const struct coverage *coverage, uint32_t tid, uint64_t time);

/* SET has all that the threads that it was opened for do from TIME on, ns; to
   be told before it is named as what covers a thread.  */
void coverage_since(struct coverage *coverage, int set, uint64_t time);

/* What is to be done with a hit that SET brought.  */
enum coverage_answer {
	COVERAGE_DELIVER,
	COVERAGE_KEEP,          /* until it is known who covers its thread */
	COVERAGE_DROP,          /* another set has it, too */
	COVERAGE_MISSED         /* no set delivers it */
};
enum coverage_answer coverage_ask(struct coverage *coverage,
				  const struct hit *hit, int set);

/* RECORD: as it was given to coverage_keep(), or a copy.  */
typedef void coverage_deliver(void *context, struct hit *hit,
			      const uint64_t *chain, size_t size,
			      const struct perf_event_header *record);

/* Keeps a hit that SET has of a thread that is covered by none, and that was
   read in pass number PASS.  RECORD: the one that it was read from, to be kept
   with it; NULL: it is not.  All are copied.  Returns -1 without memory.  */
int coverage_keep(struct coverage *coverage, const struct hit *hit, int set,
		  uint64_t pass, const uint64_t *chain, size_t size,
		  const struct perf_event_header *record);

/* How many are kept.  */
size_t coverage_kept(const struct coverage *coverage);

/* Gives those to DELIVER whose thread is covered by the set that they are
   from, in the order in which they came, and drops those whose thread is
   covered otherwise.  Those of before pass UNTIL whose thread is still covered
   by none are dropped as well, but for those from set FALLBACK (-1: none),
   which are delivered.  Returns how many of the dropped no set delivers.  */
size_t coverage_settle(struct coverage *coverage, uint64_t until, int fallback,
		       coverage_deliver *deliver, void *context);

#endif
