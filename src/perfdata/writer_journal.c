/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/writer_journal.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "perfdata/journal.h"
#include "perfdata/writer_holder.h"

/* An entry of the header's attrs.  */
struct attr_entry {
	struct perf_event_attr attr;
	struct section ids;
};

void journal_init(struct journal *journal, int fd)
{
	*journal = (struct journal){
		.fd = fd, .end = sizeof(struct file_header)
	};
}

void journal_free(struct journal *journal)
{
	blob_free(&journal->head);
	blob_free(&journal->tail);
}

/* Writes all parts one after the other at OFFSET.  Returns how many bytes were
   written; less than all with errno.  */
static uint64_t write_parts(int fd, struct iovec *part, int count,
			    uint64_t offset)
{
	uint64_t written = 0;

	while (count) {
		ssize_t n = pwritev(fd, part, count, (off_t)(offset + written));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return written;
		written += (uint64_t)n;
		for (; count && (size_t)n >= part->iov_len; part++, count--)
			n -= (ssize_t)part->iov_len;
		if (count) {
			part->iov_base = (uint8_t *)part->iov_base + n;
			part->iov_len -= (size_t)n;
		}
	}
	return written;
}

/* In one call, so that it is there as a whole or not at all.  */
static int write_header(const struct journal *journal, uint64_t data_end,
			const struct section *attrs, uint64_t features)
{
	struct file_header header = {
		.magic = FILE_MAGIC,
		.size = sizeof(header),
		.attr_size = sizeof(struct attr_entry),
		.attrs = *attrs,
		.data = {
			.offset = sizeof(header),
			.size = data_end - sizeof(header),
		},
		.features = { features },
	};
	struct iovec part = { &header, sizeof(header) };

	return write_parts(journal->fd, &part, 1, 0) == sizeof(header) ? 0 : -1;
}

/*
 * Commits
 */

/* Whether the tracing data in the commit has what EVENT's samples need.
   perf refuses the whole file otherwise.  */
static bool has_format(const struct journal *journal, const struct meta *meta,
		       const struct meta_event *event)
{
	if (event->attr.type != PERF_TYPE_TRACEPOINT)
		return true;
	for (size_t i = 0; i < journal->formats; i++) {
		if (meta->formats[i].id == event->attr.config)
			return true;
	}
	return false;
}

/* Holds attrs and ids of as many events as a record has room for.  */
static void hold_events(struct journal *journal, struct holder *holder,
			const struct meta *meta)
{
	size_t most = (RECORD_MAX - sizeof(struct perf_event_header)) /
		sizeof(struct attr_entry);
	struct blob attrs = { 0 };

	for (size_t i = 0; i < meta->event_count && most; i++) {
		struct attr_entry entry = { .attr = meta->events[i].attr };

		if (!has_format(journal, meta, &meta->events[i]))
			continue;
		holder_ids(holder, meta->events[i].ids, meta->events[i].count,
			   &entry.ids);
		blob_add(&attrs, &entry, sizeof(entry));
		most--;
	}
	if (holder_place(holder, attrs.size, &journal->attrs))
		blob_add(holder->blob, attrs.data, attrs.size);
	holder->blob->failed |= attrs.failed;
	blob_free(&attrs);
}

/* Holds the features; of one that has no room the former contents go on to
   count.  */
static void hold_features(struct journal *journal, struct holder *holder,
			  const struct meta *meta)
{
	struct blob blob = { 0 };

	for (size_t i = 0; i < WRITER_FEATURES; i++) {
		if (writer_features[i].last)
			continue;
		blob.size = 0;
		writer_features[i].fill(&blob, meta);
		if (!blob.size ||
		    !holder_place(holder, blob.size, &journal->sections[i]))
			continue;
		blob_add(holder->blob, blob.data, blob.size);
		blob_align(holder->blob, 8);
		if (writer_features[i].feature == FEATURE_TRACING_DATA)
			journal->formats = meta->format_count;
	}
	holder->blob->failed |= blob.failed;
	blob_free(&blob);
}

/* Appends a commit.  Returns the features it has.  */
static uint64_t add_commit(struct blob *blob, const struct journal *journal)
{
	uint64_t features = UINT64_C(1) << FEATURE_UNFINISHED;
	struct commit_start start = {
		.header = { .type = RECORD_HOLDER, .misc = HOLDER_COMMIT },
		.magic = COMMIT_MAGIC,
	};
	struct commit_end end = { .attrs = journal->attrs };
	size_t sections = 0;

	for (size_t i = 0; i < WRITER_FEATURES; i++) {
		if (journal->sections[i].size) {
			features |= UINT64_C(1) << writer_features[i].feature;
			sections++;
		}
	}
	end.features = features;
	start.header.size = (uint16_t)(sizeof(start) + sizeof(end) +
				       sections * sizeof(struct section));
	blob_add(blob, &start, sizeof(start));
	for (size_t i = 0; i < WRITER_FEATURES; i++) {
		if (journal->sections[i].size)
			blob_add(blob, &journal->sections[i],
				 sizeof(journal->sections[i]));
	}
	blob_add(blob, &end, sizeof(end));
	return features;
}

/* Makes what comes before the next records: nothing, or, where there is
   something new, all that META tells, and a commit, so that they are
   understood should the file be cut off after any of them.  */
static void make_head(struct journal *journal, struct meta *meta)
{
	struct holder holder = { .blob = &journal->head, .base = journal->end };

	journal->head.size = 0;
	journal->head.failed = false;
	pthread_mutex_lock(&meta->lock);
	if (journal->version != meta->version) {
		hold_features(journal, &holder, meta);
		hold_events(journal, &holder, meta);
		holder_end(&holder);
		add_commit(&journal->head, journal);
		journal->version = meta->version;
	}
	pthread_mutex_unlock(&meta->lock);
}

