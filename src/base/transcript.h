/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_BASE_TRANSCRIPT_H
#define LEAKTOP_BASE_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The last lines of what a program printed on a terminal: one thread adds,
   others read, a lock inside.  It holds TRANSCRIPT_BYTES and TRANSCRIPT_LINES
   at most; what is older goes.

   Lines are what a terminal that can't move its cursor would show: control
   sequences are left out, a carriage return begins the line anew, a backspace
   takes a character away, tabs become blanks, other controls are dropped.  A
   line of more than TRANSCRIPT_LINE bytes goes on in the next.  */
struct transcript;

#define TRANSCRIPT_BYTES (256 * 1024)
#define TRANSCRIPT_LINES 16384
#define TRANSCRIPT_LINE 4096

/* NULL when out of memory.  */
struct transcript *transcript_new(void);
void transcript_free(struct transcript *transcript);

/* Goes on with the SIZE bytes at TEXT, which may begin and end anywhere.  */
void transcript_add(struct transcript *transcript, const char *text,
		    size_t size);

/* The lines there are: numbers from *FIRST on, before *END.  Numbers begin with
   0 and never change; the last line may be unfinished.  Returns a number that
   is another one after each addition.  */
uint64_t transcript_range(struct transcript *transcript, uint64_t *first,
			  uint64_t *end);

/* Line NUMBER, clean for the terminal (see text_clean()), cut to SIZE bytes.
   False, and an empty text, where there is none.  */
bool transcript_line(struct transcript *transcript, uint64_t number,
		     char *text, size_t size);

#endif
