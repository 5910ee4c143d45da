/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_PERFMAP_H
#define LEAKTOP_SYMBOLS_PERFMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The functions that a compiler at run time, or an interpreter, has told in
   /tmp/perf-PID.map: a line each, "START SIZE NAME", both numbers hexadecimal.
   A later line tells what is there since.  */
struct perfmap;

/* Larger files are read up to here, bytes.  */
#define PERFMAP_MAX (UINT64_C(64) << 20)

/* Reads the rest of FD, from its beginning.  Lines that make no sense are left
   out.  NULL when out of memory, or it can't be read.  */
struct perfmap *perfmap_read(int fd);
void perfmap_free(struct perfmap *perfmap);

/* The name of what ADDRESS belongs to, as the file has it, and where that
   starts; owned by PERFMAP.  NULL: nothing.  */
const char *perfmap_find(const struct perfmap *perfmap, uint64_t address,
			 uint64_t *start);

#endif
