/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/others.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "capture/owner.h"
#include "capture/probes.h"

/* Whether OFFSET is where a probe of leaktop's would be, or that function's
   entry.  */
static bool is_ours(const struct libc *libc, uint64_t offset)
{
	for (int id = 0; id < ALLOC_COUNT; id++) {
		const struct libc_function *function = &libc->function[id];

		if (function->present && (offset == function->offset ||
		    offset == function->offset + function->point.offset))
			return true;
	}
	return false;
}

static bool same_file(const char *path, const struct stat *file)
{
	struct stat st;

	return !stat(path, &st) && st.st_dev == file->st_dev &&
		st.st_ino == file->st_ino;
}

/* Adds WORD to TEXT, unless it is there already.  */
static void add_word(char text[OTHERS_SIZE], const char *word)
{
	size_t used = strlen(text), length = strlen(word);
	const char *at = text;

	while ((at = strstr(at, word))) {
		if ((at == text || at[-1] == ' ') &&
		    (!at[length] || at[length] == ','))
			return;
		at += length;
	}
	if (used + length + 3 < OTHERS_SIZE)
		snprintf(text + used, OTHERS_SIZE - used, "%s%s",
			 used ? ", " : "", word);
}

/* Whether descriptor NAME of process OWNER stands for process PID.  */
static bool stands_for(pid_t owner, const char *name, pid_t pid)
{
	char path[64 + NAME_MAX], line[256];
	int found = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/fdinfo/%s", (int)owner, name);
	file = fopen(path, "re");
	while (file && found != pid && fgets(line, sizeof line, file))
		sscanf(line, "Pid: %d", &found);
	if (file)
		fclose(file);
	return found == pid;
}

/* A leaktop holds a pidfd of each process that it watches.  */
static bool watches(pid_t owner, pid_t pid)
{
	struct dirent *entry;
	bool found = false;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fdinfo", (int)owner);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir)))
		found = *entry->d_name != '.' &&
			stands_for(owner, entry->d_name, pid);
	if (dir)
		closedir(dir);
	return found;
}

/* GROUP has a probe on the functions.  */
static void take_group(struct others *others, pid_t pid, const char *group)
{
	pid_t owner = owner_pid(group);
	char id[16];

	if (!owner) {
		add_word(others->groups, group);
	} else if (owner > 0 && !owner_is_dead(group) && watches(owner, pid)) {
		snprintf(id, sizeof id, "%d", (int)owner);
		add_word(others->leaktops, id);
	}
}

int others_find(struct others *others, pid_t pid, const struct libc *libc)
{
	char line[PATH_MAX + 256], group[OWNER_NAME + 1], last[OWNER_NAME + 1];
	char path[PATH_MAX], *file, *end;
	struct stat st;
	FILE *list;

	memset(others, 0, sizeof *others);
	others->directory = probes_directory(NULL);
	if (!others->directory || stat(libc->path, &st))
		return -1;
	snprintf(path, sizeof path, "%s/uprobe_events", others->directory);
	list = fopen(path, "re");
	if (!list)
		return -1;
	*last = '\0';
	while (fgets(line, sizeof line, list)) {
		if (sscanf(line, "%*[^:]:%64[^/ ]/", group) != 1)
			continue;
		file = strchr(line, ' ');
		end = file ? strstr(++file, ":0x") : NULL;
		if (!end)
			continue;
		*end = '\0';
		if (!strcmp(group, last) ||
		    !is_ours(libc, strtoull(end + 1, NULL, 16)) ||
		    !same_file(file, &st))
			continue;
		/* A group's probes mostly follow one another.  */
		memcpy(last, group, sizeof last);
		take_group(others, pid, group);
	}
	fclose(list);
	text_clean(others->groups, sizeof others->groups, others->groups);
	return 0;
}
