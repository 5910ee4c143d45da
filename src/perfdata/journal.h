/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_JOURNAL_H
#define LEAKTOP_PERFDATA_JOURNAL_H

#include <stdint.h>

#include <linux/perf_event.h>

#include "perfdata/file.h"

/* How leaktop's recording looks until it is finished, so that at any moment it
   is a file that perf and leaktop read, should the writer be killed then.

   The file only grows.  What a finished file has around its data stands in the
   data here: in records of type 65, which perf takes from old files and passes
   over.  Such holders keep ids, attrs and sections for others to point to.
   After each part of the data comes one with a table of sections, the commit.
   Then the file's header is written again, in one piece: with the attrs, and
   with the data's end at that commit, as the table of sections is where the
   data ends.  Should the file be cut off, its last commit tells the same.

   So the commit is read in two ways: as a record, to be passed over when the
   data goes on behind it; and as a table, for which the record's header has to
   be a section.  It is that of feature 0, which no program looks at, and whose
   bit marks a file that is not finished.  */

/* What FEATURE_VERSION begins with in leaktop's own files.  */
#define VERSION_PREFIX "leaktop "

/* PERF_RECORD_HEADER_EVENT_TYPE in perf's sources.  */
#define RECORD_HOLDER 65

/* What misc says of a holder with a commit; others count from 0 in it.  */
#define HOLDER_COMMIT UINT16_MAX

/* The longest record: sizes have 16 bits and are multiples of 8.  */
#define RECORD_MAX (UINT16_MAX & ~7)

/* "LEAKTOP1" as a number.  */
#define COMMIT_MAGIC UINT64_C(0x31504f544b41454c)

/* The beginning of a commit; sections follow, one for each feature but 0, and
   then the end.  */
struct commit_start {
	struct perf_event_header header;
	uint64_t magic;
};

struct commit_end {
	struct section attrs;
	uint64_t features;      /* bits of the first 64 */
};

#endif
