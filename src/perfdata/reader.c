/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/reader.h"

#include <string.h>

void reader_init(struct reader *reader, const struct file *file)
{
	reader->map = file->map;
	reader->at = file->header.data.offset;
	reader->end = file->header.data.offset + file->header.data.size;
}

/* The number of bytes after RECORD that belong to it but are not counted in
   its size.  Returns false when the record is too short to tell.  */
static bool payload_size(const struct perf_event_header *record, uint64_t *size)
{
	const uint8_t *body = (const uint8_t *)(record + 1);
	size_t length = record->size - sizeof(*record);
	uint32_t size32;

	*size = 0;
	switch (record->type) {
	case RECORD_TRACING_DATA:
		if (length < sizeof(size32))
			return false;
		memcpy(&size32, body, sizeof(size32));
		*size = ((uint64_t)size32 + 7) & ~UINT64_C(7);
		return true;
	case RECORD_AUXTRACE:
		if (length < sizeof(*size))
			return false;
		memcpy(size, body, sizeof(*size));
		return true;
	default:
		return true;
	}
}

enum reader_status reader_next(struct reader *reader,
			       const struct perf_event_header **record,
			       struct cursor *payload)
{
	const uint8_t *at = reader->map + reader->at;
	uint64_t left = reader->end - reader->at;
	struct perf_event_header header;
	uint64_t extra = 0;

	if (!left)
		return READER_END;
	if (left < sizeof(header))
		return READER_CUT;
	memcpy(&header, at, sizeof(header));
	if (header.size < sizeof(header) || !header.type ||
	    header.type > RECORD_USER_LAST)
		return READER_BAD;
	if (header.size > left)
		return READER_CUT;
	if ((uintptr_t)at % sizeof(uint64_t)) {
		memcpy(reader->copy, at, header.size);
		at = (const uint8_t *)reader->copy;
	}
	*record = (const struct perf_event_header *)(const void *)at;
	if (header.type >= RECORD_USER_FIRST && !payload_size(*record, &extra))
		return READER_BAD;
	if (extra > left - header.size)
		return READER_CUT;
	payload->at = reader->map + reader->at + header.size;
	payload->left = (size_t)extra;
	reader->at += header.size + extra;
	return READER_OK;
}
