/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "capture/target.h"
#include "trace/records.h"

/* Attaching takes a while, and threads that are born meanwhile inherit some
   events and not others.  They are given a set of rings of their own, with
   all events; what the first set tells of them is dropped.  A thread belongs
   to the set that it was listed for; one born later to that of its parent,
   as a fork record of that same set tells, whose event is opened last.  */

#define SETS_MAX 16

/* No thread has a higher id (PID_MAX_LIMIT).  */
#define TIDS_MAX (1u << 22)

/* In place of a set: of a thread that ended before it had one, though it may
   be listed for long (a zombie).  */
#define OWNER_DEAD 255

/* The later sets have few threads, and get rings of this part.  */
#define LATER_RING_PART 4
#define RING_SIZE_MIN 65536

/* A hit that must wait until it is known to which set its thread belongs: the
   fork record may be in a ring that is read later.  */
struct pending {
	struct pending *next;
	struct hit hit;
	unsigned set;
	uint64_t pass;
	size_t size;
	uint64_t chain[];
};

struct watch {
	pid_t pid;
	struct records *records;
	struct rings *set[SETS_MAX];
	unsigned sets;
	uint8_t *owner;         /* by thread id: index of its set + 1; 0 unknown.
	                           Mostly never touched, so it takes few pages.  */
	unsigned offset[ALLOC_COUNT];   /* of the probe in its function */
	struct pending *first, **last;
	uint64_t pass;
	bool no_files;          /* that is what opening failed for */
	bool full;              /* a ring was, so that samples may be lost */
	uint64_t lost;          /* as told already */
	uint64_t from, until;   /* the times of what is delivered */
	/* To the next watch, whose it is; and from the one before.  */
	struct handover *gives, *takes;
	/* During a pass.  */
	const struct sink *sink;
	struct sink own;
	unsigned current;
};

static unsigned owner_of(const struct watch *watch, uint32_t tid)
{
	return tid < TIDS_MAX ? watch->owner[tid] : 1;
}

static void set_owner(struct watch *watch, uint32_t tid, unsigned owner)
{
	if (tid < TIDS_MAX)
		watch->owner[tid] = owner;
}

static bool is_in_time(const struct watch *watch, uint64_t time)
{
	return time >= watch->from && time < watch->until;
}

static unsigned handover_find(const struct handover *handover, uint32_t tid)
{
	unsigned i = 0;

	while (i < handover->count && handover->thread[i].tid != tid)
		i++;
	return i;
}

/* HIT is delivered by the old watch.  */
static void handover_note(struct handover *handover, const struct hit *hit)
{
	unsigned i = handover_find(handover, hit->tid);

	if (hit->time + HANDOVER_NS < handover->cut)
		return;
	if (i == HANDOVER_THREADS) {
		handover->crowded = true;
		return;
	}
	if (i == handover->count)
		handover->count++;
	handover->thread[i].tid = hit->tid;
	handover->thread[i].last = hit->time;
}

/* Whether the new watch delivers HIT.  */
static bool handover_takes(const struct handover *handover,
			   const struct hit *hit)
{
	unsigned i;

	if (hit->time >= handover->cut + HANDOVER_NS || handover->crowded)
		return hit->time >= handover->cut;
	i = handover_find(handover, hit->tid);
	if (i < handover->count)
		return hit->time > handover->thread[i].last;
	return hit->time + HANDOVER_NS >= handover->cut;
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
	watch->sink->hit(watch->sink->context, hit, chain, size);
}

static void postpone(struct watch *watch, const struct hit *hit,
		     const uint64_t *chain, size_t size)
{
	struct pending *pending =
		malloc(sizeof *pending + size * sizeof *chain);

	if (!pending)
		return;
	pending->next = NULL;
	pending->hit = *hit;
	pending->set = watch->current;
	pending->pass = watch->pass;
	pending->size = size;
	if (size)
		memcpy(pending->chain, chain, size * sizeof *chain);
	*watch->last = pending;
	watch->last = &pending->next;
}

/* Delivers or drops the postponed hits whose thread is known by now.  A fork
   record is older than the thread's first hit, so it has been read at the end
   of the next pass.  */
static void settle(struct watch *watch)
{
	struct pending **link = &watch->first;

	while (*link) {
		struct pending *pending = *link;
		unsigned owner = owner_of(watch, pending->hit.tid);

		if (!owner && pending->pass == watch->pass) {
			link = &pending->next;
			continue;
		}
		if ((owner ? owner - 1 : 0) == pending->set)
			deliver(watch, &pending->hit, pending->chain,
				pending->size);
		*link = pending->next;
		free(pending);
	}
	watch->last = link;
}

