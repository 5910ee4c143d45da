/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/intl.h"
#include "base/thread.h"
#include "perfdata/reader.h"
#include "perfdata/writer_create.h"
#include "perfdata/writer_journal.h"
#include "perfdata/writer_meta.h"
#include "perfdata/writer_queue.h"
#include "trace/synthesize.h"

#define QUEUE_SIZE ((size_t)64 << 20)
/* Chunks beyond the queue's size for what is not a sample: without a mapping or
   a fork the samples mean nothing, and there are few.  */
#define RESERVE 4
/* What is in memory may be lost: not more than of so many ns.  */
#define FLUSH_INTERVAL UINT64_C(1000000000)

struct writer {
	struct created file;
	struct writer_options options;
	struct meta meta;
	struct queue queue;
	pthread_t thread;

	/* Of the thread that fills.  */
	struct chunk *chunk;            /* being filled; NULL: none */
	size_t most;                    /* chunks */
	uint64_t dropped;               /* that the file does not tell of yet */
	uint64_t dropped_time;          /* of the last one */
	uint64_t flushed;               /* when, ns; 0: never */
	bool idle;                      /* nothing came since the last round */
	struct synthetic synthetic;

	/* Of the thread that writes.  */
	struct journal journal;

	_Atomic uint64_t lost;
	_Atomic uint64_t size;
	atomic_bool failed;             /* set after ERROR, by either thread */
	atomic_flag failing;            /* only the first error counts */
	struct error error;
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * UINT64_C(1000000000) +
		(uint64_t)time.tv_nsec;
}

static void fail(struct writer *writer, int code)
{
	if (atomic_flag_test_and_set(&writer->failing))
		return;
	error_set(&writer->error, _("%s: the recording ends here: %s"),
		  writer->file.name, strerror(code));
	atomic_store_explicit(&writer->failed, true, memory_order_release);
}

static bool has_failed(const struct writer *writer)
{
	return atomic_load_explicit(&writer->failed, memory_order_acquire);
}

/*
 * The thread that writes, and ends the file
 */

static void write_chunk(struct writer *writer, const struct chunk *chunk)
{
	meta_find_build_ids(&writer->meta, writer->options.find_build_id,
			    writer->options.context);
	if (journal_append(&writer->journal, &writer->meta, chunk->data,
			   chunk->size))
		fail(writer, errno);
	atomic_store_explicit(&writer->size, writer->journal.end,
			      memory_order_relaxed);
}

static void finish(struct writer *writer)
{
	if (!has_failed(writer) && writer->meta.event_count &&
	    journal_finish(&writer->journal, &writer->meta))
		fail(writer, errno);
}

static void *write_chunks(void *context)
{
	struct writer *writer = context;
	struct chunk *chunk;

	while ((chunk = queue_pop(&writer->queue))) {
		if (!has_failed(writer))
			write_chunk(writer, chunk);
		queue_give_back(&writer->queue, chunk);
	}
	finish(writer);
	return NULL;
}

/*
 * The thread that fills
 */

static void flush(struct writer *writer, uint64_t time)
{
	writer->flushed = time;
	if (!writer->chunk)
		return;
	queue_push(&writer->queue, writer->chunk);
	writer->chunk = NULL;
}

/* Appends RECORD.  Returns false if there is no room.  */
static bool append(struct writer *writer,
		   const struct perf_event_header *record, size_t most)
{
	struct chunk *chunk = writer->chunk;

	if (chunk && record->size > CHUNK_SIZE - chunk->size) {
		flush(writer, now());
		chunk = NULL;
	}
	if (!chunk) {
		chunk = writer->chunk = queue_take(&writer->queue, most);
		if (!chunk)
			return false;
	}
	memcpy(chunk->data + chunk->size, record, record->size);
	chunk->size += record->size;
	return true;
}

/* Tells of what was dropped, before anything else is appended.  Returns false
   if there is no room.  */
static bool tell_dropped(struct writer *writer, size_t most)
{
	const struct meta_event *event = writer->meta.events;

	writer->synthetic.attr = &event->attr;
	writer->synthetic.id = event->count ? event->ids[0] : 0;
	if (!append(writer, synthesize_lost(&writer->synthetic,
					    writer->dropped_time,
					    writer->dropped), most))
		return false;
	writer->dropped = 0;
	return true;
}

