/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_TEXT_SCAN_H
#define LEAKTOP_PERFDATA_TEXT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reading of bytes that do not end in NUL, up to END.  */

struct text_span {
	const char *at;
	size_t length;
};

static inline bool text_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool text_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* -1: none.  */
static inline int text_hex_value(char c)
{
	if (text_is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads a number as the kernel's print formats write it: 0x and hexadecimal
   digits, or decimal, which may be negative.  Moves *AT behind it.  Returns
   false when there is none, or it exceeds 64 bits.  */
bool text_number(const char **at, const char *end, uint64_t *number);

/* The same for hexadecimal digits alone, and for decimal ones.  */
bool text_hex(const char **at, const char *end, uint64_t *number);
bool text_decimal(const char **at, const char *end, uint64_t *number);

/* Steps over WORD; returns whether it stood at *AT.  */
bool text_take(const char **at, const char *end, const char *word);

void text_skip_blanks(const char **at, const char *end);

#endif