/* Kernels before 5.13 let child processes inherit the probes too, and all tell
   of their forks; they are not watched.  */
static bool is_target(const struct watch *watch, uint32_t pid)
{
	return pid == (uint32_t)watch->pid;
}

static void take_probe_hit(struct watch *watch, struct hit *hit,
			   const uint64_t *chain, size_t size)
{
	unsigned owner;

	if (!is_target(watch, hit->pid))
		return;
	/* The probes of a function share a place, which may lie behind its
	   entry.  */
	hit->address -= watch->offset[hit->function];
	if (watch->sets > 1) {
		owner = owner_of(watch, hit->tid);
		if (!owner) {
			postpone(watch, hit, chain, size);
			return;
		}
		if (owner - 1 != watch->current)
			return;
	}
	deliver(watch, hit, chain, size);
}

static void take_hit(void *context, struct hit *hit, const uint64_t *chain,
		     size_t size)
{
	struct watch *watch = context;
	unsigned mine = watch->current + 1;

	switch (hit->kind) {
	case HIT_CALL:
	case HIT_RETURN:
		take_probe_hit(watch, hit, chain, size);
		return;
	case HIT_LOST:
		break;
	case HIT_FORK:
		if (!is_target(watch, hit->pid) ||
		    owner_of(watch, hit->argument[1]) != mine)
			return;
		set_owner(watch, hit->tid, mine);
		break;
	default:
		if (!is_target(watch, hit->pid))
			return;
		if (hit->kind == HIT_EXIT && watch->sets > 1 && owner_of(watch, hit->tid) != mine)
			return;
		break;
	}
	deliver(watch, hit, chain, size);
}

static void take_mapping(void *context, const struct mapping *mapping)
{
	const struct watch *watch = context;
	const struct sink *sink = watch->sink;

	if (is_target(watch, mapping->pid) && is_in_time(watch, mapping->time))
		sink->mapping(sink->context, mapping);
}

static void take_comm(void *context, uint32_t pid, uint32_t tid,
		      const char *name, bool exec)
{
	const struct watch *watch = context;
	const struct sink *sink = watch->sink;

	if (is_target(watch, pid) && watch->from != UINT64_MAX)
		sink->comm(sink->context, pid, tid, name, exec);
}

static void take_record(void *context, const struct perf_event_header *record)
{
	struct watch *watch = context;

	records_read(watch->records, record, record->size, &watch->own);
}

uint64_t watch_pass(struct watch *watch, const struct sink *sink)
{
	uint64_t bytes = 0;

	if (!watch)
		return 0;
	watch->sink = sink;
	watch->pass++;
	for (unsigned i = 0; i < watch->sets; i++) {
		watch->current = i;
		bytes += rings_drain(watch->set[i], take_record, watch,
				     &watch->full);
	}
	if (watch->first) {
		settle(watch);
		bytes++;
	}
	return bytes;
}

struct adding {
	struct records *records;
	struct error *error;
};

static int add_event(void *context, const struct perf_event_attr *attr,
		     const uint64_t *ids, size_t count)
{
	struct adding *adding = context;

	return records_add_event(adding->records, attr, ids, count,
				 adding->error);
}

static size_t keep_living(struct watch *watch, pid_t *tids, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (target_thread_lives(watch->pid, tids[i]))
			tids[kept++] = tids[i];
		else
			set_owner(watch, tids[i], OWNER_DEAD);
	}
	return kept;
}

/* Opens one more set for TIDS.  Those that end meanwhile are left out, and if
   all do, there is no new set.  Returns 0 or -1.  */
static int add_set(struct watch *watch, const struct probes *probes,
		   const struct rings_options *options, pid_t *tids,
		   size_t count, struct error *error)
{
	struct adding adding = { watch->records, error };
	enum rings_status status = RINGS_GONE;
	struct rings *rings = NULL;

	while (count && status == RINGS_GONE) {
		status = rings_open(&rings, probes, options, tids, count,
				    error);
		if (status == RINGS_GONE)
			count = keep_living(watch, tids, count);
	}
	if (status == RINGS_FAILED || status == RINGS_FILES) {
		watch->no_files = status == RINGS_FILES;
		return -1;
	}
	if (!rings)
		return 0;
	error_set(error, _("out of memory"));
	if (rings_events(rings, add_event, &adding)) {
		rings_close(rings);
		return -1;
	}
	for (size_t i = 0; i < count; i++)
		set_owner(watch, tids[i], watch->sets + 1);
	watch->set[watch->sets++] = rings;
	rings_track(rings);
	return 0;
}

