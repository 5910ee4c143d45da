/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_UNWIND_ROWS_H
#define LEAKTOP_SYMBOLS_UNWIND_ROWS_H

#include "symbols/symbols.h"
#include "symbols/unwind_walk.h"

/* What the unwind tables of all mapped files say, as far as it was asked for:
   each address once.  One thread at a time.  */
struct rows;

/* SYMBOLS is borrowed; FETCH as for unwinder_new().  NULL when out of memory.  */
struct rows *rows_new(struct symbols *symbols, bool fetch);
void rows_free(struct rows *rows);

/* The row of the instruction at ADDRESS of SPACE, for MACHINE; never NULL.
   Valid until the next call.  */
const struct row *rows_find(struct rows *rows, const struct machine *machine,
			    uint32_t space, uint64_t address);

/* That of a ROW_RECIPE; valid as long as the row.  */
const struct recipe *rows_recipe(const struct rows *rows,
				 const struct row *row);

#endif
