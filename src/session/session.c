/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/text.h"
#include "base/thread.h"
#include "session/internal.h"
#include "session/unwinding.h"

/* The session's thread looks at them when it is woken.  */
static void take_command(void *context, enum feed_command command)
{
	struct session *session = context;
	atomic_bool *flag = command == FEED_PAUSE ? &session->paused :
			    &session->draining;

	if (session->perfdata)
		return;
	*flag = !*flag;
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

static int is_loaded(void *context, pid_t pid, struct error *error)
{
	(void)context;
	return capture_is_loaded(pid, error);
}

int session_launch(struct session_options *options,
		   const struct launch_options *command, int *status,
		   struct error *error)
{
	struct launch_options launch = *command;

	launch.ready = is_loaded;
	options->launch = launch_start(&launch, status, error);
	if (!options->launch)
		return -1;
	options->capture.pid = launch_pid(options->launch);
	return 0;
}

void take_description(struct session *session)
{
	const char *recorder = perfdata_command(session->perfdata);

	session->source.pid = perfdata_pid(session->perfdata);
	if (recorder)
		text_clean(session->source.recorder,
			   sizeof(session->source.recorder), recorder);
}

static int open_source(struct session *session, struct error *error)
{
	const struct session_options *options = &session->options;
	char root[64];

	if (!options->path) {
		session->source.kind = SOURCE_LIVE;
		session->source.pid = (uint32_t)options->capture.pid;
		capture_name(options->capture.pid, session->command,
			     sizeof(session->command));
		if (capture_check(&options->capture, error) < 0)
			return -1;
		snprintf(root, sizeof(root), "/proc/%u/root",
			 session->source.pid);
		symbols_set_root(session->symbols, session->source.pid, root);
		if (recorder_open(session, error) < 0)
			return -1;
		/* Attaching takes a moment; the name is known before.  */
		publish(session, STATE_STARTING, "");
		return 0;
	}
	session->source.kind = SOURCE_FILE;
	if (options->sysroot)
		symbols_set_sysroot(session->symbols, options->sysroot);
	text_clean(session->source.path, sizeof(session->source.path),
		   options->path);
	session->perfdata = perfdata_open_mapped(options->path,
						 &session->options.maps, error);
	if (!session->perfdata)
		return -1;
	if (!perfdata_is_stream(session->perfdata))
		take_description(session);
	return 0;
}

/* All that needs memory or a file descriptor.  */
static bool set_up(struct session *session)
{
	session->symbols = symbols_new();
	session->heap = heap_new(&session->options.heap);
	session->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	session->feed = (struct feed) {
		.context = session,
		.picture = newest_picture,
		.command = take_command,
		.focus = focus_toggle,
		.life = life_want,
		.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.source = &session->source,
		.symbols = session->symbols,
		.output = session->options.launch ?
			launch_transcript(session->options.launch) : NULL,
	};
	if (!session->symbols || !session->heap || session->wake < 0 ||
	    session->feed.fd < 0)
		return false;
	feeder_connect(session);
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
	session->overhead = -1;
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
	int status = thread_start(&session->thread, session_run, session);

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
	life_cancel(session);
	/* Who loads may wait for a server; names for a report come later.  */
	if (session->perfdata && (!session->loaded || session->reading_life))
		symbols_stop_waiting(session->symbols);
	eventfd_write(session->wake, 1);
	pthread_join(session->thread, NULL);
	session->running = false;
}

bool session_is_stream(const struct session *session)
{
	return session->perfdata && perfdata_is_stream(session->perfdata);
}

unsigned session_probes_left(const struct session *session)
{
	return session->probes_left;
}

const char *session_record_trouble(struct session *session, bool *failed)
{
	const char *trouble = recorder_trouble(session);

	*failed = session->record_failed;
	return trouble;
}

void session_free(struct session *session)
{
	if (!session)
		return;
	session_stop(session);
	recorder_close(session);
	perfdata_close(session->perfdata);
	unwinding_free(session->unwinding);
	heap_free(session->heap);
	picture_unref(session->picture);
	dumps_clear(session);
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
