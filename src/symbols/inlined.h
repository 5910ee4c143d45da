/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_INLINED_H
#define LEAKTOP_SYMBOLS_INLINED_H

#include <elfutils/libdw.h>
#include <stdbool.h>

#include "symbols/strings.h"

/* More than that around one address are left out, the outermost first.  */
#define INLINED_MAX 31

/* A function that was inlined, and where it was called.  Strings belong to
   those that it was read with.  */
struct inlined {
	const char *symbol;     /* demangled; NULL: not known */
	bool allocator;         /* see wrappers.h */
	const char *file;       /* of the call; NULL: not known */
	int line;               /* of the call, 1…; 0: not known */
};

/* What is inlined at ADDRESS of FUNCTION, a DIE of UNIT: into INLINED of
   INLINED_MAX, innermost first.  Returns how many.  One thread at a time.  */
unsigned inlined_read(Dwarf_Die *unit, Dwarf_Die *function, Dwarf_Addr address,
		      struct strings *strings, struct inlined *inlined);

/* The path of a source file of UNIT, as dwarf_linesrc tells it, in full where
   it is relative to where the compiler ran.  NULL: FILE is, or out of
   memory.  */
const char *source_path(Dwarf_Die *unit, const char *file,
			struct strings *strings);

#endif
