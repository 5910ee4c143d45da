/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/fetch.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Seconds without a byte, and for one file.  */
#define SILENCE_MAX 10
#define FILE_TIME_MAX 300

/* What is used of <elfutils/debuginfod.h>, which need not be installed to
   build leaktop; the interface is stable (libdebuginfod.so.1).  */
typedef void *(*begin_function)(void);
typedef void (*end_function)(void *client);
typedef int (*find_function)(void *client, const unsigned char *id, int size,
			     char **path);
typedef int (*progress_function)(void *client, long done, long total);
typedef void (*set_progress_function)(void *client, progress_function progress);

struct fetch {
	atomic_bool stop;
	pthread_mutex_t lock;   /* for all that follows */
	bool tried;             /* to load the library */
	bool silent;            /* a server was given up */
	void *client;           /* NULL: none */
	end_function end;
	find_function find[2];  /* by kind */
	/* Of the file that is under way.  */
	time_t began;
	time_t heard;           /* when the last byte came */
	long done;
};

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

struct fetch *fetch_new(void)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	struct fetch *fetch;

	if (!urls || !*urls)
		return NULL;
	fetch = calloc(1, sizeof(*fetch));
	if (fetch)
		pthread_mutex_init(&fetch->lock, NULL);
	return fetch;
}

void fetch_free(struct fetch *fetch)
{
	if (!fetch)
		return;
	if (fetch->client)
		fetch->end(fetch->client);
	pthread_mutex_destroy(&fetch->lock);
	free(fetch);
}

void fetch_stop(struct fetch *fetch)
{
	if (fetch)
		atomic_store(&fetch->stop, true);
}

/* The file that this thread waits for: the library tells its callback only the
   client, and the client's own data came with a later version.  */
static _Thread_local struct fetch *under_way;

/* Called about every second; not 0 ends the transfer.  */
static int on_progress(void *client, long done, long total)
{
	struct fetch *fetch = under_way;
	time_t now = seconds();

	(void)client;
	/* Before the size is known DONE counts the calls.  */
	if (total > 0 && done != fetch->done) {
		fetch->done = done;
		fetch->heard = now;
	}
	if (now - fetch->heard >= SILENCE_MAX)
		fetch->silent = true;
	return fetch->silent || now - fetch->began >= FILE_TIME_MAX ||
	       atomic_load(&fetch->stop);
}

/* libcurl may leave threads behind that still run its code: what is loaded
   stays.  */
static void load(struct fetch *fetch)
{
	void *library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
	set_progress_function set_progress;
	begin_function begin;

	fetch->tried = true;
	if (!library)
		return;
	begin = (begin_function)dlsym(library, "debuginfod_begin");
	set_progress = (set_progress_function)
		dlsym(library, "debuginfod_set_progressfn");
	fetch->end = (end_function)dlsym(library, "debuginfod_end");
	fetch->find[FETCH_PROGRAM] = (find_function)
		dlsym(library, "debuginfod_find_executable");
	fetch->find[FETCH_DEBUG] = (find_function)
		dlsym(library, "debuginfod_find_debuginfo");
	if (!begin || !set_progress || !fetch->end ||
	    !fetch->find[FETCH_PROGRAM] || !fetch->find[FETCH_DEBUG])
		return;
	fetch->client = begin();
	if (fetch->client)
		set_progress(fetch->client, on_progress);
}

/* The same, of what can be asked for.  */
static int find_file(struct fetch *fetch, enum fetch_kind kind,
		     const struct build_id *id, char **path)
{
	int fd;

	if (fetch->silent || atomic_load(&fetch->stop))
		return -1;
	if (!fetch->tried)
		load(fetch);
	if (!fetch->client)
		return -1;
	fetch->began = fetch->heard = seconds();
	fetch->done = 0;
	under_way = fetch;
	fd = fetch->find[kind](fetch->client, id->bytes, id->size, path);
	under_way = NULL;
	if (fd >= 0 && *path)
		return fd;
	if (fd >= 0)
		close(fd);
	free(*path);
	*path = NULL;
	return -1;
}

int fetch_file(struct fetch *fetch, enum fetch_kind kind,
	       const struct build_id *id, char **path)
{
	int fd;

	*path = NULL;
	if (!fetch || !id->size || atomic_load(&fetch->stop))
		return -1;
	pthread_mutex_lock(&fetch->lock);
	fd = find_file(fetch, kind, id, path);
	pthread_mutex_unlock(&fetch->lock);
	return fd;
}
