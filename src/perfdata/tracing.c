/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/tracing.h"

#include <limits.h>
#include <string.h>

#include "base/intl.h"

/* Steps over BYTES if they are what comes next.  */
static bool expect(struct cursor *cursor, const char *bytes, size_t size)
{
	const void *at = cursor_skip(cursor, size);

	return at && !memcmp(at, bytes, size);
}

/* Steps over a file's copy, with its size before it.  Returns NULL when it is
   cut.  */
static const char *take_file(struct cursor *cursor, uint64_t *size)
{
	if (!cursor_u64(cursor, size))
		return NULL;
	return cursor_skip(cursor, *size);
}

/* Reads up to and including the files that describe the ring buffer.  */
static int read_machine(struct cursor *cursor, struct decoder *decoder)
{
	uint8_t big_endian;
	uint8_t long_size;
	uint32_t page_size;
	uint64_t size;

	if (!expect(cursor, "\x17\x08\x44tracing", 10) ||
	    !cursor_string(cursor) ||           /* version */
	    !cursor_take(cursor, &big_endian, 1) ||
	    !cursor_take(cursor, &long_size, 1) ||
	    !cursor_u32(cursor, &page_size))
		return -1;
	/* All its numbers are in that order: the file's as a whole, which has
	   been checked.  */
	if (big_endian != (cursor->swapped ^
			   (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)) ||
	    (long_size != 4 && long_size != 8) ||
	    !page_size || page_size > INT_MAX)
		return -1;
	decoder_set_machine(decoder, big_endian, long_size, (int)page_size);
	if (!expect(cursor, "header_page", 12) || !take_file(cursor, &size) ||
	    !expect(cursor, "header_event", 13) || !take_file(cursor, &size))
		return -1;
	return 0;
}

/* Reads the formats of one system's events; none are kept where DECODER is
   NULL.  */
static int read_system(struct cursor *cursor, const char *system,
		       struct decoder *decoder)
{
	uint32_t count;

	if (!cursor_u32(cursor, &count))
		return -1;
	while (count--) {
		uint64_t size;
		const char *text = take_file(cursor, &size);

		if (!text)
			return -1;
		/* Whether one that fails is missed will show.  */
		if (decoder)
			decoder_add_format(decoder, system, text, (size_t)size,
					   NULL);
	}
	return 0;
}

int tracing_read(struct cursor data, struct decoder *decoder,
		 struct error *error)
{
	struct cursor cursor = data;
	uint32_t systems;

	/* What ftrace uses for itself comes first, and says nothing here; nor
	   does what comes after the events.  */
	if (read_machine(&cursor, decoder) ||
	    read_system(&cursor, "ftrace", NULL) ||
	    !cursor_u32(&cursor, &systems))
		goto damaged;
	while (systems--) {
		const char *system = cursor_string(&cursor);

		if (!system || read_system(&cursor, system, decoder))
			goto damaged;
	}
	return 0;

damaged:
	return error_set(error, _("the event formats are damaged, %zu bytes into the tracing data"),
			 (size_t)(cursor.at - data.at));
}
