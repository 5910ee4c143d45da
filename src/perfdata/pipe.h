/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_PIPE_H
#define LEAKTOP_PERFDATA_PIPE_H

#include <stddef.h>

#include "perfdata/features.h"
#include "perfdata/file.h"

/* What perf record -o - writes: a header of 16 bytes and records, of which
   the first ones say what else stands around the data
   (tools/perf/Documentation/perf.data-file-format.txt, "pipe-mode data").  */

/* An event; ids have 8 bytes each.  */
struct pipe_event {
	struct section attr;
	struct section ids;
};

struct pipe {
	struct pipe_event *events;
	size_t count;
	size_t room;
	struct section features[FEATURE_MAX];   /* none: size 0 */
};

/* Reads the first records of FILE, up to the first that tells what happened,
   into file->pipe, and sets the bits in its header.  Waits for them, if FILE
   is a stream.  Returns 0 or -1.  */
int pipe_read(struct file *file, struct error *error);
void pipe_free(struct pipe *pipe);

#endif
