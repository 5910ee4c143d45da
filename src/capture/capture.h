/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_CAPTURE_H
#define LEAKTOP_CAPTURE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "trace/sink.h"
#include "trace/tap.h"

/* Watches the allocation functions of a running process.  */
struct capture;

struct capture_options {
	pid_t pid;
	unsigned ring_kib;      /* per CPU, a power of two from 64; 0: default */
	unsigned chain_depth;   /* frames per call chain; 0: default, 1..127 */
	bool free_chains;       /* call chains of frees, too */
	bool force;             /* although the preflight says that it is dangerous */
	bool follow_forks;      /* child processes, too, from their first
	                           instruction on */
	/* Gets what is delivered as records, until capture_stop() or the end
	   of the process; valid until capture_close().  NULL: none.  */
	const struct tap *tap;
};

/* Cheap checks before the terminal changes: the process exists and may be
   watched, tracefs is mounted and writable, the kernel has uprobes, and a C
   library that is known is mapped.  Nothing is attached.  Returns 0 or -1.  */
int capture_check(const struct capture_options *options, struct error *error);

/* Of a program that is being loaded: 1 when its C library is mapped, so that
   capture_open() finds it, 0 when it is not, -1 with ERROR when it is of a kind
   that can't be watched.  */
int capture_is_loaded(pid_t pid, struct error *error);

/* The whole preflight, in order: REPORT is called for each question with its
   name, the answer (good, a warning, bad) and what to do about it.  PID 0: only
   what does not depend on a process.  Returns whether nothing is bad.  */
enum check_verdict { CHECK_GOOD, CHECK_WARNING, CHECK_BAD };
typedef void (*capture_report)(void *context, enum check_verdict verdict,
			       const char *question, const char *answer,
			       const char *advice);
bool capture_preflight(const struct capture_options *options,
		       capture_report report, void *context);

/* Removes the probes that dead leaktops have left behind, and no others.
   capture_open() does so too.  Returns how many; -1 with ERROR.  */
int capture_cleanup(struct error *error);

/* Makes the probes, opens them for every thread, present and future, and
   delivers the mappings and the name that the process has now to SINK.
   Returns NULL on errors, with nothing left behind.  */
struct capture *capture_open(const struct capture_options *options,
			     const struct sink *sink, struct error *error);

enum capture_status {
	CAPTURE_RUNNING,
	CAPTURE_EXITED          /* the process is gone, and with FOLLOW_FORKS the
	                           last of them; all events are delivered */
};

/* Waits up to TIMEOUT_MS for events, delivers all there are, ends with
   sink->round.  WAKE_FD, if not -1, ends the wait when it becomes readable
   (it is not read).  */
int capture_poll(struct capture *capture, int timeout_ms, int wake_fd,
		 const struct sink *sink, enum capture_status *status,
		 struct error *error);

/* What is watched.  Less costs the target less.  */
enum capture_mode {
	CAPTURE_FULL,           /* all functions, with call chains */
	CAPTURE_NO_CHAINS,      /* all functions */
	CAPTURE_RELEASES,       /* only those that release blocks */
	CAPTURE_PAUSED          /* nothing: no breakpoint is left in the target */
};

/* Changes the mode; takes up to a second, as probes come and go.  What
   happens meanwhile is delivered to SINK, with rounds.  A HIT_MODE tells when
   another mode began; between FULL and NO_CHAINS nothing is missed, so it is told
   only where descriptors or memory did not suffice to open the one before the
   other was closed.  On errors the mode is CAPTURE_PAUSED, and capture goes on.
   Returns 0 or -1.  */
int capture_set_mode(struct capture *capture, enum capture_mode mode,
		     const struct sink *sink, struct error *error);

/* The mode that there is: CAPTURE_PAUSED where another could not be had.  */
enum capture_mode capture_mode(const struct capture *capture);

/* Allocations of these sizes are taken with a dump of the stack, from which the
   whole call chain can be found where frame pointers are missing.  */
#define CAPTURE_FOCUS_MAX 16
struct capture_focus {
	unsigned count;         /* of sizes; 0: none */
	uint64_t size[CAPTURE_FOCUS_MAX];       /* bytes asked for, not 0 */
	uint32_t dump_bytes;    /* of the stack, a multiple of 8 up to
	                           CAPTURE_DUMP_MAX */
};
#define CAPTURE_DUMP_MAX 65000

/* Takes the place of the one before.  Takes some tenths of a second, while hits
   are delivered to SINK as ever.  The dumps come by sink->dump, without order
   or rounds, each with the pid, tid, function and about the time of a call that
   is delivered by itself; in CAPTURE_FULL only.  Returns 0; -1 with nothing
   focused.  */
/* Whether dumps are taken.  What is in focus is closed and opened again with
   the mode, and that may fail.  */
bool capture_has_focus(const struct capture *capture);
int capture_set_focus(struct capture *capture,
		      const struct capture_focus *focus,
		      const struct sink *sink, struct error *error);

/* Nanoseconds that one hit of a call probe, of a return probe with a call
   chain, and of one without takes from the target here.  The first call begins
   to measure, in a thread of leaktop's own that calls a function of its own: all
   are 0 until that is done, half a second later at most, so ask again.  Where
   it can't be measured some microseconds are assumed for each.  */
struct capture_cost {
	double call;
	double chain_return;
	double plain_return;
};
struct capture_cost capture_cost(struct capture *capture);

/* Where the probes are and why: one line of text for each function, separated
   by newlines, with what was left out and why.  Valid until capture_close(),
   though a change of the mode may make another one.  */
const char *capture_details(const struct capture *capture);

/* What is not watched although it should be, and why: one line for the user, or
   NULL.  Valid as capture_details().  */
const char *capture_warning(const struct capture *capture);

/* How many dumps of what was in focus came faster than they could be taken, and are
   lost: their allocations have only their ordinary call chains.  */
uint64_t capture_lost_dumps(const struct capture *capture);

/* Stops watching and delivers all there is, for the last time, with the
   kernel's own count of what was lost (HIT_LOST_TOTAL).  capture_poll() does
   the same by itself when the process ends.  */
void capture_stop(struct capture *capture, const struct sink *sink);

/* Takes the probes away.  May take a second: give the terminal back first.
   Returns how many could not be removed, as another program uses them:
   capture_cleanup() can do it later.  NULL is allowed.  */
unsigned capture_close(struct capture *capture);

/* The name of the process PID, clean for the terminal; "" when it is gone.  */
void capture_name(pid_t pid, char *text, size_t size);

/* Resident memory of the process in bytes (/proc/PID/statm), or of all that are
   watched together; 0 when they are gone.  */
uint64_t capture_rss(const struct capture *capture);

/* The CPU time that they have used, those of them that have not ended, ns.  */
uint64_t capture_cpu_time(const struct capture *capture);

#endif
