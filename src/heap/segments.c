/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/segments.h"

#include <stdlib.h>
#include <string.h>

void segments_clear(struct segments *segments)
{
	free(segments->segments);
	memset(segments, 0, sizeof(*segments));
}

void segments_begin(struct segments *segments, uint64_t place)
{
	if (segments->count == segments->capacity) {
		size_t capacity = segments->capacity ? segments->capacity * 2 : 64;
		struct segment *larger = capacity > UINT32_MAX ? NULL :
			reallocarray(segments->segments, capacity, sizeof(*larger));

		if (!larger) {
			segments->incomplete = true;
			return;
		}
		segments->segments = larger;
		segments->capacity = capacity;
	}
	segments->segments[segments->count++] = (struct segment) { .place = place };
}

uint32_t segments_current(const struct segments *segments)
{
	return segments->count ? (uint32_t)(segments->count - 1) : 0;
}

static struct segment *current(struct segments *segments)
{
	return segments->count ? &segments->segments[segments->count - 1] : NULL;
}

void segments_need(struct segments *segments)
{
	struct segment *segment = current(segments);

	if (segment)
		segment->needed = true;
}

void segments_round(struct segments *segments)
{
	struct segment *segment = current(segments);

	if (segment && segment->rounds < 2)
		segment->rounds++;
}

void segments_mark(struct segments *segments, uint32_t segment, uint32_t number)
{
	if (segment < segments->count)
		segments->segments[segment].sizes[number % SEGMENT_BITS / 64] |=
			UINT64_C(1) << number % 64;
}

static bool is_wanted(const struct segment *segment, uint32_t number)
{
	return segment->needed ||
		segment->sizes[number % SEGMENT_BITS / 64] >> number % 64 & 1;
}

bool segments_next(const struct segments *segments, uint32_t number,
		   uint32_t *at, struct stretch *stretch)
{
	const struct segment *segment = segments->segments;
	size_t i = *at;

	*stretch = (struct stretch) { .end = UINT64_MAX };
	for (; i < segments->count && !is_wanted(&segment[i], number); i++) {
		stretch->gap = true;
		stretch->rounds += segment[i].rounds;
	}
	if (stretch->rounds > 2)
		stretch->rounds = 2;
	if (i == segments->count)
		return false;
	stretch->begin = segment[i].place;
	while (i < segments->count && is_wanted(&segment[i], number))
		i++;
	if (i < segments->count)
		stretch->end = segment[i].place;
	*at = (uint32_t)i;
	return true;
}
