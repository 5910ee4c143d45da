/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SESSION_SESSION_H
#define LEAKTOP_SESSION_SESSION_H

#include <stdbool.h>

#include "base/error.h"
#include "capture/capture.h"
#include "heap/heap.h"
#include "launch/launch.h"
#include "present/picture.h"
#include "trace/map.h"

/* A source, live or saved, and the pipe behind it, run by a thread of their
   own.  What it finds is published as pictures.  */
struct session;

struct session_options {
	const char *path;       /* of a recording; NULL: watch capture.pid */
	struct event_maps maps; /* of a recording's events; outlive the session */
	const char *sysroot;    /* see symbols_set_sysroot(); NULL: none */
	const char *record;     /* write what is watched to this perf.data, see
	                           perfdata/writer.h; NULL: don't */
	const char *const *arguments; /* leaktop's own, up to a NULL: the
	                           recording names them; outlive the session */
	struct capture_options capture;
	struct launch *launch;  /* what runs as capture.pid, to be let go when it is
	                           watched; outlives the session; NULL: none */
	struct capture_focus focus;     /* dump_bytes 0: the usual */
	bool no_auto_focus;
	double max_overhead;    /* share of the target's time, 0..1; 0: no limit */
	struct heap_options heap;
	bool report_only;       /* of a recording nobody looks at the heap before the
	                           end, but at how far the reading is */
};

/* Starts a command for a session to watch, see launch_start(), and enters it into
   OPTIONS.  COMMAND's ready and context are filled in here.  Returns 0; -1 with
   *STATUS and ERROR.  */
int session_launch(struct session_options *options,
		   const struct launch_options *command, int *status,
		   struct error *error);

/* Does what is cheap and can fail: opens the file, or checks that the
   process can be watched, and begins the recording.  Returns NULL with ERROR.  */
struct session *session_new(const struct session_options *options,
			    struct error *error);

/* Begins to attach or to load.  */
int session_start(struct session *session, struct error *error);

/* Ends it, if it has not ended by itself; what came in so far is in the last
   picture.  Takes the probes away.  */
void session_stop(struct session *session);

/* Whether it is a recording that comes through a pipe, and ends with that.  */
bool session_is_stream(const struct session *session);

/* How many probes could not be taken away, after session_stop().  */
unsigned session_probes_left(const struct session *session);

/* Once it has stopped: what went wrong with the recording, for the user; "" if
   nothing did.  *FAILED: it ended early.  Valid as long as SESSION.  */
const char *session_record_trouble(struct session *session, bool *failed);

/* Stops and frees it.  */
void session_free(struct session *session);

/* Valid as long as SESSION.  */
const struct feed *session_feed(const struct session *session);

#endif
