/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_LIBC_H
#define LEAKTOP_CAPTURE_LIBC_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "capture/point.h"
#include "heap/allocators.h"

/* The file that holds a process's allocation functions, and where in it they
   are.  That is the C library, unless another allocator takes its place.  */

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
	char replaces[PATH_MAX];        /* the C library whose functions these
	                                   are called in place of, fit to be
	                                   shown; or "" */
	bool is_replaced;       /* on disk NAME is another file, or none */
	unsigned left_out;      /* bits of enum allocator_id: what only the C
	                           library that is replaced has */
	bool has_operators;     /* what replaces it has C++'s new and delete of
	                           its own, and the process uses them */
	struct libc_function function[ALLOC_COUNT];
};

/* Finds what serves process PID's calls of malloc and free: of its executable
   and its libraries the one that the dynamic loader takes these from, mostly
   the C library, and the functions of allocators[] in it.  Functions that
   share an address are listed once, the first in the table.  Returns 0; -1
   when none is known or it can't be read.  */
int libc_find(struct libc *libc, pid_t pid, struct error *error);

/* Whether process PID has the code of a C library mapped, apart from what the
   executable itself may define.  glibc's loader maps it behind all that may
   take its functions' place.  */
bool libc_is_mapped(pid_t pid);

/* What of LIBC is not watched, with commas: the left_out functions, and the
   operators; "" if none.  */
void libc_left_out(const struct libc *libc, char *text, size_t size);

#endif
