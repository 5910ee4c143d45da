/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_STRINGS_H
#define LEAKTOP_SYMBOLS_STRINGS_H

/* Room for the longest name that is given out; what is longer is cut.  */
#define NAME_MAX_BYTES 4096

/* Every string that is handed out, once, until the end.  Any thread.  */
struct strings;

/* NULL when out of memory.  */
struct strings *strings_new(void);
void strings_free(struct strings *strings);

/* The string that equals text_clean (TEXT); owned by STRINGS.  NULL when out of
   memory.  */
const char *strings_intern(struct strings *strings, const char *text);

#endif
