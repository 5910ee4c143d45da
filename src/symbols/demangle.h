/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_DEMANGLE_H
#define LEAKTOP_SYMBOLS_DEMANGLE_H

#include <stddef.h>

/* Writes the name that the programmer knows for the linker's name SYMBOL
   (C++, Rust, D; others as they are, without their version) to DST of SIZE >=
   1 bytes, cut to fit.  Names that would unfold without end are cut too, in
   bounded time.  Returns DST.  */
char *demangle(char *dst, size_t size, const char *symbol);

#endif
