/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SESSION_INTERNAL_H
#define LEAKTOP_SESSION_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/dump.h"
#include "heap/chains.h"
#include "perfdata/perfdata.h"
#include "session/governor.h"
#include "session/session.h"
#include "symbols/symbols.h"
#include "symbols/unwind.h"

/* What the files of this room share.  */

#define NS_PER_SECOND UINT64_C(1000000000)

/* An unwound call chain.  */
struct deep {
	uint32_t count;
	uint64_t addresses[CHAIN_DEPTH_MAX];
};

struct session {
	struct session_options options;
	struct source source;
	struct symbols *symbols;
	struct heap *heap;
	struct perfdata *perfdata;
	struct feed feed;

	pthread_t thread;
	bool running;
	atomic_bool stop;
	atomic_bool paused;     /* by the user */
	atomic_bool draining;
	int wake;               /* eventfd: readable when the thread is to stop */

	pthread_mutex_t lock;
	struct picture *picture; /* newest; under lock */

	/* Of the thread alone, once it runs.  */
	struct sink sink;
	struct unwinder *unwinder; /* NULL until there is something to unwind */
	size_t dumps_held;      /* bytes of dumps that wait for their turn */
	struct deep early;      /* of the hit that comes next */
	struct capture *capture;
	char command[64];       /* the target's name now */
	struct error trouble;   /* why watching rests although it should not; ""
	                           if it doesn't */
	enum watch_mode mode;
	struct governor governor;
	double overhead;        /* share of the target's time; below 0: not known */
	uint64_t period_start;  /* that the next one is taken over */
	uint64_t period_cpu;    /* of the target, when it began, ns */
	uint64_t calls;         /* hits since */
	uint64_t single_calls;  /* of these, of functions without a return probe */
	uint64_t returns;
	_Atomic uint64_t done;  /* bytes of the file */
	uint64_t next_publish;
	uint64_t next_rss;
	unsigned hits_to_look;
	uint64_t rss[RSS_SAMPLES];
	unsigned rss_count;
	uint64_t rate_time;     /* start of the period that the rates cover */
	uint64_t rate_allocated;
	uint64_t rate_freed;
	double allocation_rate;
	double free_rate;
};

/* CLOCK_MONOTONIC, which is also that of a live source's hits; ns.  */
uint64_t session_now(void);

/* feeder.c: connects SESSION's sink and its heap's questions to its heap and
   symbols.  */
void feeder_connect(struct session *session);

/* dumps.c: the stack dump of HIT, which comes next, is unwound when it has its
   turn; or now, if too many wait for it, into session->early.  */
void dump_arrived(struct session *session, const struct hit *hit,
		  const struct dump *dump);

/* The HIT_NOTE of a dump has its turn.  */
void dump_in_turn(struct session *session, const struct hit *hit);

/* Whether a HIT_NOTE is one of a dump.  */
bool dump_is_note(const struct hit *hit);

/* publisher.c: makes a picture of the present state the newest one.  Out of
   memory: the one before stays.  */
void publish(struct session *session, enum source_state state,
	     const char *notice);

/* A picture of the present state; NULL when out of memory.  */
struct picture *make_picture(struct session *session, enum source_state state,
			     const char *notice);

/* Adds the target's resident memory to the history when it is time to.  */
void sample_rss(struct session *session, uint64_t time);

/* watcher.c: follows a live process until its end, or the session's.  */
void watch_process(struct session *session);

/* runner.c: the session's thread.  */
void *session_run(void *session);

#endif
