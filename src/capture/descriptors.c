/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/descriptors.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/perf_event.h>

/* What the rest of the program may need.  */
#define SPARE_FILES 128

/* Of events, in this process: its limit is one for all captures.  */
static atomic_long held;

void descriptors_hold(long count)
{
	atomic_fetch_add(&held, count);
}

static void raise_limit(struct rlimit *limit, rlim_t wanted)
{
	struct rlimit more = {
		.rlim_cur = wanted,
		.rlim_max = wanted > limit->rlim_max ? wanted : limit->rlim_max,
	};

	if (setrlimit(RLIMIT_NOFILE, &more)) {
		/* Not allowed: then to what is.  */
		more = *limit;
		more.rlim_cur = limit->rlim_max < wanted ? limit->rlim_max :
			wanted;
		setrlimit(RLIMIT_NOFILE, &more);
	}
	getrlimit(RLIMIT_NOFILE, limit);
}

unsigned long descriptors_room(unsigned long needed)
{
	unsigned long used = SPARE_FILES + (unsigned long)atomic_load(&held);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return needed;
	if (limit.rlim_cur < needed + used)
		raise_limit(&limit, needed + used);
	return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

/* The id of the perf event that descriptor NAME in directory DIR is of; 0 if
   it is something else.  */
static uint64_t perf_fd_id(int dir, const char *name)
{
	char target[64];
	uint64_t id;
	ssize_t n = readlinkat(dir, name, target, sizeof target - 1);

	if (n < 0)
		return 0;
	target[n] = '\0';
	if (strcmp(target, "anon_inode:[perf_event]") ||
	    ioctl(atoi(name), PERF_EVENT_IOC_ID, &id))
		return 0;
	return id;
}

struct wanted {
	uint64_t id;
	int *fd;
};

static int by_id(const void *a, const void *b)
{
	const struct wanted *left = a, *right = b;

	return left->id < right->id ? -1 : left->id > right->id;
}

static size_t find_in(DIR *dir, struct wanted *wanted, size_t count)
{
	struct dirent *entry;
	size_t found = 0;

	while (found < count && (entry = readdir(dir))) {
		struct wanted key = { perf_fd_id(dirfd(dir), entry->d_name),
				      NULL };
		struct wanted *hit = key.id ? bsearch(&key, wanted, count,
						      sizeof key, by_id) : NULL;

		if (hit) {
			*hit->fd = atoi(entry->d_name);
			found++;
		}
	}
	return found;
}

int descriptors_find(const uint64_t *ids, size_t count, int *fds)
{
	struct wanted *wanted = malloc(count * sizeof *wanted);
	DIR *dir = opendir("/proc/self/fd");
	size_t found = 0;

	for (size_t i = 0; wanted && i < count; i++)
		wanted[i] = (struct wanted){ ids[i], &fds[i] };
	if (wanted && dir) {
		qsort(wanted, count, sizeof *wanted, by_id);
		errno = ENOENT;
		found = find_in(dir, wanted, count);
	}
	if (dir)
		closedir(dir);
	free(wanted);
	return found == count ? 0 : -1;
}
