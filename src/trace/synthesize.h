/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_TRACE_SYNTHESIZE_H
#define LEAKTOP_TRACE_SYNTHESIZE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/perf_event.h>

#include "base/mapping.h"
#include "heap/hit.h"

/* Records that the kernel did not write, in the form that it would have given
   them (linux/perf_event.h): of what was there before the events were
   opened, and of what was lost on the way.  */

/* Bytes of the longest record here: a mapping's fields, the longest path, and
   the trailer.  */
#define SYNTHETIC_SIZE 4352

/* Holds the record that was made last.  Its trailer is that of the records
   of an event with ATTR: as sample_id_all appends it.  */
struct synthetic {
	const struct perf_event_attr *attr;     /* borrowed */
	uint64_t id;            /* of that event; 0 as perf does it, too */
	uint64_t data[SYNTHETIC_SIZE / sizeof(uint64_t)];
};

/* A PERF_RECORD_MMAP2 of a private mapping, at MAPPING->time.
   MAPPING->pid is its thread as well.  Device and inode are 0 unless there is
   a build id instead.  Returns NULL if the path is longer than PATH_MAX.  */
const struct perf_event_header *
synthesize_mapping(struct synthetic *synthetic, const struct mapping *mapping);

/* A PERF_RECORD_COMM at TIME, ns.  NAME is cut to the 15 bytes that tasks'
   names have.  EXEC: it changed because of an exec.  */
const struct perf_event_header *
synthesize_comm(struct synthetic *synthetic, uint64_t time, uint32_t pid,
		uint32_t tid, const char *name, bool exec);

/* A PERF_RECORD_LOST of COUNT records at TIME, ns.  */
const struct perf_event_header *
synthesize_lost(struct synthetic *synthetic, uint64_t time, uint64_t count);

/* A PERF_RECORD_LOST_SAMPLES: that COUNT are missing by the event's own count,
   as of TIME, ns.  */
const struct perf_event_header *
synthesize_lost_samples(struct synthetic *synthetic, uint64_t time,
			uint64_t count);

/* What a HIT_MODE says, see mode_record.h.  */
const struct perf_event_header *
synthesize_mode(struct synthetic *synthetic, uint64_t time, enum hit_mode mode);

#endif