static void drop(struct writer *writer, const struct perf_event_header *record)
{
	uint64_t time = record->type == PERF_RECORD_SAMPLE ?
		meta_sample_time(&writer->meta, record) : 0;

	writer->dropped++;
	if (time)
		writer->dropped_time = time;
	atomic_fetch_add_explicit(&writer->lost, 1, memory_order_relaxed);
}

static void on_format(void *context, const char *group, const char *text,
		      size_t size)
{
	struct writer *writer = context;

	if (!has_failed(writer) &&
	    meta_add_format(&writer->meta, group, text, size))
		fail(writer, ENOMEM);
}

static void on_event(void *context, const struct perf_event_attr *attr,
		     const char *name, const uint64_t *ids, size_t count)
{
	struct writer *writer = context;

	if (!has_failed(writer) &&
	    meta_add_event(&writer->meta, attr, name, ids, count))
		fail(writer, ENOMEM);
}

static void on_record(void *context, const struct perf_event_header *record)
{
	struct writer *writer = context;
	size_t most = writer->most;

	if (has_failed(writer) || !writer->meta.event_count ||
	    record->size < sizeof(*record) || record->size % sizeof(uint64_t))
		return;
	writer->idle = false;
	if (record->type == PERF_RECORD_MMAP2)
		meta_add_mapping(&writer->meta, record);
	if (record->type != PERF_RECORD_SAMPLE)
		most += RESERVE;
	if ((writer->dropped && !tell_dropped(writer, most)) ||
	    !append(writer, record, most))
		drop(writer, record);
}

static void on_round(void *context)
{
	static const struct perf_event_header record = {
		.type = RECORD_FINISHED_ROUND,
		.size = sizeof(record),
	};
	struct writer *writer = context;
	uint64_t time;

	/* One that says nothing new is left out.  */
	if (!writer->idle && !has_failed(writer))
		append(writer, &record, writer->most + RESERVE);
	writer->idle = true;
	time = writer->chunk ? now() : writer->flushed;
	if (time - writer->flushed >= FLUSH_INTERVAL)
		flush(writer, time);
}

struct tap writer_tap(struct writer *writer)
{
	return (struct tap){
		.context = writer,
		.format = on_format,
		.event = on_event,
		.record = on_record,
		.round = on_round,
	};
}

uint64_t writer_lost(const struct writer *writer)
{
	return atomic_load_explicit(&writer->lost, memory_order_relaxed);
}

uint64_t writer_size(const struct writer *writer)
{
	return atomic_load_explicit(&writer->size, memory_order_relaxed);
}

bool writer_failed(const struct writer *writer, struct error *error)
{
	if (!has_failed(writer))
		return false;
	if (error)
		*error = writer->error;
	return true;
}

/*
 * Begin and end
 */

static void free_writer(struct writer *writer, bool undo)
{
	created_close(&writer->file, undo);
	journal_free(&writer->journal);
	meta_free(&writer->meta);
	queue_free(&writer->queue);
	free(writer->chunk);
	free(writer);
}

struct writer *writer_open(const char *path,
			   const struct writer_options *options,
			   struct error *error)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	int code;

	if (!writer) {
		error_set(error, _("out of memory"));
		return NULL;
	}
	if (created_open(&writer->file, path, error)) {
		free(writer);
		return NULL;
	}
	writer->options = *options;
	writer->most = (options->queue_size ? options->queue_size :
			QUEUE_SIZE) / CHUNK_SIZE;
	if (!writer->most)
		writer->most = 1;
	writer->idle = true;
	atomic_flag_clear(&writer->failing);
	queue_init(&writer->queue);
	meta_init(&writer->meta);
	writer->meta.arguments = options->arguments;
	journal_init(&writer->journal, writer->file.fd);
	code = thread_start(&writer->thread, write_chunks, writer);
	if (!code)
		return writer;
	error_set(error, _("can't start a thread: %s"), strerror(code));
	free_writer(writer, true);
	return NULL;
}

int writer_close(struct writer *writer, struct error *error)
{
	bool failed;

	if (writer->dropped && !has_failed(writer))
		tell_dropped(writer, SIZE_MAX);
	flush(writer, now());
	queue_end(&writer->queue);
	pthread_join(writer->thread, NULL);
	failed = writer_failed(writer, error);
	free_writer(writer, !writer->journal.valid);
	return failed ? -1 : 0;
}
