/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_DESCRIPTORS_H
#define LEAKTOP_CAPTURE_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

/* File descriptors: a perf event takes one for each thread and CPU, and their
   number is limited for the process.  Any thread may ask.  */

/* COUNT events have been opened, or closed if it is below 0.  */
void descriptors_hold(long count);

/* Raises the limit for NEEDED more, as far as allowed, and returns for how many
   there is room, with some left for the rest of the program.  */
unsigned long descriptors_room(unsigned long needed);

/* The descriptors of this process that are of the perf events with IDS, in FDS,
   which libperf doesn't tell.  Returns 0; -1 with errno when one is missing or
   has id 0.  */
int descriptors_find(const uint64_t *ids, size_t count, int *fds);

#endif
