/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "session/internal.h"

#define POLL_MS 50
/* Of one recording: to learn about stubs, and to use that.  */
#define READINGS_MAX 3

static void watch(struct session *session)
{
	enum capture_status status = CAPTURE_RUNNING;
	struct error error = { "" };

	session->capture = capture_open(&session->options.capture,
					&session->sink, &error);
	if (!session->capture) {
		heap_finish(session->heap);
		publish(session, STATE_FAILED, error.text);
		return;
	}
	session->rate_time = session_now();
	while (!session->stop && status == CAPTURE_RUNNING) {
		uint64_t time;

		if (capture_poll(session->capture, POLL_MS, session->wake,
				 &session->sink, &status, &error) < 0) {
			heap_finish(session->heap);
			publish(session, STATE_FAILED, error.text);
			return;
		}
		time = session_now();
		sample_rss(session, time);
		heap_advance(session->heap, time);
		if (time >= session->next_publish)
			publish(session, STATE_WATCHING, "");
	}
	if (status == CAPTURE_RUNNING)
		capture_stop(session->capture, &session->sink);
	heap_finish(session->heap);
	publish(session, status == CAPTURE_EXITED ? STATE_EXITED :
		STATE_WATCHING, "");
}

static void load(struct session *session)
{
	struct error error = { "" };
	int result, readings = 0;

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

void *session_run(void *context)
{
	struct session *session = context;

	if (session->perfdata)
		load(session);
	else
		watch(session);
	/* Last, as it takes long, and the last picture is out already.  */
	capture_close(session->capture);
	session->capture = NULL;
	return NULL;
}
