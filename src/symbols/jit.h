/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_JIT_H
#define LEAKTOP_SYMBOLS_JIT_H

#include <stdbool.h>
#include <stdint.h>

#include "symbols/objects.h"
#include "symbols/strings.h"

/* The perf-PID.map files of processes (see perfmap.h), read when first asked
   for, and again when they have grown.  Any thread.  */
struct jit;

/* NULL when out of memory.  */
struct jit *jit_new(struct strings *strings);
void jit_free(struct jit *jit);

struct jit_name {
	const char *symbol;     /* fit to be shown */
	uint64_t start;
	const char *file;       /* path, fit to be shown */
};

/* What process PID, whose files are below ROOT, told of ADDRESS, as far as its
   file is read.  *DUE tells whether a second has passed since it was looked at,
   or it never was: see jit_look.  Never waits for a file.  */
bool jit_find(struct jit *jit, uint32_t pid, const struct root *root,
	      uint64_t address, struct jit_name *name, bool *due);

/* Looks whether the file is another, and reads it if so: true.  Below the root
   of a living process it is that of /tmp there, and belongs to the process's
   user or to root; else /tmp's, below ROOT and then here, and belongs to us or
   to root.  */
bool jit_look(struct jit *jit, uint32_t pid, const struct root *root);

#endif
