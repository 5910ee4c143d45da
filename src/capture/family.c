/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/family.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "capture/target.h"

/* No process has a higher id (PID_MAX_LIMIT).  */
#define PIDS_MAX (1u << 22)

enum state {
	STATE_UNKNOWN,
	STATE_MEMBER,           /* is or was one of them */
	STATE_STRANGER
};

struct member {
	pid_t pid;
	uint64_t start;         /* see target_start_time() */
	bool has_execed;
};

struct family {
	pthread_mutex_t lock;
	pid_t pid;
	bool follows;
	uint64_t since;         /* when it was made, in the ticks of start */
	struct member *member;  /* those that have not ended, under LOCK */
	size_t count, room;
	size_t births;
	uint8_t state[PIDS_MAX];        /* what was never touched takes no memory */
};

static uint64_t ticks_now(void)
{
	long per_second = sysconf(_SC_CLK_TCK);
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * per_second +
		(uint64_t)ts.tv_nsec * per_second / 1000000000;
}

static void set_state(struct family *family, uint32_t pid, enum state state)
{
	__atomic_store_n(&family->state[pid], state, __ATOMIC_RELAXED);
}

static struct member *find(struct family *family, pid_t pid)
{
	for (size_t i = 0; i < family->count; i++) {
		if (family->member[i].pid == pid)
			return &family->member[i];
	}
	return NULL;
}

static void drop(struct family *family, struct member *member)
{
	size_t behind = family->member + family->count - (member + 1);

	memmove(member, member + 1, behind * sizeof *member);
	family->count--;
}

/* START 0: it has ended already, so that all there is of it is on the way.  */
static void add(struct family *family, pid_t pid, uint64_t start)
{
	struct member *member = find(family, pid);

	set_state(family, pid, STATE_MEMBER);
	family->births++;
	/* The id may have been another process's before.  */
	if (member) {
		member->start = start;
		return;
	}
	if (!start)
		return;
	if (family->count == family->room) {
		size_t room = family->room ? 2 * family->room : 16;
		struct member *more = realloc(family->member,
					      room * sizeof *more);

		/* What it does is delivered as long as others live.  */
		if (!more)
			return;
		family->member = more;
		family->room = room;
	}
	family->member[family->count++] = (struct member){ pid, start, false };
}

struct family *family_new(pid_t pid, bool follows)
{
	struct family *family = calloc(1, sizeof *family);

	if (!family)
		return NULL;
	pthread_mutex_init(&family->lock, NULL);
	family->pid = pid;
	family->follows = follows;
	family->since = ticks_now();
	add(family, pid, target_start_time(pid));
	return family;
}

void family_free(struct family *family)
{
	if (!family)
		return;
	pthread_mutex_destroy(&family->lock);
	free(family->member);
	free(family);
}

pid_t family_target(const struct family *family)
{
	return family->pid;
}

/* Process PID, of which no record has told, has events that it can have from
   one of the others only; or is the child of one.  It is one of them unless it
   was there before them, and so not whole.  */
static bool meet(struct family *family, pid_t pid)
{
	uint64_t start = target_start_time(pid);
	bool is_member = !start || start >= family->since;

	if (is_member)
		add(family, pid, start);
	else
		set_state(family, pid, STATE_STRANGER);
	return is_member;
}

bool family_has(struct family *family, uint32_t pid)
{
	enum state state;

	if (pid == (uint32_t)family->pid)
		return true;
	/* Kernels before 5.13 let child processes inherit the events in any
	   case, and all tell of their forks.  */
	if (!family->follows || pid >= PIDS_MAX)
		return false;
	state = __atomic_load_n(&family->state[pid], __ATOMIC_RELAXED);
	if (state == STATE_UNKNOWN) {
		pthread_mutex_lock(&family->lock);
		meet(family, pid);
		state = family->state[pid];
		pthread_mutex_unlock(&family->lock);
	}
	return state == STATE_MEMBER;
}

void family_fork(struct family *family, uint32_t pid, uint32_t parent)
{
	uint64_t start;

	if (pid == parent || !family_has(family, parent) || !family->follows ||
	    pid >= PIDS_MAX)
		return;
	start = target_start_time(pid);
	pthread_mutex_lock(&family->lock);
	add(family, pid, start);
	pthread_mutex_unlock(&family->lock);
}

static bool has_threads(pid_t pid)
{
	bool found = false;
	pid_t *tids;
	long count = target_threads(pid, &tids);

	for (long i = 0; i < count && !found; i++)
		found = target_thread_lives(pid, tids[i]);
	if (count >= 0)
		free(tids);
	return found || count < 0;
}

