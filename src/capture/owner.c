/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/owner.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/intl.h"
#include "capture/probes.h"
#include "capture/target.h"

/* PROC_PID_INIT_INO of the kernel: the first namespace's inode.  */
#define FIRST_NAMESPACE 0xEFFFFFFCu

#define PREFIX "leaktop_"

static uint64_t own_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? 0 : st.st_ino;
}

void owner_name(char name[OWNER_NAME], unsigned number)
{
	uint64_t start = target_start_time(getpid());
	uint64_t space = own_namespace();
	int n = snprintf(name, OWNER_NAME, PREFIX "%d_%" PRIu64,
			 (int)getpid(), start);

	if (space && space != FIRST_NAMESPACE)
		n += snprintf(name + n, OWNER_NAME - n, "_ns%" PRIu64, space);
	if (number)
		snprintf(name + n, OWNER_NAME - n, "_%u", number);
}

struct owner {
	pid_t pid;
	uint64_t start;         /* 0: not told (by early versions) */
	uint64_t space;
};

static bool take_number(const char **at, uint64_t *number)
{
	char *end;

	if (!isdigit((unsigned char)**at))
		return false;
	errno = 0;
	*number = strtoull(*at, &end, 10);
	*at = end;
	return !errno;
}

/* Reads GROUP's name.  Returns false for what leaktop doesn't make.  */
static bool parse(const char *group, struct owner *owner)
{
	const char *at = group + strlen(PREFIX);
	uint64_t pid, number;

	owner->start = 0;
	owner->space = FIRST_NAMESPACE;
	if (strncmp(group, PREFIX, strlen(PREFIX)) ||
	    !take_number(&at, &pid) || !pid || pid > INT_MAX)
		return false;
	owner->pid = pid;
	if (*at == '_') {
		at++;
		if (!take_number(&at, &owner->start))
			return false;
	}
	if (!strncmp(at, "_ns", 3)) {
		at += 3;
		if (!take_number(&at, &owner->space))
			return false;
	}
	if (*at == '_') {
		at++;
		if (!take_number(&at, &number))
			return false;
	}
	return !*at;
}

pid_t owner_pid(const char *group)
{
	struct owner owner;

	if (!parse(group, &owner))
		return 0;
	return owner.space == own_namespace() ? owner.pid : -1;
}

bool owner_is_dead(const char *group)
{
	struct target target;
	struct owner owner;
	uint64_t start;

	if (!parse(group, &owner) || owner.space != own_namespace())
		return false;
	/* Without /proc this says nothing about others, or about us.  */
	if (!target_start_time(getpid()))
		return false;
	if (kill(owner.pid, 0) && errno == ESRCH)
		return true;
	start = target_start_time(owner.pid);
	if (!start)
		return false;
	if (owner.start && owner.start != start)
		return true;
	return !target_read(&target, owner.pid, NULL) &&
		target.trouble & TARGET_ZOMBIE;
}

static char *read_list(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t room = 0;
	char *text = NULL;

	if (!file)
		return NULL;
	/* Up to the end, as there are no NULs.  */
	if (getdelim(&text, &room, '\0', file) < 0 && !ferror(file)) {
		free(text);
		text = strdup("");
	}
	fclose(file);
	return text;
}

/* Returns 0 or -1 with errno.  */
static int remove_event(const char *list, const char *group, const char *name,
			bool patient)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	char command[2 * OWNER_NAME + 8];
	int size = snprintf(command, sizeof command, "-:%s/%s\n", group, name);
	int fd, tries = patient ? 50 : 1, saved;

	if ((size_t)size >= sizeof command)
		return -1;
	/* Opened for appending, or the kernel would take all probes away.  */
	fd = open(list, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (write(fd, command, size) != size) {
		if (errno != EBUSY || !--tries) {
			saved = errno;
			close(fd);
			errno = saved;
			return saved == ENOENT ? 0 : -1;
		}
		nanosleep(&pause, NULL);
	}
	close(fd);
	return 0;
}

int owner_cleanup(bool patient, struct error *error)
{
	const char *directory = probes_directory(error);
	char path[PATH_MAX], *text, *line, *rest = NULL;
	char group[OWNER_NAME + 1], name[OWNER_NAME + 1];
	int removed = 0, left = 0;

	if (!directory)
		return -1;
	snprintf(path, sizeof path, "%s/uprobe_events", directory);
	text = read_list(path);
	if (!text)
		return error_set(error, _("can't read %s: %s"), path,
				 strerror(errno));
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (sscanf(line, "%*[^:]:%64[^/ ]/%64s", group, name) != 2 ||
		    !owner_is_dead(group))
			continue;
		if (remove_event(path, group, name, patient && !left)) {
			left++;
			error_set(error, _("can't remove the probe %s/%s that a dead leaktop left behind: %s"),
				  group, name, strerror(errno));
		} else {
			removed++;
		}
	}
	free(text);
	return left ? -1 : removed;
}
