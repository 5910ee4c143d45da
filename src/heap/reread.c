/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/heap_internal.h"

int heap_life_begin(struct heap *heap, uint64_t size)
{
	const struct heap_options options = {
		.log = true,
		.log_limit = heap->options.life_limit,
		.log_sizes = sizespec_only(size),
	};
	struct pipe *pipe;

	heap->life_number = groups_find_size(&heap->pipe->groups, size);
	if (heap->life_number == GROUPS_NO_SIZE)
		return -1;
	pipe = heap_pipe_new(&options, heap->chains, &heap->points);
	if (!pipe)
		return -1;
	heap->first = heap->pipe;
	heap->pipe = pipe;
	heap->life_at = 0;
	heap->space = 0;
	return 0;
}

bool heap_life_has_segments(const struct heap *heap)
{
	const struct segments *segments = &heap->first->segments;

	return segments->count && !segments->incomplete;
}

bool heap_life_next(struct heap *heap, struct stretch *stretch)
{
	bool more = segments_next(&heap->first->segments, heap->life_number,
				  &heap->life_at, stretch);
	/* Behind all that came: calls whose other half is in the gap are not to be
	   waited for.  */
	const struct hit gap = { .kind = HIT_LOST };

	if (stretch->gap)
		heap_hit(heap, &gap, 0, NULL, 0);
	for (unsigned i = 0; i < stretch->rounds; i++)
		heap_round(heap);
	return more;
}

/* What came of the events of SIZE.  */
static uint64_t sum_of(const struct groups *groups, uint64_t size)
{
	uint32_t number = groups_find_size(groups, size);

	return number == GROUPS_NO_SIZE ? 0 : groups->sizes[number].events;
}

struct log_view *heap_life_end(struct heap *heap, bool *same)
{
	const struct size_count *size =
		&heap->first->groups.sizes[heap->life_number];
	struct log_view *view = log_view_new(heap->pipe->log);

	*same = sum_of(&heap->pipe->groups, size->size) == size->events;
	if (heap_pipe_failures(heap->pipe) || heap->pipe->refused) {
		log_view_unref(view);
		view = NULL;
	}
	heap_pipe_free(heap->pipe);
	heap->pipe = heap->first;
	heap->first = NULL;
	heap->space = 0;
	return view;
}
