/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_DIES_H
#define LEAKTOP_SYMBOLS_DIES_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which DIE of a list covers an address, without walking over all of them for
   each: a unit that link-time optimization made has a hundred thousand
   functions.  One thread at a time.  */
struct dies {
	struct die_range *ranges; /* by start */
	size_t count;
	size_t size;
};

/* Begins as all zeros.  */
void dies_clear(struct dies *dies);

/* Adds the addresses that DIE covers.  False when out of memory, or there are
   too many.  */
bool dies_add(struct dies *dies, Dwarf_Die *die);
/* Adds all functions of UNIT that have code, also those within namespaces and
   classes.  */
bool dies_add_functions(struct dies *dies, Dwarf_Die *unit);
/* After the last one, before the first is looked for.  */
void dies_sort(struct dies *dies);

/* The DIE that covers ADDRESS: its offset in .debug_info; where several do,
   that which begins last.  False: none.  */
bool dies_find(const struct dies *dies, Dwarf_Addr address, Dwarf_Off *offset);

/* Goes on from CHILD to the DIE after it on the same level.  False at the end,
   and where the file leads back, which would be without end.  */
bool die_next(Dwarf_Die *child);

#endif