/* Lists the threads that no set covers.  Returns how many, -1 with a message.
   */
static long list_uncovered(struct watch *watch, const struct sink *sink,
			   pid_t **tids, struct error *error)
{
	long count = target_threads(watch->pid, tids);
	long uncovered = 0;

	if (count <= 0) {
		if (!count)
			free(*tids);
		return count ? error_set(error, _("out of memory")) :
			error_set(error, _("process %d has ended"),
				  (int)watch->pid);
	}
	/* After the listing: then who is in it, and born while forks were
	   recorded, is known.  */
	watch_pass(watch, sink);
	for (long i = 0; i < count; i++) {
		if (!owner_of(watch, (*tids)[i]))
			(*tids)[uncovered++] = (*tids)[i];
	}
	return uncovered;
}

static int attach(struct watch *watch, const struct probes *probes,
		  const struct rings_options *options,
		  const struct sink *sink, struct error *error)
{
	struct rings_options later = *options;

	later.ring_size = options->ring_size / LATER_RING_PART;
	if (later.ring_size < RING_SIZE_MIN)
		later.ring_size = RING_SIZE_MIN;
	while (watch->sets < SETS_MAX) {
		pid_t *tids;
		long count = list_uncovered(watch, sink, &tids, error);
		int result;

		if (count < 0)
			return -1;
		result = count ? add_set(watch, probes,
					 watch->sets ? &later : options,
					 tids, count, error) : 0;
		free(tids);
		if (result)
			return result;
		if (!count)
			return watch->sets ? 0 :
				error_set(error, _("process %d has ended"),
					  (int)watch->pid);
	}
	return error_set(error, _("process %d creates threads faster than they can be watched"),
			 (int)watch->pid);
}

struct watch *watch_open(pid_t pid, const struct probes *probes,
			 const struct libc *libc,
			 const struct decoder *decoder,
			 const struct rings_options *options,
			 const struct sink *sink, bool *no_files,
			 struct error *error)
{
	static const struct sink nobody;
	struct watch *watch = calloc(1, sizeof *watch);

	*no_files = false;
	if (!watch) {
		error_set(error, _("out of memory"));
		return NULL;
	}
	watch->pid = pid;
	watch->last = &watch->first;
	watch->from = sink ? 0 : UINT64_MAX;
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
	watch->owner = calloc(TIDS_MAX, 1);
	if (!watch->records || !watch->owner)
		error_set(error, _("out of memory"));
	else if (!attach(watch, probes, options, sink ? sink : &nobody, error))
		return watch;
	*no_files = watch->no_files;
	watch_close(watch);
	return NULL;
}

void watch_start(struct watch *watch)
{
	for (unsigned i = 0; i < watch->sets; i++)
		rings_start(watch->set[i]);
}

void watch_stop(struct watch *watch)
{
	for (unsigned i = 0; watch && i < watch->sets; i++)
		rings_stop(watch->set[i]);
}

void watch_deliver(struct watch *watch, uint64_t from, uint64_t until)
{
	watch->from = from;
	watch->until = until;
}

size_t watch_rings(const struct watch *watch)
{
	size_t count = 0;

	for (unsigned i = 0; watch && i < watch->sets; i++)
		count += rings_count(watch->set[i]);
	return count;
}

bool watch_fds(const struct watch *watch, struct pollfd *fds)
{
	bool all = true;

	for (unsigned i = 0; watch && i < watch->sets; i++) {
		for (size_t k = 0; k < rings_count(watch->set[i]); k++) {
			fds->fd = rings_wake_fd(watch->set[i], k);
			fds->events = POLLIN;
			all = all && fds->fd >= 0;
			fds++;
		}
	}
	return all;
}

unsigned long watch_files(const struct watch *watch)
{
	unsigned long files = 0;

	for (unsigned i = 0; watch && i < watch->sets; i++)
		files += rings_held(watch->set[i]);
	return files;
}

bool watch_was_full(const struct watch *watch)
{
	return watch && watch->full;
}

uint64_t watch_lost(struct watch *watch)
{
	uint64_t lost = 0, before;

	if (!watch)
		return 0;
	before = watch->lost;
	watch->full = false;
	for (unsigned i = 0; i < watch->sets; i++)
		lost += rings_lost(watch->set[i]);
	watch->lost = lost;
	return lost - before;
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	for (unsigned i = watch->sets; i-- > 0;)
		rings_close(watch->set[i]);
	while (watch->first) {
		struct pending *pending = watch->first;

		watch->first = pending->next;
		free(pending);
	}
	records_free(watch->records);
	free(watch->owner);
	free(watch->takes);
	free(watch);
}
