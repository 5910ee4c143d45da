/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_TARGET_H
#define LEAKTOP_CAPTURE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* What /proc says about the process that is watched.  */

#define TARGET_COMM 64

enum target_trouble {
	TARGET_KERNEL_THREAD = 1 << 0,
	TARGET_ZOMBIE = 1 << 1,
	TARGET_THREAD = 1 << 2,         /* a thread's id, not a process's */
	TARGET_SECCOMP = 1 << 3,        /* a thread's system calls are limited */
	TARGET_32BIT = 1 << 4           /* not of leaktop's own word size */
};

struct target {
	pid_t pid;
	pid_t process;          /* the process PID belongs to */
	unsigned trouble;       /* enum target_trouble */
	char comm[TARGET_COMM]; /* fit to be shown */
};

/* Reads what there is to know about PID.  -1 with a message when there is no
   such process.  */
int target_read(struct target *target, pid_t pid, struct error *error);

/* When process PID began, in the kernel's ticks since boot, which tells it from
   others of the same id; 0 when it is gone.  */
uint64_t target_start_time(pid_t pid);

/* The threads of process PID, the first one first.  *TIDS is malloc'ed for the
   caller.  Returns how many (0: the process is gone), or -1 without
   memory or descriptors.  */
long target_threads(pid_t pid, pid_t **tids);

/* Whether thread TID of PID still runs, and is not ending.  */
bool target_thread_lives(pid_t pid, pid_t tid);

/* The raw name of thread TID of PID; "" when it is gone.  */
void target_comm(pid_t pid, pid_t tid, char *comm, size_t size);

/* Resident memory in bytes; 0 when the process is gone.  */
uint64_t target_rss(pid_t pid);

/* One line of /proc/PID/maps.  */
struct target_map {
	uint64_t start, end;
	uint64_t offset;        /* in the file, bytes */
	uint64_t device;        /* as in struct stat */
	uint64_t inode;         /* 0: no file */
	bool executable;
	bool deleted;
	const char *path;       /* without the mark of deletion; "" if none; valid
	                           during the call */
};

/* Calls EACH for every mapping of PID until it returns false.  Returns 0; -1
   with errno when they can't be read.  */
int target_maps(pid_t pid,
		bool (*each)(void *context, const struct target_map *map),
		void *context);

#endif
