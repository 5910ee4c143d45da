/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_BASE_CLOCK_H
#define LEAKTOP_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* By CLOCK_MONOTONIC, which is also that of a live source's hits, ns.  */
static inline uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) +
		(uint64_t)now.tv_nsec;
}

#endif
