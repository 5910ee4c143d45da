/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PRESENT_LACKING_H
#define LEAKTOP_PRESENT_LACKING_H

#include <stddef.h>

#include "present/picture.h"
#include "symbols/symbols.h"

/* What is to be said of the files of SOURCE that have no names because of WHY, into
   TEXT.  Returns how many they are; 0: nothing is to be said.  */
unsigned lacking_words(char *text, size_t size, const struct source *source,
		       const struct symbols *symbols, enum lacking why);

#endif
