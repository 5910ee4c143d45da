/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/intl.h"
#include "capture/descriptors.h"
#include "capture/internal.h"
#include "capture/target.h"

/* A perf event that is only disabled keeps its breakpoint, and each event is
   for good with or without call chains.  So a change of mode opens another
   watch and closes the one before.  While both are open a moment is chosen:
   hits before it come from the one, hits from it on from the other, none is
   missed and none comes twice.  Where descriptors or memory do not suffice for
   both, the old one is closed first, and a gap is told of.

   Opening and closing take long.  A second thread does that, while this one
   goes on emptying the rings.  */

/* Between two looks into the rings meanwhile, ns.  */
#define LOOK_NS 1000000

const uint8_t dispensable[] = {
	ALLOC_VALLOC, ALLOC_MEMALIGN, ALLOC_REALLOCARRAY, ALLOC_POSIX_MEMALIGN,
	ALLOC_ALIGNED_ALLOC, ALLOC_CALLOC, ALLOC_COUNT
};

struct change {
	struct capture *capture;
	enum capture_mode mode;
	struct watch *fresh, *stale;
	struct error error;
};

static unsigned functions_of(enum capture_mode mode)
{
	unsigned functions = 0;

	for (int id = 0; id < ALLOC_COUNT; id++) {
		if (mode == CAPTURE_FULL || mode == CAPTURE_NO_CHAINS ||
		    (mode == CAPTURE_RELEASES && allocators[id].releases))
			functions |= 1u << id;
	}
	return functions;
}

/* What MODE shows with the functions that are not left out.  */
static enum hit_mode seen_in(const struct capture *capture,
			     enum capture_mode mode)
{
	switch (mode) {
	case CAPTURE_RELEASES:
		return MODE_RELEASES;
	case CAPTURE_PAUSED:
		return MODE_NOTHING;
	default:
		break;
	}
	for (const uint8_t *id = dispensable; *id < ALLOC_COUNT; id++) {
		if (capture->libc.function[*id].present &&
		    !(capture->functions & (1u << *id)))
			return MODE_MOST;
	}
	return MODE_ALL;
}

static size_t count_threads(struct family *family)
{
	pid_t *tids;
	long count = family_threads(family, &tids);

	if (count >= 0)
		free(tids);
	return count > 0 ? count : 1;
}

/* Leaves out the next function of FUNCTIONS that is there.  Returns whether
   there was one.  */
static bool leave_one_out(const struct capture *capture, unsigned *functions)
{
	for (const uint8_t *id = dispensable; *id < ALLOC_COUNT; id++) {
		if (capture->libc.function[*id].present &&
		    *functions & (1u << *id)) {
			*functions &= ~(1u << *id);
			return true;
		}
	}
	return false;
}

/* The functions that MODE can watch when SPARE more descriptors become
   free.  */
static unsigned choose(const struct capture *capture, enum capture_mode mode,
		       unsigned long spare)
{
	size_t threads = count_threads(capture->family);
	unsigned functions = ~0u, wanted = functions_of(mode);

	for (;;) {
		unsigned long needed = rings_files(&capture->probes,
						   functions & wanted,
						   threads);

		if (needed <= descriptors_room(needed > spare ? needed - spare : 0) +
		    spare || !leave_one_out(capture, &functions))
			return functions;
	}
}

struct watch *mode_open(struct capture *capture, enum capture_mode mode,
			const struct sink *sink, struct error *error)
{
	unsigned functions = choose(capture, mode, 0);
	struct rings_options options = capture->rings;
	struct watch *watch;
	bool no_files;

	options.chains = mode == CAPTURE_FULL;
	options.free_chains = mode == CAPTURE_FULL && capture->free_chains;
	do {
		options.functions = functions & functions_of(mode);
		watch = watch_open(capture->family, &capture->probes,
				   &capture->libc, capture->decoder, &options,
				   sink, capture->recording, &no_files, error);
	} while (!watch && no_files && leave_one_out(capture, &functions));
	/* The other modes need less and say nothing about this.  */
	if (watch && (mode == CAPTURE_FULL || mode == CAPTURE_NO_CHAINS))
		capture->functions = functions;
	return watch;
}

static void open_fresh(void *context)
{
	struct change *change = context;

	change->fresh = mode_open(change->capture, change->mode, NULL,
				  &change->error);
	if (change->fresh)
		watch_start(change->fresh);
}

static void stop_stale(void *context)
{
	struct change *change = context;

	watch_stop(change->stale);
}

static void close_stale(void *context)
{
	struct change *change = context;

	watch_close(change->stale);
}

static void tell_seen(struct capture *capture, enum hit_mode seen,
		      uint64_t time, const struct sink *sink)
{
	struct hit hit = {
		.kind = HIT_MODE,
		.pid = capture->pid,
		.tid = capture->pid,
		.time = time,
		.argument = { seen },
	};

	if (seen == capture->seen)
		return;
	capture->seen = seen;
	sink->hit(sink->context, &hit, NULL, 0);
	recording_mode(capture->recording, time, seen);
}

void mode_tell(struct capture *capture, uint64_t time, const struct sink *sink)
{
	tell_seen(capture, seen_in(capture, capture->mode), time, sink);
}

/* Ends and closes the stale watch while the fresh one, which may be NULL, is
   in use.  */
