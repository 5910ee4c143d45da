/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_INTERNAL_H
#define LEAKTOP_CAPTURE_INTERNAL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/capture.h"
#include "base/clock.h"
#include "capture/focus.h"
#include "capture/family.h"
#include "capture/libc.h"
#include "capture/probes.h"
#include "capture/program.h"
#include "capture/recording.h"
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

/* What processes run since they executed a program, exec.c.  */
#define EXECS_MAX 64
struct execs {
	/* It is not known yet what serves these.  */
	struct exec_search {
		pid_t pid;
		uint64_t deadline, next, pause; /* ns */
	} search[EXECS_MAX];
	unsigned count;
	/* A process that can't be watched any more, and why: for the user; ""
	   if there is none.  */
	pid_t strange;
	char trouble[512];
};

struct capture {
	pid_t pid;
	struct family *family;
	int pidfd;              /* readable when one of these has ended; -1: to
	                           be opened */
	bool force;
	struct program *programs;       /* newest first */
	struct program *program;        /* the one that is watched */
	struct libc libc;               /* copies of what it has */
	struct probes probes;
	struct execs execs;
	struct decoder *decoder;
	struct rings_options rings;     /* what stays the same in all modes */
	bool free_chains;
	enum capture_mode mode;
	enum hit_mode seen;     /* as told */
	struct capture_focus wanted_focus;      /* count 0: none */
	struct focus *focus;            /* NULL: none; only in CAPTURE_FULL */
	uint64_t lost_dumps;
	unsigned functions;     /* bits of enum allocator_id; others are left out
	                           for want of descriptors */
	struct watch *watch;    /* NULL: an error left nothing to watch */
	struct recording *recording;    /* NULL: none */
	struct pollfd *fds;     /* the rings', then two more */
	size_t count, room;
	bool must_look;         /* some rings have no descriptor */
	bool stopped;
	uint64_t asked;         /* when, ns of CLOCK_MONOTONIC */
	uint64_t round;         /* when the newest round ended, the same */
	struct cost *cost;
	struct details *details;        /* newest first: others may still read the
	                                   older ones */
};

/* Delivers the mappings and the name that the target has now, as of TIME.  */
void capture_report_target(const struct capture *capture, uint64_t time,
			   const struct sink *sink);

/* Whether there is nothing left that could be watched.  */
bool capture_has_ended(struct capture *capture);

/* Tells what WATCH has lost since it was last told, by the kernel's
   counters.  */
void capture_tell_lost(struct capture *capture, struct watch *watch,
		       const struct sink *sink);

/* Ends a round; capture_round() only if no hits of earlier ones are still to be
   delivered, and not so soon that a hit which was held up between the clock and its
   ring would come after two rounds, and thus too late.  */
void capture_end_round(struct capture *capture, const struct sink *sink);
void capture_round(struct capture *capture, const struct sink *sink);

/* Delivers the dumps of what is in focus that have come.  */
void capture_pass_focus(struct capture *capture, const struct sink *sink);

/* beside.c: does JOB in a thread of its own, and empties the rings of the watches
   A and B, which may be NULL, all the while.  */
void capture_beside(struct capture *capture, void (*job)(void *context),
		    void *context, struct watch *a, struct watch *b,
		    const struct sink *sink);

/* refocus.c: opens what is wanted if the mode allows it, and closes what is there
   otherwise.  Returns 0; -1 with ERROR and nothing open.  */
int capture_refocus(struct capture *capture, const struct sink *sink,
		    struct error *error);

/* Polls the rings of WATCH, which may be NULL, from now on.  Returns 0; -1
   without memory.  */
int capture_use(struct capture *capture, struct watch *watch);

/* mode.c: opens what MODE needs, leaving out functions when there are too few
   descriptors; CAPTURE's functions tell which are left in.  SINK as for
   watch_open().  NULL on errors.  */
struct watch *mode_open(struct capture *capture, enum capture_mode mode,
			const struct sink *sink, struct error *error);

/* Watches the functions of PROGRAM, one of CAPTURE's, in place of those of the
   program before, and tells of the gap.  Returns 0; -1 with ERROR.  */
int mode_move(struct capture *capture, struct program *program,
	      const struct sink *sink, struct error *error);

/* Tells what the present mode shows, if that is not what was told last.  */
void mode_tell(struct capture *capture, uint64_t time, const struct sink *sink);

/* exec.c: whether what was executed can be watched; and does so.  To be called
   at every poll.  */
void exec_look(struct capture *capture, const struct sink *sink);
/* TIMEOUT_MS (below 0: none), or what is left until the next look if that is
   less.  */
int exec_timeout(const struct capture *capture, int timeout_ms);

/* program.c: PROGRAM is the one that is watched from now on.  */
void capture_use_program(struct capture *capture, struct program *program);

/* details.c: makes the text anew.  Without memory it stays as it was.  */
void details_make(struct capture *capture);
void details_free(struct capture *capture);

/* The order in which functions are left out, least used first; ends with
   ALLOC_COUNT.  */
extern const uint8_t dispensable[];

#endif
