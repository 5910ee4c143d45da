/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_OWNER_H
#define LEAKTOP_CAPTURE_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* Probes outlive who made them.  So their group's name tells whose they are:
   leaktop_PID_START[_N], with START as target_start_time() has it.  In a
   process id namespace that is not the first one of the system, where the ids
   mean nothing to others, _nsINODE follows START.  */

#define OWNER_NAME 64

/* The name of this process's group NUMBER, which is left out if 0.  */
void owner_name(char name[OWNER_NAME], unsigned number);

/* Whether the owner of GROUP has ended; false for all groups that are not
   leaktop's, and where that can't be known.  */
bool owner_is_dead(const char *group);

/* The process of this leaktop or another one that GROUP belongs to.  0 for all
   groups that are not leaktop's; -1 where its ids mean nothing here.  */
pid_t owner_pid(const char *group);

/* Removes the probes of dead owners.  PATIENT: waits a little for those whose
   owner is just being torn down.  Returns how many; -1 with ERROR when the list
   can't be read or probes are still in use.  */
int owner_cleanup(bool patient, struct error *error);

#endif
