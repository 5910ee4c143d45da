/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_AHEAD_H
#define LEAKTOP_PERFDATA_AHEAD_H

#include <stdint.h>

/* A thread of its own that has the pages of a mapped file mapped before they are
   read, and gives back those that have been: what the kernel does for that takes
   half as long as the reading.  */
struct ahead;

/* For the file at MAP, all of which is there, from offset BEGIN to END.  NULL where
   it is not worth while, for a short stretch or with only one processor; or where it
   can't be.  It is to be freed before MAP is unmapped.  */
struct ahead *ahead_new(const uint8_t *map, uint64_t begin, uint64_t end);
/* NULL is allowed.  */
void ahead_free(struct ahead *ahead);

/* What is before PLACE has been read.  Cheap: may be called often.  */
void ahead_move(struct ahead *ahead, uint64_t place);

#endif
