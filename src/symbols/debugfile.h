/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_DEBUGFILE_H
#define LEAKTOP_SYMBOLS_DEBUGFILE_H

#include <elfutils/libdwfl.h>

/* libdwfl's callback of this name: finds the separate debugging file of a
   module, by build id, then by the name in .gnu_debuglink.  Only on this
   machine: where the C library's names are wanted at once is no place to wait
   for a server.  */
int debugfile_find(Dwfl_Module *module, void **userdata, const char *name,
		   Dwarf_Addr base, const char *file, const char *link,
		   GElf_Word crc, char **found);

#endif
