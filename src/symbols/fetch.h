/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_FETCH_H
#define LEAKTOP_SYMBOLS_FETCH_H

#include "symbols/objects.h"

/* Programs and debugging files by build id, from the servers that the
   variable DEBUGINFOD_URLS names, through libdebuginfod, which is loaded when
   the first one is asked for, and keeps what it gets in a cache of its own.  */
struct fetch;

enum fetch_kind { FETCH_PROGRAM, FETCH_DEBUG };

/* NULL when the variable is not set, or out of memory.  */
struct fetch *fetch_new(void);
void fetch_free(struct fetch *fetch);

/* Opens the file of KIND with this build id for reading, and gives its path,
   malloc'd.  -1: there is none.  A server that says nothing for some seconds
   is given up, and never asked again.  Any thread; one waits for the other.  What
   comes is to be checked by its build id.  */
int fetch_file(struct fetch *fetch, enum fetch_kind kind,
	       const struct build_id *id, char **path);

/* Ends what is under way within a second, and whatever is asked for later at
   once.  Any thread.  */
void fetch_stop(struct fetch *fetch);

#endif