/* Cuts the file off at what is in use.  What can't be cut off is behind what
   the header tells of, and does no harm.  */
static void cut(const struct journal *journal)
{
	int ignored = ftruncate(journal->fd, (off_t)journal->end);

	(void)ignored;
}

/*
 * The end
 */

/* Appends ids and attrs of all events.  BASE: where BLOB will be.  */
static struct section add_events(struct blob *blob, const struct meta *meta,
				 uint64_t base)
{
	struct section attrs;
	uint64_t ids;

	blob_align(blob, 8);
	ids = base + blob->size;
	for (size_t i = 0; i < meta->event_count; i++)
		blob_add(blob, meta->events[i].ids,
			 meta->events[i].count * sizeof(uint64_t));
	attrs = (struct section){
		base + blob->size, meta->event_count * sizeof(struct attr_entry)
	};
	for (size_t i = 0; i < meta->event_count; i++) {
		struct attr_entry entry = {
			.attr = meta->events[i].attr,
			.ids = { ids, meta->events[i].count * sizeof(uint64_t) },
		};

		blob_add(blob, &entry, sizeof(entry));
		ids += entry.ids.size;
	}
	return attrs;
}

/* Makes all that comes after the data, which ends at BASE.  Returns the
   features.  */
static uint64_t make_end(struct blob *blob, const struct meta *meta,
			 uint64_t base, struct section *attrs)
{
	struct section sections[WRITER_FEATURES];
	struct blob contents = { 0 };
	uint64_t features = 0;
	uint64_t at = base;
	size_t count = 0;

	for (size_t i = 0; i < WRITER_FEATURES; i++) {
		size_t start = contents.size;

		writer_features[i].fill(&contents, meta);
		if (contents.size == start)
			continue;
		features |= UINT64_C(1) << writer_features[i].feature;
		sections[count++] = (struct section){ start,
						      contents.size - start };
	}
	at += count * sizeof(*sections);
	for (size_t i = 0; i < count; i++)
		sections[i].offset += at;
	blob_add(blob, sections, count * sizeof(*sections));
	blob_add(blob, contents.data, contents.size);
	*attrs = add_events(blob, meta, base);
	blob->failed |= contents.failed;
	blob_free(&contents);
	return features;
}

int journal_finish(struct journal *journal, struct meta *meta)
{
	struct blob blob = { 0 };
	struct section attrs;
	struct iovec part;
	uint64_t features;
	int result = -1;

	pthread_mutex_lock(&meta->lock);
	features = make_end(&blob, meta, journal->end, &attrs);
	pthread_mutex_unlock(&meta->lock);
	part = (struct iovec){ blob.data, blob.size };
	errno = ENOMEM;
	if (!blob.failed &&
	    write_parts(journal->fd, &part, 1, journal->end) == blob.size)
		result = write_header(journal, journal->end, &attrs, features);
	if (result) {
		int code = errno;

		cut(journal);
		errno = code;
	} else {
		journal->valid = true;
	}
	blob_free(&blob);
	return result;
}

/* The bytes that finishing the file takes.  */
static uint64_t end_size(struct meta *meta)
{
	struct blob blob = { 0 };
	struct section attrs;
	uint64_t size;

	pthread_mutex_lock(&meta->lock);
	make_end(&blob, meta, 0, &attrs);
	pthread_mutex_unlock(&meta->lock);
	size = blob.size;
	blob_free(&blob);
	return size + sizeof(struct file_header);
}

/* How much of the SIZE bytes at RECORDS are whole records.  */
static size_t whole_records(const uint8_t *records, size_t size)
{
	size_t at = 0;

	while (size - at >= sizeof(struct perf_event_header)) {
		struct perf_event_header header;

		memcpy(&header, records + at, sizeof(header));
		if (header.size > size - at)
			break;
		at += header.size;
	}
	return at;
}

/* Finishes the file when only WRITTEN bytes of the head and of the SIZE bytes
   of RECORDS could be written: with as many records as leave room for the
   end.  */
static void finish_full(struct journal *journal, struct meta *meta,
			const void *records, size_t size, uint64_t written)
{
	uint64_t start = journal->end;
	uint64_t needed = journal->head.size + end_size(meta);

	if (written > needed) {
		written -= needed;
		journal->end += journal->head.size +
			whole_records(records, written < size ?
				      (size_t)written : size);
		cut(journal);
		if (!journal_finish(journal, meta))
			return;
		journal->end = start;
	}
	cut(journal);
	journal_finish(journal, meta);
}

int journal_append(struct journal *journal, struct meta *meta,
		   const void *records, size_t size)
{
	uint64_t features, written, most;
	struct iovec part[3];
	int code;

	make_head(journal, meta);
	journal->tail.size = 0;
	features = add_commit(&journal->tail, journal);
	part[0] = (struct iovec){ journal->head.data, journal->head.size };
	part[1] = (struct iovec){ (void *)(uintptr_t)records, size };
	part[2] = (struct iovec){ journal->tail.data, journal->tail.size };
	most = journal->head.size + size + journal->tail.size;
	errno = ENOMEM;
	written = journal->head.failed || journal->tail.failed ? 0 :
		write_parts(journal->fd, part, 3, journal->end);
	if (written == most &&
	    !write_header(journal, journal->end + written - journal->tail.size,
			  &journal->attrs, features)) {
		journal->end += written;
		journal->valid = true;
		return 0;
	}
	code = errno;
	finish_full(journal, meta, records, size, written);
	errno = code;
	return -1;
}
