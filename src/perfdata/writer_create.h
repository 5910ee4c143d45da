/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_WRITER_CREATE_H
#define LEAKTOP_PERFDATA_WRITER_CREATE_H

#include <stdbool.h>

#include "base/error.h"

/* A file that takes the place of another one.  */
struct created {
	int fd;
	char *path;             /* owned */
	char *old;              /* where what it replaces is kept; owned; NULL:
				   nowhere */
	bool regular;           /* otherwise it is /dev/null */
	char name[256];         /* its path, fit to be shown */
};

/* Makes the file at PATH, which only its owner may read.  A file that is there
   is kept as PATH.old, unless it is empty.  Whatever else is there is refused,
   except /dev/null.  Returns 0; -1 with ERROR, and all as it was.  */
int created_open(struct created *created, const char *path,
		 struct error *error);

/* Closes it.  UNDO: takes it away, and what it replaced is back.  */
void created_close(struct created *created, bool undo);

#endif
