/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_UNWIND_PROGRAM_H
#define LEAKTOP_SYMBOLS_UNWIND_PROGRAM_H

#include "symbols/unwind_entries.h"
#include "symbols/unwind_walk.h"

/* The rules for ADDRESS that the instructions of ENTRY make, which is one of
   SECTION's.  NULL when they make no sense, or out of memory.  */
struct recipe *program_run(const struct section *section,
			   const struct entry *entry, uint64_t address,
			   const struct machine *machine);

#endif
