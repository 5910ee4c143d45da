/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "trace/records_internal.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

/* On LOST_SAMPLES: left out by a filter, on purpose.  */
#define MISC_LOST_SAMPLES_BPF (1 << 15)
#define MISC_FORK_EXEC (1 << 13)

const struct event *trailer_event(const struct records *records,
				  const struct body *body)
{
	const struct event *first = records->events;
	uint32_t index;
	uint64_t id;

	if (records->count < 2 || !first->trailer)
		return records->count ? first : NULL;
	if ((size_t)records->trailer_id > body->count)
		return NULL;
	id = body->data[body->count - (size_t)records->trailer_id];
	/* perf gives the records that it makes up no id.  */
	if (!id)
		return first;
	index = idmap_find(&records->ids, id);
	return index == IDMAP_NONE ? NULL : &records->events[index];
}

/* What a record of another type than SAMPLE says in its trailer.  */
struct trailer {
	const struct event *event;      /* NULL: not known */
	uint64_t time;
	size_t size;            /* bytes */
};

/* Returns 0; -1 when there is less than a trailer.  */
static int read_trailer(const struct records *records, const struct body *body,
			struct trailer *trailer)
{
	const struct event *event = trailer_event(records, body);

	*trailer = (struct trailer){ .event = event };
	/* The trailer's form is its event's; one that is unknown is
	   likely to have that of the first.  */
	if (!event)
		event = records->events;
	if (!event || !event->trailer)
		return 0;
	if ((size_t)event->trailer > body->count)
		return -1;
	trailer->size = (size_t)event->trailer * sizeof(uint64_t);
	if (event->trailer_time != NOWHERE)
		trailer->time = body->data[body->count -
					   (size_t)event->trailer_time];
	return 0;
}

/* The start of a record of another type: TYPE, when its body is at least
   that long without the trailer, else NULL.  */
#define BODY_AS(type, body, trailer)					\
	((const type *)body_as(body, trailer, sizeof(type)))

static const void *body_as(const struct body *body,
			   const struct trailer *trailer, size_t size)
{
	return body->count * sizeof(uint64_t) - trailer->size >= size ?
		body->data : NULL;
}

/* The string that begins OFFSET bytes into the body, or NULL when it does
   not end before the trailer.  */
static const char *body_string(const struct body *body,
			       const struct trailer *trailer, size_t offset)
{
	size_t size = body->count * sizeof(uint64_t) - trailer->size;
	const char *string = (const char *)body->data + offset;

	return size > offset && memchr(string, '\0', size - offset) ?
		string : NULL;
}

struct mmap_body {
	uint32_t pid;
	uint32_t tid;
	uint64_t start;
	uint64_t length;
	uint64_t offset;
};

struct mmap2_body {
	struct mmap_body mmap;
	uint8_t build_id_size;  /* these three only with MISC_MMAP_BUILD_ID */
	uint8_t reserved[3];
	uint8_t build_id[20];
	uint32_t prot;
	uint32_t flags;
};

/* Whether it is one of a program's executable mappings: not the
   kernel's, nor data.  */
static bool is_code(const struct body *body, const struct mmap_body *mmap)
{
	uint16_t mode = body->header->misc & PERF_RECORD_MISC_CPUMODE_MASK;

	return (mode == PERF_RECORD_MISC_USER ||
		mode == PERF_RECORD_MISC_CPUMODE_UNKNOWN) &&
		!(body->header->misc & PERF_RECORD_MISC_MMAP_DATA) &&
		mmap->pid != UINT32_MAX;
}

static enum record_status deliver_mapping(struct records *records,
					  const struct mmap_body *mmap,
					  struct mapping *mapping,
					  const struct sink *sink)
{
	if (mmap->length > UINT64_MAX - mmap->start)
		return RECORD_BAD;
	mapping->pid = mmap->pid;
	mapping->start = mmap->start;
	mapping->length = mmap->length;
	mapping->offset = mmap->offset;
	if (!mapping->build_id_size && records->find_build_id)
		records->find_build_id(records->build_ids, mapping);
	sink->mapping(sink->context, mapping);
	return RECORD_OK;
}

static enum record_status read_mmap(struct records *records,
				    const struct body *body,
				    const struct trailer *trailer,
				    const struct sink *sink)
{
	const struct mmap_body *mmap = BODY_AS(struct mmap_body, body, trailer);
	struct mapping mapping = { .time = trailer->time };

	mapping.path = body_string(body, trailer, sizeof(*mmap));
	if (!mmap || !mapping.path)
		return RECORD_BAD;
	if (!is_code(body, mmap))
		return RECORD_IGNORED;
	return deliver_mapping(records, mmap, &mapping, sink);
}

