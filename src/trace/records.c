/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "trace/records.h"

#include <stdlib.h>

#include "base/grown.h"
#include "base/intl.h"
#include "trace/alone.h"
#include "trace/mode_record.h"
#include "trace/records_internal.h"

/* perf's own record types, which the kernel does not know, begin here.  */
#define RECORD_USER_FIRST 64
#define RECORD_FINISHED_ROUND 68

/* Everything before READ in a sample is one u64 each, so its place follows
   from the number of lower bits, with IDENTIFIER before all.  */
#define SAMPLE_FIXED (PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP |		\
		      PERF_SAMPLE_TID | PERF_SAMPLE_TIME |		\
		      PERF_SAMPLE_ADDR | PERF_SAMPLE_ID |		\
		      PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |		\
		      PERF_SAMPLE_PERIOD)
/* What sample_id_all appends to the other records: the same, in this
   order, with IDENTIFIER after all.  */
#define TRAILER_FIXED (PERF_SAMPLE_TID | PERF_SAMPLE_TIME |		\
		       PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID |		\
		       PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER)

struct records *records_new(const struct decoder *decoder)
{
	struct records *records = calloc(1, sizeof(*records));

	if (records)
		records->decoder = decoder;
	return records;
}

void records_free(struct records *records)
{
	if (!records)
		return;
	free(records->events);
	idmap_free(&records->ids);
	free(records);
}

void records_set_build_ids(struct records *records, build_id_finder *find,
			   void *context)
{
	records->find_build_id = find;
	records->build_ids = context;
}

void records_set_swapped(struct records *records)
{
	records->swapped = true;
}

uint64_t records_hits(const struct records *records)
{
	return records->hits;
}

/* Where BIT stands in a sample of TYPE.  */
static int sample_place(uint64_t type, uint64_t bit)
{
	if (!(type & bit))
		return NOWHERE;
	if (bit == PERF_SAMPLE_IDENTIFIER)
		return 0;
	return __builtin_popcountll(type & SAMPLE_FIXED & (bit - 1)) +
		!!(type & PERF_SAMPLE_IDENTIFIER);
}

/* Where BIT stands in a trailer, 1 being the record's last u64.  */
static int trailer_place(uint64_t type, uint64_t bit)
{
	if (!(type & bit))
		return NOWHERE;
	return 1 + __builtin_popcountll(type & TRAILER_FIXED &
					~(bit | (bit - 1)));
}

static void event_init(struct event *event, const struct layout *layout,
		       const struct perf_event_attr *attr, bool swapped)
{
	uint64_t type = attr->sample_type;

	*event = (struct event){
		.layout = layout,
		.sample_type = type,
		.read_format = attr->read_format,
		.branches = attr->branch_sample_type,
		.chained = type & PERF_SAMPLE_CALLCHAIN &&
			   !attr->exclude_callchain_user,
		.fixed = __builtin_popcountll(type & SAMPLE_FIXED),
		.tid = sample_place(type, PERF_SAMPLE_TID),
		.time = sample_place(type, PERF_SAMPLE_TIME),
		.trailer_time = NOWHERE,
		.trailer_id = NOWHERE,
	};
	/* A stack of the other byte order is no use.  */
	if (type & PERF_SAMPLE_REGS_USER && type & PERF_SAMPLE_STACK_USER &&
	    !swapped)
		event->registers = attr->sample_regs_user;
	event->dumps = event->registers;
	event->machine = dump_machine(event->registers);
	if (!attr->sample_id_all)
		return;
	event->trailer = __builtin_popcountll(type & TRAILER_FIXED);
	event->trailer_time = trailer_place(type, PERF_SAMPLE_TIME);
	event->trailer_id = trailer_place(type, type & PERF_SAMPLE_IDENTIFIER ?
					  PERF_SAMPLE_IDENTIFIER :
					  PERF_SAMPLE_ID);
}

static int id_place(uint64_t type)
{
	return type & PERF_SAMPLE_IDENTIFIER ? 0 :
		sample_place(type, PERF_SAMPLE_ID);
}

/* Whether EVENT, which is not the first, has its id where the others have
   it.  */
static bool id_agrees(const struct records *records, const struct event *event)
{
	int place = id_place(event->sample_type);

	return place != NOWHERE && place == records->sample_id &&
		event->trailer_id == records->trailer_id;
}

static int add_ids(struct records *records, const uint64_t *ids, size_t count,
		   struct error *error)
{
	uint32_t index = (uint32_t)records->count;

	if (idmap_reserve(&records->ids, count))
		return error_set(error, _("out of memory"));
	for (size_t i = 0; i < count; i++) {
		if (ids[i] && idmap_add(&records->ids, ids[i], index) != index)
			return error_set(error, _("two events have the same id"));
	}
	return 0;
}

/* Makes room for one more event.  Returns 0 or -1.  */
static int reserve_event(struct records *records)
{
	struct event *events = grown(records->events, records->count,
				     sizeof(*events));

	if (!events)
		return -1;
	records->events = events;
	return 0;
}

