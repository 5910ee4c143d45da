/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_PARTS_H
#define LEAKTOP_PERFDATA_PARTS_H

#include <stddef.h>

#include "perfdata/file.h"

/* The files besides "data" of a recording in directory format, one for each of
   the recorder's buffers: "data.0" and so on.  Zeroed, there are none.  */
struct parts {
	struct file *files;
	size_t count;
};

/* FILE is "data".  Returns 0; -1, what is open is closed by parts_close() all
   the same.  */
int parts_open(struct parts *parts, const struct file *file,
	       struct error *error);
void parts_close(struct parts *parts);

#endif
