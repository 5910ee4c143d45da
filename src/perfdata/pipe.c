/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/pipe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "perfdata/reader.h"

/* The oldest attr, PERF_ATTR_SIZE_VER0; one that says 0 is of that size.  */
#define ATTR_SIZE_OLDEST 64

/* A record, and where what stands behind its header is in the file.  */
struct head_record {
	const struct perf_event_header *header;
	struct section body;
	struct section payload;
};

/* The numbers in it are read from the file, in the file's byte order.  */
static int add_event(struct file *file, const struct head_record *record)
{
	struct pipe *pipe = file->pipe;
	struct cursor cursor = file_section(file, record->body);
	struct section attr = { record->body.offset, ATTR_SIZE_OLDEST };
	uint32_t type, size;
	uint64_t ids;

	if (!cursor_u32(&cursor, &type) || !cursor_u32(&cursor, &size))
		return -1;
	if (size)
		attr.size = size;
	if (attr.size < ATTR_SIZE_OLDEST || attr.size > record->body.size)
		return -1;
	ids = record->body.size - attr.size;
	if (ids % sizeof(uint64_t))
		return -1;
	if (pipe->count == pipe->room) {
		size_t room = pipe->room ? pipe->room * 2 : 32;
		struct pipe_event *events = realloc(pipe->events,
						    room * sizeof(*events));

		if (!events)
			return -1;
		pipe->events = events;
		pipe->room = room;
	}
	pipe->events[pipe->count++] = (struct pipe_event){
		attr, { attr.offset + attr.size, ids }
	};
	return 0;
}

static void add_section(struct file *file, uint64_t feature,
			struct section section)
{
	if (feature >= FEATURE_MAX || !section.size)
		return;
	file->pipe->features[feature] = section;
	file->header.features[feature / 64] |= UINT64_C(1) << feature % 64;
}

static int add_feature(struct file *file, const struct head_record *record)
{
	struct cursor cursor = file_section(file, record->body);
	uint64_t feature;

	if (!cursor_u64(&cursor, &feature))
		return -1;
	add_section(file, feature, (struct section){
		record->body.offset + sizeof(feature),
		record->body.size - sizeof(feature)
	});
	return 0;
}

/* The table of build ids consists of such records, with their headers.  */
static void add_build_id(struct file *file, const struct head_record *record)
{
	struct section *table = &file->pipe->features[FEATURE_BUILD_ID];
	struct section entry = {
		record->body.offset - sizeof(*record->header),
		record->body.size + sizeof(*record->header)
	};

	if (table->size && table->offset + table->size == entry.offset)
		table->size += entry.size;
	else if (!table->size)
		add_section(file, FEATURE_BUILD_ID, entry);
}

static int take_record(struct file *file, const struct head_record *record)
{
	switch (record->header->type) {
	case RECORD_ATTR:
		return add_event(file, record);
	case RECORD_FEATURE:
		return add_feature(file, record);
	case RECORD_BUILD_ID:
		add_build_id(file, record);
		return 0;
	case RECORD_TRACING_DATA:
		add_section(file, FEATURE_TRACING_DATA, record->payload);
		return 0;
	default:
		return 0;
	}
}

/* Whether such a record comes after all that stand for a header.  */
static bool is_data(uint32_t type)
{
	return type < RECORD_USER_FIRST || type == RECORD_FINISHED_ROUND ||
		type == RECORD_FINISHED_INIT;
}

static int read_records(struct file *file, struct reader *reader,
			struct error *error)
{
	const struct perf_event_header *header;
	enum reader_status status;
	struct cursor payload;
	uint64_t at;

	for (;;) {
		struct head_record record;

		at = reader->at;
		status = reader_next(reader, &header, &payload);
		/* One out of a compressed record has no place in the file.  */
		if (status != READER_OK || is_data(header->type) ||
		    reader->inflate)
			break;
		record = (struct head_record){
			.header = header,
			.body = { at + sizeof(*header),
				  header->size - sizeof(*header) },
			.payload = { at + header->size, payload.left },
		};
		if (take_record(file, &record)) {
			status = READER_BAD;
			break;
		}
	}
	if (status == READER_FAILED)
		return error_set(error, "%s: %s", file->name,
				 file_trouble(file));
	if (status == READER_BAD || status == READER_CUT)
		return error_set(error, status == READER_BAD ?
			_("%s: is damaged at offset %#" PRIx64 ", before any event") :
			_("%s: is cut off at offset %#" PRIx64 ", before any event"),
			file->name, at);
	if (!file->pipe->count)
		return error_set(error, _("%s: has records, but none that says which events were recorded"),
				 file->name);
	return 0;
}

int pipe_read(struct file *file, struct error *error)
{
	struct reader *reader = malloc(sizeof(*reader));
	int result = -1;

	file->pipe = calloc(1, sizeof(*file->pipe));
	if (reader && file->pipe) {
		reader_init(reader, file);
		result = read_records(file, reader, error);
		reader_release(reader);
	} else {
		error_set(error, _("%s: out of memory"), file->name);
	}
	free(reader);
	return result;
}

void pipe_free(struct pipe *pipe)
{
	if (!pipe)
		return;
	free(pipe->events);
	free(pipe);
}
