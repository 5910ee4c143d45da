/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_TRACE_RECORDS_H
#define LEAKTOP_TRACE_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include <linux/perf_event.h>

#include "base/error.h"
#include "trace/decode.h"
#include "trace/sink.h"

/* Reads perf's records, which look the same in a ring and in a file
   (linux/perf_event.h, "PERF_RECORD_"), and delivers hits and what goes with
   them to a sink.  */
struct records;

/* DECODER is borrowed and must outlive it.  NULL when out of memory.  */
struct records *records_new(const struct decoder *decoder);
void records_free(struct records *records);

/* An event that was recorded, and the COUNT ids its samples carry (0 is none).
   ATTR is copied; it is zeroed beyond what the writer knew.  Returns -1 when an
   allocation event's samples lack what is needed, or the samples of the
   events so far can't be told apart.  */
int records_add_event(struct records *records,
		      const struct perf_event_attr *attr,
		      const uint64_t *ids, size_t count, struct error *error);

/* All events are added, and no others were recorded: some functions are seen by
   their calls alone (HIT_ALONE, see trace/alone.h); of others, whose returns have
   call chains, those of the calls are not needed (HIT_CHAIN_FOLLOWS).  Returns 0,
   or -1 when out of memory.  */
int records_settle(struct records *records);

enum record_status {
	RECORD_OK,
	RECORD_IGNORED,         /* of a type that says nothing here */
	RECORD_BAD              /* inconsistent lengths; nothing was delivered */
};

/* Where a mapping's build id comes from when its record has none: fills
   build_id and build_id_size if it knows that of mapping->path.  CONTEXT
   must outlive RECORDS.  */
typedef void build_id_finder(void *context, struct mapping *mapping);
void records_set_build_ids(struct records *records, build_id_finder *find,
			   void *context);

/* Reads one record of which SIZE bytes are at hand (header.size of them are
   read).  RECORD must be aligned to 8 bytes.  Times of what the recording
   has no time for are 0.  */
enum record_status records_read(struct records *records,
				const struct perf_event_header *record,
				size_t size, const struct sink *sink);

/* The samples' raw data and numbers had the other byte order when they were
   recorded.  Call before adding events.  */
void records_set_swapped(struct records *records);

/* Gives the body of RECORD, of whose size all is there, this machine's byte
   order; its header has it already.  What a sample was made of in memory, raw
   data and the stack, stays as it is.  Returns 0; -1 where lengths are
   inconsistent.  */
int records_swap(const struct records *records,
		 struct perf_event_header *record);

/* When RECORD, as for records_read(), happened; 0: it does not tell.  */
uint64_t records_time(const struct records *records,
		      const struct perf_event_header *record);

/* Samples of allocation events that were delivered so far.  */
uint64_t records_hits(const struct records *records);

#endif