static void make_shadow(struct event *event)
{
	event->shadow = true;
	event->dumps = true;
	event->flags |= HIT_DUMP_ONLY;
}

/* Of two events on one probe of which only one takes stack dumps, as leaktop
   itself records the sizes in focus, the one with the dumps is the other's
   shadow.  */
static void find_shadows(struct records *records, struct event *event)
{
	for (size_t i = 0; event->layout && i < records->count; i++) {
		struct event *other = &records->events[i];

		if (other->layout != event->layout ||
		    !other->registers == !event->registers)
			continue;
		make_shadow(event->registers ? event : other);
	}
}

int records_add_event(struct records *records,
		      const struct perf_event_attr *attr,
		      const uint64_t *ids, size_t count, struct error *error)
{
	const struct layout *layout = NULL;
	struct event event;

	if (attr->type == PERF_TYPE_TRACEPOINT)
		layout = decoder_layout(records->decoder, attr->config, NULL);
	event_init(&event, layout, attr, records->swapped);
	if (layout)
		event.name = decoder_event_name(records->decoder, attr->config);
	if (layout && !(attr->sample_type & PERF_SAMPLE_RAW))
		return error_set(error, _("the samples of %s have no raw data"),
				 event.name);
	if (layout && event.tid == NOWHERE)
		return error_set(error, _("the samples of %s do not tell the thread"),
				 event.name);
	if (!records->count) {
		records->sample_id = id_place(attr->sample_type);
		records->trailer_id = event.trailer_id;
	} else if (!id_agrees(records, &event)) {
		return error_set(error, _("the samples of different events cannot be told apart"));
	}
	if (reserve_event(records))
		return error_set(error, _("out of memory"));
	if (add_ids(records, ids, count, error))
		return -1;
	find_shadows(records, &event);
	records->events[records->count++] = event;
	return 0;
}

/* CHAINED: functions, by bits, whose returns have call chains.  */
static void settle_event(struct event *event, const struct alone *alone,
			 unsigned chained)
{
	unsigned function = event->layout->function;

	if (event->layout->kind != HIT_CALL)
		return;
	if (alone_is(alone, event->name, function)) {
		event->flags |= HIT_ALONE;
	} else if (chained >> function & 1) {
		event->flags |= HIT_CHAIN_FOLLOWS;
		event->spare |= SPARE_FOLLOWED;
	}
	if (allocators[function].result == RESULT_NONE)
		event->spare |= SPARE_RELEASES;
}

int records_settle(struct records *records)
{
	unsigned returns = 0, bare = 0;
	struct alone alone = { 0 };
	int result = 0;

	idmap_settle(&records->ids);
	for (size_t i = 0; i < records->count; i++) {
		const struct event *event = &records->events[i];
		const struct layout *layout = event->layout;

		if (!layout)
			continue;
		result |= alone_note(&alone, event->name, layout->function,
				     layout->kind);
		if (layout->kind != HIT_RETURN)
			continue;
		returns |= 1u << layout->function;
		if (!event->chained && !event->shadow)
			bare |= 1u << layout->function;
	}
	alone_settle(&alone);
	for (size_t i = 0; i < records->count; i++) {
		if (records->events[i].layout)
			settle_event(&records->events[i], &alone,
				     returns & ~bare);
	}
	alone_clear(&alone);
	return result;
}

uint64_t records_time(const struct records *records,
		      const struct perf_event_header *record)
{
	struct body body = body_of(record);
	const struct event *event;

	if (record->type >= RECORD_USER_FIRST)
		return 0;
	if (record->type == PERF_RECORD_SAMPLE) {
		event = sample_event(records, &body);
		return event && event->time != NOWHERE &&
			(size_t)event->time < body.count ?
			body.data[event->time] : 0;
	}
	event = trailer_event(records, &body);
	return event && event->trailer && event->trailer_time != NOWHERE &&
		(size_t)event->trailer_time <= body.count ?
		body.data[body.count - (size_t)event->trailer_time] : 0;
}

static enum record_status read_other(struct records *records,
				     const struct perf_event_header *record,
				     const struct sink *sink)
{
	struct body body = body_of(record);

	switch (record->type) {
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
	case PERF_RECORD_COMM:
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
	case PERF_RECORD_LOST:
	case PERF_RECORD_LOST_SAMPLES:
		return task_read(records, &body, sink);
	case RECORD_MODE:
		return mode_read(records, &body, sink);
	case RECORD_FINISHED_ROUND:
		sink->round(sink->context);
		return RECORD_OK;
	default:
		return RECORD_IGNORED;
	}
}

enum record_status records_read(struct records *records,
				const struct perf_event_header *record,
				size_t size, const struct sink *sink)
{
	if (size < sizeof(*record) || record->size < sizeof(*record) ||
	    record->size > size)
		return RECORD_BAD;
	/* Nearly all are.  */
	if (record->type == PERF_RECORD_SAMPLE)
		return sample_read(records, record, sink);
	return read_other(records, record, sink);
}
