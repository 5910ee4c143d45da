/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "present/picture.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct picture *picture_new(struct snapshot *heap)
{
	struct picture *picture = calloc(1, sizeof(*picture));

	if (!picture)
		return NULL;
	atomic_init(&picture->references, 1);
	picture->heap = heap;
	picture->overhead = -1;
	return picture;
}

struct picture *picture_copy(const struct picture *picture)
{
	/* Its references, which come first, others may change meanwhile.  */
	const size_t from = offsetof(struct picture, state);
	struct picture *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	memcpy((char *)copy + from, (const char *)picture + from,
	       sizeof(*copy) - from);
	atomic_init(&copy->references, 1);
	snapshot_ref(copy->heap);
	if (copy->details)
		copy->details = strdup(copy->details);
	copy->life_asked = false;
	copy->life_trouble = NULL;
	copy->life = NULL;
	return copy;
}

struct picture *picture_ref(struct picture *picture)
{
	atomic_fetch_add(&picture->references, 1);
	return picture;
}

void picture_unref(struct picture *picture)
{
	if (!picture || atomic_fetch_sub(&picture->references, 1) != 1)
		return;
	snapshot_unref(picture->heap);
	log_view_unref(picture->life);
	free(picture->details);
	free(picture);
}
