/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/merge.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "perfdata/ahead.h"

/* Bytes that are read before their memory is given back.  */
#define RELEASE_STEP (UINT64_C(16) << 20)

struct part {
	struct reader reader;
	const struct perf_event_header *record; /* that comes next, if there are
	                                           several parts */
	uint64_t time;          /* its */
	uint64_t released;      /* up to this offset */
};

struct merge {
	const struct records *records;
	struct part **parts;
	size_t count;
	struct part **queue;    /* those that have a record; a heap, the earliest
	                           first */
	size_t queued;
	size_t started;         /* of parts: their first record was read */
	bool first_is_used;     /* the record of the queue's first was given
	                           out */
	struct ahead *ahead;    /* of the only file; or NULL */
};

struct merge *merge_new(const struct file *const *files, size_t count,
			const struct records *records)
{
	struct merge *merge = calloc(1, sizeof(*merge));

	if (!merge)
		return NULL;
	merge->records = records;
	merge->parts = calloc(count, sizeof(struct part *));
	merge->queue = calloc(count, sizeof(struct part *));
	if (!merge->parts || !merge->queue)
		goto failed;
	for (; merge->count < count; merge->count++) {
		/* Most of it stays untouched.  */
		struct part *part = malloc(sizeof(*part));

		if (!part)
			goto failed;
		merge->parts[merge->count] = part;
		reader_init(&part->reader, files[merge->count]);
		part->record = NULL;
		part->time = 0;
		part->released = part->reader.at;
	}
	return merge;

failed:
	merge_free(merge);
	return NULL;
}

void merge_free(struct merge *merge)
{
	if (!merge)
		return;
	ahead_free(merge->ahead);
	for (size_t i = 0; i < merge->count; i++) {
		reader_release(&merge->parts[i]->reader);
		free(merge->parts[i]);
	}
	free(merge->parts);
	free(merge->queue);
	free(merge);
}

/* Reads PART's next record.  */
static enum reader_status read_part(const struct merge *merge,
				    struct part *part,
				    const struct perf_event_header **record)
{
	struct reader *reader = &part->reader;
	struct cursor payload;
	enum reader_status status = reader_next(reader, record, &payload);

	if (status == READER_OK && reader->mine &&
	    records_swap(merge->records, reader->mine)) {
		reader->at = reader->began;
		return READER_BAD;
	}
	return status;
}

/* The same, and when it was.  */
static enum reader_status advance(const struct merge *merge, struct part *part)
{
	enum reader_status status = read_part(merge, part, &part->record);
	uint64_t time;

	if (status != READER_OK)
		return status;
	time = records_time(merge->records, part->record);
	if (time)
		part->time = time;
	else if (part->record->type == PERF_RECORD_LOST_SAMPLES)
		part->time = UINT64_MAX;
	return READER_OK;
}

/* Moves the queue's first to where it belongs.  */
static void sink_first(struct merge *merge)
{
	struct part **queue = merge->queue;
	struct part *part = queue[0];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < merge->queued &&
		    queue[child + 1]->time < queue[child]->time)
			child++;
		if (child >= merge->queued || queue[child]->time >= part->time)
			break;
		queue[at] = queue[child];
		at = child;
	}
	queue[at] = part;
}

static void enqueue(struct merge *merge, struct part *part)
{
	struct part **queue = merge->queue;
	size_t at = merge->queued++;

	while (at && queue[(at - 1) / 2]->time > part->time) {
		queue[at] = queue[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	queue[at] = part;
}

/* Reads the first record of each part.  */
static enum reader_status start(struct merge *merge, struct reader **reader)
{
	while (merge->started < merge->count) {
		struct part *part = merge->parts[merge->started];
		enum reader_status status = advance(merge, part);

		*reader = &part->reader;
		if (status != READER_OK && status != READER_END)
			return status;
		merge->started++;
		if (status == READER_OK)
			enqueue(merge, part);
	}
	return READER_OK;
}

enum reader_status merge_next(struct merge *merge,
			      const struct perf_event_header **record,
			      struct reader **reader)
{
	enum reader_status status;
	struct part *part = merge->parts[0];

	*reader = &part->reader;
	if (merge->count == 1)
		return read_part(merge, part, record);
	if (merge->started < merge->count) {
		status = start(merge, reader);
		if (status != READER_OK)
			return status;
	}
	if (merge->first_is_used) {
		part = merge->queue[0];
		*reader = &part->reader;
		status = advance(merge, part);
		if (status == READER_END)
			merge->queue[0] = merge->queue[--merge->queued];
		else if (status != READER_OK)
			return status;
		if (merge->queued)
			sink_first(merge);
		merge->first_is_used = false;
	}
	if (!merge->queued)
		return READER_END;
	*reader = &merge->queue[0]->reader;
	*record = merge->queue[0]->record;
	merge->first_is_used = true;
	return READER_OK;
}

struct reader *merge_only(const struct merge *merge)
{
	return merge->count == 1 ? &merge->parts[0]->reader : NULL;
}

bool merge_can_start(const struct merge *merge)
{
	return merge->count == 1 && !merge->parts[0]->reader.inflate;
}

uint64_t merge_place(const struct merge *merge)
{
	return merge->count == 1 ? merge->parts[0]->reader.at : 0;
}

void merge_start(struct merge *merge, uint64_t place, uint64_t end)
{
	struct part *part = merge->parts[0];
	const struct file *file = part->reader.file;
	uint64_t data_end = file_data_end(file);

	if (place)
		part->reader.at = part->released = place;
	if (merge->count == 1 && !file->spool)
		merge->ahead = ahead_new(file->map, part->reader.at,
					 end < data_end ? end : data_end);
}

uint64_t merge_done(const struct merge *merge)
{
	uint64_t done = 0;

	for (size_t i = 0; i < merge->count; i++) {
		const struct reader *reader = &merge->parts[i]->reader;

		done += reader->at - reader->file->header.data.offset;
	}
	return done;
}

static void release_part(struct part *part)
{
	const struct reader *reader = &part->reader;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	/* The newest record may still be in use.  */
	uint64_t to = reader->began - reader->began % page;
	uint64_t from = part->released - part->released % page;

	part->released = to;
	if (to > from)
		madvise((void *)(uintptr_t)(reader->map + from),
			(size_t)(to - from), MADV_DONTNEED);
}

void merge_release(struct merge *merge)
{
	if (merge->ahead) {
		ahead_move(merge->ahead, merge_place(merge));
		return;
	}
	for (size_t i = 0; i < merge->count; i++) {
		if (merge->parts[i]->reader.at -
		    merge->parts[i]->released > RELEASE_STEP)
			release_part(merge->parts[i]);
	}
}
