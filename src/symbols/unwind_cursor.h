/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_UNWIND_CURSOR_H
#define LEAKTOP_SYMBOLS_UNWIND_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes of a file that are read one after the other.  Behind the end there are
   zeros, and BAD says that they were read.  All machines whose tables are read
   have the lowest byte first.  */
struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

static inline uint64_t cursor_fixed(struct cursor *cursor, unsigned size)
{
	uint64_t value = 0;

	if ((uint64_t)(cursor->end - cursor->at) < size) {
		cursor->at = cursor->end;
		cursor->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)*cursor->at++ << 8 * i;
	return value;
}

/* The same, with the sign of its highest bit.  */
static inline uint64_t cursor_signed(struct cursor *cursor, unsigned size)
{
	uint64_t sign = UINT64_C(1) << (8 * size - 1);

	return (cursor_fixed(cursor, size) ^ sign) - sign;
}

/* Bytes of a LEB128.  10 hold 64 bits; assemblers may pad.  */
#define LEB_MAX 16

/* A number of variable length, LEB128.  More than 64 bits of it are lost.  */
static inline uint64_t cursor_leb(struct cursor *cursor, bool is_signed)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		if (shift == 7 * LEB_MAX) {
			cursor->bad = true;
			return 0;
		}
		byte = (uint8_t)cursor_fixed(cursor, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (is_signed && byte & 0x40 && shift < 64)
		value |= UINT64_MAX << shift;
	return value;
}

static inline uint64_t cursor_uleb(struct cursor *cursor)
{
	return cursor_leb(cursor, false);
}

static inline uint64_t cursor_sleb(struct cursor *cursor)
{
	return cursor_leb(cursor, true);
}

/* The next SIZE bytes, by themselves.  */
static inline struct cursor cursor_block(struct cursor *cursor, uint64_t size)
{
	struct cursor block = { cursor->at, cursor->at, false };

	if (size > (uint64_t)(cursor->end - cursor->at)) {
		cursor->at = cursor->end;
		cursor->bad = true;
		return block;
	}
	cursor->at += size;
	block.end = cursor->at;
	return block;
}

#endif
