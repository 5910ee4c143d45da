/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_BASE_MAPPING_H
#define LEAKTOP_BASE_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#define BUILD_ID_MAX 20

/* A part of a file that a process has mapped executable; or, only where a
   recording is to have them, otherwise.  */
struct mapping {
	uint64_t time;          /* when, ns; 0: from before */
	uint32_t pid;
	uint64_t start;
	uint64_t length;
	uint64_t offset;        /* in the file, bytes */
	const char *path;       /* as the kernel says it; valid during the call */
	uint8_t build_id[BUILD_ID_MAX];
	uint8_t build_id_size;  /* 0: not known */
	bool data;              /* not executable */
};

#endif
