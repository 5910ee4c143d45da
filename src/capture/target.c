/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/target.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/text.h"

/* PF_KTHREAD of the kernel's sched.h, in field "flags" of /proc/PID/stat.  */
#define FLAG_KERNEL_THREAD 0x00200000u
/* PF_EXITING: no events can be opened on it any more.  */
#define FLAG_EXITING 0x00000004u

/* Reads a small file of /proc whole, NUL at its end.  Returns its length, or
   -1 with errno.  */
static ssize_t read_small(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, buffer, size - 1);
	if (n >= 0)
		buffer[n] = '\0';
	close(fd);
	return n;
}

/* The number that a task's status file gives for NAME, which ends in ":"; -1
   when it is gone, 0 when it has none.  A line may be longer than any buffer:
   one may be in 65,536 groups.  */
static long status_number(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	size_t room = 0, length = strlen(name);
	char *line = NULL;
	long value = -1;

	if (!file)
		return -1;
	while (getline(&line, &room, file) > 0) {
		value = 0;
		if (!strncmp(line, name, length)) {
			value = strtol(line + length, NULL, 10);
			break;
		}
	}
	free(line);
	fclose(file);
	return value;
}

/* Each thread has its own filters, and any mode forbids something.  */
static bool has_seccomp(pid_t pid)
{
	bool found = false;
	char path[64];
	pid_t *tids;
	long count = target_threads(pid, &tids);

	for (long i = 0; i < count && !found; i++) {
		snprintf(path, sizeof path, "/proc/%d/task/%d/status",
			 (int)pid, (int)tids[i]);
		found = status_number(path, "Seccomp:") > 0;
	}
	if (count >= 0)
		free(tids);
	return found;
}

static bool other_word_size(pid_t pid)
{
	char path[64];
	unsigned char ident[EI_NIDENT];
	int fd;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, ident, sizeof ident);
	close(fd);
	return n == sizeof ident && !memcmp(ident, ELFMAG, SELFMAG) &&
		ident[EI_CLASS] !=
		(sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32);
}

/* Reads a task's state letter and flags from its stat file.  Returns 0 or
   -1.  */
static int read_state(const char *path, char *state, unsigned *flags)
{
	char text[1024];
	const char *at;

	if (read_small(path, text, sizeof text) <= 0)
		return -1;
	/* The name before may hold anything.  */
	at = strrchr(text, ')');
	return at && sscanf(at + 1, " %c %*d %*d %*d %*d %*d %u", state,
			    flags) == 2 ? 0 : -1;
}

uint64_t target_start_time(pid_t pid)
{
	char path[64], text[1024];
	const char *at;
	uint64_t start;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (read_small(path, text, sizeof text) <= 0)
		return 0;
	/* Field 22; the name is the second, and may hold anything.  */
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at && sscanf(at, "%" SCNu64, &start) == 1 ? start : 0;
}

int target_read(struct target *target, pid_t pid, struct error *error)
{
	char path[64], text[TARGET_COMM], state = '?';
	unsigned flags = 0;
	long process;

	memset(target, 0, sizeof *target);
	target->pid = pid;
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	process = pid > 0 ? status_number(path, "Tgid:") : -1;
	if (process < 0)
		return error_set(error, _("no process %d"), (int)pid);
	target->process = process;
	if (target->process != pid)
		target->trouble |= TARGET_THREAD;
	if (has_seccomp(pid))
		target->trouble |= TARGET_SECCOMP;
	/* The first thread may be gone while others go on.  */
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	read_state(path, &state, &flags);
	if (flags & FLAG_KERNEL_THREAD)
		target->trouble |= TARGET_KERNEL_THREAD;
	if (state == 'Z' || state == 'X') {
		pid_t *tids;
		long n = target_threads(pid, &tids);

		if (n >= 0)
			free(tids);
		if (n < 2)
			target->trouble |= TARGET_ZOMBIE;
	}
	if (other_word_size(pid))
		target->trouble |= TARGET_32BIT;
	target_comm(pid, pid, text, sizeof text);
	text_clean(target->comm, sizeof target->comm, text);
	return 0;
}

