/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/inflate.h"

#include <stdlib.h>

#include <zstd.h>

/* Several of the longest records.  */
#define ROOM (4u << 16)
#define WINDOW_LOG_MAX 27

struct inflate {
	ZSTD_DStream *stream;
	ZSTD_inBuffer in;
	bool swapped;
	size_t begin;           /* of what is in the room and was not read */
	size_t end;
	uint64_t room[ROOM / sizeof(uint64_t)];
};

struct inflate *inflate_new(bool swapped)
{
	struct inflate *inflate = malloc(sizeof(*inflate));

	if (!inflate)
		return NULL;
	inflate->stream = ZSTD_createDStream();
	if (!inflate->stream ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(inflate->stream,
						ZSTD_d_windowLogMax,
						WINDOW_LOG_MAX))) {
		inflate_free(inflate);
		return NULL;
	}
	inflate->in = (ZSTD_inBuffer){ NULL, 0, 0 };
	inflate->swapped = swapped;
	inflate->begin = 0;
	inflate->end = 0;
	return inflate;
}

void inflate_free(struct inflate *inflate)
{
	if (!inflate)
		return;
	ZSTD_freeDStream(inflate->stream);
	free(inflate);
}

void inflate_feed(struct inflate *inflate, struct cursor bytes)
{
	inflate->in = (ZSTD_inBuffer){ bytes.at, bytes.left, 0 };
}

size_t inflate_left(const struct inflate *inflate)
{
	return inflate->end - inflate->begin;
}

static uint8_t *room(struct inflate *inflate)
{
	return (uint8_t *)inflate->room;
}

/* Fills the room.  READER_END: nothing more comes out.  */
static enum reader_status fill(struct inflate *inflate)
{
	ZSTD_outBuffer out;
	size_t before;

	memmove(room(inflate), room(inflate) + inflate->begin,
		inflate_left(inflate));
	inflate->end -= inflate->begin;
	inflate->begin = 0;
	before = inflate->end;
	out = (ZSTD_outBuffer){ inflate->room, sizeof(inflate->room), before };
	if (ZSTD_isError(ZSTD_decompressStream(inflate->stream, &out,
					       &inflate->in)))
		return READER_BAD;
	inflate->end = out.pos;
	return inflate->end > before || inflate->in.pos < inflate->in.size ?
		READER_OK : READER_END;
}

/* Whether there is a whole record where it can be used.  READER_END: not
   yet.  */
static enum reader_status look(const struct inflate *inflate,
			       struct perf_event_header *header)
{
	size_t left = inflate_left(inflate);

	if (left < sizeof(*header))
		return READER_END;
	memcpy(header, (const uint8_t *)inflate->room + inflate->begin,
	       sizeof(*header));
	if (inflate->swapped)
		swap_header(header);
	if (header->size < sizeof(*header) || !header->type ||
	    header->type > RECORD_USER_LAST)
		return READER_BAD;
	return header->size <= left &&
		inflate->begin % sizeof(uint64_t) == 0 ? READER_OK : READER_END;
}

enum reader_status inflate_next(struct inflate *inflate,
				struct perf_event_header **record)
{
	struct perf_event_header header;
	enum reader_status status;

	while ((status = look(inflate, &header)) == READER_END) {
		/* What is left is less than a record, or will be moved to where
		   one can be used.  */
		bool misplaced = inflate->begin % sizeof(uint64_t) != 0;

		status = fill(inflate);
		if (status != READER_OK && !(status == READER_END && misplaced))
			return status;
	}
	if (status != READER_OK)
		return status;
	*record = (void *)(room(inflate) + inflate->begin);
	if (inflate->swapped)
		memcpy(*record, &header, sizeof(header));
	inflate->begin += header.size;
	return READER_OK;
}
