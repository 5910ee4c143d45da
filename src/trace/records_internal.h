/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_TRACE_RECORDS_INTERNAL_H
#define LEAKTOP_TRACE_RECORDS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/idmap.h"
#include "trace/records.h"

/* What the files that read records share, and no others.  */

/* A place that is not there.  */
#define NOWHERE (-1)

/* An event, and where things stand in its records.  */
struct event {
	const struct layout *layout;    /* NULL: not an allocation event */
	const char *name;       /* "group:event", the decoder's; NULL without layout */
	uint64_t sample_type;
	uint64_t read_format;
	uint64_t branches;      /* PERF_SAMPLE_BRANCH_… */
	uint64_t registers;     /* mask of the user's in a sample; 0: no dump */
	uint16_t machine;       /* whose they are, see struct dump */
	uint16_t flags;         /* of its hits: what is known from its place among the
	                           others, see records_settle() */
	uint8_t spare;          /* enum spare_chains: what its chains are */
	bool chained;           /* its samples have the user's call chain */
	bool shadow;            /* the same calls are told by another event: these
	                           samples are dumps and nothing else */
	bool dumps;             /* there may be dumps: it has registers, or is a
	                           shadow */
	int fixed;              /* u64s before READ */
	int tid;                /* places in the sample, u64s from the body's start */
	int time;
	int trailer;            /* u64s of the trailer; 0: none */
	int trailer_time;       /* places in it, u64s back from the record's end */
	int trailer_id;
};

struct records {
	const struct decoder *decoder;
	struct event *events;
	size_t count;
	struct idmap ids;       /* indexes of events */
	int sample_id;          /* where each event has its id; see struct event */
	int trailer_id;
	uint64_t hits;
	uint64_t last_time;     /* the latest of any sample */
	build_id_finder *find_build_id;
	void *build_ids;
	bool swapped;           /* see records_set_swapped() */
};

/* The record's body: its u64s behind the header.  */
struct body {
	const struct perf_event_header *header;
	const uint64_t *data;
	size_t count;           /* whole u64s */
};

/* Needs no more than the header.  */
static inline struct body body_of(const struct perf_event_header *record)
{
	return (struct body){
		.header = record,
		.data = (const uint64_t *)(const void *)(record + 1),
		.count = (record->size - sizeof(*record)) / sizeof(uint64_t),
	};
}

/* The machine that user registers of MASK are of; 0: none that is known.  */
uint16_t dump_machine(uint64_t mask);

/* Reads the registers and the stack of a sample of EVENT.  AT: u64s from the
   body's start to what follows RAW.  DUMP points into BODY.  Returns 1, 0 when
   the sample has none, or -1 when its lengths are inconsistent.  */
int dump_read(const struct event *event, const struct body *body, size_t at,
	      struct dump *dump);

/* The event that a sample belongs to, or NULL.  */
static inline const struct event *sample_event(const struct records *records,
					       const struct body *body)
{
	uint32_t index;

	if (records->count == 1)
		return records->events;
	if (!records->count || (size_t)records->sample_id >= body->count)
		return NULL;
	index = idmap_find(&records->ids, body->data[records->sample_id]);
	return index == IDMAP_NONE ? NULL : &records->events[index];
}

/* The event whose trailer a record of another type has, or NULL.  */
const struct event *trailer_event(const struct records *records,
				  const struct body *body);

/* Reads a PERF_RECORD_SAMPLE.  */
enum record_status sample_read(struct records *records,
			       const struct perf_event_header *record,
			       const struct sink *sink);

/* Reads a record about a task: a mapping, its name, fork, exit; or about
   loss.  */
enum record_status task_read(struct records *records, const struct body *body,
			     const struct sink *sink);

/* Reads a record of type RECORD_MODE.  */
enum record_status mode_read(const struct records *records,
			     const struct body *body, const struct sink *sink);

#endif
