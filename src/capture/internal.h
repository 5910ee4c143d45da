/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_INTERNAL_H
#define LEAKTOP_CAPTURE_INTERNAL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/capture.h"
#include "capture/libc.h"
#include "capture/probes.h"
#include "capture/rings.h"
#include "capture/watch.h"
#include "trace/decode.h"

/* What capture.c, mode.c and details.c share.  */

/* The default size of a ring.  */
#define RING_KIB 4096

/* Passes over the rings to empty them at the end; what a stopped target has
   left takes two.  */
#define LAST_PASSES 64

struct cost;
struct details;

struct capture {
	pid_t pid;
	int pidfd;              /* readable when the process has ended */
	struct libc libc;
	struct probes probes;
	struct decoder *decoder;
	struct rings_options rings;     /* what stays the same in all modes */
	bool free_chains;
	enum capture_mode mode;
	enum hit_mode seen;     /* as told */
	unsigned functions;     /* bits of enum allocator_id; others are left out
	                           for want of descriptors */
	struct watch *watch;    /* NULL: an error left nothing to watch */
	struct pollfd *fds;     /* the rings', then two more */
	size_t count, room;
	bool must_look;         /* some rings have no descriptor */
	bool stopped;
	uint64_t asked;         /* when, ns of CLOCK_MONOTONIC */
	struct cost *cost;
	struct details *details;        /* newest first: others may still read the
	                                   older ones */
};

uint64_t capture_now(void);

/* Delivers the mappings and the name that the target has now, as of TIME.  */
void capture_report_target(const struct capture *capture, uint64_t time,
			   const struct sink *sink);

/* Tells what WATCH has lost since it was last told, by the kernel's
   counters.  */
void capture_tell_lost(struct capture *capture, struct watch *watch,
		       const struct sink *sink);

/* Ends a round, unless hits of earlier ones are still to be delivered.  */
void capture_round(struct capture *capture, const struct sink *sink);

/* Polls the rings of WATCH, which may be NULL, from now on.  Returns 0; -1
   without memory.  */
int capture_use(struct capture *capture, struct watch *watch);

/* mode.c: opens what MODE needs, leaving out functions when there are too few
   descriptors; CAPTURE's functions tell which are left in.  SINK as for
   watch_open().  NULL on errors.  */
struct watch *mode_open(struct capture *capture, enum capture_mode mode,
			const struct sink *sink, struct error *error);

/* Tells what the present mode shows, if that is not what was told last.  */
void mode_tell(struct capture *capture, uint64_t time, const struct sink *sink);

/* details.c: makes the text anew.  Without memory it stays as it was.  */
void details_make(struct capture *capture);
void details_free(struct capture *capture);

/* The order in which functions are left out, least used first; ends with
   ALLOC_COUNT.  */
extern const uint8_t dispensable[];

#endif
