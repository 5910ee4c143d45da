/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_IMAGES_H
#define LEAKTOP_CAPTURE_IMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The files whose code a process has mapped.  */

struct image {
	char *path;             /* as in /proc/PID/maps */
	uint64_t start, end;    /* of its first executable mapping */
	uint64_t device, inode; /* as in /proc/PID/maps, which stat() may see
	                           otherwise */
	uint64_t order;         /* images[] is sorted by it */
	bool is_executable;     /* the program itself */
	bool is_c_library;      /* glibc or musl, by its name */
	bool is_deleted;        /* from where it was mapped */
};

struct images {
	struct image *image;
	size_t count, room;
};

/* Reads those of process PID in which the dynamic loader looks for symbols, in
   its order, the first one that defines a function being the one that is called.
   Without glibc's loader itself, which looks for none of its own.  Where the
   loader's list can't be read it is guessed: the executable, then what was
   mapped before the C library.  Returns 0; -1 with errno.  images_free() frees
   what IMAGES holds, in either case.  */
int images_read(struct images *images, pid_t pid);
void images_free(struct images *images);

/* Opens the very file that is mapped, which may have been replaced on disk, or
   lie in another mount namespace.  PATH, of SIZE bytes, becomes one that leads
   there; it has no blanks.  *REPLACED: under its own path there is another file,
   or none.  Returns a descriptor; -1 with errno.  */
int image_open(const struct image *image, pid_t pid, char *path, size_t size,
	       bool *replaced);

/* Whether the last part of PATH is a C library's name.  */
bool image_is_c_library(const char *path);

#endif
