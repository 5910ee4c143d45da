/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>

#include "base/intl.h"
#include "session/internal.h"

/* The log of a recording is bounded.  Where that was too little the recording is
   read again when the life of one size is asked for: as much of it as has to do
   with that size.  If what is found that way is not what was seen at first, a call
   and its return lay in segments that do not tell of each other; then all of it is
   read.  */

void life_want(void *context, uint64_t size)
{
	struct session *session = context;

	if (!session->perfdata)
		return;
	pthread_mutex_lock(&session->lock);
	session->life_size = size;
	session->life_wanted = true;
	session->life_stop = true;
	pthread_mutex_unlock(&session->lock);
	eventfd_write(session->wake, 1);
}

void life_cancel(struct session *session)
{
	pthread_mutex_lock(&session->lock);
	session->life_stop = true;
	pthread_mutex_unlock(&session->lock);
}

/* Whether something is wanted: *SIZE.  From now on life_stop is of that.  */
static bool take_wish(struct session *session, uint64_t *size)
{
	bool wanted;

	pthread_mutex_lock(&session->lock);
	wanted = session->life_wanted && !session->stop;
	session->life_wanted = false;
	session->life_stop = session->stop;
	*size = session->life_size;
	pthread_mutex_unlock(&session->lock);
	return wanted;
}

struct picture *life_picture(struct session *session)
{
	/* No other thread changes it.  */
	struct picture *picture = picture_copy(session->picture);
	uint64_t size = perfdata_size(session->perfdata);

	if (!picture)
		return NULL;
	picture->life_asked = true;
	picture->life_size = session->picture->life_size;
	picture->life_done = size ? (double)session->life_done / (double)size : 0;
	return picture;
}

static void read_stretch(struct session *session, const struct sink *sink,
			 const struct stretch *stretch)
{
	struct error error;

	/* What is wrong with it has been told.  */
	perfdata_read_stretch(session->perfdata, stretch->begin, stretch->end,
			      sink, &session->life_done, &session->life_stop,
			      &error);
}

/* The log of SIZE, if it is what is wanted still; NULL: it is not, or there is no
   memory.  *SAME: as for heap_life_end().  ALL: of the recording.  */
static struct log_view *read_log(struct session *session, uint64_t size,
				 bool all, bool *same)
{
	struct sink sink = session->sink;
	struct stretch stretch = { .end = UINT64_MAX };
	struct log_view *log;

	*same = false;
	if (heap_life_begin(session->heap, size) < 0)
		return NULL;
	sink.segment = NULL;
	session->life_done = 0;
	session->reading_life = true;
	symbols_forget_processes(session->symbols);
	if (all || !heap_life_has_segments(session->heap)) {
		read_stretch(session, &sink, &stretch);
	} else {
		while (!session->life_stop &&
		       heap_life_next(session->heap, &stretch))
			read_stretch(session, &sink, &stretch);
	}
	heap_finish(session->heap);
	session->reading_life = false;
	log = heap_life_end(session->heap, same);
	if (!session->life_stop)
		return log;
	log_view_unref(log);
	return NULL;
}

static void read_life(struct session *session, uint64_t size)
{
	struct picture *picture = picture_copy(session->picture);
	struct log_view *log;
	struct error error;
	bool same;

	if (!picture)
		return;
	picture->life_asked = true;
	picture->life_size = size;
	picture->life_done = 0;
	publish_picture(session, picture);
	log = read_log(session, size, false, &same);
	if (log && !same) {
		log_view_unref(log);
		log = read_log(session, size, true, &same);
	}
	if (session->life_stop) {
		log_view_unref(log);
		return;
	}
	picture = life_picture(session);
	if (picture && log && same) {
		picture->life = log;
		log = NULL;
	} else if (picture) {
		picture->life_failed = true;
		error_set(&error, log ? _("%s has changed since it was read") :
			  _("%s: out of memory"), session->source.path);
		snprintf(picture->notice, sizeof(picture->notice), "%s",
			 error.text);
	}
	log_view_unref(log);
	publish_picture(session, picture);
}

void life_serve(struct session *session)
{
	struct pollfd fd = { .fd = session->wake, .events = POLLIN };
	eventfd_t ignored;
	uint64_t size;

	while (!session->stop) {
		if (poll(&fd, 1, -1) > 0)
			eventfd_read(session->wake, &ignored);
		while (take_wish(session, &size))
			read_life(session, size);
	}
}
