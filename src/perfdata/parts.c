/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/grown.h"
#include "base/intl.h"
#include "perfdata/features.h"

/* Of the directory format, PERF_DIR_VERSION.  */
#define DIR_VERSION 1
/* More than machines have CPUs.  */
#define PARTS_MAX 8192

static int check_version(const struct file *file, struct error *error)
{
	struct cursor cursor = feature_section(file, FEATURE_DIR_FORMAT);
	uint64_t version;

	/* The version comes last, as all that stands behind the data.  */
	if (file->unfinished && features_has(file, FEATURE_DIR_FORMAT))
		return 0;
	if (!features_has(file, FEATURE_DIR_FORMAT) ||
	    !cursor_u64(&cursor, &version))
		return error_set(error, _("%s: its file \"data\" does not say that there are others"),
				 file->name);
	if (version != DIR_VERSION)
		return error_set(error, _("%s: has version %llu of the directory format, which is not known"),
				 file->name, (unsigned long long)version);
	return 0;
}

static bool is_part(const char *name)
{
	size_t digits;

	if (strncmp(name, "data.", 5))
		return false;
	digits = strspn(name + 5, "0123456789");
	return digits && digits < 10 && !name[5 + digits];
}

/* The next one's name; NULL: there are no more.  */
static const char *next_name(DIR *directory)
{
	const struct dirent *entry;

	while ((entry = readdir(directory))) {
		if (is_part(entry->d_name))
			return entry->d_name;
	}
	return NULL;
}

static int add_part(struct parts *parts, const struct file *file,
		    const char *name, struct error *error)
{
	struct file *files = grown(parts->files, parts->count, sizeof(*files));

	if (!files)
		return error_set(error, _("%s: out of memory"), file->name);
	parts->files = files;
	if (parts->count == PARTS_MAX)
		return error_set(error, _("%s: has more than %d files"),
				 file->name, PARTS_MAX);
	if (file_open_part(&parts->files[parts->count], file, name, error))
		return -1;
	/* A CPU on which nothing happened.  */
	if (parts->files[parts->count].size)
		parts->count++;
	return 0;
}

int parts_open(struct parts *parts, const struct file *file,
	       struct error *error)
{
	int fd = openat(file->directory_fd, ".", O_RDONLY | O_CLOEXEC |
			O_DIRECTORY);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	const char *name;
	int result;

	if (!directory) {
		result = error_set(error, "%s: %s", file->name,
				   strerror(errno));
		if (fd >= 0)
			close(fd);
		return result;
	}
	result = check_version(file, error);
	while (!result && (name = next_name(directory)))
		result = add_part(parts, file, name, error);
	closedir(directory);
	return result;
}

void parts_close(struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++)
		file_close(&parts->files[i]);
	free(parts->files);
	*parts = (struct parts){ NULL, 0 };
}
