/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "trace/records_internal.h"

#include <byteswap.h>
#include <string.h>

/* What a record of another type than SAMPLE begins with: numbers of 4 and 8
   bytes.  Bytes, such as a string, and a trailer follow.  */
static const struct {
	uint32_t type;
	const char *numbers;
} forms[] = {
	{ PERF_RECORD_MMAP, "44888" },
	{ PERF_RECORD_MMAP2, "44888448844" },
	{ PERF_RECORD_COMM, "44" },
	{ PERF_RECORD_FORK, "44448" },
	{ PERF_RECORD_EXIT, "44448" },
	{ PERF_RECORD_LOST, "88" },
	{ PERF_RECORD_LOST_SAMPLES, "8" },
};

/* The build id in an MMAP2, after five numbers, that stands where others have
   a device and an inode.  */
#define BUILD_ID_BEGIN 5
#define BUILD_ID_END 9

/* The record that is swapped.  */
struct swap {
	uint64_t *data;
	size_t count;           /* u64s */
	size_t at;              /* the next to be swapped */
};

static void swap_u64(uint64_t *number)
{
	*number = bswap_64(*number);
}


/* COUNT u64s.  Returns 0 or -1.  */
static int swap_many(struct swap *swap, uint64_t count)
{
	if (count > swap->count - swap->at)
		return -1;
	while (count--)
		swap_u64(&swap->data[swap->at++]);
	return 0;
}

/* A count and SIZE u64s for each.  */
static int swap_list(struct swap *swap, size_t extra, size_t size)
{
	uint64_t count;

	if (swap_many(swap, 1))
		return -1;
	count = swap->data[swap->at - 1];
	if (count > swap->count)
		return -1;
	return swap_many(swap, extra + count * size);
}

/* PERF_SAMPLE_READ.  */
static int swap_values(struct swap *swap, uint64_t format)
{
	size_t times = (size_t)!!(format & PERF_FORMAT_TOTAL_TIME_ENABLED) +
		(size_t)!!(format & PERF_FORMAT_TOTAL_TIME_RUNNING);
	size_t value = 1U + !!(format & PERF_FORMAT_ID) +
		!!(format & PERF_FORMAT_LOST);

	return format & PERF_FORMAT_GROUP ? swap_list(swap, times, value) :
		swap_many(swap, times + value);
}

/* Of the bits before READ, in the order of a sample.  */
static int swap_fixed(struct swap *swap, const struct event *event)
{
	if (swap_many(swap, (size_t)event->fixed))
		return -1;
	/* The thread is two numbers.  The CPU is, too, but nobody asks.  */
	if (event->tid != NOWHERE) {
		uint64_t *task = &swap->data[event->tid];

		*task = *task << 32 | *task >> 32;
	}
	return 0;
}

static int swap_sample(const struct records *records, struct body *body,
		       struct swap *swap)
{
	size_t place = (size_t)records->sample_id;
	const struct event *event;
	uint32_t *raw_size;

	/* The id tells what the rest is.  */
	if (records->count > 1 && place < swap->count)
		swap_u64(&swap->data[place]);
	event = sample_event(records, body);
	if (records->count > 1 && place < swap->count)
		swap_u64(&swap->data[place]);
	if (!event)
		return 0;
	if (swap_fixed(swap, event) ||
	    (event->sample_type & PERF_SAMPLE_READ &&
	     swap_values(swap, event->read_format)) ||
	    (event->sample_type & PERF_SAMPLE_CALLCHAIN &&
	     swap_list(swap, 0, 1)))
		return -1;
	if (!(event->sample_type & PERF_SAMPLE_RAW))
		return 0;
	if (swap->at >= swap->count)
		return -1;
	raw_size = (uint32_t *)(void *)&swap->data[swap->at];
	*raw_size = bswap_32(*raw_size);
	/* Of what comes behind it nothing is used.  */
	return 0;
}

/* The trailer; it can't be told from the bytes before it without its
   event.  */
static void swap_trailer(const struct records *records,
			 const struct body *body, struct swap *swap)
{
	size_t place = (size_t)records->trailer_id;
	bool has_id = records->count > 1 && records->events->trailer &&
		place <= swap->count;
	const struct event *event;

	if (has_id)
		swap_u64(&swap->data[swap->count - place]);
	event = trailer_event(records, body);
	if (!event && records->count)
		event = records->events;
	if (has_id)
		swap_u64(&swap->data[swap->count - place]);
	if (!event || (size_t)event->trailer > swap->count)
		return;
	for (size_t i = 1; i <= (size_t)event->trailer; i++)
		swap_u64(&swap->data[swap->count - i]);
}

static int swap_numbers(uint8_t *at, size_t size, const char *numbers,
			bool build_id)
{
	for (size_t i = 0; numbers[i]; i++) {
		size_t width = (size_t)(numbers[i] - '0');
		uint64_t v8;
		uint32_t v4;

		if (width > size)
			return -1;
		if (build_id && i >= BUILD_ID_BEGIN && i < BUILD_ID_END) {
			/* As it is.  */
		} else if (width == sizeof(v8)) {
			memcpy(&v8, at, sizeof(v8));
			v8 = bswap_64(v8);
			memcpy(at, &v8, sizeof(v8));
		} else {
			memcpy(&v4, at, sizeof(v4));
			v4 = bswap_32(v4);
			memcpy(at, &v4, sizeof(v4));
		}
		at += width;
		size -= width;
	}
	return 0;
}

int records_swap(const struct records *records,
		 struct perf_event_header *record)
{
	struct swap swap = {
		.data = (uint64_t *)(void *)(record + 1),
		.count = (record->size - sizeof(*record)) / sizeof(uint64_t),
	};
	struct body body = {
		.header = record, .data = swap.data, .count = swap.count,
	};

	if (record->type == PERF_RECORD_SAMPLE)
		return swap_sample(records, &body, &swap);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (forms[i].type != record->type)
			continue;
		swap_trailer(records, &body, &swap);
		return swap_numbers((uint8_t *)swap.data,
				    swap.count * sizeof(uint64_t),
				    forms[i].numbers,
				    record->misc & PERF_RECORD_MISC_MMAP_BUILD_ID);
	}
	return 0;
}
