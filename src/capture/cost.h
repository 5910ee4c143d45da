/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_COST_H
#define LEAKTOP_CAPTURE_COST_H

#include "capture/capture.h"
#include "capture/libc.h"

/* Measures what a hit costs, in a thread that calls a function of leaktop's
   own under the same kind of probes as the target's.  */
struct cost;

/* Begins.  LIBC: the target's, whose points decide which kind of probe.  NULL
   without memory or threads.  */
struct cost *cost_begin(const struct libc *libc, unsigned chain_depth);

/* All 0 until it is done, or when it failed.  NULL is allowed.  */
struct capture_cost cost_result(struct cost *cost);

/* Waits for the thread and takes its probes away.  NULL is allowed.  */
void cost_end(struct cost *cost);

#endif
