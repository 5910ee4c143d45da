/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/intl.h"
#include "base/clock.h"
#include "capture/target.h"
#include "capture/watch_internal.h"

/* A new thread is given copies of those events that its parent has at one
   moment early in clone(), some time before it shows in /proc and before the
   record of the fork.  While events are being opened one after another that
   may be a part of them, and nothing says which.  But the last event of a set
   (rings.c) records context switches: a thread that this event tells of has
   it, so it has all others of the set.  A thread that gives no such proof is
   given a set of its own, and what other sets tell of it is dropped.  */

/* How long threads may take to give a proof before another set is opened, in
   naps: most have only to be scheduled for the first time.  */
#define NAP_NS 1000000
#define NAPS 8

/* After the last set was opened: how often threads without proof are looked
   for, and after which time none can be in the middle of clone() that was
   there before.  ns.  */
#define LOOK_NS 20000000
#define SETTLE_NS 400000000

/* The later sets have few threads, and get rings of this part.  */
#define LATER_RING_PART 4
#define RING_SIZE_MIN 65536

static void nap(void)
{
	const struct timespec time = { .tv_nsec = NAP_NS };

	nanosleep(&time, NULL);
}

static size_t keep_living(struct watch *watch, pid_t *tids, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		/* Every thread has a directory of its own, too.  */
		if (target_thread_lives(tids[i], tids[i]))
			tids[kept++] = tids[i];
		else	/* though it may be listed for long (a zombie) */
			coverage_set(watch->coverage, tids[i], COVERED_ENDED);
	}
	return kept;
}

/* Opens one more set for TIDS.  Those that end meanwhile are left out, and if
   all do, there is no new set.  Returns 0 or -1.  */
static int add_set(struct watch *watch, pid_t *tids, size_t count,
		   struct error *error)
{
	struct rings_options options = watch->options;
	enum rings_status status = RINGS_GONE;
	struct rings *rings = NULL;

	if (watch->sets) {
		options.ring_size /= LATER_RING_PART;
		if (options.ring_size < RING_SIZE_MIN)
			options.ring_size = RING_SIZE_MIN;
	}
	while (count && status == RINGS_GONE) {
		status = rings_open(&rings, watch->probes, &options, tids,
				    count, error);
		if (status == RINGS_GONE)
			count = keep_living(watch, tids, count);
	}
	if (status == RINGS_FAILED || status == RINGS_FILES) {
		watch->no_files = status == RINGS_FILES;
		return -1;
	}
	if (!rings)
		return 0;
	if (rings_tell_records(rings, watch->records, error)) {
		rings_close(rings);
		return -1;
	}
	coverage_since(watch->coverage, watch->sets, clock_now());
	for (size_t i = 0; i < count; i++)
		coverage_open(watch->coverage, tids[i], watch->sets);
	watch->set[watch->sets++] = rings;
	watch->settled = clock_now() + SETTLE_NS;
	return 0;
}

/* Of COUNT threads, leaves those in TIDS that are covered by none.  Returns how
   many.  */
static size_t keep_uncovered(const struct watch *watch, pid_t *tids,
			     size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (coverage_of(watch->coverage, tids[i], UINT64_MAX) ==
		    COVERED_BY_NONE)
			tids[kept++] = tids[i];
	}
	return kept;
}

static size_t wait_for_proofs(struct watch *watch, const struct sink *sink,
			      pid_t *tids, size_t count)
{
	for (int naps = 0; count && watch->sets && naps < NAPS; naps++) {
		nap();
		watch_pass(watch, sink);
		count = keep_uncovered(watch, tids, count);
	}
	return count;
}

static int has_ended(const struct watch *watch, struct error *error)
{
	return error_set(error, _("process %d has ended"),
			 (int)family_target(watch->family));
}

/* Lists the threads that no set covers.  Returns how many, -1 with a message.
   */
static long list_uncovered(struct watch *watch, const struct sink *sink,
			   pid_t **tids, struct error *error)
{
	long count = family_threads(watch->family, tids);

	if (count <= 0) {
		if (!count)
			free(*tids);
		return count ? error_set(error, _("out of memory")) :
			has_ended(watch, error);
	}
	watch_pass(watch, sink);
	count = keep_uncovered(watch, *tids, count);
	return wait_for_proofs(watch, sink, *tids, count);
}

int watch_cover(struct watch *watch, const struct sink *sink,
		struct error *error)
{
	/* Two lists without an uncovered thread, a nap apart: what was being
	   created before the first has come to light for the second, unless
	   the machine is very busy.  */
	int clean = 0;

	while (watch->sets < COVERAGE_SETS) {
		pid_t *tids;
		long count = list_uncovered(watch, sink, &tids, error);
		int result;

		if (count < 0)
			return -1;
		result = count ? add_set(watch, tids, count, error) : 0;
		free(tids);
		if (result)
			return result;
		clean = count ? 0 : clean + 1;
		if (clean && !watch->sets)
			return has_ended(watch, error);
		if (clean == 2)
			return 0;
		nap();
	}
	return error_set(error, _("process %d creates threads faster than they can be watched"),
			 (int)family_target(watch->family));
}

static void end_proving(struct watch *watch, uint64_t time)
{
	watch->proving = false;
	watch->proved = time;
	for (int i = 0; i < watch->sets; i++)
		rings_end_proof(watch->set[i]);
	free(watch->doubted);
	watch->doubted = NULL;
	watch->doubted_count = 0;
}

static bool was_doubted(const struct watch *watch, pid_t tid)
{
	for (size_t i = 0; i < watch->doubted_count; i++) {
		if (watch->doubted[i] == tid)
			return true;
	}
	return false;
}

/* Opens a set for those of TIDS that were uncovered at the last look, too.  */
static void cover_doubted(struct watch *watch, const pid_t *tids, size_t count)
{
	pid_t *old = malloc(count * sizeof *old);
	struct error error;
	size_t n = 0;

	for (size_t i = 0; old && i < count; i++) {
		if (was_doubted(watch, tids[i]))
			old[n++] = tids[i];
	}
	/* Without a set their hits are counted as lost.  */
	if (n && (watch->sets == COVERAGE_SETS ||
		  add_set(watch, old, n, &error))) {
		for (size_t i = 0; i < n; i++)
			coverage_set(watch->coverage, old[i], COVERED_NEVER);
	}
	free(old);
}

void watch_look(struct watch *watch)
{
	uint64_t time = clock_now();
	pid_t *tids;
	long count;

	if (time < watch->next_look)
		return;
	watch->next_look = time + LOOK_NS;
	watch->look[0] = watch->look[1];
	watch->look[1] = watch->pass;
	count = family_threads(watch->family, &tids);
	if (count < 0)
		return;
	count = keep_uncovered(watch, tids, count);
	if (count)
		cover_doubted(watch, tids, count);
	else if (time >= watch->settled && !coverage_kept(watch->coverage)) {
		free(tids);
		end_proving(watch, time);
		return;
	}
	free(watch->doubted);
	watch->doubted = tids;
	watch->doubted_count = count;
}
