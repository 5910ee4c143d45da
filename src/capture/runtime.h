/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_RUNTIME_H
#define LEAKTOP_CAPTURE_RUNTIME_H

#include <sys/types.h>

/* The language runtime in process PID's main executable that switches or
   moves stacks by itself, which return probes do not survive; NULL when there
   is none known.  */
const char *runtime_name(pid_t pid);

#endif
