/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_UNWIND_H
#define LEAKTOP_SYMBOLS_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dump.h"
#include "symbols/symbols.h"

/* Finds a thread's callers from its registers and a copy of its stack, by the
   unwind tables (.eh_frame, else .debug_frame) of the files that are mapped.
   What the tables say of an address is looked up once, and remembered.  */
struct unwinder;

/* One thread at a time uses an unwinder; several may share SYMBOLS, which must
   outlive them.  FETCH: it may wait for the servers that DEBUGINFOD_URLS names, for
   files that are not at hand.  NULL when out of memory.  */
struct unwinder *unwinder_new(struct symbols *symbols, bool fetch);
void unwinder_free(struct unwinder *unwinder);

/* Writes up to MAX addresses in SPACE, innermost first: where the thread was,
   then return addresses as they lie on the stack.  Returns how many; 0 when
   DUMP is of a machine that is not known, of 32-bit code, or lacks registers.

   It ends with the outermost frame (the tables tell), the end of the dump, a
   frame that does not lie above the one before, or code without tables (none
   there, or the file was changed since) unless that goes by frame pointers.
   */
uint32_t unwind(struct unwinder *unwinder, uint32_t space,
		const struct dump *dump, uint64_t *addresses, uint32_t max);

/* Whether the last unwind() ended in code without tables.  */
bool unwinder_lacked_tables(const struct unwinder *unwinder);

#endif
