/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/thread.h"
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

	if (thread_start(&thread, run, &task)) {
		job(context);
		return;
	}
	while (!atomic_load(&task.done)) {
		watch_pass(a, sink);
		watch_pass(b, sink);
		capture_pass_focus(capture, sink);
		capture_round(capture, sink);
		nanosleep(&pause, NULL);
	}
	pthread_join(thread, NULL);
}
