/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "present/picture.h"

#include <stdlib.h>

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
	free(picture->details);
	free(picture);
}
