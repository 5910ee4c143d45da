/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SESSION_INTERNAL_H
#define LEAKTOP_SESSION_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/dump.h"
#include "heap/chains.h"
#include "perfdata/perfdata.h"
#include "perfdata/writer.h"
#include "session/governor.h"
#include "session/relay.h"
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
	struct writer *writer;  /* NULL: nothing is recorded */
	struct tap tap;         /* the writer's */
	struct feed feed;

	pthread_t thread;
	bool running;
	atomic_bool stop;
	atomic_bool paused;     /* by the user */
	atomic_bool draining;
	int wake;               /* eventfd: readable when the thread is to stop, or
	                           to read again */

	pthread_mutex_t lock;
	struct picture *picture; /* newest; under lock */
	struct capture_focus focus; /* wanted; under lock */
	uint64_t life_size;     /* see life.c; these under lock */
	bool life_wanted;
	bool life_busy;         /* it is being read */
	atomic_bool life_stop;  /* what is read for it is not wanted any more */

	/* Of the thread alone, once it runs.  */
	struct sink sink;
	struct relay *relay;    /* NULL: no other thread follows */
	struct unwinder *unwinder; /* NULL until there is something to unwind */
	struct held *spare_dumps; /* room for dumps, see dumps.c */
	size_t dumps_room;      /* bytes of that, in use or spare */
	struct deep early;      /* of the hit that comes next */
	/* See live_dumps.c.  */
	struct unwinding *unwinding;    /* NULL until there is something to unwind */
	unsigned live_dumps;    /* that wait for their turn */
	uint64_t unwinding_since;       /* the thread has been busy */
	uint64_t unwound, stuck;        /* dumps; those that end for want of tables */
	/* See focuser.c.  */
	struct capture_focus focused;
	unsigned auto_focused;  /* sizes that were chosen unasked */
	uint64_t next_focus;
	struct error focus_trouble;     /* why nothing is in focus; "": no trouble */
	unsigned long lost_dumps;       /* that are told of */
	struct error lost_dumps_trouble;
	struct capture *capture;
	char command[64];       /* the target's name now */
	struct error trouble;   /* why watching rests although it should not; ""
	                           if it doesn't */
	struct error record_trouble; /* see recorder_trouble() */
	bool record_failed;
	unsigned probes_left;   /* that could not be removed in the end */
	enum watch_mode mode;
	struct governor governor;
	double overhead;        /* share of the target's time; below 0: not known */
	uint64_t period_start;  /* that the next one is taken over */
	uint64_t period_cpu;    /* of the target, when it began, ns */
	uint64_t calls;         /* hits since */
	uint64_t single_calls;  /* of these, of functions without a return probe */
	uint64_t returns;
	_Atomic uint64_t done;  /* bytes of the file */
	atomic_bool loaded;
	atomic_bool reading_life;
	_Atomic uint64_t life_done; /* the same, of the second reading */
	uint64_t next_publish;
	uint64_t next_rss;
	unsigned hits_to_look;
	uint32_t space_pid;     /* whose space was asked for last */
	uint32_t space;         /* 0: to be asked for */
	uint64_t rss[RSS_SAMPLES];
	unsigned rss_count;
	uint64_t rate_time;     /* start of the period that the rates cover */
	uint64_t rate_allocated;
	uint64_t rate_freed;
	double allocation_rate;
	double free_rate;
};

/* Takes what the recording says of itself over into session->source.  */
void take_description(struct session *session);

/* feeder.c: connects SESSION's sink and its heap's questions to its heap and
   symbols.  */
void feeder_connect(struct session *session);
/* A second thread follows what comes, if there is a processor for it; no longer.
   */
void begin_relay(struct session *session);
void end_relay(struct session *session);

/* unwinding.c: makes TO a copy of DUMP whose registers and stack are in ROOM, which
   has dump_bytes() bytes and is aligned to 8.  */
size_t dump_bytes(const struct dump *dump);
void dump_copy(struct dump *to, const struct dump *dump, uint64_t *room);

/* Unwinds DUMP in SPACE; AT_ENTRY: of a function.  What a chain leaves out there,
   see feeder.c, is left out here as well.  */
void dump_unwind(struct unwinder *unwinder, uint32_t space,
		 const struct dump *dump, bool at_entry, struct deep *deep);

/* dumps.c: the stack dump of HIT, which comes next, is unwound when it has its
   turn; or now, if too many wait for it, into session->early.  */
void dump_arrived(struct session *session, const struct hit *hit,
		  const struct dump *dump);

/* The HIT_NOTE of a dump has its turn.  */
void dump_in_turn(struct session *session, const struct hit *hit);

/* Whether a HIT_NOTE is one of a dump.  */
bool dump_is_note(const struct hit *hit);

/* Frees what all these have made.  None waits for its turn any more.  */
void dumps_clear(struct session *session);

/* recorder.c: begins the recording that the options ask for, if they do.
   Returns 0; -1 with nothing changed.  */
int recorder_open(struct session *session, struct error *error);
/* What is wrong with the recording, or has been; "" if nothing is.  Valid until
   the next call.  session->record_failed tells whether it has ended early.  */
const char *recorder_trouble(struct session *session);
/* Ends it: takes as long as the disk does.  */
void recorder_close(struct session *session);

/* live_dumps.c: the dump of an allocation that is in focus.  */
void live_dump_arrived(struct session *session, const struct hit *hit,
		       const struct dump *dump);
void live_dump_in_turn(struct session *session, const struct hit *hit);
bool live_dump_is_note(const struct hit *hit);

/* Whether a round must not end yet, as dumps of before are still unwound.  */
bool live_dumps_are_behind(const struct session *session);
/* Waits until they are not, for a moment at most.  */
void live_dumps_settle(struct session *session);

/* focuser.c: sets what the options say; takes what the user says, from any
   thread; looks for more, now and then; tells the capture.  */
void focus_begin(struct session *session);
enum focus_answer focus_toggle(void *session, uint64_t size);
void focus_look(struct session *session, uint64_t time);
void focus_apply(struct session *session);

/* publisher.c: makes a picture of the present state the newest one.  Out of
   memory: the one before stays.  */
void publish(struct session *session, enum source_state state,
	     const char *notice);

/* Makes PICTURE, which may be NULL, the newest one.  */
void publish_picture(struct session *session, struct picture *picture);

/* Of a recording: shows how far it is, if that was not a moment ago.  */
void publish_progress(struct session *session);
/* How far a second reading is: a copy of the newest picture.  NULL when out of
   memory.  */
struct picture *life_picture(struct session *session);

/* life.c: the second reading of a recording, for the life of one size.  Takes what
   the user wants, from any thread.  */
void life_want(void *session, uint64_t size);
/* Ends a reading, soon.  */
void life_cancel(struct session *session);
/* Does what is wanted until the session is stopped.  */
void life_serve(struct session *session);
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
