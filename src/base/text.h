/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_BASE_TEXT_H
#define LEAKTOP_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Makes text from outside (names of tasks, files, symbols) fit to be shown:
   copies SRC into DST as valid UTF-8, with a '?' for every control character
   (C0, DEL, C1, line and paragraph separators), every invisible character
   that can reorder, join or hide text, and every byte that is not UTF-8.
   SIZE is that of DST in bytes; the result is cut to fit, between characters,
   and always ends in NUL unless SIZE is 0.  It is never longer than SRC; DST
   may be SRC itself.  Returns its length without the NUL.  The locale does
   not matter.  */
size_t text_clean(char *dst, size_t size, const char *src);

/* The same for the N bytes at SRC, or up to the first NUL among them.  */
size_t text_clean_n(char *dst, size_t size, const char *src, size_t n);

/* A hash of LENGTH bytes; SEED as of seed_mix().  */
uint64_t text_hash(uint64_t seed, const char *at, size_t length);

#endif
