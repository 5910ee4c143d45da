/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_WRAPPERS_H
#define LEAKTOP_SYMBOLS_WRAPPERS_H

#include <stdbool.h>

/* Whether NAME, demangled, is a function that allocates or frees, or a
   wrapper of one: a function that hands out memory and does nothing else for
   its caller, so that a leak is never its fault.  Takes time in proportion to
   NAME.  */
bool is_allocator_name(const char *name);

#endif
