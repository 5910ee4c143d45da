/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_PROGRAM_H
#define LEAKTOP_CAPTURE_PROGRAM_H

#include <sys/types.h>

#include "base/error.h"
#include "capture/libc.h"
#include "capture/probes.h"

struct capture;

/* A file whose allocation functions are or were watched, with the probes in it.
   What the target executes may bring another one, and the one before back; so
   none goes before the end, and no event's id is used for two things.  */
struct program {
	struct program *next;
	struct libc libc;
	struct probes probes;
	dev_t device;           /* of the file */
	ino_t inode;
};

/* Finds what serves process PID, without any probes.  NULL with ERROR;
   program_free() frees it.  */
struct program *program_find(pid_t pid, struct error *error);
void program_free(struct program *program);

/* The one of CAPTURE's that is in the same file as PROGRAM, or NULL.  */
struct program *program_known(const struct capture *capture,
			      const struct program *program);

/* Makes PROGRAM's probes, and CAPTURE its owner.  Returns 0; -1 with ERROR, and
   PROGRAM is still the caller's.  */
int program_add(struct capture *capture, struct program *program,
		struct error *error);

/* Removes the probes of all, which no watch uses any more, and frees them.
   Returns how many probes could not be removed.  */
unsigned programs_remove(struct capture *capture);

#endif
