/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_CACHE_H
#define LEAKTOP_SYMBOLS_CACHE_H

#include "symbols/objects.h"

/* The cache of perf, where "perf record" and "perf buildid-cache" keep copies
   of programs by their build id: DIRECTORY/.build-id/XX/REST is a directory
   with "elf" and, where one was added, "debug" in it; with older versions of
   perf it is the program itself.  What is found there is to be checked by its
   build id.  */

/* Where it is: $PERF_BUILDID_DIR, else buildid.dir of ~/.perfconfig, else
   ~/.debug.  malloc'd; NULL: nowhere, or out of memory.  */
char *cache_directory(void);

enum cache_part { CACHE_ELF, CACHE_DEBUG, CACHE_OLD, CACHE_PARTS };

/* The path of PART of what has this ID, malloc'd.  NULL: there can be none, or
   out of memory.  */
char *cache_path(const char *directory, const struct build_id *id,
		 enum cache_part part);

#endif
