/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_INTERNAL_H
#define LEAKTOP_SYMBOLS_INTERNAL_H

#include <stdint.h>

#include "symbols/image.h"
#include "symbols/objects.h"
#include "symbols/symbols.h"

/* What struct symbols shows to the other files of this room.  Any thread.  */

/* The object at ADDRESS of SPACE, and where in its file; NULL: none.  */
struct object *symbols_locate(struct symbols *symbols, uint32_t space,
			      uint64_t address, uint64_t *offset);

/* The image of OBJECT, if it is the file that was mapped, and the address in it
   of the byte at OFFSET; else NULL.  Reads the headers of a file that nobody
   asked for before.  */
const struct image *symbols_image(struct symbols *symbols,
				  struct object *object, uint64_t offset,
				  uint64_t *address);

/* Another number after every change of what is mapped in any space.  */
uint64_t symbols_changes(const struct symbols *symbols);

#endif
