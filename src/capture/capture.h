/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_CAPTURE_H
#define LEAKTOP_CAPTURE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "trace/sink.h"

/* Watches the allocation functions of a running process.  */
struct capture;

struct capture_options {
	pid_t pid;
	unsigned ring_kib;      /* per CPU, a power of two from 64; 0: default */
	unsigned chain_depth;   /* frames per call chain; 0: default, 1..127 */
};

/* Cheap checks before the terminal changes: the process exists and may be
   watched, tracefs is mounted and writable, the kernel has uprobes, and a C
   library that is known is mapped.  Nothing is attached.  Returns 0 or -1.  */
int capture_check(const struct capture_options *options, struct error *error);

/* Makes the probes, opens them for every thread, present and future, and
   delivers the mappings and the name that the process has now to SINK.
   Returns NULL on errors, with nothing left behind.  */
struct capture *capture_open(const struct capture_options *options,
			     const struct sink *sink, struct error *error);

enum capture_status {
	CAPTURE_RUNNING,
	CAPTURE_EXITED          /* the process is gone; all its events are delivered */
};

/* Waits up to TIMEOUT_MS for events, delivers all there are, ends with
   sink->round.  WAKE_FD, if not -1, ends the wait when it becomes readable
   (it is not read).  */
int capture_poll(struct capture *capture, int timeout_ms, int wake_fd,
		 const struct sink *sink, enum capture_status *status,
		 struct error *error);

/* Stops watching and delivers all there is, for the last time, with the
   kernel's own count of what was lost (HIT_LOST_TOTAL).  capture_poll() does
   the same by itself when the process ends.  */
void capture_stop(struct capture *capture, const struct sink *sink);

/* Takes the probes away.  May take a quarter of a second: give the terminal
   back first.  */
void capture_close(struct capture *capture);

/* The name of the process PID, clean for the terminal; "" when it is gone.  */
void capture_name(pid_t pid, char *text, size_t size);

/* Resident memory of the process in bytes (/proc/PID/statm); 0 when it is
   gone.  */
uint64_t capture_rss(const struct capture *capture);

#endif
