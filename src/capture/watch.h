/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_WATCH_H
#define LEAKTOP_CAPTURE_WATCH_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "capture/libc.h"
#include "capture/probes.h"
#include "capture/rings.h"
#include "trace/decode.h"
#include "trace/sink.h"

/* All threads of the target, each watched by exactly one set of rings.  */
struct watch;

/* Opens the events for all threads of PID and those that are created
   meanwhile or later; what is younger than that begins to be delivered by
   watch_pass().  Hits are recorded from watch_start() on.  PROBES, LIBC and
   DECODER are borrowed.  NULL on errors.  */
struct watch *watch_open(pid_t pid, const struct probes *probes,
			 const struct libc *libc,
			 const struct decoder *decoder,
			 const struct rings_options *options,
			 const struct sink *sink, struct error *error);
void watch_start(struct watch *watch);
void watch_stop(struct watch *watch);

/* Delivers what is in the rings; does not call sink->round.  Returns 0 when
   there was nothing.  */
uint64_t watch_pass(struct watch *watch, const struct sink *sink);

/* Fills FDS, which has room for one per ring, with descriptors to poll for
   POLLIN (-1: none).  Returns false if there are rings without, so that these
   must be looked at from time to time.  */
size_t watch_rings(const struct watch *watch);
bool watch_fds(const struct watch *watch, struct pollfd *fds);

/* Whether samples may have been lost since watch_lost() was last asked.  */
bool watch_was_full(const struct watch *watch);

/* How many have been lost since it was last asked, see rings_lost().  */
uint64_t watch_lost(struct watch *watch);

/* NULL is allowed.  */
void watch_close(struct watch *watch);

#endif
