/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_CURSOR_H
#define LEAKTOP_PERFDATA_CURSOR_H

#include <byteswap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <linux/perf_event.h>

/* What is left to read of a part of the file.  Nothing is ever read from
   beyond its end.  */
struct cursor {
	const uint8_t *at;
	size_t left;            /* bytes */
	bool swapped;           /* numbers have the other byte order */
};

/* Of nothing.  */
#define CURSOR_NONE ((struct cursor){ NULL, 0, false })

/* Steps over SIZE bytes.  Returns where they are, or NULL, without moving,
   when there are fewer.  */
static inline const void *cursor_skip(struct cursor *cursor, uint64_t size)
{
	const uint8_t *at = cursor->at;

	if (size > cursor->left)
		return NULL;
	cursor->at += size;
	cursor->left -= (size_t)size;
	return at;
}

/* Copies SIZE bytes to DST and steps over them.  Returns false when there are
   fewer.  */
static inline bool cursor_take(struct cursor *cursor, void *dst, size_t size)
{
	const void *at = cursor_skip(cursor, size);

	if (!at)
		return false;
	memcpy(dst, at, size);
	return true;
}

/* Numbers, in this machine's byte order.  Return false when there are fewer
   bytes.  */
static inline bool cursor_u32(struct cursor *cursor, uint32_t *value)
{
	if (!cursor_take(cursor, value, sizeof(*value)))
		return false;
	if (cursor->swapped)
		*value = bswap_32(*value);
	return true;
}

static inline bool cursor_u64(struct cursor *cursor, uint64_t *value)
{
	if (!cursor_take(cursor, value, sizeof(*value)))
		return false;
	if (cursor->swapped)
		*value = bswap_64(*value);
	return true;
}

static inline void swap_header(struct perf_event_header *header)
{
	header->type = bswap_32(header->type);
	header->misc = bswap_16(header->misc);
	header->size = bswap_16(header->size);
}

static inline bool cursor_header(struct cursor *cursor,
				 struct perf_event_header *header)
{
	if (!cursor_take(cursor, header, sizeof(*header)))
		return false;
	if (cursor->swapped)
		swap_header(header);
	return true;
}

/* Steps over a string and its NUL.  Returns it, or NULL when it does not
   end.  */
static inline const char *cursor_string(struct cursor *cursor)
{
	const void *end = cursor->left ? memchr(cursor->at, '\0', cursor->left) :
		NULL;

	if (!end)
		return NULL;
	return cursor_skip(cursor, (uint64_t)((const uint8_t *)end -
					      cursor->at) + 1);
}

#endif
