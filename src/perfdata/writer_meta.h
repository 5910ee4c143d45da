/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_WRITER_META_H
#define LEAKTOP_PERFDATA_WRITER_META_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/perf_event.h>

#include "base/idmap.h"
#include "base/mapping.h"
#include "trace/records.h"

/* What a recording says besides its records: its events with their ids and
   formats, and the files that were mapped.  One thread adds to it, and may look
   at it without the lock; another one writes it down, under the lock.  */

struct meta_event {
	struct perf_event_attr attr;
	char *name;             /* owned */
	uint64_t *ids;          /* owned; no id twice, in no other event */
	size_t count;
	size_t room;
};

struct meta_format {
	char *group;            /* owned */
	char *text;             /* owned; ends in NUL */
	size_t size;            /* without that */
	uint64_t id;            /* of the event; an attr's config */
};

struct meta_object {
	char *path;             /* owned */
	uint32_t pid;           /* that has mapped it first */
	uint8_t build_id[BUILD_ID_MAX];
	uint8_t build_id_size;  /* 0: has none, or it is not known */
};

struct meta {
	pthread_mutex_t lock;
	const char *const *arguments;   /* of the command line, up to NULL;
					   borrowed */
	struct meta_event *events;
	size_t event_count;
	struct idmap ids;               /* indexes of events */
	struct meta_format *formats;
	size_t format_count;
	struct meta_object *objects;
	size_t object_count;
	size_t objects_asked;           /* for whose build ids was asked */
	struct idmap paths;             /* hashes of the objects' paths */
	uint64_t version;               /* of all this; grows */
};

void meta_init(struct meta *meta);
void meta_free(struct meta *meta);

/* All are copied.  They return 0; -1 when out of memory, or there are too
   many.  */
int meta_add_event(struct meta *meta, const struct perf_event_attr *attr,
		   const char *name, const uint64_t *ids, size_t count);
int meta_add_format(struct meta *meta, const char *group, const char *text,
		    size_t size);

/* RECORD: a PERF_RECORD_MMAP2.  Where there is no memory its file has no build
   id in the recording, that is all.  */
void meta_add_mapping(struct meta *meta,
		      const struct perf_event_header *record);

/* Asks FIND, without the lock, for the build ids of the files that have come
   since the last call.  */
void meta_find_build_ids(struct meta *meta, build_id_finder *find,
			 void *context);

/* The time of a PERF_RECORD_SAMPLE, ns; 0 if it has none.  */
uint64_t meta_sample_time(const struct meta *meta,
			  const struct perf_event_header *record);

#endif
