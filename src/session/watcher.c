/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/intl.h"
#include "session/internal.h"

/* A live process: what comes in, what watching costs, and what is asked for. */

#define POLL_MS 50
/* The share of the target's time is taken over this long.  */
#define PERIOD NS_PER_SECOND

static void start_period(struct session *session, uint64_t time)
{
	session->period_start = time;
	session->period_cpu = capture_cpu_time(session->capture);
	session->calls = 0;
	session->single_calls = 0;
	session->returns = 0;
}

/* The share of the target's time that went into the probes: of the time that
   passed, or if its threads ran for longer than that together, of theirs.  */
static double measure_share(struct session *session, uint64_t passed,
			    const struct capture_cost *cost)
{
	/* Less than before if processes have ended.  */
	uint64_t cpu = capture_cpu_time(session->capture) - session->period_cpu;
	uint64_t whole = cpu > passed && cpu < INT64_MAX ? cpu : passed;
	bool chains = session->mode == WATCH_ALL;
	double chain = cost->chain_return - cost->plain_return;
	double spent = (double)session->calls * cost->call +
		       (double)session->returns * cost->plain_return;

	if (chains)
		spent += (double)session->returns * chain;
	if (chains && session->options.capture.free_chains)
		spent += (double)session->single_calls * chain;

	if (cost->call <= 0)
		return -1;
	return spent < (double)whole ? spent / (double)whole : 1;
}

/* How much more a call and its return cost with call chains.  */
static double chain_factor(const struct capture_cost *cost)
{
	double plain = cost->call + cost->plain_return;

	if (plain <= 0 || cost->chain_return < cost->plain_return)
		return 1;
	return (cost->call + cost->chain_return) / plain;
}

static void end_period(struct session *session, uint64_t time)
{
	struct capture_cost cost = capture_cost(session->capture);
	uint64_t passed = time - session->period_start;
	double seconds = (double)passed / NS_PER_SECOND;
	double share = measure_share(session, passed, &cost);
	bool resting = session->mode == WATCH_RESTING;

	if (session->mode != WATCH_PAUSED)
		governor_step(&session->governor, seconds, resting ? 0 : share,
			      chain_factor(&cost));
	session->overhead = share;
	start_period(session, time);
}

static enum watch_mode wanted_mode(struct session *session)
{
	if (session->paused)
		return WATCH_PAUSED;
	if (session->draining && session->governor.mode != WATCH_RESTING)
		return WATCH_DRAINING;
	return session->governor.mode;
}

static void apply_mode(struct session *session)
{
	static const enum capture_mode modes[] = {
		[WATCH_ALL] = CAPTURE_FULL,
		[WATCH_NO_CHAINS] = CAPTURE_NO_CHAINS,
		[WATCH_RESTING] = CAPTURE_PAUSED,
		[WATCH_PAUSED] = CAPTURE_PAUSED,
		[WATCH_DRAINING] = CAPTURE_RELEASES,
	};

	session->mode = wanted_mode(session);
	if (modes[session->mode] == capture_mode(session->capture))
		return;
	session->trouble.text[0] = '\0';
	if (capture_set_mode(session->capture, modes[session->mode],
			     &session->sink, &session->trouble) < 0) {
		/* As if the user had paused it, who can try again.  */
		session->mode = WATCH_PAUSED;
		session->paused = true;
	}
	/* Switching takes time that nothing was watched in.  */
	start_period(session, clock_now());
}

/* The last of the troubles: all hits are there.  */
static const char *lost_dumps(struct session *session)
{
	unsigned long lost = capture_lost_dumps(session->capture);

	if (lost && lost != session->lost_dumps)
		error_set(&session->lost_dumps_trouble,
			  ngettext("%lu stack is not taken whole: its dump was lost; smaller ones help (--call-graph=dwarf,BYTES)",
				   "%lu stacks are not taken whole: their dumps were lost; smaller ones help (--call-graph=dwarf,BYTES)",
				   lost), lost);
	session->lost_dumps = lost;
	return session->lost_dumps_trouble.text;
}

static const char *warning(struct session *session)
{
	const char *text = session->trouble.text;

	if (!*text)
		text = recorder_trouble(session);
	if (!*text)
		text = session->focus_trouble.text;
	if (!*text && session->capture)
		text = capture_warning(session->capture);
	if ((!text || !*text) && session->capture)
		text = lost_dumps(session);
	return text ? text : "";
}

static int watch_once(struct session *session, enum capture_status *status,
		      struct error *error)
{
	/* What was before is delivered afterwards.  */
	uint64_t seen = clock_now(), time;

	if (capture_poll(session->capture, POLL_MS, session->wake,
			 &session->sink, status, error) < 0)
		return -1;
	time = clock_now();
	sample_rss(session, time);
	/* While hits wait for their dumps it would look as if nothing came.  */
	if (!live_dumps_are_behind(session))
		heap_advance(session->heap, seen);
	if (time - session->period_start >= PERIOD)
		end_period(session, time);
	if (*status == CAPTURE_RUNNING) {
		apply_mode(session);
		focus_look(session, time);
		focus_apply(session);
	}
	if (time >= session->next_publish)
		publish(session, STATE_WATCHING, warning(session));
	return 0;
}

static int start_watching(struct session *session, struct error *error)
{
	session->governor.limit = session->options.max_overhead;
	focus_begin(session);
	session->capture = capture_open(&session->options.capture,
					&session->sink, error);
	if (!session->capture)
		return -1;
	/* The watched time begins.  */
	heap_advance(session->heap, clock_now());
	focus_apply(session);
	if (session->options.launch)
		launch_go(session->options.launch);
	session->rate_time = clock_now();
	start_period(session, session->rate_time);
	return 0;
}

void watch_process(struct session *session)
{
	enum capture_status status = CAPTURE_RUNNING;
	struct error error = { "" };
	int result = start_watching(session, &error);

	while (!result && !session->stop && status == CAPTURE_RUNNING)
		result = watch_once(session, &status, &error);
	if (session->capture && status == CAPTURE_RUNNING)
		capture_stop(session->capture, &session->sink);
	live_dumps_settle(session);
	heap_finish(session->heap);
	publish(session, result < 0 ? STATE_FAILED :
		status == CAPTURE_EXITED ? STATE_EXITED : STATE_WATCHING,
		result < 0 ? error.text : warning(session));
}
