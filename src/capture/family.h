/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_FAMILY_H
#define LEAKTOP_CAPTURE_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The processes that are watched: the target, and with --follow-forks all that
   descend from it and began after it was attached to.  What the records tell
   of forks, execs and ends is passed on to it; what they do not tell, as some
   may be lost, it asks /proc.  Any thread may call any of these, as while the
   mode changes two watches are read by two threads.  */
struct family;

/* FOLLOWS: child processes belong to it.  NULL when out of memory.  */
struct family *family_new(pid_t pid, bool follows);
/* NULL is allowed.  */
void family_free(struct family *family);

/* The first one.  */
pid_t family_target(const struct family *family);

/* Whether what happens in process PID is to be delivered.  */
bool family_has(struct family *family, uint32_t pid);

/* A record tells that process PARENT has created process PID; that the first
   thread of PID has ended; that PID has executed a program.  Of processes that
   do not belong to it, too.  */
void family_fork(struct family *family, uint32_t pid, uint32_t parent);
void family_exit(struct family *family, uint32_t pid);
void family_exec(struct family *family, uint32_t pid);

/* A process that has executed a program since it was last named here; 0 when
   there is none left.  */
pid_t family_take_exec(struct family *family);

/* How many have ever belonged to it.  */
size_t family_births(struct family *family);

/* Whether PID is the only one that has not ended.  */
bool family_is_alone(struct family *family, pid_t pid);

/* The threads of all; while children follow, those that no record has told of
   are looked for first.  *TIDS is malloc'ed for the caller.  Returns how many
   (0: all have ended), or -1 without memory.  */
long family_threads(struct family *family, pid_t **tids);

/* Calls EACH, which calls none of these, for every process that has not
   ended, as far as is known, the target first.  */
void family_each(struct family *family, void (*each)(void *context, pid_t pid),
		 void *context);

/* A descriptor that becomes readable when one of the processes ends that have
   not; the caller closes it.  -1 with errno; ESRCH: all have ended.  */
int family_open_one(struct family *family);

#endif
