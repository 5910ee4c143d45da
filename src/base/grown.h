/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_BASE_GROWN_H
#define LEAKTOP_BASE_GROWN_H

#include <stddef.h>

/* ARRAY of COUNT elements of SIZE bytes, with room for one more: perhaps moved.  It
   must always have grown by this function, from NULL.  NULL when out of memory; ARRAY
   is as it was then.  */
void *grown(void *array, size_t count, size_t size);

#endif
