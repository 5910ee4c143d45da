/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_READER_H
#define LEAKTOP_PERFDATA_READER_H

#include <stdint.h>

#include <linux/perf_event.h>

#include "perfdata/file.h"

/* Types of records that perf adds to the kernel's (tools/lib/perf,
   "enum perf_user_event_type"), where they need care.  */
enum {
	RECORD_USER_FIRST = 64,
	RECORD_TRACING_DATA = 66,
	RECORD_FINISHED_ROUND = 68,
	RECORD_AUXTRACE = 71,
	RECORD_COMPRESSED = 81,
	RECORD_COMPRESSED2 = 83,
	RECORD_USER_LAST = 127          /* perf is far from that */
};

/* Goes through the records in the data of a file.  */
struct reader {
	const uint8_t *map;
	uint64_t at;            /* offset in the file of the next record */
	uint64_t end;           /* of the data */
	/* Holds the record where it is not aligned in the file.  */
	uint64_t copy[(UINT16_MAX + 1) / sizeof(uint64_t)];
};

enum reader_status {
	READER_OK,
	READER_END,
	READER_CUT,             /* the record is longer than what is left */
	READER_BAD              /* no record can begin like this */
};

void reader_init(struct reader *reader, const struct file *file);

/* Moves behind the next record, and gives it in *RECORD, aligned to 8 bytes
   and valid until the next call, and what stands after it and belongs to it in
   *PAYLOAD.  Does not move unless it returns READER_OK.  */
enum reader_status reader_next(struct reader *reader,
			       const struct perf_event_header **record,
			       struct cursor *payload);

#endif
