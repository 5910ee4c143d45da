/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/writer_holder.h"

#include <string.h>

#include "perfdata/journal.h"

static size_t room_in_record(const struct holder *holder)
{
	return holder->count ?
		RECORD_MAX - (holder->blob->size - holder->start) : 0;
}

void holder_end(struct holder *holder)
{
	struct perf_event_header header = {
		.type = RECORD_HOLDER,
		/* A number, for those headers that are among ids.  */
		.misc = (uint16_t)(holder->count - 1),
	};

	if (!holder->count)
		return;
	blob_align(holder->blob, 8);
	header.size = (uint16_t)(holder->blob->size - holder->start);
	if (!holder->blob->failed)
		memcpy(holder->blob->data + holder->start, &header,
		       sizeof(header));
}

static void begin_record(struct holder *holder)
{
	holder_end(holder);
	holder->start = holder->blob->size;
	holder->count++;
	blob_add(holder->blob, NULL, sizeof(struct perf_event_header));
}

bool holder_place(struct holder *holder, size_t size, struct section *section)
{
	if (size > RECORD_MAX - sizeof(struct perf_event_header))
		return false;
	if (size > room_in_record(holder))
		begin_record(holder);
	*section = (struct section){ holder->base + holder->blob->size, size };
	return true;
}

void holder_ids(struct holder *holder, const uint64_t *ids, size_t count,
		struct section *section)
{
	holder_place(holder, sizeof(*ids), section);
	for (size_t i = 0; i < count; i++) {
		if (room_in_record(holder) < sizeof(*ids))
			begin_record(holder);
		blob_u64(holder->blob, ids[i]);
	}
	section->size = holder->base + holder->blob->size - section->offset;
}
