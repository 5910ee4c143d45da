/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_DEBUGFILE_H
#define LEAKTOP_SYMBOLS_DEBUGFILE_H

#include <elfutils/libdwfl.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "symbols/fetch.h"
#include "symbols/objects.h"

/* Where to look: what a module's userdata points to.  */
struct debug_search {
	const struct object *object;
	struct fetch *fetch;    /* servers to ask last; NULL: none */
	atomic_bool missed;     /* it was wanted, and not found */
};

/* libdwfl's callback of this name: finds the separate debugging file of a
   module, by build id, then by the name in .gnu_debuglink, then in the cache of
   perf, then on a server; below the object's root before its own path.  What
   has another build id, or without one another CRC, is none.  */
int debugfile_find(Dwfl_Module *module, void **userdata, const char *name,
		   Dwarf_Addr base, const char *file, const char *link,
		   GElf_Word crc, char **found);

#endif
