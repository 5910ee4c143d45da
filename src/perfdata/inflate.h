/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_INFLATE_H
#define LEAKTOP_PERFDATA_INFLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "perfdata/cursor.h"
#include "perfdata/reader.h"

/* The records in compressed ones (perf record -z), which are one Zstandard
   stream, cut up anywhere.  Takes a fixed amount of memory and the stream's
   window, which is 128 MiB at most.  */
struct inflate;

/* SWAPPED: the records have the other byte order.  NULL when out of
   memory.  */
struct inflate *inflate_new(bool swapped);
void inflate_free(struct inflate *inflate);

/* Takes what comes next of the stream, when all before is used up; borrowed
   until the next call.  */
void inflate_feed(struct inflate *inflate, struct cursor bytes);

/* The next record, aligned to 8 bytes, its header with this machine's byte
   order; may be changed, and is valid until the next call.  READER_END: there
   is no whole one in what was fed so far.  */
enum reader_status inflate_next(struct inflate *inflate,
				struct perf_event_header **record);

/* Bytes that are no whole record so far.  */
size_t inflate_left(const struct inflate *inflate);

#endif
