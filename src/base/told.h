/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_BASE_TOLD_H
#define LEAKTOP_BASE_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a recording itself says of a place in a program, where it has names
   instead of mappings.  Strings are not terminated and may hold anything; NULL:
   not told.  */
struct told {
	uint64_t key;           /* what call chains have for it */
	uint64_t address;       /* as it was printed: mostly, but not always, from
				   the object's start; else 0 */
	uint64_t offset;        /* from the symbol's start */
	const char *symbol;
	const char *object;     /* path of the file */
	size_t symbol_length;
	size_t object_length;
	bool has_address;
	bool has_offset;
};

#endif
