/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/writer_create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/text.h"

static const char null_device[] = "/dev/null";

/* Says why there can be no recording at the path.  Returns -1.  */
static int refuse(const struct created *created, mode_t mode,
		  struct error *error)
{
	if (S_ISDIR(mode))
		return error_set(error, _("%s: is a directory: name a file for the recording"),
				 created->name);
	return error_set(error, _("%s: is not a regular file: a recording can't be written there"),
			 created->name);
}

/* Moves the file that is there out of the way.  Returns 0 or -1.  */
static int keep_old(struct created *created, const struct stat *stat,
		    struct error *error)
{
	char old_name[sizeof(created->name)];

	if (!stat->st_size) {
		if (unlink(created->path))
			return error_set(error, _("%s: can't be replaced: %s"),
					 created->name, strerror(errno));
		return 0;
	}
	if (asprintf(&created->old, "%s.old", created->path) < 0) {
		created->old = NULL;
		return error_set(error, _("out of memory"));
	}
	if (!rename(created->path, created->old))
		return 0;
	text_clean(old_name, sizeof(old_name), created->old);
	error_set(error, _("%s: can't be kept as %s: %s"), created->name,
		  old_name, strerror(errno));
	free(created->old);
	created->old = NULL;
	return -1;
}

/* Returns 0 or -1.  */
static int create(struct created *created, struct error *error)
{
	struct stat stat_buffer;

	if (!strcmp(created->path, null_device)) {
		created->fd = open(null_device, O_WRONLY | O_CLOEXEC);
	} else {
		if (!stat(created->path, &stat_buffer)) {
			if (!S_ISREG(stat_buffer.st_mode))
				return refuse(created, stat_buffer.st_mode,
					      error);
			if (keep_old(created, &stat_buffer, error))
				return -1;
		}
		created->regular = true;
		/* Whoever puts a link there meanwhile does not choose what is
		   written to.  */
		created->fd = open(created->path, O_RDWR | O_CREAT | O_EXCL |
				   O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
	}
	if (created->fd >= 0)
		return 0;
	error_set(error, _("%s: can't be created: %s"), created->name,
		  strerror(errno));
	if (created->old)
		rename(created->old, created->path);
	return -1;
}

int created_open(struct created *created, const char *path,
		 struct error *error)
{
	*created = (struct created){ .fd = -1, .path = strdup(path) };
	if (!created->path)
		return error_set(error, _("out of memory"));
	text_clean(created->name, sizeof(created->name), path);
	if (!create(created, error))
		return 0;
	free(created->old);
	free(created->path);
	return -1;
}

void created_close(struct created *created, bool undo)
{
	close(created->fd);
	if (undo && created->regular) {
		/* In one step where there is something to put back.  */
		if (created->old)
			rename(created->old, created->path);
		else
			unlink(created->path);
	}
	free(created->old);
	free(created->path);
}
