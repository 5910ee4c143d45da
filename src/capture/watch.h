/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_WATCH_H
#define LEAKTOP_CAPTURE_WATCH_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "capture/family.h"
#include "capture/handover.h"
#include "capture/libc.h"
#include "capture/probes.h"
#include "capture/recording.h"
#include "capture/rings.h"
#include "trace/decode.h"
#include "trace/sink.h"

/* All threads of the target, each watched by exactly one set of rings.  NULL is
   a watch of nothing, except for watch_start() and watch_deliver().  */
struct watch;

/* Opens the events for all threads of FAMILY and those that are created meanwhile
   or later, and delivers what becomes of the threads and the mappings.  Hits of
   the probes are delivered from watch_start() on.  SINK NULL: nothing is
   delivered before watch_deliver() says so.  RECORDING, which may be NULL, gets
   the records of what is delivered.  It, PROBES, LIBC and DECODER are
   borrowed.  NULL on errors; *NO_FILES tells that the reason was a want of
   descriptors.  */
struct watch *watch_open(struct family *family, const struct probes *probes,
			 const struct libc *libc,
			 const struct decoder *decoder,
			 const struct rings_options *options,
			 const struct sink *sink,
			 struct recording *recording, bool *no_files,
			 struct error *error);
void watch_start(struct watch *watch);
/* Nothing from TIME on is delivered.  */
void watch_end(struct watch *watch, uint64_t time);
/* Ends the recording; returns when all that was before is in the rings.  From
   any thread.  */
void watch_stop(struct watch *watch);

/* Limits what is delivered to times from FROM on, before UNTIL.  */
void watch_deliver(struct watch *watch, uint64_t from, uint64_t until);

/* STALE delivers what is before the cut, FRESH the rest; to be called
   HANDOVER_NS before the cut.  Then both are to be read HANDOVER_NS after it,
   FRESH last.  FRESH owns HANDOVER (malloc'ed) from now on.  */
void watch_hand_over(struct watch *stale, struct watch *fresh,
		     struct handover *handover);

/* Delivers what is in the rings; does not call sink->round.  May open further
   rings, for threads that were just being created when the others were
   opened.  Returns 0 when there was nothing.  */
uint64_t watch_pass(struct watch *watch, const struct sink *sink);

/* Whether hits of earlier passes are kept, as it is not known yet which set of
   rings has all hits of their threads: no round ends before they are
   delivered, in a fraction of a second.  */
bool watch_is_behind(const struct watch *watch);

/* Fills FDS, which has room for one per ring, with descriptors to poll for
   POLLIN (-1: none).  Returns false if there are rings without, so that these
   must be looked at from time to time.  */
size_t watch_rings(const struct watch *watch);
bool watch_fds(const struct watch *watch, struct pollfd *fds);

/* As rings_keep_parents().  */
bool watch_keeps_parents(const struct watch *watch);

/* How many descriptors it holds.  */
unsigned long watch_files(const struct watch *watch);

/* Whether samples may have been lost since watch_lost() was last asked.  */
bool watch_was_full(const struct watch *watch);

/* How many have been lost since it was last asked, see rings_lost().  */
uint64_t watch_lost(struct watch *watch);

/* NULL is allowed.  */
void watch_close(struct watch *watch);

#endif
