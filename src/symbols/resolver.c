/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/resolver.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "symbols/internal.h"

/* A few screens full.  */
#define WAITING_MAX 1024
/* While there is more to do, what was found is told in so many ns.  */
#define TELL_TIME UINT64_C(50000000)
/* For the thread to end by itself, ns.  */
#define END_TIME 100000000L

struct resolver {
	struct symbols *symbols;
	pthread_t thread;
	int fd;
	pthread_mutex_t lock;
	pthread_cond_t wake;    /* for the thread: something waits, or STOP */
	pthread_cond_t over;    /* for the one who frees: ENDED */
	struct request waiting[WAITING_MAX]; /* the last comes first */
	unsigned count;
	bool stop;
	bool ended;
	/* Set when nobody waits for the end: then it is the thread's.  */
	void (*dispose)(struct symbols *symbols);
};

static bool resolve(struct symbols *symbols, const struct request *request)
{
	switch (request->what) {
	case RESOLVE_NAMES:
		return frames_read_names(symbols, request->object);
	case RESOLVE_LINE:
		return frames_read_line(symbols, request->object,
					request->address);
	case RESOLVE_PROCESS:
		return frames_look(symbols, request->space);
	case RESOLVE_FETCH:
		return frames_fetch(symbols, request->object);
	}
	return false;
}

/* Takes the request out that comes next; servers come last.  */
static struct request take(struct resolver *resolver)
{
	unsigned at = resolver->count - 1;
	struct request request;

	while (at && resolver->waiting[at].what == RESOLVE_FETCH)
		at--;
	request = resolver->waiting[at];
	resolver->count--;
	memmove(&resolver->waiting[at], &resolver->waiting[at + 1],
		(resolver->count - at) * sizeof(request));
	return request;
}

static void resolver_end(struct resolver *resolver)
{
	if (resolver->fd >= 0)
		close(resolver->fd);
	pthread_mutex_destroy(&resolver->lock);
	pthread_cond_destroy(&resolver->wake);
	pthread_cond_destroy(&resolver->over);
	free(resolver);
}

static void *run(void *context)
{
	struct resolver *resolver = context;
	struct symbols *symbols = resolver->symbols;
	void (*dispose)(struct symbols *symbols);
	uint64_t told = 0;
	bool news = false;

	pthread_mutex_lock(&resolver->lock);
	while (!resolver->stop) {
		struct request request;

		if (news && (!resolver->count ||
			     clock_now() - told >= TELL_TIME)) {
			eventfd_write(resolver->fd, 1);
			told = clock_now();
			news = false;
		}
		if (!resolver->count) {
			pthread_cond_wait(&resolver->wake, &resolver->lock);
			continue;
		}
		request = take(resolver);
		pthread_mutex_unlock(&resolver->lock);
		news |= resolve(symbols, &request);
		pthread_mutex_lock(&resolver->lock);
	}
	resolver->ended = true;
	dispose = resolver->dispose;
	pthread_cond_signal(&resolver->over);
	pthread_mutex_unlock(&resolver->lock);
	if (dispose) {
		dispose(symbols);
		resolver_end(resolver);
	}
	return NULL;
}

struct resolver *resolver_new(struct symbols *symbols)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));
	pthread_condattr_t attributes;

	if (!resolver)
		return NULL;
	resolver->symbols = symbols;
	resolver->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&resolver->lock, NULL);
	pthread_cond_init(&resolver->wake, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&resolver->over, &attributes);
	pthread_condattr_destroy(&attributes);
	if (resolver->fd < 0 || thread_start(&resolver->thread, run, resolver)) {
		resolver_end(resolver);
		return NULL;
	}
	return resolver;
}

/* Under the lock.  */
static void wait_for_end(struct resolver *resolver)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += END_TIME;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	while (!resolver->ended &&
	       !pthread_cond_timedwait(&resolver->over, &resolver->lock,
				       &until))
		;
}

void resolver_free(struct resolver *resolver,
		   void (*dispose)(struct symbols *symbols))
{
	struct symbols *symbols = resolver->symbols;
	pthread_t thread = resolver->thread;
	bool ended;

	pthread_mutex_lock(&resolver->lock);
	resolver->stop = true;
	pthread_cond_signal(&resolver->wake);
	wait_for_end(resolver);
	ended = resolver->ended;
	if (!ended)
		resolver->dispose = dispose;
	pthread_mutex_unlock(&resolver->lock);
	if (!ended) {
		pthread_detach(thread);
		return;
	}
	pthread_join(thread, NULL);
	resolver_end(resolver);
	dispose(symbols);
}

static bool same(const struct request *a, const struct request *b)
{
	return a->what == b->what && a->space == b->space &&
	       a->object == b->object && a->address == b->address;
}

void resolver_ask(struct resolver *resolver, struct request request)
{
	unsigned at;

	pthread_mutex_lock(&resolver->lock);
	for (at = 0; at < resolver->count; at++) {
		if (same(&resolver->waiting[at], &request))
			break;
	}
	if (at == resolver->count && at == WAITING_MAX)
		at = 0;
	if (at < resolver->count) {
		resolver->count--;
		memmove(&resolver->waiting[at], &resolver->waiting[at + 1],
			(resolver->count - at) * sizeof(request));
	}
	resolver->waiting[resolver->count++] = request;
	pthread_cond_signal(&resolver->wake);
	pthread_mutex_unlock(&resolver->lock);
}

int resolver_fd(const struct resolver *resolver)
{
	return resolver->fd;
}
