/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/text.h"

/* Address space for the file, of which only what is there is ever touched:
   the first of these sizes, halved as often as needed.  */
#define MAP_LARGEST (sizeof(size_t) > 4 ? (size_t)1 << 42 : (size_t)1 << 30)
#define MAP_SMALLEST ((size_t)1 << 26)
/* A pipe holds 64 KiB by default.  */
#define CHUNK (1 << 18)
/* Milliseconds between two looks at whether to stop.  */
#define PATIENCE 100

struct spool {
	int in;
	int out;
	uint8_t *map;
	size_t room;            /* bytes of address space */
	size_t size;            /* bytes that are there */
	bool ended;
	const atomic_bool *stop;
	struct error trouble;
	char directory[128];    /* fit to be shown */
	uint8_t chunk[CHUNK];
};

/* Returns a descriptor, or -1.  */
static int open_nameless(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char *name;

	/* Not every file system has such.  */
	if (fd >= 0 || asprintf(&name, "%s/leaktop-XXXXXX", directory) < 0)
		return fd;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	free(name);
	return fd;
}

static int set_up(struct spool *spool, struct error *error)
{
	const char *directory = getenv("TMPDIR");
	void *map;

	if (!directory || !*directory)
		directory = "/var/tmp";
	text_clean(spool->directory, sizeof(spool->directory), directory);
	spool->out = open_nameless(directory);
	if (spool->out < 0)
		return error_set(error, _("can't make a temporary file in %s: %s; set TMPDIR to another directory"),
				 spool->directory, strerror(errno));
	spool->room = MAP_LARGEST;
	while ((map = mmap(NULL, spool->room, PROT_READ,
			   MAP_SHARED | MAP_NORESERVE, spool->out, 0)) ==
	       MAP_FAILED && spool->room > MAP_SMALLEST)
		spool->room /= 2;
	if (map == MAP_FAILED)
		return error_set(error, _("can't map a temporary file in %s: %s"),
				 spool->directory, strerror(errno));
	spool->map = map;
	return 0;
}

struct spool *spool_new(int fd, struct error *error)
{
	struct spool *spool = calloc(1, sizeof(*spool));

	if (!spool) {
		error_set(error, _("out of memory"));
		close(fd);
		return NULL;
	}
	spool->in = fd;
	spool->out = -1;
	if (set_up(spool, error)) {
		spool_free(spool);
		return NULL;
	}
	return spool;
}

void spool_free(struct spool *spool)
{
	if (!spool)
		return;
	if (spool->map)
		munmap(spool->map, spool->room);
	if (spool->out >= 0)
		close(spool->out);
	close(spool->in);
	free(spool);
}

void spool_set_stop(struct spool *spool, const atomic_bool *stop)
{
	spool->stop = stop;
}

const uint8_t *spool_bytes(const struct spool *spool)
{
	return spool->map;
}

size_t spool_size(const struct spool *spool)
{
	return spool->size;
}

const char *spool_trouble(const struct spool *spool)
{
	return spool->trouble.text;
}

static bool is_stopped(const struct spool *spool)
{
	return spool->stop &&
		atomic_load_explicit(spool->stop, memory_order_relaxed);
}

/* Waits until something can be read, the end included.  Returns whether it
   can.  */
static bool wait_for_more(const struct spool *spool)
{
	struct pollfd fd = { .fd = spool->in, .events = POLLIN };

	while (!is_stopped(spool)) {
		if (poll(&fd, 1, PATIENCE) > 0)
			return true;
	}
	return false;
}

/* Appends SIZE bytes of the chunk.  Returns 0 or -1.  */
static int keep(struct spool *spool, size_t size)
{
	size_t done = 0;

	if (size > spool->room - spool->size)
		return error_set(&spool->trouble,
				 _("is longer than the %zu bytes of address space there are for it"),
				 spool->room);
	while (done < size) {
		ssize_t written = write(spool->out, spool->chunk + done,
					size - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return error_set(&spool->trouble, _("can't keep it in %s: %s; set TMPDIR to a directory with more room"),
					 spool->directory, strerror(errno));
		done += (size_t)written;
		spool->size += (size_t)written;
	}
	return 0;
}

int spool_more(struct spool *spool)
{
	ssize_t size;

	if (*spool->trouble.text)
		return -1;
	do {
		if (spool->ended || !wait_for_more(spool))
			return 0;
		size = read(spool->in, spool->chunk, sizeof(spool->chunk));
	} while (size < 0 && (errno == EINTR || errno == EAGAIN));
	if (size < 0)
		return error_set(&spool->trouble, "%s", strerror(errno));
	if (!size) {
		spool->ended = true;
		return 0;
	}
	return keep(spool, (size_t)size) ? -1 : 1;
}
