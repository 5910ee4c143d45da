/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_READER_H
#define LEAKTOP_PERFDATA_READER_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/perf_event.h>

#include "perfdata/file.h"

/* Types of records that perf adds to the kernel's (tools/lib/perf,
   "enum perf_user_event_type"), where they need care.  */
enum {
	RECORD_USER_FIRST = 64,
	RECORD_ATTR = 64,
	RECORD_TRACING_DATA = 66,
	RECORD_BUILD_ID = 67,
	RECORD_FINISHED_ROUND = 68,
	RECORD_AUXTRACE = 71,
	RECORD_FEATURE = 80,
	RECORD_COMPRESSED = 81,
	RECORD_FINISHED_INIT = 82,
	RECORD_COMPRESSED2 = 83,
	RECORD_USER_LAST = 127          /* perf is far from that */
};

struct inflate;

/* Goes through the records in the data of a file, those out of compressed ones
   included.  */
struct reader {
	const struct file *file;
	const uint8_t *map;
	uint64_t at;            /* offset in the file of the next record; of one out
				   of a compressed record, of what comes after
				   that */
	uint64_t end;           /* of the data, as far as it is there */
	uint64_t began;         /* offset of the record that was read last, or the
				   one it came out of */
	struct inflate *inflate; /* owned; NULL until something is compressed */
	struct perf_event_header *mine; /* the newest record, if its header has been
				   swapped, and its body can be; else NULL */
	/* Holds the record where it is not aligned in the file, or has to be
	   swapped.  */
	uint64_t copy[(UINT16_MAX + 1) / sizeof(uint64_t)];
};

enum reader_status {
	READER_OK,
	READER_END,
	READER_CUT,             /* the record is longer than what is left */
	READER_BAD,             /* no record can begin like this */
	READER_FAILED           /* see file_trouble() */
};

/* FILE must outlive it.  */
void reader_init(struct reader *reader, const struct file *file);
/* Frees what it owns.  */
void reader_release(struct reader *reader);

/* Moves behind the next record, and gives it in *RECORD, aligned to 8 bytes
   and valid until the next call, and what stands after it and belongs to it in
   *PAYLOAD.  Waits for it, if the file is a stream.  The record's header has
   this machine's byte order, its body the file's.  Unless it returns READER_OK
   reader->at is that of what it did not read.  */
enum reader_status reader_next(struct reader *reader,
			       const struct perf_event_header **record,
			       struct cursor *payload);

/* The same as reader_next(), where the record can be used as it stands in the
   file: most can.  Returns whether it does.  */
static inline bool reader_in_place(struct reader *reader,
				 const struct perf_event_header **record)
{
	const uint8_t *at = reader->map + reader->at;
	uint64_t left = reader->end - reader->at;
	const struct perf_event_header *header = (const void *)at;

	if (reader->inflate || reader->file->swapped ||
	    left < sizeof(*header) || (uintptr_t)at % sizeof(uint64_t) ||
	    header->size < sizeof(*header) || header->size > left ||
	    header->type - 1 >= RECORD_USER_FIRST - 1)
		return false;
	*record = header;
	reader->began = reader->at;
	reader->at += header->size;
	return true;
}

#endif
