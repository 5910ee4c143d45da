/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "base/intl.h"
#include "session/internal.h"

/* Of one recording: to learn, and to use that.  */
#define READINGS_MAX 3

/* Says so where it is in the nature of the recording that nothing leaks.  */
static void tell_alone(struct session *session, struct error *notice)
{
	struct snapshot *heap = heap_snapshot(session->heap);

	if (heap && heap->alone)
		error_set(notice, _("%s has calls of allocation functions without their returns: "
				    "they are counted by call site, and what became of their blocks is not known"),
			  session->source.path);
	snapshot_unref(heap);
}

/* Whether the whole recording has shown what no part of it does, such as stubs
   that no binary told of: it is to be read once more.  */
static bool has_learned(struct session *session)
{
	bool stubs = heap_found_stubs(session->heap);

	return perfdata_learned(session->perfdata) || stubs;
}

static void load(struct session *session)
{
	struct error error = { "" };
	int result, readings = 0;

	if (perfdata_start(session->perfdata, &session->stop, &error) < 0) {
		if (!session->stop)
			publish(session, STATE_FAILED, error.text);
		return;
	}
	/* Nobody asks for it before there is a picture that shows some of it.
	   That of a file is there.  */
	if (perfdata_is_stream(session->perfdata))
		take_description(session);
	do {
		session->space = 0;
		symbols_forget_processes(session->symbols);
		/* What comes through a pipe is slower than one processor.  */
		if (!perfdata_is_stream(session->perfdata))
			begin_relay(session);
		result = perfdata_read(session->perfdata, &session->sink,
				       &session->done, &session->stop, &error);
		heap_finish(session->heap);
		end_relay(session);
	} while (++readings < READINGS_MAX && !session->stop &&
		 has_learned(session) &&
		 heap_restart(session->heap) == 0);
	session->loaded = true;
	if (session->stop)
		return;
	/* What matters more than other notes.  */
	if (result == 0)
		tell_alone(session, &error);
	publish(session, result < 0 ? STATE_DAMAGED : STATE_COMPLETE,
		error.text);
	life_serve(session);
}

/* The disk may take its time: the target is rid of its probes by now, and the
   last picture is out.  What goes wrong is worth another one.  */
static void end_recording(struct session *session)
{
	bool known = *recorder_trouble(session);

	recorder_close(session);
	if (!known && *recorder_trouble(session))
		publish(session, session->picture->state,
			recorder_trouble(session));
}

void *session_run(void *context)
{
	struct session *session = context;

	if (session->perfdata)
		load(session);
	else
		watch_process(session);
	/* Last, as it takes long, and the last picture is out already.  */
	session->probes_left = capture_close(session->capture);
	session->capture = NULL;
	end_recording(session);
	return NULL;
}