static void retire(struct change *change, const struct sink *sink)
{
	struct capture *capture = change->capture;
	int passes = 0;

	if (!change->stale)
		return;
	capture_beside(capture, stop_stale, change, change->stale,
		       change->fresh, sink);
	/* No probe handler runs on any CPU now, so all is in the rings.  */
	while (watch_pass(change->stale, sink) && ++passes < LAST_PASSES)
		watch_pass(change->fresh, sink);
	if (watch_was_full(change->stale))
		capture_tell_lost(capture, change->stale, sink);
	capture_beside(capture, close_stale, change, NULL, change->fresh, sink);
	change->stale = NULL;
}

/* Lets the new watch take over from the old one, while all that either has of
   that time is read.  Returns the time of the cut.  */
static uint64_t hand_over(struct change *change, struct handover *handover,
			  const struct sink *sink)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };

	handover->cut = clock_now() + HANDOVER_NS;
	watch_hand_over(change->stale, change->fresh, handover);
	/* The new one's are read last, when the old one's are all known; no
	   round ends in between.  */
	while (clock_now() < handover->cut + HANDOVER_NS) {
		watch_pass(change->stale, sink);
		capture_pass_focus(change->capture, sink);
		nanosleep(&pause, NULL);
	}
	watch_pass(change->stale, sink);
	/* What it still brings, held up between clock and ring, the new one
	   has, too.  */
	watch_deliver(change->stale, 0, 0);
	watch_pass(change->fresh, sink);
	return handover->cut;
}

/* Opens the new watch while the old one goes on.  Returns 0, or -1 when that
   can't be.  */
static int overlap(struct change *change, const struct sink *sink)
{
	struct capture *capture = change->capture;
	struct handover *handover = calloc(1, sizeof *handover);
	uint64_t time;

	if (!handover) {
		error_set(&change->error, _("out of memory"));
		return -1;
	}
	capture_beside(capture, open_fresh, change, change->stale, NULL, sink);
	if (!change->fresh || capture_use(capture, change->fresh)) {
		if (change->fresh)
			error_set(&change->error, _("out of memory"));
		watch_close(change->fresh);
		change->fresh = NULL;
		free(handover);
		return -1;
	}
	/* What it has up to now is the old one's, losses too.  */
	watch_pass(change->fresh, sink);
	if (watch_was_full(change->fresh))
		watch_lost(change->fresh);
	time = hand_over(change, handover, sink);
	capture->mode = change->mode;
	mode_tell(capture, time, sink);
	retire(change, sink);
	return 0;
}

/* Closes the old watch.  */
static void begin_gap(struct change *change, const struct sink *sink)
{
	struct capture *capture = change->capture;
	uint64_t time = clock_now();

	capture_use(capture, NULL);
	capture->mode = CAPTURE_PAUSED;
	mode_tell(capture, time, sink);
	watch_end(change->stale, time);
	retire(change, sink);
}

/* Opens the new watch where there is none.  Returns 0 or -1.  */
static int end_gap(struct change *change, const struct sink *sink)
{
	struct capture *capture = change->capture;
	int result = 0;
	uint64_t time;

	open_fresh(change);
	if (!change->fresh && change->mode != CAPTURE_PAUSED) {
		struct error error = change->error;

		/* At least new threads and mappings are to be known.  */
		result = -1;
		change->mode = CAPTURE_PAUSED;
		open_fresh(change);
		change->error = error;
	}
	if (!change->fresh)
		return -1;
	if (capture_use(capture, change->fresh)) {
		watch_close(change->fresh);
		return error_set(&change->error, _("out of memory"));
	}
	time = clock_now();
	watch_deliver(change->fresh, time, UINT64_MAX);
	capture_report_target(capture, time, sink);
	capture->mode = change->mode;
	mode_tell(capture, time, sink);
	return result;
}

int capture_set_mode(struct capture *capture, enum capture_mode mode,
		     const struct sink *sink, struct error *error)
{
	struct change change = {
		.capture = capture, .mode = mode, .stale = capture->watch,
	};
	unsigned before = capture->functions;
	unsigned long held = watch_files(capture->watch);
	struct error unfocused;
	int result = -1;

	if ((mode == capture->mode && capture->watch) || capture_has_ended(capture))
		return 0;
	if (capture->watch &&
	    choose(capture, mode, 0) == choose(capture, mode, held))
		result = overlap(&change, sink);
	if (result && capture_has_ended(capture))
		return 0;
	if (result) {
		begin_gap(&change, sink);
		result = end_gap(&change, sink);
	}
	/* Dumps that can't be had are no reason to fail.  */
	capture_refocus(capture, sink, &unfocused);
	if (capture->functions != before)
		details_make(capture);
	capture_round(capture, sink);
	if (!result || capture_has_ended(capture))
		return 0;
	if (!probes_are_there(&capture->probes))
		return error_set(error, _("another program has removed leaktop's probes (%s)"),
				 capture->probes.group);
	*error = change.error;
	return -1;
}

int mode_move(struct capture *capture, struct program *program,
	      const struct sink *sink, struct error *error)
{
	struct change change = {
		.capture = capture, .mode = capture->mode,
		.stale = capture->watch,
	};
	struct error unfocused;
	int result;

	begin_gap(&change, sink);
	capture_use_program(capture, program);
	result = end_gap(&change, sink);
	capture_refocus(capture, sink, &unfocused);
	details_make(capture);
	capture_round(capture, sink);
	if (result)
		*error = change.error;
	return result;
}
