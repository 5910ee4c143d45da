/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "session.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/text.h"
#include "perfdata/perfdata.h"
#include "symbols/symbols.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define RSS_PERIOD (NS_PER_SECOND / 4)
#define PUBLISH_PERIOD (NS_PER_SECOND / 8)
/* Rates are taken over this long.  */
#define RATE_PERIOD NS_PER_SECOND
#define POLL_MS 50
/* Looking at the clock for each hit would cost more than the hit.  */
#define HITS_PER_LOOK 4096
/* Of one recording: to learn about stubs, and to use that.  */
#define READINGS_MAX 3

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
	int wake;               /* eventfd: readable when the thread is to stop */

	pthread_mutex_t lock;
	struct picture *picture; /* newest; under lock */

	/* Of the thread alone.  */
	struct sink sink;
	struct capture *capture;
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

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * NS_PER_SECOND + (uint64_t)time.tv_nsec;
}

static struct picture *newest_picture(void *context)
{
	struct session *session = context;
	struct picture *picture;

	pthread_mutex_lock(&session->lock);
	picture = picture_ref(session->picture);
	pthread_mutex_unlock(&session->lock);
	return picture;
}

static void update_rates(struct session *session, const struct snapshot *heap,
			 uint64_t time)
{
	double seconds;

	if (time - session->rate_time < RATE_PERIOD)
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

static struct picture *make_picture(struct session *session,
				    enum source_state state, const char *notice)
{
	struct snapshot *heap = heap_snapshot(session->heap);
	struct picture *picture = heap ? picture_new(heap) : NULL;
	uint64_t size = session->perfdata ? perfdata_size(session->perfdata) : 0;

	if (!picture) {
		snapshot_unref(heap);
		return NULL;
	}
	if (session->perfdata)
		overall_rates(session, heap);
	else
		update_rates(session, heap, now());
	picture->state = state;
	picture->done = size ? (double)session->done / (double)size : 0;
	if (picture->done > 1)
		picture->done = 1;
	snprintf(picture->notice, sizeof(picture->notice), "%s", notice);
	memcpy(picture->rss, session->rss, sizeof(picture->rss));
	picture->rss_count = session->rss_count;
	picture->allocation_rate = session->allocation_rate;
	picture->free_rate = session->free_rate;
	return picture;
}

/* Out of memory: the picture before stays.  */
static void publish(struct session *session, enum source_state state,
		    const char *notice)
{
	uint64_t start = now(), cost;
	struct picture *picture = make_picture(session, state, notice);
	struct picture *old;

	if (!picture)
		return;
	pthread_mutex_lock(&session->lock);
	old = session->picture;
	session->picture = picture;
	pthread_mutex_unlock(&session->lock);
	picture_unref(old);
	eventfd_write(session->feed.fd, 1);
	/* A large heap takes long to copy: never more than a tenth of the
	   time goes there.  */
	cost = (now() - start) * 10;
	session->next_publish = start + (cost > PUBLISH_PERIOD ? cost :
					 PUBLISH_PERIOD);
}

static void sample_rss(struct session *session, uint64_t time)
{
	uint64_t rss;

	if (time < session->next_rss)
		return;
	session->next_rss = time + RSS_PERIOD;
	rss = capture_rss(session->capture);
	if (!rss)
		return;
	if (session->rss_count == RSS_SAMPLES) {
		memmove(session->rss, session->rss + 1,
			(RSS_SAMPLES - 1) * sizeof(*session->rss));
		session->rss_count--;
	}
	session->rss[session->rss_count++] = rss;
}

static void on_hit(void *context, struct hit *hit, const uint64_t *chain,
		   size_t size)
{
	struct session *session = context;

	/* At a function's entry the first frame is the function itself: not a
	   return address, and nothing new.  */
	if (size && hit->kind == HIT_CALL) {
		chain++;
		size--;
	}
	if (size > CHAIN_DEPTH_MAX)
		size = CHAIN_DEPTH_MAX;
	heap_hit(session->heap, hit,
		 size ? symbols_space(session->symbols, hit->pid) : 0,
		 chain, (uint32_t)size);
	if (session->perfdata && ++session->hits_to_look == HITS_PER_LOOK) {
		session->hits_to_look = 0;
		if (now() >= session->next_publish)
			publish(session, STATE_LOADING, "");
	}
}

/* A mapping means something only in its turn: an exec that came before it,
   or hits that come before it, may still be on their way from another CPU.  */
struct note {
	struct mapping mapping;
	char path[];
};

static void on_mapping(void *context, const struct mapping *mapping)
{
	struct session *session = context;
	size_t size = strlen(mapping->path) + 1;
	struct note *note = malloc(sizeof(*note) + size);
	struct hit hit = {
		.time = mapping->time, .pid = mapping->pid, .kind = HIT_NOTE,
		.argument = { (uintptr_t)note },
	};

	if (!note)
		return;
	note->mapping = *mapping;
	memcpy(note->path, mapping->path, size);
	note->mapping.path = note->path;
	if (heap_hit(session->heap, &hit, 0, NULL, 0) < 0)
		free(note);
}

static void on_event(void *context, const struct hit *hit)
{
	struct session *session = context;
	struct note *note;

	switch (hit->kind) {
	case HIT_FORK:
		symbols_fork(session->symbols, (uint32_t)hit->argument[0],
			     hit->pid);
		break;
	case HIT_EXEC:
		symbols_exec(session->symbols, hit->pid);
		break;
	default:
		note = (struct note *)(uintptr_t)hit->argument[0];
		symbols_map(session->symbols, &note->mapping);
		free(note);
		break;
	}
}

static uint32_t on_space(void *context, uint32_t pid)
{
	return symbols_space(((struct session *)context)->symbols, pid);
}

static void on_comm(void *context, uint32_t pid, uint32_t tid,
		    const char *name, bool exec)
{
	(void)context;
	(void)pid;
	(void)tid;
	(void)name;
	(void)exec;
}

static void on_round(void *context)
{
	heap_round(((struct session *)context)->heap);
}

static int on_stub_query(void *context, uint64_t address, uint32_t space)
{
	return symbols_is_stub(((struct session *)context)->symbols, space,
			       address);
}

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
	session->rate_time = now();
	while (!session->stop && status == CAPTURE_RUNNING) {
		uint64_t time;

		if (capture_poll(session->capture, POLL_MS, session->wake,
				 &session->sink, &status, &error) < 0) {
			heap_finish(session->heap);
			publish(session, STATE_FAILED, error.text);
			return;
		}
		time = now();
		sample_rss(session, time);
		heap_advance(session->heap, time);
		if (time >= session->next_publish)
			publish(session, STATE_WATCHING, "");
	}
	/* What came since the last round.  */
	if (status == CAPTURE_RUNNING)
		capture_poll(session->capture, 0, -1, &session->sink, &status,
			     &error);
	heap_finish(session->heap);
	publish(session, status == CAPTURE_EXITED ? STATE_EXITED :
		STATE_WATCHING, "");
}

