/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Tracing data with the formats of events, and raw data that is read by them.
 */
#include "config.h"

#include "fuzz.h"

#include "perfdata/tracing.h"

/* The first byte: 1: numbers have the other byte order.  Behind it two bytes
   with the size of what is raw data, at the end.  */
#define START 3
/* Ids of formats are looked for up to here.  */
#define IDS 64

static void decode(const struct decoder *decoder, uint64_t id,
		   const void *raw, size_t size)
{
	const char *why = NULL, *name = decoder_event_name(decoder, id);
	const struct layout *layout = decoder_layout(decoder, id, &why);
	struct hit hit = { 0 };

	if (name)
		fuzz_bytes(name, strlen(name));
	if (why)
		fuzz_bytes(why, strlen(why));
	if (layout && !layout_decode(layout, raw, size, &hit))
		fuzz_hit(NULL, &hit, NULL, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decoder *decoder;
	struct error error;
	size_t raw_size;
	uint8_t *tracing, *raw;

	if (size < START)
		return 0;
	raw_size = data[1] | (size_t)data[2] << 8;
	if (raw_size > size - START)
		raw_size = size - START;
	size -= START + raw_size;
	tracing = fuzz_copy(data + START, size);
	raw = fuzz_copy(data + START + size, raw_size);
	decoder = decoder_new();
	if (!decoder)
		abort();
	tracing_read((struct cursor){ tracing, size, data[0] & 1 }, decoder,
		     &error);
	for (uint64_t id = 0; id < IDS; id++)
		decode(decoder, id, raw, raw_size);
	decoder_free(decoder);
	free(tracing);
	free(raw);
	return 0;
}