static enum record_status read_mmap2(struct records *records,
				     const struct body *body,
				     const struct trailer *trailer,
				     const struct sink *sink)
{
	const struct mmap2_body *mmap = BODY_AS(struct mmap2_body, body,
						trailer);
	struct mapping mapping = { .time = trailer->time };

	mapping.path = body_string(body, trailer, sizeof(*mmap));
	if (!mmap || !mapping.path)
		return RECORD_BAD;
	if (!is_code(body, &mmap->mmap) || !(mmap->prot & PROT_EXEC))
		return RECORD_IGNORED;
	if (body->header->misc & PERF_RECORD_MISC_MMAP_BUILD_ID) {
		if (mmap->build_id_size > BUILD_ID_MAX)
			return RECORD_BAD;
		mapping.build_id_size = mmap->build_id_size;
		memcpy(mapping.build_id, mmap->build_id, mmap->build_id_size);
	}
	return deliver_mapping(records, &mmap->mmap, &mapping, sink);
}

static enum record_status read_comm(const struct body *body,
				    const struct trailer *trailer,
				    const struct sink *sink)
{
	struct task { uint32_t pid, tid; };
	const struct task *task = BODY_AS(struct task, body, trailer);
	const char *name = body_string(body, trailer, sizeof(*task));
	bool exec = body->header->misc & PERF_RECORD_MISC_COMM_EXEC;

	if (!task || !name)
		return RECORD_BAD;
	if (exec) {
		struct hit hit = {
			.kind = HIT_EXEC,
			.time = trailer->time,
			.pid = task->pid,
			.tid = task->tid,
		};

		sink->hit(sink->context, &hit, NULL, 0);
	}
	sink->comm(sink->context, task->pid, task->tid, name, exec);
	return RECORD_OK;
}

static enum record_status read_task(const struct body *body,
				    const struct trailer *trailer,
				    const struct sink *sink)
{
	struct task { uint32_t pid, parent_pid, tid, parent_tid; uint64_t time; };
	const struct task *task = BODY_AS(struct task, body, trailer);
	bool fork = body->header->type == PERF_RECORD_FORK;
	struct hit hit = { .kind = fork ? HIT_FORK : HIT_EXIT };

	if (!task)
		return RECORD_BAD;
	/* This is how perf tells of a task that was there before.  */
	if (fork && body->header->misc & MISC_FORK_EXEC)
		return RECORD_IGNORED;
	hit.time = task->time;
	hit.pid = task->pid;
	hit.tid = task->tid;
	if (fork) {
		hit.argument[0] = task->parent_pid;
		hit.argument[1] = task->parent_tid;
	}
	sink->hit(sink->context, &hit, NULL, 0);
	return RECORD_OK;
}

/* A time for what perf wrote when all was over and has none.  */
static uint64_t time_or_last(const struct records *records,
			     const struct trailer *trailer)
{
	return trailer->time ? trailer->time : records->last_time;
}

static enum record_status read_lost(const struct records *records,
				    const struct body *body,
				    const struct trailer *trailer,
				    const struct sink *sink)
{
	struct lost { uint64_t id, count; };
	const struct lost *lost = BODY_AS(struct lost, body, trailer);
	struct hit hit = { .kind = HIT_LOST };

	if (!lost)
		return RECORD_BAD;
	/* ID is the owner's of the ring: any event's samples are missing.  */
	hit.time = time_or_last(records, trailer);
	hit.argument[0] = lost->count;
	sink->hit(sink->context, &hit, NULL, 0);
	return RECORD_OK;
}

/* The kernel itself writes these for the processor's own sampling only, not
   for probes; so they are perf's, which since 6.1 reads each event's count
   in the end.  */
static enum record_status read_lost_samples(const struct records *records,
					    const struct body *body,
					    const struct trailer *trailer,
					    const struct sink *sink)
{
	const uint64_t *count = BODY_AS(uint64_t, body, trailer);
	struct hit hit = { .kind = HIT_LOST, .flags = HIT_LOST_TOTAL };

	if (!count)
		return RECORD_BAD;
	if (body->header->misc & MISC_LOST_SAMPLES_BPF ||
	    (trailer->event && !trailer->event->layout))
		return RECORD_IGNORED;
	hit.time = time_or_last(records, trailer);
	hit.argument[0] = *count;
	sink->hit(sink->context, &hit, NULL, 0);
	return RECORD_OK;
}

enum record_status task_read(struct records *records, const struct body *body,
			     const struct sink *sink)
{
	struct trailer trailer;

	if (read_trailer(records, body, &trailer))
		return RECORD_BAD;
	switch (body->header->type) {
	case PERF_RECORD_MMAP:
		return read_mmap(records, body, &trailer, sink);
	case PERF_RECORD_MMAP2:
		return read_mmap2(records, body, &trailer, sink);
	case PERF_RECORD_COMM:
		return read_comm(body, &trailer, sink);
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		return read_task(body, &trailer, sink);
	case PERF_RECORD_LOST:
		return read_lost(records, body, &trailer, sink);
	default:
		return read_lost_samples(records, body, &trailer, sink);
	}
}
