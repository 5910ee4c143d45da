/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "base/clock.h"
#include "capture/watch_internal.h"

/* A record of a context switch, with the trailer that rings.c asks for.  */
struct switch_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t time;
	uint64_t id;
};

static bool is_in_time(const struct watch *watch, uint64_t time)
{
	return time >= watch->from && time < watch->until;
}

void watch_hand_over(struct watch *stale, struct watch *fresh,
		     struct handover *handover)
{
	if (stale) {
		stale->gives = handover;
		watch_deliver(stale, 0, handover->cut);
	}
	fresh->takes = handover;
	watch_deliver(fresh, handover->cut, UINT64_MAX);
}

static void deliver_probe_hit(struct watch *watch, struct hit *hit,
			      const uint64_t *chain, size_t size)
{
	if (watch->takes ? !handover_takes(watch->takes, hit) :
	    hit->time < watch->from)
		return;
	if (hit->time >= watch->until)
		return;
	if (watch->gives)
		handover_note(watch->gives, hit);
	watch->delivered = true;
	watch->sink->hit(watch->sink->context, hit, chain, size);
}

static void deliver(struct watch *watch, struct hit *hit,
		    const uint64_t *chain, size_t size)
{
	if (hit->kind == HIT_CALL || hit->kind == HIT_RETURN) {
		deliver_probe_hit(watch, hit, chain, size);
		return;
	}
	/* A loss is told of by the next record behind it.  */
	if (!is_in_time(watch, hit->time) &&
	    (hit->kind != HIT_LOST || hit->time < watch->from))
		return;
	watch->delivered = true;
	watch->sink->hit(watch->sink->context, hit, chain, size);
}

static void deliver_kept(void *context, struct hit *hit, const uint64_t *chain,
			 size_t size, const struct perf_event_header *record)
{
	struct watch *watch = context;

	watch->delivered = false;
	deliver(watch, hit, chain, size);
	if (watch->delivered)
		recording_record(watch->recording, record);
}

/* Delivers or drops the kept hits whose thread is known by now.  What makes it
   known is older than the thread's first hit, so it has been read at the end
   of the next pass; while threads have to prove that they are covered, after
   the next look but one.  */
static void settle(struct watch *watch, uint64_t until)
{
	watch->unseen += coverage_settle(watch->coverage, until,
					 watch->proving ? COVERED_BY_NONE : 0,
					 deliver_kept, watch);
}

static bool is_target(const struct watch *watch, uint32_t pid)
{
	return family_has(watch->family, pid);
}

static void take_probe_hit(struct watch *watch, struct hit *hit,
			   const uint64_t *chain, size_t size)
{
	if (!is_target(watch, hit->pid) || hit->time < watch->hits_from)
		return;
	/* The probes of a function share a place, which may lie behind its
	   entry.  */
	hit->address -= watch->offset[hit->function];
	/* Most often so.  */
	if (!watch->proving && watch->sets == 1) {
		deliver(watch, hit, chain, size);
		return;
	}
	switch (coverage_ask(watch->coverage, hit, watch->current)) {
	case COVERAGE_DELIVER:
		deliver(watch, hit, chain, size);
		break;
	case COVERAGE_KEEP:
		watch->unseen += !!coverage_keep(watch->coverage, hit,
						 watch->current, watch->pass,
						 chain, size, watch->record);
		break;
	case COVERAGE_DROP:
		break;
	case COVERAGE_MISSED:
		watch->unseen++;
		break;
	}
}

/* A new process.  Nothing that it does is told before that, so it can do no
   harm if two sets tell of it; but none may be the case while the record that
   tells of its parent is still in another CPU's ring.  */
static bool takes_process(struct watch *watch, const struct hit *hit)
{
	int by = coverage_of(watch->coverage, hit->argument[1], hit->time);

	if (by == watch->current && !watch->proving &&
	    hit->time >= watch->proved)
		coverage_set(watch->coverage, hit->tid, watch->current);
	return by == watch->current || by == COVERED_BY_NONE ||
		by == COVERED_ENDED;
}