static void load(struct session *session)
{
	struct error error = { "" };
	int result, readings = 0;

	do {
		result = perfdata_read(session->perfdata, &session->sink,
				       &session->done, &session->stop, &error);
		heap_finish(session->heap);
		/* Stubs that no binary told of: only the whole recording
		   shows them, so it is read once more.  */
	} while (++readings < READINGS_MAX && !session->stop &&
		 heap_found_stubs(session->heap) &&
		 heap_restart(session->heap) == 0);
	publish(session, result < 0 ? STATE_DAMAGED : STATE_COMPLETE,
		error.text);
}

static void *run(void *context)
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

/* The name of a process as the kernel has it.  */
static void read_comm(uint32_t pid, char *text, size_t size)
{
	char path[64], line[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		text_clean(text, size, line);
	}
	fclose(file);
}

static int open_source(struct session *session, struct error *error)
{
	const struct session_options *options = &session->options;
	const char *command;
	char root[64];

	if (!options->path) {
		session->source.kind = SOURCE_LIVE;
		session->source.pid = (uint32_t)options->capture.pid;
		if (capture_check(&options->capture, error) < 0)
			return -1;
		read_comm(session->source.pid, session->source.command,
			  sizeof(session->source.command));
		snprintf(root, sizeof(root), "/proc/%u/root",
			 session->source.pid);
		symbols_set_root(session->symbols, session->source.pid, root);
		return 0;
	}
	session->source.kind = SOURCE_FILE;
	if (options->sysroot)
		symbols_set_sysroot(session->symbols, options->sysroot);
	text_clean(session->source.path, sizeof(session->source.path),
		   options->path);
	session->perfdata = perfdata_open(options->path, error);
	if (!session->perfdata)
		return -1;
	session->source.pid = perfdata_pid(session->perfdata);
	command = perfdata_command(session->perfdata);
	if (command)
		text_clean(session->source.command,
			   sizeof(session->source.command), command);
	return 0;
}

/* All that needs memory or a file descriptor.  */
static bool set_up(struct session *session)
{
	/* Where leaktop puts the probes itself there are no stubs.  */
	const struct heap_host host = {
		.context = session,
		.event = on_event,
		.space = on_space,
		.is_stub = session->options.path ? on_stub_query : NULL,
	};

	session->symbols = symbols_new();
	session->heap = heap_new(&session->options.heap);
	session->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	session->feed = (struct feed) {
		.context = session,
		.picture = newest_picture,
		.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.source = &session->source,
		.symbols = session->symbols,
	};
	session->sink = (struct sink) {
		.context = session,
		.hit = on_hit,
		.mapping = on_mapping,
		.comm = on_comm,
		.round = on_round,
	};
	if (!session->symbols || !session->heap || session->wake < 0 ||
	    session->feed.fd < 0)
		return false;
	heap_set_host(session->heap, &host);
	session->picture = make_picture(session, STATE_STARTING, "");
	return session->picture != NULL;
}

struct session *session_new(const struct session_options *options,
			    struct error *error)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session) {
		error_set(error, _("out of memory"));
		return NULL;
	}
	session->options = *options;
	session->wake = -1;
	session->feed.fd = -1;
	pthread_mutex_init(&session->lock, NULL);
	if (!set_up(session))
		error_set(error, _("can't start: %s"), strerror(errno));
	else if (open_source(session, error) == 0)
		return session;
	session_free(session);
	return NULL;
}

int session_start(struct session *session, struct error *error)
{
	int status = pthread_create(&session->thread, NULL, run, session);

	if (status)
		return error_set(error, _("can't start a thread: %s"),
				 strerror(status));
	session->running = true;
	return 0;
}

void session_stop(struct session *session)
{
	if (!session->running)
		return;
	session->stop = true;
	eventfd_write(session->wake, 1);
	pthread_join(session->thread, NULL);
	session->running = false;
}

void session_free(struct session *session)
{
	if (!session)
		return;
	session_stop(session);
	perfdata_close(session->perfdata);
	heap_free(session->heap);
	picture_unref(session->picture);
	symbols_free(session->symbols);
	if (session->wake >= 0)
		close(session->wake);
	if (session->feed.fd >= 0)
		close(session->feed.fd);
	pthread_mutex_destroy(&session->lock);
	free(session);
}

const struct feed *session_feed(const struct session *session)
{
	return &session->feed;
}
