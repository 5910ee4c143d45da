/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_FEATURES_H
#define LEAKTOP_PERFDATA_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mapping.h"
#include "perfdata/file.h"

/* The sections that follow the data, each with a bit in the header.  Those that
   are of interest here.  */
enum feature {
	FEATURE_UNFINISHED = 0,         /* leaktop's own, see journal.h */
	FEATURE_TRACING_DATA = 1,
	FEATURE_BUILD_ID = 2,
	FEATURE_HOSTNAME = 3,
	FEATURE_OSRELEASE = 4,
	FEATURE_VERSION = 5,
	FEATURE_ARCH = 6,
	FEATURE_NRCPUS = 7,
	FEATURE_CMDLINE = 11,
	FEATURE_EVENT_DESC = 12,
	FEATURE_CLOCKID = 23,
	FEATURE_DIR_FORMAT = 24,
	FEATURE_COMPRESSED = 27,
	FEATURE_CLOCK_DATA = 29
};

/* As many as the header has bits.  */
#define FEATURE_MAX 256

bool features_has(const struct file *file, enum feature feature);

/* Whether the table of sections, and all of them, lie within the file; true
   as well where there are none.  */
bool features_complete(const struct file *file);

/* Whether a table of sections that would be this file's begins at OFFSET.  */
bool features_at(const struct file *file, uint64_t offset);

/* The bytes of a feature; none when the file has it not.  */
struct cursor feature_section(const struct file *file, enum feature feature);

/* Steps over a string with its length before it, as features have.  Returns
   NULL when there is none, or it does not end.  */
const char *feature_string(struct cursor *cursor);

/* The name that perf gave the event with that index; NULL: not known.  */
const char *feature_event_name(const struct file *file, size_t index);

/* The build ids of files, by path.  */
struct build_ids {
	struct build_id *table; /* sorted by path */
	size_t count;
};

struct build_id {
	const char *path;       /* in the file */
	const uint8_t *id;
	uint8_t size;
};

/* Returns 0; -1 when out of memory.  A damaged table is read as far as it
   goes.  */
int build_ids_read(struct build_ids *ids, const struct file *file);
void build_ids_free(struct build_ids *ids);

/* A build_id_finder.  */
void build_ids_find(void *ids, struct mapping *mapping);

#endif
