/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_OTHERS_H
#define LEAKTOP_CAPTURE_OTHERS_H

#include <sys/types.h>

#include "capture/libc.h"

/* Who else has probes on a process's allocation functions.  */

#define OTHERS_SIZE 256

struct others {
	const char *directory;          /* tracefs's */
	/* With commas, cut where they are too many, fit to be shown; "" if
	   none.  */
	char leaktops[OTHERS_SIZE];     /* ids of those that watch the process */
	char groups[OTHERS_SIZE];       /* other tools', whatever they watch */
};

/* Finds those of process PID, which LIBC describes.  Probes of leaktops that
   watch other processes do not concern it, nor do those of dead ones: they
   go.  Returns 0; -1 when the list can't be read.  */
int others_find(struct others *others, pid_t pid, const struct libc *libc);

#endif
