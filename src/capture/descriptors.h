/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_DESCRIPTORS_H
#define LEAKTOP_CAPTURE_DESCRIPTORS_H

/* File descriptors: a perf event takes one for each thread and CPU, and their
   number is limited for the process.  Any thread may ask.  */

/* COUNT events have been opened, or closed if it is below 0.  */
void descriptors_hold(long count);

/* Raises the limit for NEEDED more, as far as allowed, and returns for how many
   there is room, with some left for the rest of the program.  */
unsigned long descriptors_room(unsigned long needed);

#endif
