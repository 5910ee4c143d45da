/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_UNWIND_ENTRIES_H
#define LEAKTOP_SYMBOLS_UNWIND_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/unwind_cursor.h"

/* The entries of .eh_frame (Linux Standard Base, "Exception Frames") and
   .debug_frame (DWARF 5, 6.4.1).  */

struct section {
	const uint8_t *data;
	size_t size;
	uint64_t address;
	bool eh;                /* .eh_frame */
};

/* What the entry of a function (FDE) and that which it shares with others (CIE)
   say.  */
struct entry {
	uint64_t start;         /* of the function */
	uint64_t end;
	uint64_t code_factor;
	uint64_t data_factor;
	uint64_t ra;            /* column of the return address */
	bool signal;            /* a signal's frame */
	uint8_t encoding;       /* of addresses, DW_EH_PE_… */
	struct cursor common;   /* instructions of the CIE */
	struct cursor program;  /* then those of the FDE */
};

/* The entry of a function at OFFSET of SECTION; *NEXT: the offset behind it.
   Returns 1, 0 when it is another entry, or none that can be read, and -1 at
   the end.  */
int entry_read(const struct section *section, size_t offset, size_t *next,
	       struct entry *entry);

/* An address in ENCODING at CURSOR, in the data of SECTION.  */
uint64_t entry_address(const struct section *section, struct cursor *cursor,
		       uint8_t encoding);

/* Where the entries are, by function.  */
struct extent_of_entry {
	uint64_t start;
	uint64_t end;
	size_t offset;
};

/* *COUNT of them, malloc'd, ascending; NULL when there are none or no memory.
   */
struct extent_of_entry *entries_index(const struct section *section,
				      size_t *count);

#endif
