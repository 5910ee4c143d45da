/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_RECORDING_H
#define LEAKTOP_CAPTURE_RECORDING_H

#include <stdint.h>
#include <sys/types.h>

#include <linux/perf_event.h>

#include "base/mapping.h"
#include "capture/probes.h"
#include "capture/rings.h"
#include "heap/hit.h"
#include "trace/tap.h"

/* What is delivered, handed to a tap as records (trace/tap.h).  NULL is none,
   with which all functions but recording_new() do nothing.  For the thread that
   delivers.  */
struct recording;

/* Of the target PID.  TAP is copied.  NULL when out of memory.  */
struct recording *recording_new(const struct tap *tap, pid_t pid);
void recording_free(struct recording *recording);

/* Of an event in GROUP, before its first rings.  */
void recording_format(struct recording *recording, const char *group,
		      const char *text, size_t size);

/* The events of RINGS, before anything of what is in them is delivered; those
   on PROBES have names of their own.  The first time the target's name comes
   behind them.  Returns 0; -1 without memory, and may be tried again.  */
int recording_events(struct recording *recording, const struct probes *probes,
		     struct rings *rings);

/* A record out of a ring that has been delivered.  */
void recording_record(struct recording *recording,
		      const struct perf_event_header *record);

/* What was there: the names of PID's threads, as of TIME; a mapping.  */
void recording_names(struct recording *recording, uint64_t time, pid_t pid);
void recording_mapping(struct recording *recording,
		       const struct mapping *mapping);

/* COUNT samples are missing by the kernel's own counters, which may be told in
   records as well; a HIT_LOST with HIT_LOST_TOTAL is read of it.  */
void recording_lost(struct recording *recording, uint64_t time, uint64_t count);

/* From TIME on MODE is what can be seen; it is read as a HIT_MODE.  Also told
   at the beginning and at the end, so that the file says which time was
   watched, whether something happened or not.  */
void recording_mode(struct recording *recording, uint64_t time,
		    enum hit_mode mode);

void recording_round(struct recording *recording);

#endif
