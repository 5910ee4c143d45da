/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "capture/internal.h"

/* Between two looks into the rings, ns.  */
#define LOOK_NS 1000000

struct task {
	void (*job)(void *context);
	void *context;
	atomic_bool done;
};

static void *run(void *context)
{
	struct task *task = context;

	task->job(task->context);
	atomic_store(&task->done, true);
	return NULL;
}

void capture_beside(struct capture *capture, void (*job)(void *context),
		    void *context, struct watch *a, struct watch *b,
		    const struct sink *sink)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	struct task task = { job, context, false };
	pthread_t thread;
	sigset_t all, before;
	int failed;

	/* Signals are for the threads that wait for them.  */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&thread, NULL, run, &task);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed) {
		job(context);
		return;
	}
	while (!atomic_load(&task.done)) {
		watch_pass(a, sink);
		watch_pass(b, sink);
		focus_pass(capture->focus, sink, capture->recording);
		capture_round(capture, sink);
		nanosleep(&pause, NULL);
	}
	pthread_join(thread, NULL);
}
