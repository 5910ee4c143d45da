/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <poll.h>
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
	if (session->life_size != size ||
	    !(session->life_wanted || session->life_busy)) {
		session->life_size = size;
		session->life_wanted = true;
		session->life_stop = true;
	}
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
	session->life_busy = wanted;
	session->life_stop = session->stop;
	*size = session->life_size;
	pthread_mutex_unlock(&session->lock);
	return wanted;
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

/* What a reading has come to.  */
struct reading {
	struct log_view *log;   /* NULL: it was stopped, or see trouble */
	bool same;              /* it tells what the first one has told */
	bool all;               /* it was of all of the recording */
	const char *trouble;    /* NULL: none */
};

/* ALL: not only what the segments tell.  */
static struct reading read_log(struct session *session, uint64_t size, bool all)
{
	struct reading reading = { .all = true };
	struct sink sink = session->sink;
	struct stretch stretch = { .end = UINT64_MAX };

	if (heap_life_begin(session->heap, size) < 0) {
		reading.trouble = _("the rest can't be read: out of memory");
		return reading;
	}
	reading.all = all || !heap_life_has_segments(session->heap);
	sink.segment = NULL;
	session->life_done = 0;
	session->reading_life = true;
	session->space = 0;
	symbols_forget_processes(session->symbols);
	if (reading.all)
		read_stretch(session, &sink, &stretch);
	while (!reading.all && !session->life_stop &&
	       heap_life_next(session->heap, &stretch))
		read_stretch(session, &sink, &stretch);
	heap_finish(session->heap);
	session->reading_life = false;
	reading.log = heap_life_end(session->heap, &reading.same);
	if (!reading.log)
		reading.trouble = _("the rest can't be read: out of memory");
	else if (!reading.same && reading.all)
		reading.trouble = _("the rest can't be read: the file has changed");
	if (session->life_stop || !reading.same) {
		log_view_unref(reading.log);
		reading.log = NULL;
	}
	return reading;
}

static void read_life(struct session *session, uint64_t size)
{
	struct picture *picture = picture_copy(session->picture);
	struct reading reading;

	if (!picture)
		return;
	picture->life_asked = true;
	picture->life_size = size;
	picture->life_done = 0;
	publish_picture(session, picture);
	reading = read_log(session, size, false);
	if (!reading.log && !reading.trouble && !reading.all && !session->life_stop)
		reading = read_log(session, size, true);
	picture = session->life_stop ? NULL : life_picture(session);
	if (!picture) {
		log_view_unref(reading.log);
		return;
	}
	picture->life = reading.log;
	picture->life_trouble = reading.trouble;
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
