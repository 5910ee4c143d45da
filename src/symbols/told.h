/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_TOLD_H
#define LEAKTOP_SYMBOLS_TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "symbols/symbols.h"

/* Names that the recording itself has for what is in its call chains.  */
struct told_table;

void told_free(struct told_table *table);

/* Whether ADDRESS is one that SYMBOLS was told of; fills *FRAME then.  Any
   thread.  */
bool told_frame(struct symbols *symbols, uint64_t address,
		struct frame *frame);

/* The same for its place.  */
bool told_place(struct symbols *symbols, uint64_t address,
		struct place *place);

#endif