void family_exit(struct family *family, uint32_t pid)
{
	struct member *member;

	/* Other threads may go on.  */
	if (has_threads(pid))
		return;
	pthread_mutex_lock(&family->lock);
	member = find(family, pid);
	if (member)
		drop(family, member);
	pthread_mutex_unlock(&family->lock);
}

void family_exec(struct family *family, uint32_t pid)
{
	struct member *member;

	pthread_mutex_lock(&family->lock);
	member = find(family, pid);
	if (member)
		member->has_execed = true;
	pthread_mutex_unlock(&family->lock);
}

pid_t family_take_exec(struct family *family)
{
	pid_t pid = 0;

	pthread_mutex_lock(&family->lock);
	for (size_t i = 0; i < family->count && !pid; i++) {
		if (family->member[i].has_execed) {
			family->member[i].has_execed = false;
			pid = family->member[i].pid;
		}
	}
	pthread_mutex_unlock(&family->lock);
	return pid;
}

size_t family_births(struct family *family)
{
	size_t births;

	pthread_mutex_lock(&family->lock);
	births = family->births;
	pthread_mutex_unlock(&family->lock);
	return births;
}

static bool is_living(const struct member *member)
{
	return target_start_time(member->pid) == member->start &&
		has_threads(member->pid);
}

bool family_is_alone(struct family *family, pid_t pid)
{
	bool alone = true;

	pthread_mutex_lock(&family->lock);
	for (size_t i = 0; i < family->count && alone; i++)
		alone = family->member[i].pid == pid ||
			!is_living(&family->member[i]);
	pthread_mutex_unlock(&family->lock);
	return alone;
}

/* Adds the children that thread TID of PID has and that are not known.  */
static void meet_children(struct family *family, pid_t pid, pid_t tid)
{
	char path[64];
	FILE *file;
	int child;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid,
		 (int)tid);
	file = fopen(path, "re");
	while (file && fscanf(file, "%d", &child) == 1) {
		if (child > 0 && (unsigned)child < PIDS_MAX &&
		    family->state[child] == STATE_UNKNOWN)
			meet(family, child);
	}
	if (file)
		fclose(file);
}

struct list {
	pid_t *tid;
	size_t count;
};

/* Adds the threads of PID to LIST.  Returns how many, -1 without memory.  */
static long list_threads(struct list *list, pid_t pid)
{
	pid_t *tids, *more;
	long count = target_threads(pid, &tids);

	if (count < 0)
		return -1;
	more = realloc(list->tid, (list->count + count + 1) * sizeof *more);
	if (more) {
		list->tid = more;
		memcpy(more + list->count, tids, count * sizeof *tids);
		list->count += count;
	}
	free(tids);
	return more ? count : -1;
}

long family_threads(struct family *family, pid_t **tids)
{
	struct list list = { NULL, 0 };
	size_t i = 0;
	long n = 0;

	pthread_mutex_lock(&family->lock);
	/* Children that are met come behind all others.  */
	while (i < family->count && n >= 0) {
		pid_t pid = family->member[i].pid;

		n = list_threads(&list, pid);
		for (long k = 0; family->follows && k < n; k++)
			meet_children(family, pid,
				      list.tid[list.count - n + k]);
		if (n)
			i++;
		else
			drop(family, &family->member[i]);
	}
	pthread_mutex_unlock(&family->lock);
	/* One that has ended is told from want of memory.  */
	if (n >= 0 && !list.tid)
		list.tid = malloc(sizeof *list.tid);
	if (n < 0 || !list.tid) {
		free(list.tid);
		return -1;
	}
	*tids = list.tid;
	return (long)list.count;
}

void family_each(struct family *family, void (*each)(void *context, pid_t pid),
		 void *context)
{
	pthread_mutex_lock(&family->lock);
	for (size_t i = 0; i < family->count; i++)
		each(context, family->member[i].pid);
	pthread_mutex_unlock(&family->lock);
}

/* -1 with errno; ESRCH: it has ended.  */
static int open_member(const struct member *member)
{
	struct pollfd fd = { .events = POLLIN };

	fd.fd = syscall(SYS_pidfd_open, member->pid, 0);
	if (fd.fd < 0)
		return -1;
	if (poll(&fd, 1, 0) == 0 &&
	    target_start_time(member->pid) == member->start)
		return fd.fd;
	close(fd.fd);
	errno = ESRCH;
	return -1;
}

int family_open_one(struct family *family)
{
	int fd = -1, code = ESRCH;

	pthread_mutex_lock(&family->lock);
	while (family->count && fd < 0 && code == ESRCH) {
		fd = open_member(family->member);
		code = fd < 0 ? errno : 0;
		if (code == ESRCH)
			drop(family, family->member);
	}
	pthread_mutex_unlock(&family->lock);
	errno = code;
	return fd;
}
