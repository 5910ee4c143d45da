/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/reader.h"

#include <string.h>

#include "perfdata/inflate.h"

void reader_init(struct reader *reader, const struct file *file)
{
	reader->file = file;
	reader->map = file->map;
	reader->at = file->header.data.offset;
	reader->began = reader->at;
	reader->end = file_data_end(file);
	reader->inflate = NULL;
	reader->mine = NULL;
}

void reader_release(struct reader *reader)
{
	inflate_free(reader->inflate);
	reader->inflate = NULL;
}

/* The number of bytes after RECORD that belong to it but are not counted in
   its size.  Returns false when the record is too short to tell.  */
static bool payload_size(const struct perf_event_header *record, bool swapped,
			 uint64_t *size)
{
	struct cursor body = {
		(const uint8_t *)(record + 1), record->size - sizeof(*record),
		swapped
	};
	uint32_t size32;

	*size = 0;
	switch (record->type) {
	case RECORD_TRACING_DATA:
		if (!cursor_u32(&body, &size32))
			return false;
		*size = ((uint64_t)size32 + 7) & ~UINT64_C(7);
		return true;
	case RECORD_AUXTRACE:
		return cursor_u64(&body, size);
	default:
		return true;
	}
}

static inline bool is_compressed(const struct perf_event_header *record)
{
	return record->type == RECORD_COMPRESSED ||
		record->type == RECORD_COMPRESSED2;
}

/* Reads the header of the record in the file that comes next, and says how many
   bytes are there from its start.  */
static inline enum reader_status read_header(const struct reader *reader,
					     struct perf_event_header *header,
					     uint64_t *left)
{
	*left = reader->end - reader->at;
	if (!*left)
		return READER_END;
	if (*left < sizeof(*header))
		return READER_CUT;
	memcpy(header, reader->map + reader->at, sizeof(*header));
	if (reader->file->swapped)
		swap_header(header);
	if (header->size < sizeof(*header) || !header->type ||
	    header->type > RECORD_USER_LAST)
		return READER_BAD;
	return header->size > *left ? READER_CUT : READER_OK;
}

/* The same as reader_next(), without waiting, and with compressed records as
   they are.  */
static enum reader_status next_there(struct reader *reader,
				     const struct perf_event_header **record,
				     struct cursor *payload)
{
	const uint8_t *at = reader->map + reader->at;
	bool swapped = reader->file->swapped;
	struct perf_event_header header;
	uint64_t extra = 0;
	uint64_t left;
	enum reader_status status = read_header(reader, &header, &left);

	if (status != READER_OK)
		return status;
	if ((uintptr_t)at % sizeof(uint64_t) || swapped) {
		memcpy(reader->copy, at, header.size);
		at = (const uint8_t *)reader->copy;
	}
	if (swapped) {
		memcpy(reader->copy, &header, sizeof(header));
		reader->mine = (void *)reader->copy;
	}
	*record = (const struct perf_event_header *)(const void *)at;
	if (header.type >= RECORD_USER_FIRST &&
	    !payload_size(*record, swapped, &extra))
		return READER_BAD;
	if (extra > left - header.size)
		return READER_CUT;
	*payload = (struct cursor){
		reader->map + reader->at + header.size, (size_t)extra, swapped
	};
	reader->began = reader->at;
	reader->at += header.size + extra;
	return READER_OK;
}

/* The same, waiting.  */
static enum reader_status next_in_file(struct reader *reader,
				       const struct perf_event_header **record,
				       struct cursor *payload)
{
	for (;;) {
		enum reader_status status = next_there(reader, record, payload);
		uint64_t end;
		int more;

		if (status != READER_END && status != READER_CUT)
			return status;
		more = file_more(reader->file);
		if (!more)
			return status;
		end = reader->end;
		reader->end = file_data_end(reader->file);
		/* A part may have been kept.  */
		if (more < 0 && reader->end == end)
			return READER_FAILED;
	}
}

/* Gives what is compressed in RECORD to be inflated.  Returns 0 or -1.  */
static int inflate_record(struct reader *reader,
			  const struct perf_event_header *record)
{
	struct cursor body = {
		(const uint8_t *)(record + 1), record->size - sizeof(*record),
		reader->file->swapped
	};
	uint64_t size;

	/* The newer one is padded, and says how long it is without that.  */
	if (record->type == RECORD_COMPRESSED2) {
		if (!cursor_u64(&body, &size) || size > body.left)
			return -1;
		body.left = (size_t)size;
	}
	if (!reader->inflate)
		reader->inflate = inflate_new(reader->file->swapped);
	if (!reader->inflate)
		return -1;
	inflate_feed(reader->inflate, body);
	return 0;
}

/* The same as reader_next(), of what has been fed.  READER_END: more is to be
   fed.  */
static enum reader_status next_inflated(struct reader *reader,
					const struct perf_event_header **record,
					struct cursor *payload)
{
	struct perf_event_header *next;
	enum reader_status status = inflate_next(reader->inflate, &next);
	uint64_t extra;

	if (status != READER_OK)
		return status;
	*record = next;
	*payload = CURSOR_NONE;
	if (reader->file->swapped)
		reader->mine = next;
	/* The kernel's records are compressed, and no others.  */
	if (next->type >= RECORD_USER_FIRST &&
	    (!payload_size(next, reader->file->swapped, &extra) || extra ||
	     is_compressed(next)))
		return READER_BAD;
	return READER_OK;
}

enum reader_status reader_next(struct reader *reader,
			       const struct perf_event_header **record,
			       struct cursor *payload)
{
	if (reader_in_place(reader, record)) {
		*payload = CURSOR_NONE;
		return READER_OK;
	}
	for (;;) {
		enum reader_status status;

		if (reader->inflate) {
			status = next_inflated(reader, record, payload);
			if (status == READER_BAD)
				reader->at = reader->began;
			if (status != READER_END)
				return status;
		}
		status = next_in_file(reader, record, payload);
		if (status == READER_END && reader->inflate &&
		    inflate_left(reader->inflate))
			return READER_CUT;
		if (status != READER_OK || !is_compressed(*record))
			return status;
		if (inflate_record(reader, *record)) {
			reader->at = reader->began;
			return READER_BAD;
		}
	}
}
