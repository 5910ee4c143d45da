/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_LIBC_H
#define LEAKTOP_CAPTURE_LIBC_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "capture/point.h"
#include "heap/allocators.h"

/* The file that holds a process's allocation functions, and where in it they
   are.  */

struct libc_function {
	bool present;
	uint64_t offset;        /* of its entry, in the file, bytes */
	struct point point;     /* where its probes go */
	int stored_register;    /* enum x86_register with the new block of a
	                           RESULT_STATUS function at its return; or -1 */
};

struct libc {
	char path[PATH_MAX];    /* one that leads to the mapped file itself */
	char name[PATH_MAX];    /* as the process sees it, fit to be shown */
	struct libc_function function[ALLOC_COUNT];
};

/* Finds the C library that process PID has mapped, or the executable itself if
   that is statically linked, and the functions of allocators[] in it.
   Functions that share an address are listed once, the first in the table.
   Returns 0; -1 when none is known or it can't be read.  */
int libc_find(struct libc *libc, pid_t pid, struct error *error);

/* Whether process PID has the code of a C library mapped, apart from what the
   executable itself may define.  */
bool libc_is_mapped(pid_t pid);

#endif
