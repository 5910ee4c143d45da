/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_TRACE_MODE_RECORD_H
#define LEAKTOP_TRACE_MODE_RECORD_H

#include <stdint.h>

#include <linux/perf_event.h>

/* A HIT_MODE as a record in a file, so that it tells as much as was known when
   it was made.  The kernel has none like it.  Type 65 is
   PERF_RECORD_HEADER_EVENT_TYPE, which perf itself wrote before Linux 3.10 and
   passes over since.  leaktop's recordings have other records of this type
   (perfdata/journal.h): misc and the magic number tell them apart.  */

#define RECORD_MODE 65
#define MODE_MISC (UINT16_MAX - 1)
/* "LEAKMODE" as a number.  */
#define MODE_MAGIC UINT64_C(0x45444f4d4b41454c)

struct mode_record {
	struct perf_event_header header;
	uint64_t magic;
	uint64_t time;          /* ns, of the recording's clock */
	uint64_t mode;          /* enum hit_mode */
};

#endif