static bool takes_task(struct watch *watch, const struct hit *hit)
{
	int by;

	/* Its number may have been a stranger's.  */
	if (hit->kind == HIT_FORK && hit->argument[0] != hit->pid)
		family_fork(watch->family, hit->pid, hit->argument[0]);
	if (!is_target(watch, hit->pid))
		return false;
	switch (hit->kind) {
	case HIT_EXEC:
		family_exec(watch->family, hit->pid);
		/* The thread that called it has the first one's id now.  */
		coverage_set(watch->coverage, hit->tid, watch->current);
		return true;
	case HIT_FORK:
		if (hit->argument[0] != hit->pid)
			return takes_process(watch, hit);
		if (coverage_of(watch->coverage, hit->argument[1],
				hit->time) != watch->current)
			return false;
		if (!watch->proving && hit->time >= watch->proved)
			coverage_set(watch->coverage, hit->tid, watch->current);
		return true;
	case HIT_EXIT:
		/* Only the events of the thread itself tell of it, and that
		   which does was opened behind the probes.  Later its parent's
		   set counts, of which the fork tells.  */
		if (watch->proving)
			coverage_prove(watch->coverage, hit->tid,
				       watch->current);
		if (hit->tid == hit->pid)
			family_exit(watch->family, hit->pid);
		by = coverage_of(watch->coverage, hit->tid, hit->time);
		return by == watch->current ||
			(by == COVERED_BY_NONE && hit->tid == hit->pid);
	default:
		return true;
	}
}

static void take_hit(void *context, struct hit *hit, const uint64_t *chain,
		     size_t size)
{
	struct watch *watch = context;

	if (hit->kind == HIT_CALL || hit->kind == HIT_RETURN)
		take_probe_hit(watch, hit, chain, size);
	else if (hit->kind == HIT_LOST || takes_task(watch, hit))
		deliver(watch, hit, chain, size);
}

static void take_mapping(void *context, const struct mapping *mapping)
{
	struct watch *watch = context;
	const struct sink *sink = watch->sink;

	if (!is_target(watch, mapping->pid) || !is_in_time(watch, mapping->time))
		return;
	watch->delivered = true;
	sink->mapping(sink->context, mapping);
}

static void take_comm(void *context, uint32_t pid, uint32_t tid,
		      const char *name, bool exec)
{
	struct watch *watch = context;
	const struct sink *sink = watch->sink;

	if (!is_target(watch, pid) || watch->from == UINT64_MAX)
		return;
	/* That of an exec goes with its HIT_EXEC, which comes first.  */
	if (!exec)
		watch->delivered = true;
	sink->comm(sink->context, pid, tid, name, exec);
}

/* Not executable: for the recording only, see report_map().  */
static bool is_data_mapping(const struct watch *watch,
			    const struct perf_event_header *record)
{
	uint32_t pid;

	if (record->type != PERF_RECORD_MMAP2 ||
	    !(record->misc & PERF_RECORD_MISC_MMAP_DATA) ||
	    record->size < sizeof(*record) + sizeof(pid))
		return false;
	memcpy(&pid, record + 1, sizeof(pid));
	return is_target(watch, pid) && watch->from != UINT64_MAX;
}

static void take_record(void *context, const struct perf_event_header *record)
{
	struct watch *watch = context;

	watch->delivered = watch->recording && is_data_mapping(watch, record);
	watch->record = watch->recording ? record : NULL;
	if (record->type != PERF_RECORD_SWITCH)
		records_read(watch->records, record, record->size, &watch->own);
	else if (watch->proving && record->size == sizeof(struct switch_record))
		coverage_prove(watch->coverage, ((const struct switch_record *)
						 (const void *)record)->tid,
			       watch->current);
	if (watch->delivered)
		recording_record(watch->recording, watch->record);
}

/* Tells the recording of the sets that are new, before it gets something out of
   them.  */
static void record_sets(struct watch *watch)
{
	if (!watch->started && watch->from == UINT64_MAX)
		return;
	while (watch->recorded_sets < watch->sets &&
	       !recording_events(watch->recording, watch->probes,
				 watch->set[watch->recorded_sets]))
		watch->recorded_sets++;
}

static bool is_looking(const struct watch *watch)
{
	return watch->proving && watch->started && watch->until == UINT64_MAX;
}

