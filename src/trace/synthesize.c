/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "trace/synthesize.h"

#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#include "trace/mode_record.h"

/* The longest name of a task, with its NUL.  */
#define COMM_SIZE 16

struct mmap2 {
	uint32_t pid, tid;
	uint64_t start;
	uint64_t length;
	uint64_t offset;
	union {
		struct {
			uint32_t major, minor;
			uint64_t inode;
			uint64_t inode_generation;
		} file;
		struct {
			uint8_t size;
			uint8_t reserved[3];
			uint8_t bytes[BUILD_ID_MAX];
		} build_id;
	};
	uint32_t prot, flags;
};

/* The u64s of a trailer with everything.  */
#define TRAILER_MAX 6

_Static_assert(sizeof(struct perf_event_header) + sizeof(struct mmap2) +
	       PATH_MAX + 8 + TRAILER_MAX * sizeof(uint64_t) <= SYNTHETIC_SIZE,
	       "room for the longest record");

static struct perf_event_header *header_of(struct synthetic *synthetic)
{
	return (struct perf_event_header *)(void *)synthetic->data;
}

/* Begins a record.  */
static void begin(struct synthetic *synthetic, uint32_t type, uint16_t misc)
{
	*header_of(synthetic) = (struct perf_event_header){
		.type = type,
		.misc = misc,
		.size = sizeof(struct perf_event_header),
	};
}

/* Appends SIZE bytes, and zeros up to a multiple of 8.  */
static void append(struct synthetic *synthetic, const void *data, size_t size)
{
	struct perf_event_header *header = header_of(synthetic);
	size_t padded = (size + 7) & ~(size_t)7;
	uint8_t *at = (uint8_t *)synthetic->data + header->size;

	memset(at + padded - 8, 0, 8);
	memcpy(at, data, size);
	header->size = (uint16_t)(header->size + padded);
}

/* Appends what sample_id_all wants, in the kernel's order.  */
static const struct perf_event_header *end(struct synthetic *synthetic,
					   uint64_t time, uint32_t pid,
					   uint32_t tid)
{
	uint64_t type = synthetic->attr->sample_id_all ?
		synthetic->attr->sample_type : 0;
	const uint32_t task[2] = { pid, tid };
	const uint64_t none = 0;

	if (type & PERF_SAMPLE_TID)
		append(synthetic, task, sizeof(task));
	if (type & PERF_SAMPLE_TIME)
		append(synthetic, &time, sizeof(time));
	if (type & PERF_SAMPLE_ID)
		append(synthetic, &synthetic->id, sizeof(synthetic->id));
	if (type & PERF_SAMPLE_STREAM_ID)
		append(synthetic, &none, sizeof(none));
	if (type & PERF_SAMPLE_CPU)
		append(synthetic, &none, sizeof(none));
	if (type & PERF_SAMPLE_IDENTIFIER)
		append(synthetic, &synthetic->id, sizeof(synthetic->id));
	return header_of(synthetic);
}

const struct perf_event_header *
synthesize_mapping(struct synthetic *synthetic, const struct mapping *mapping)
{
	size_t length = strlen(mapping->path);
	uint16_t misc = PERF_RECORD_MISC_USER;
	struct mmap2 mmap2 = {
		.pid = mapping->pid,
		.tid = mapping->pid,
		.start = mapping->start,
		.length = mapping->length,
		.offset = mapping->offset,
		.prot = mapping->data ? PROT_READ : PROT_READ | PROT_EXEC,
		.flags = MAP_PRIVATE,
	};

	if (length >= PATH_MAX || mapping->build_id_size > BUILD_ID_MAX)
		return NULL;
	if (mapping->data)
		misc |= PERF_RECORD_MISC_MMAP_DATA;
	if (mapping->build_id_size) {
		misc |= PERF_RECORD_MISC_MMAP_BUILD_ID;
		mmap2.build_id.size = mapping->build_id_size;
		memcpy(mmap2.build_id.bytes, mapping->build_id,
		       mapping->build_id_size);
	}
	begin(synthetic, PERF_RECORD_MMAP2, misc);
	append(synthetic, &mmap2, sizeof(mmap2));
	append(synthetic, mapping->path, length + 1);
	return end(synthetic, mapping->time, mapping->pid, mapping->pid);
}

const struct perf_event_header *
synthesize_comm(struct synthetic *synthetic, uint64_t time, uint32_t pid,
		uint32_t tid, const char *name, bool exec)
{
	const uint32_t task[2] = { pid, tid };
	char comm[COMM_SIZE] = "";

	memcpy(comm, name, strnlen(name, sizeof(comm) - 1));
	begin(synthetic, PERF_RECORD_COMM, exec ? PERF_RECORD_MISC_COMM_EXEC : 0);
	append(synthetic, task, sizeof(task));
	append(synthetic, comm, strlen(comm) + 1);
	return end(synthetic, time, pid, tid);
}

const struct perf_event_header *
synthesize_lost(struct synthetic *synthetic, uint64_t time, uint64_t count)
{
	const uint64_t body[2] = { synthetic->id, count };

	begin(synthetic, PERF_RECORD_LOST, 0);
	append(synthetic, body, sizeof(body));
	return end(synthetic, time, 0, 0);
}

const struct perf_event_header *
synthesize_lost_samples(struct synthetic *synthetic, uint64_t time,
			uint64_t count)
{
	begin(synthetic, PERF_RECORD_LOST_SAMPLES, 0);
	append(synthetic, &count, sizeof(count));
	return end(synthetic, time, 0, 0);
}

const struct perf_event_header *
synthesize_mode(struct synthetic *synthetic, uint64_t time, enum hit_mode mode)
{
	const uint64_t body[] = { MODE_MAGIC, time, mode };

	begin(synthetic, RECORD_MODE, MODE_MISC);
	append(synthetic, body, sizeof(body));
	return header_of(synthetic);
}
