/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "session/internal.h"

/* Of one recording: to learn about stubs, and to use that.  */
#define READINGS_MAX 3

static void load(struct session *session)
{
	struct error error = { "" };
	int result, readings = 0;

	if (perfdata_start(session->perfdata, &session->stop, &error) < 0) {
		if (!session->stop)
			publish(session, STATE_FAILED, error.text);
		return;
	}
	/* Nobody asks for it before there is a picture that shows some of it.  */
	take_description(session);
	do {
		symbols_forget_processes(session->symbols);
		result = perfdata_read(session->perfdata, &session->sink,
				       &session->done, &session->stop, &error);
		heap_finish(session->heap);
		/* Stubs that no binary told of: only the whole recording
		   shows them, so it is read once more.  */
	} while (++readings < READINGS_MAX && !session->stop &&
		 heap_found_stubs(session->heap) &&
		 heap_restart(session->heap) == 0);
	if (session->stop)
		return;
	publish(session, result < 0 ? STATE_DAMAGED : STATE_COMPLETE,
		error.text);
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
	capture_close(session->capture);
	session->capture = NULL;
	end_recording(session);
	return NULL;
}