uint64_t watch_pass(struct watch *watch, const struct sink *sink)
{
	uint64_t bytes = 0;

	if (!watch)
		return 0;
	watch->sink = sink;
	watch->pass++;
	record_sets(watch);
	for (int i = 0; i < watch->sets; i++) {
		watch->current = i;
		bytes += rings_drain(watch->set[i], take_record, watch,
				     &watch->full);
	}
	if (is_looking(watch))
		watch_look(watch);
	if (coverage_kept(watch->coverage)) {
		settle(watch, is_looking(watch) ? watch->look[0] : watch->pass);
		bytes++;
	}
	return bytes;
}

bool watch_is_behind(const struct watch *watch)
{
	return watch && is_looking(watch) && coverage_kept(watch->coverage);
}

struct watch *watch_open(struct family *family, const struct probes *probes,
			 const struct libc *libc,
			 const struct decoder *decoder,
			 const struct rings_options *options,
			 const struct sink *sink,
			 struct recording *recording, bool *no_files,
			 struct error *error)
{
	static const struct sink nobody;
	struct watch *watch = calloc(1, sizeof *watch);

	*no_files = false;
	if (!watch) {
		error_set(error, _("out of memory"));
		return NULL;
	}
	watch->family = family;
	watch->probes = probes;
	watch->options = *options;
	watch->recording = recording;
	watch->proving = true;
	watch->from = sink ? 0 : UINT64_MAX;
	watch->hits_from = UINT64_MAX;
	watch->until = UINT64_MAX;
	watch->own = (struct sink){
		.context = watch,
		.hit = take_hit,
		.mapping = take_mapping,
		.comm = take_comm,
	};
	for (int id = 0; id < ALLOC_COUNT; id++)
		watch->offset[id] = libc->function[id].point.offset;
	watch->records = records_new(decoder);
	watch->coverage = coverage_new();
	if (!watch->records || !watch->coverage)
		error_set(error, _("out of memory"));
	else if (!watch_cover(watch, sink ? sink : &nobody, error))
		return watch;
	*no_files = watch->no_files;
	watch_close(watch);
	return NULL;
}

void watch_start(struct watch *watch)
{
	watch->hits_from = clock_now();
	watch->started = true;
	/* What was lost before.  */
	watch_lost(watch);
}

void watch_stop(struct watch *watch)
{
	for (int i = 0; watch && i < watch->sets; i++)
		rings_stop(watch->set[i]);
}

void watch_end(struct watch *watch, uint64_t time)
{
	if (watch)
		watch->until = time;
}

void watch_deliver(struct watch *watch, uint64_t from, uint64_t until)
{
	watch->from = from;
	watch->until = until;
}

size_t watch_rings(const struct watch *watch)
{
	size_t count = 0;

	for (int i = 0; watch && i < watch->sets; i++)
		count += rings_count(watch->set[i]);
	return count;
}

bool watch_fds(const struct watch *watch, struct pollfd *fds)
{
	bool all = true;

	for (int i = 0; watch && i < watch->sets; i++) {
		for (size_t k = 0; k < rings_count(watch->set[i]); k++) {
			fds->fd = rings_wake_fd(watch->set[i], k);
			fds->events = POLLIN;
			all = all && fds->fd >= 0;
			fds++;
		}
	}
	return all;
}

bool watch_keeps_parents(const struct watch *watch)
{
	return !watch || rings_keep_parents(watch->set[0]);
}

unsigned long watch_files(const struct watch *watch)
{
	unsigned long files = 0;

	for (int i = 0; watch && i < watch->sets; i++)
		files += rings_held(watch->set[i]);
	return files;
}

bool watch_was_full(const struct watch *watch)
{
	return watch && (watch->full || watch->unseen > watch->unseen_told);
}

uint64_t watch_lost(struct watch *watch)
{
	uint64_t lost = 0, before;

	if (!watch)
		return 0;
	before = watch->lost;
	watch->full = false;
	for (int i = 0; i < watch->sets; i++)
		lost += rings_lost(watch->set[i]);
	watch->lost = lost;
	lost += watch->unseen - watch->unseen_told;
	watch->unseen_told = watch->unseen;
	return lost - before;
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	for (int i = watch->sets; i-- > 0;)
		rings_close(watch->set[i]);
	records_free(watch->records);
	coverage_free(watch->coverage);
	free(watch->doubted);
	free(watch->takes);
	free(watch);
}
