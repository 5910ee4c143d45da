/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/focus.h"

#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "capture/rings.h"
#include "trace/records.h"

/* What a ring holds, in dumps.  */
#define DUMPS 512
#define RING_MIN (1u << 20)
#define RING_MAX (1u << 24)

/* The kernel takes a page.  */
#define FILTER_MAX 4000

/* How often the list of threads is read again because it has changed while the
   events were opened.  */
#define TRIES 3

struct focus {
	struct family *family;
	struct rings *rings;
	struct records *records;
	unsigned offset[ALLOC_COUNT];   /* of the probe in its function */
	struct sink own;
	/* During a pass.  */
	const struct sink *sink;
	struct recording *recording;
	bool taken;             /* the dump that was just read */
	uint64_t lost;          /* dumps, as told in the pass */
};

static void take_dump(void *context, const struct hit *hit,
		      const struct dump *dump)
{
	struct focus *focus = context;
	struct hit moved = *hit;

	if (!family_has(focus->family, hit->pid) || !focus->sink->dump)
		return;
	focus->taken = true;
	moved.flags |= HIT_DUMP_ONLY;
	moved.address -= focus->offset[hit->function];
	focus->sink->dump(focus->sink->context, &moved, dump);
}

static void drop_hit(void *context, struct hit *hit, const uint64_t *chain,
		     size_t size)
{
	(void)context;
	(void)hit;
	(void)chain;
	(void)size;
}

static size_t ring_size(uint32_t dump_bytes)
{
	size_t size = RING_MIN;

	while (size < (size_t)dump_bytes * DUMPS && size < RING_MAX)
		size *= 2;
	return size;
}

/* Whether COUNT and TIDS are still the threads of FAMILY.  */
static bool are_all(struct family *family, const pid_t *tids, long count)
{
	pid_t *now;
	long n = family_threads(family, &now);
	bool same = n == count &&
		!memcmp(now, tids, (size_t)n * sizeof *tids);

	if (n >= 0)
		free(now);
	return same;
}

/* Opens the rings for the threads that there are.  A thread that begins while
   they are opened may be left out: then it is tried again, a few times.  */
static int open_rings(struct focus *focus, const struct probes *probes,
		      const struct rings_options *options,
		      struct error *error)
{
	enum rings_status status = RINGS_GONE;

	for (int i = 0; i < TRIES; i++) {
		pid_t *tids;
		long count = family_threads(focus->family, &tids);
		bool same;

		if (count < 0)
			return error_set(error, _("out of memory"));
		rings_close(focus->rings);
		focus->rings = NULL;
		status = count ? rings_open(&focus->rings, probes, options,
					    tids, count, error) : RINGS_GONE;
		same = status == RINGS_OK && are_all(focus->family, tids, count);
		free(tids);
		if (same || status == RINGS_FAILED || status == RINGS_FILES)
			break;
	}
	if (status == RINGS_GONE)
		error_set(error, _("the threads of process %d change too fast to take their stacks"),
			  (int)family_target(focus->family));
	return status == RINGS_OK ? 0 : -1;
}

/* Fills in the filters; *TEXT is the caller's, to be freed when the rings are
   open.  Returns the functions that have one.  */
static unsigned make_filters(struct rings_options *options, char **text,
			     const struct capture_focus *wanted,
			     const struct libc *libc, unsigned functions)
{
	unsigned with = 0;

	*text = malloc((size_t)ALLOC_COUNT * FILTER_MAX);
	for (int id = 0; *text && id < ALLOC_COUNT; id++) {
		char *filter = *text + (size_t)id * FILTER_MAX;

		if (!allocators[id].acquires || !libc->function[id].present ||
		    !(functions & (1u << id)) ||
		    !focus_filter(filter, FILTER_MAX, &allocators[id], wanted))
			continue;
		options->filter[id] = filter;
		with |= 1u << id;
	}
	return with;
}

static int open_focus(struct focus *focus, const struct rings_options *base,
		      const struct capture_focus *wanted,
		      const struct probes *probes, const struct libc *libc,
		      unsigned functions, struct error *error)
{
	struct rings_options options = {
		.ring_size = ring_size(wanted->dump_bytes),
		.dump_bytes = wanted->dump_bytes,
		.follow_forks = base->follow_forks,
	};
	char *text;
	int result;

	error_set(error, _("out of memory"));
	options.functions = make_filters(&options, &text, wanted, libc,
					 functions);
	result = options.functions ?
		open_rings(focus, probes, &options, error) : -1;
	free(text);
	if (!result)
		result = rings_tell_records(focus->rings, focus->records,
					    error);
	return result;
}

struct focus *focus_open(struct family *family,
			 const struct rings_options *base,
			 const struct capture_focus *wanted,
			 const struct probes *probes, const struct libc *libc,
			 unsigned functions, const struct decoder *decoder,
			 struct error *error)
{
	struct focus *focus = calloc(1, sizeof *focus);

	if (!focus || !(focus->records = records_new(decoder))) {
		error_set(error, _("out of memory"));
		free(focus);
		return NULL;
	}
	focus->family = family;
	focus->own = (struct sink){
		.context = focus,
		.hit = drop_hit,
		.dump = take_dump,
	};
	for (int id = 0; id < ALLOC_COUNT; id++)
		focus->offset[id] = libc->function[id].point.offset;
	if (!open_focus(focus, base, wanted, probes, libc, functions, error))
		return focus;
	focus_close(focus);
	return NULL;
}

/* How many records RECORD tells to be missing.  */
static uint64_t lost_records(const struct perf_event_header *record)
{
	struct {
		struct perf_event_header header;
		uint64_t id;
		uint64_t lost;
	} lost;

	if (record->type != PERF_RECORD_LOST || record->size < sizeof(lost))
		return 0;
	memcpy(&lost, record, sizeof(lost));
	return lost.lost;
}

static void take_record(void *context, const struct perf_event_header *record)
{
	struct focus *focus = context;

	/* What is lost here are dumps, and nothing else comes.  */
	if (record->type != PERF_RECORD_SAMPLE) {
		focus->lost += lost_records(record);
		return;
	}
	focus->taken = false;
	records_read(focus->records, record, record->size, &focus->own);
	if (focus->taken)
		recording_record(focus->recording, record);
}

struct rings *focus_rings(const struct focus *focus)
{
	return focus->rings;
}

uint64_t focus_pass(struct focus *focus, const struct sink *sink,
		    struct recording *recording)
{
	bool full;

	if (!focus)
		return 0;
	focus->sink = sink;
	focus->recording = recording;
	focus->lost = 0;
	rings_drain(focus->rings, take_record, focus, &full);
	return focus->lost;
}

void focus_close(struct focus *focus)
{
	if (!focus)
		return;
	rings_close(focus->rings);
	records_free(focus->records);
	free(focus);
}
