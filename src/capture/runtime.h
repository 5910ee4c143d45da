/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_RUNTIME_H
#define LEAKTOP_CAPTURE_RUNTIME_H

#include <sys/types.h>

/* Looks in process PID's main executable for what switches or moves stacks by
   itself, which return probes do not survive: Go's runtime, the Go of GCC
   (libgo), and split stacks (gcc -fsplit-stack).  Other things that do so
   (coroutine libraries, user contexts) are not looked for, as they leave no mark
   in the file.  Returns what such a program is, with its article, for the reader
   to call _() on; NULL when there is no such mark.  */
const char *runtime_name(pid_t pid);

#endif
