/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_MERGE_H
#define LEAKTOP_PERFDATA_MERGE_H

#include <stdbool.h>
#include <stddef.h>

#include "perfdata/reader.h"
#include "trace/records.h"

/* Goes through the records of several files, each of which holds those of
   one CPU's ring and so is sorted, in the order of time.  What has no time
   comes right behind what stands before it in its file; only a count of losses
   comes last, as it is of the whole recording.  */
struct merge;

/* FILES and RECORDS must outlive it; COUNT is at least 1.  Returns NULL when out
   of memory.  */
struct merge *merge_new(const struct file *const *files, size_t count,
			const struct records *records);
void merge_free(struct merge *merge);

/* As reader_next().  *READER is the one that it comes from, or that could go no
   further.  What is swapped has been swapped back.  READER_END: all are at
   their end.  */
enum reader_status merge_next(struct merge *merge,
			      const struct perf_event_header **record,
			      struct reader **reader);

/* The reader of the only file; NULL if there are several.  Who reads with it himself
   does the same as merge_next().  */
struct reader *merge_only(const struct merge *merge);

/* Whether what comes next can be read again on its own: there is one file, and
   nothing compressed in it so far.  */
bool merge_can_start(const struct merge *merge);

/* Where that begins; 0 where there are several files.  */
uint64_t merge_place(const struct merge *merge);

/* Before anything is read: it begins at PLACE, which is 0 for where the data begins,
   or what merge_place() was, and what is beyond END is not likely to be read.  */
void merge_start(struct merge *merge, uint64_t place, uint64_t end);

/* Bytes that are through, of all files.  */
uint64_t merge_done(const struct merge *merge);

/* Gives back the memory of what has been read, so that a long file takes no
   more than a short one.  Cheap: may be called often.  */
void merge_release(struct merge *merge);

#endif
