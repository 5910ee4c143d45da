/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_WRITER_JOURNAL_H
#define LEAKTOP_PERFDATA_WRITER_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "perfdata/file.h"
#include "perfdata/writer_blob.h"
#include "perfdata/writer_features.h"
#include "perfdata/writer_meta.h"

/* The file of a recording as journal.h describes it: it can be read after
   each of these calls, whether they succeed or not.  */
struct journal {
	int fd;
	uint64_t end;           /* of what is in use, bytes */
	bool valid;             /* the header is there, and what it points to */
	uint64_t version;       /* of what META told when that was made */
	size_t formats;         /* that are in its tracing data */
	struct section attrs;
	struct section sections[WRITER_FEATURES];       /* size 0: not there */
	struct blob head;       /* of a part: what comes before its records */
	struct blob tail;       /* and after them */
};

/* FD is that of an empty file, owned by the caller.  */
void journal_init(struct journal *journal, int fd);
void journal_free(struct journal *journal);

/* Appends SIZE bytes of whole records.  META must have an event, and all
   events that the records are of.  Returns 0; -1 with errno: of the records
   those are kept for which there was room, and the file is finished, if there
   was room for that as well.  It can't be added to then.  */
int journal_append(struct journal *journal, struct meta *meta,
		   const void *records, size_t size);

/* Makes it a file like any of perf's.  Returns 0; -1 with errno.  */
int journal_finish(struct journal *journal, struct meta *meta);

#endif