static int compare_tids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

long target_threads(pid_t pid, pid_t **tids)
{
	size_t count = 0, room = 64;
	char path[64];
	struct dirent *entry;
	DIR *dir;

	*tids = malloc(room * sizeof **tids);
	if (!*tids)
		return -1;
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir) {
		if (errno == ENOENT || errno == ESRCH)
			return 0;
		free(*tids);
		return -1;
	}
	while ((entry = readdir(dir))) {
		pid_t tid = strtol(entry->d_name, NULL, 10);

		if (tid <= 0)
			continue;
		if (count == room) {
			pid_t *more = realloc(*tids, 2 * room * sizeof **tids);

			if (!more) {
				free(*tids);
				closedir(dir);
				return -1;
			}
			*tids = more;
			room *= 2;
		}
		(*tids)[count++] = tid;
	}
	closedir(dir);
	qsort(*tids, count, sizeof **tids, compare_tids);
	/* Ids wrap around; the first thread leads all the same.  */
	for (size_t i = 1; i < count; i++) {
		if ((*tids)[i] == pid) {
			memmove(*tids + 1, *tids, i * sizeof **tids);
			(*tids)[0] = pid;
			break;
		}
	}
	return count;
}

bool target_thread_lives(pid_t pid, pid_t tid)
{
	char path[64], state;
	unsigned flags;

	snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid,
		 (int)tid);
	return !read_state(path, &state, &flags) && state != 'Z' &&
		state != 'X' && !(flags & FLAG_EXITING);
}

void target_comm(pid_t pid, pid_t tid, char *comm, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/task/%d/comm", (int)pid,
		 (int)tid);
	n = read_small(path, comm, size);
	if (n <= 0)
		comm[0] = '\0';
	else if (comm[n - 1] == '\n')
		comm[n - 1] = '\0';
}

uint64_t target_rss(pid_t pid)
{
	char path[64], text[128];
	uint64_t pages;

	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	if (read_small(path, text, sizeof text) <= 0 ||
	    sscanf(text, "%*u %" SCNu64, &pages) != 1)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static bool parse_map(char *line, struct target_map *map)
{
	static const char deleted[] = " (deleted)";
	unsigned major_number, minor_number;
	char permissions[8];
	int path = 0;
	size_t length;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %x:%x %" SCNu64
		   " %n", &map->start, &map->end, permissions, &map->offset,
		   &major_number, &minor_number, &map->inode, &path) < 7 ||
	    !path)
		return false;
	map->executable = permissions[2] == 'x';
	map->device = makedev(major_number, minor_number);
	map->path = line + path;
	length = strlen(map->path);
	map->deleted = length > sizeof deleted - 1 &&
		!strcmp(map->path + length - (sizeof deleted - 1), deleted);
	if (map->deleted)
		line[path + length - (sizeof deleted - 1)] = '\0';
	return true;
}

int target_maps(pid_t pid,
		bool (*each)(void *context, const struct target_map *map),
		void *context)
{
	char path[64], *line = NULL;
	size_t room = 0;
	ssize_t n;
	pid_t *tids;
	long count = target_threads(pid, &tids);
	struct target_map map;
	FILE *file = NULL;

	/* Where the first thread has ended, its maps are empty, but not those
	   of the others.  */
	for (long i = 0; i < count; i++) {
		snprintf(path, sizeof path, "/proc/%d/task/%d/maps", (int)pid,
			 (int)tids[i]);
		file = fopen(path, "re");
		if (!file)
			break;
		n = getline(&line, &room, file);
		if (n > 0)
			break;
		fclose(file);
		file = NULL;
		errno = ESRCH;
	}
	if (count >= 0)
		free(tids);
	if (!file) {
		int saved = count > 0 ? errno : ESRCH;

		free(line);
		errno = saved;
		return -1;
	}
	do {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (parse_map(line, &map) && !each(context, &map))
			break;
		n = getline(&line, &room, file);
	} while (n > 0);
	free(line);
	fclose(file);
	return 0;
}
