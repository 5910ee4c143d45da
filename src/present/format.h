/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PRESENT_FORMAT_H
#define LEAKTOP_PRESENT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/symbols.h"

/* Numbers and names as the screen and the text report write them.  All fill
   TEXT (SIZE bytes) and cut to fit, never inside a UTF-8 character.  */

/* "512", "3.0K", "117M": at most five cells.  */
void format_bytes(char *text, size_t size, uint64_t bytes);
/* "123456", or "12.3M" beyond six digits: at most six cells.  */
void format_count(char *text, size_t size, uint64_t count);
/* "12345?", or "123K?" beyond five digits: a count that may be too high; at
   most six cells.  */
void format_doubtful(char *text, size_t size, uint64_t count);
/* "850ns", "12us", "1.2ms", "12.3s", "4m05s", "2h13m", "3d04h" from ns: at
   most six cells.  */
void format_duration(char *text, size_t size, uint64_t ns);
/* "12.345678": seconds with microseconds, from ns.  */
void format_time(char *text, size_t size, uint64_t ns);
/* What is shown of a frame of a call chain.  */
enum names_shown {
	NAMES_LINES,            /* "name+0x1c (libX11.so.6) file.c:12" */
	NAMES_RAW,              /* "0x7f… (libc.so.6+0x98930)" */
	NAMES_FUNCTIONS,        /* "name (libX11.so.6)" */
	NAMES_OFFSETS,          /* "name+0x1c (libX11.so.6)" */
	NAMES_COUNT
};

/* Where there is no name, "0x7f… (libc.so.6+0x98930)"; a function that is
   inlined has no offset, but "(inlined)" in place of it.  */
void format_frame_as(char *text, size_t size, const struct frame *frame,
		     uint64_t address, enum names_shown shown);
/* NAMES_LINES.  */
void format_frame(char *text, size_t size, const struct frame *frame,
		  uint64_t address);
/* The short form, for a column: "name (libX11.so.6)", or
   "libc.so.6+0x98930", or the address.  */
void format_site(char *text, size_t size, const struct frame *frame,
		 uint64_t address);

/* One character per value, COUNT of them, 0..the largest: ▁▂▃▄▅▆▇█, or ASCII
   _.:-=+*#.  Only zero gets the lowest one.  */
void format_spark(char *text, size_t size, const uint64_t *values,
		  unsigned count, bool ascii);
/* The same on a scale from LOW to HIGH.  */
void format_spark_between(char *text, size_t size, const uint64_t *values,
			  unsigned count, uint64_t low, uint64_t high,
			  bool ascii);

/* Scales a series to a width: N values into at most COLUMNS cells, each the
   largest of its share.  Returns cells filled: N if that is fewer.  */
unsigned resample(uint64_t *cells, unsigned columns, const uint64_t *values,
		  unsigned n);

#endif
