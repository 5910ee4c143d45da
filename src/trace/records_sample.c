/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "trace/records_internal.h"

#include <stdbool.h>
#include <string.h>

/* Values from here on are no addresses but say what follows in a chain.  */
#define CONTEXT_FIRST ((uint64_t)PERF_CONTEXT_MAX)

/* Steps over PERF_SAMPLE_READ; *AT counts u64s.  Returns 0 or -1.  */
static int skip_read(const struct event *event, const struct body *body, size_t *at)
{
	uint64_t format = event->read_format;
	size_t times = (size_t)!!(format & PERF_FORMAT_TOTAL_TIME_ENABLED) +
		(size_t)!!(format & PERF_FORMAT_TOTAL_TIME_RUNNING);
	size_t value = 1U + !!(format & PERF_FORMAT_ID) +
		!!(format & PERF_FORMAT_LOST);
	uint64_t values = 1;

	if (format & PERF_FORMAT_GROUP) {
		if (*at >= body->count)
			return -1;
		values = body->data[(*at)++];
		if (values > body->count)
			return -1;
	}
	*at += times + (size_t)values * value;
	return *at <= body->count ? 0 : -1;
}

struct chain {
	const uint64_t *frames;
	size_t size;
};

/* Finds the user's part of the COUNT entries of a call chain.  Those before
   any marker belong to where the sample hit, which MISC tells.  */
static inline struct chain user_part(const uint64_t *entry, size_t count,
				     uint16_t misc)
{
	const uint64_t *end = entry + count;
	struct chain chain = { entry, 0 };
	bool user = (misc & PERF_RECORD_MISC_CPUMODE_MASK) !=
		PERF_RECORD_MISC_KERNEL;

	for (;;) {
		while (entry < end && *entry < CONTEXT_FIRST)
			entry++;
		if (user && entry > chain.frames) {
			chain.size = (size_t)(entry - chain.frames);
			return chain;
		}
		if (entry == end)
			return (struct chain){ NULL, 0 };
		user = *entry++ == (uint64_t)PERF_CONTEXT_USER;
		chain.frames = entry;
	}
}

/* Steps over PERF_SAMPLE_CALLCHAIN; *AT counts u64s.  SPARE: the chain is not
   wanted.  Returns 0 or -1.  */
static inline int read_chain(const struct body *body, size_t *at, bool spare,
			     struct chain *chain)
{
	uint64_t count;

	if (*at >= body->count)
		return -1;
	count = body->data[(*at)++];
	if (count > body->count - *at)
		return -1;
	if (!spare)
		*chain = user_part(body->data + *at, (size_t)count,
				   body->header->misc);
	*at += (size_t)count;
	return 0;
}

/* Delivers what was recorded with HIT, of an event with dumps; AT as for
   dump_read().  Returns 0, or -1 when the sample's lengths are inconsistent.  */
static int deliver_dump(const struct event *event, const struct body *body,
			size_t at, const struct sink *sink,
			const struct hit *hit)
{
	struct dump dump;
	int found;

	if (!event->registers || !sink->dump)
		return 0;
	found = dump_read(event, body, at, &dump);
	if (found > 0)
		sink->dump(sink->context, hit, &dump);
	return found < 0 ? -1 : 0;
}

/* A sample's parts come in the order of linux/perf_event.h.  */
enum record_status sample_read(struct records *records,
			       const struct perf_event_header *record,
			       const struct sink *sink)
{
	const struct body body = body_of(record);
	const struct event *event = sample_event(records, &body);
	struct chain chain = { NULL, 0 };
	struct hit hit;
	uint32_t raw_size;
	uint32_t task[2];
	size_t at;

	if (!event || !event->layout)
		return RECORD_IGNORED;
	at = (size_t)event->fixed;
	if (at > body.count)
		return RECORD_BAD;
	if (event->sample_type & PERF_SAMPLE_READ &&
	    skip_read(event, &body, &at))
		return RECORD_BAD;
	if (event->sample_type & PERF_SAMPLE_CALLCHAIN &&
	    read_chain(&body, &at, event->spare & sink->spare_chains, &chain))
		return RECORD_BAD;
	if (at >= body.count)
		return RECORD_BAD;
	memcpy(&raw_size, body.data + at, sizeof(raw_size));
	if (raw_size > (body.count - at) * sizeof(uint64_t) - sizeof(raw_size) ||
	    layout_decode(event->layout,
			  (const char *)(body.data + at) + sizeof(raw_size),
			  raw_size, &hit))
		return RECORD_BAD;
	memcpy(task, body.data + event->tid, sizeof(task));
	hit.pid = task[0];
	hit.tid = task[1];
	hit.time = event->time == NOWHERE ? 0 : body.data[event->time];
	hit.chain = 0;
	hit.flags |= event->flags;
	/* Together with its size the raw data fills whole u64s.  */
	if (event->dumps &&
	    deliver_dump(event, &body,
			 at + (sizeof(raw_size) + raw_size + 7) / 8, sink,
			 &hit))
		return RECORD_BAD;
	if (hit.time > records->last_time)
		records->last_time = hit.time;
	if (event->shadow)
		return RECORD_OK;
	records->hits++;
	sink->hit(sink->context, &hit, chain.frames, chain.size);
	return RECORD_OK;
}
