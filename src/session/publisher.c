/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "session/internal.h"

#define RSS_PERIOD (NS_PER_SECOND / 4)
#define PUBLISH_PERIOD (NS_PER_SECOND / 8)
/* Rates are taken over this long.  */
#define RATE_PERIOD NS_PER_SECOND

static void update_rates(struct session *session, const struct snapshot *heap,
			 uint64_t time)
{
	double seconds;

	if (time < session->rate_time + RATE_PERIOD)
		return;
	seconds = (double)(time - session->rate_time) / NS_PER_SECOND;
	session->allocation_rate =
		(double)(heap->allocated - session->rate_allocated) / seconds;
	session->free_rate =
		(double)(heap->freed - session->rate_freed) / seconds;
	session->rate_time = time;
	session->rate_allocated = heap->allocated;
	session->rate_freed = heap->freed;
}

/* A recording has no now: its rates are those of all of it.  */
static void overall_rates(struct session *session, const struct snapshot *heap)
{
	double seconds = (double)(heap->end - heap->start) / NS_PER_SECOND;

	if (seconds <= 0)
		return;
	session->allocation_rate = (double)heap->allocated / seconds;
	session->free_rate = (double)heap->freed / seconds;
}

/* Of what is read so far, 0..1.  */
static double share_read(const struct session *session, uint64_t done)
{
	uint64_t size = perfdata_size(session->perfdata);
	double share = size ? (double)done / (double)size : 0;

	return share < 1 ? share : 1;
}

struct picture *make_picture(struct session *session, enum source_state state,
			     const char *notice)
{
	struct snapshot *heap = heap_snapshot(session->heap);
	struct picture *picture = heap ? picture_new(heap) : NULL;

	if (!picture) {
		snapshot_unref(heap);
		return NULL;
	}
	if (session->perfdata)
		overall_rates(session, heap);
	else
		update_rates(session, heap, heap->end);
	picture->state = state;
	memcpy(picture->command, session->command, sizeof(picture->command));
	if (session->perfdata)
		picture->done = share_read(session, session->done);
	snprintf(picture->notice, sizeof(picture->notice), "%s", notice);
	memcpy(picture->rss, session->rss, sizeof(picture->rss));
	picture->rss_count = session->rss_count;
	picture->allocation_rate = session->allocation_rate;
	picture->free_rate = session->free_rate;
	picture->mode = session->mode;
	picture->overhead = session->overhead;
	picture->max_overhead = session->options.max_overhead;
	if (session->writer) {
		picture->recorded = true;
		picture->recorded_bytes = writer_size(session->writer);
	}
	picture->focus_count = session->focused.count;
	memcpy(picture->focus, session->focused.size, sizeof(picture->focus));
	if (session->capture)
		picture->details = strdup(capture_details(session->capture));
	else if (session->picture && session->picture->details)
		picture->details = strdup(session->picture->details);
	return picture;
}

void publish_picture(struct session *session, struct picture *picture)
{
	struct picture *old;

	if (!picture)
		return;
	pthread_mutex_lock(&session->lock);
	old = session->picture;
	session->picture = picture;
	pthread_mutex_unlock(&session->lock);
	picture_unref(old);
	eventfd_write(session->feed.fd, 1);
}

/* START: when the newest picture was begun.  */
static void rest(struct session *session, uint64_t start)
{
	uint64_t cost;

	/* A large heap takes long to copy: never more than a tenth of the
	   time goes there.  */
	cost = (clock_now() - start) * 10;
	session->next_publish = start + (cost > PUBLISH_PERIOD ? cost :
					 PUBLISH_PERIOD);
}

void publish(struct session *session, enum source_state state,
	     const char *notice)
{
	uint64_t start = clock_now();

	publish_picture(session, make_picture(session, state, notice));
	rest(session, start);
}

struct picture *life_picture(struct session *session)
{
	/* No other thread changes it.  */
	struct picture *picture = picture_copy(session->picture);

	if (!picture)
		return NULL;
	picture->life_asked = true;
	picture->life_size = session->picture->life_size;
	picture->life_done = share_read(session, session->life_done);
	return picture;
}

/* The one before, with how far the reading is by now.  */
static struct picture *progress_picture(struct session *session)
{
	struct picture *picture = picture_copy(session->picture);

	if (!picture)
		return NULL;
	picture->state = STATE_LOADING;
	picture->done = share_read(session, session->done);
	return picture;
}

/* Where the heap is shown, it must be that of one moment.  */
static struct picture *loading_picture(struct session *session)
{
	if (session->reading_life)
		return life_picture(session);
	if (session->options.report_only)
		return progress_picture(session);
	if (session->relay)
		relay_drain(session->relay);
	return make_picture(session, STATE_LOADING, "");
}

void publish_progress(struct session *session)
{
	uint64_t start = clock_now();

	if (start < session->next_publish)
		return;
	publish_picture(session, loading_picture(session));
	rest(session, start);
}

static void add_rss(struct session *session, uint64_t rss)
{
	if (session->rss_count == RSS_SAMPLES) {
		memmove(session->rss, session->rss + 1,
			(RSS_SAMPLES - 1) * sizeof(*session->rss));
		session->rss_count--;
	}
	session->rss[session->rss_count++] = rss;
}

void sample_rss(struct session *session, uint64_t time)
{
	uint64_t rss;

	if (time < session->next_rss)
		return;
	rss = capture_rss(session->capture);
	if (!session->next_rss ||
	    time - session->next_rss > RSS_SAMPLES * RSS_PERIOD)
		session->next_rss = time;
	/* Where it was not looked for a while the samples of then are missing:
	   their number is the time that they cover.  */
	for (; session->next_rss <= time; session->next_rss += RSS_PERIOD) {
		if (rss)
			add_rss(session, rss);
	}
}
