/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "base/grown.h"

#include <stdlib.h>

void *grown(void *array, size_t count, size_t size)
{
	/* The room is a power of two, used up whenever the count is one.  */
	if (count & (count - 1))
		return array;
	return reallocarray(array, count ? count * 2 : 1, size);
}
