/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/functions.h"

#include <stdlib.h>
#include <string.h>

static size_t underscores(const char *name)
{
	/* Mangled names of C++, Rust and D begin with one that means nothing.
	   */
	if (name[0] == '_' && strchr("ZRD", name[1]) && name[1])
		return 0;
	return strspn(name, "_");
}

/* Whether a program that is linked today does not get this one: "name@VERSION",
   where "name@@VERSION" is the default.  */
static bool is_old(const char *name, size_t length)
{
	return name[length] && name[length + 1] != '@';
}

/* Less than 0: A is better.  */
static int compare_names(const struct candidate *a, const struct candidate *b)
{
	size_t x, y;

	if (a->typed != b->typed)
		return a->typed ? -1 : 1;
	if (!a->size != !b->size)
		return a->size ? -1 : 1;
	if (a->global != b->global)
		return a->global ? -1 : 1;
	x = underscores(a->name);
	y = underscores(b->name);
	if (x != y)
		return x < y ? -1 : 1;
	x = strcspn(a->name, "@");
	y = strcspn(b->name, "@");
	if (is_old(a->name, x) != is_old(b->name, y))
		return is_old(b->name, y) ? -1 : 1;
	if (x != y)
		return x < y ? -1 : 1;
	return strcmp(a->name, b->name);
}

static int compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return compare_names(x, y);
}

size_t functions_choose(struct candidate *candidates, size_t count)
{
	size_t left = 0;

	if (count)
		qsort(candidates, count, sizeof(*candidates), compare);
	for (size_t i = 0; i < count; i++) {
		struct candidate *last = left ? &candidates[left - 1] : NULL;

		if (!last || last->start != candidates[i].start)
			candidates[left++] = candidates[i];
		else if (last->size < candidates[i].size)
			last->size = candidates[i].size;
	}
	return left;
}

struct layout {
	struct extent *extents;
	size_t count;
};

static void emit(struct layout *layout, uint64_t start, uint64_t end,
		 uint32_t function)
{
	if (start < end)
		layout->extents[layout->count++] =
			(struct extent){ start, end, function };
}

static uint64_t end_of(const struct candidate *candidate)
{
	if (candidate->size > UINT64_MAX - candidate->start)
		return UINT64_MAX;
	return candidate->start + candidate->size;
}

/* Sweeps over the sized ones; those that the current one is inside of wait on
   the stack OPEN.  At most two extents for each.  */
static void lay_out_sized(struct layout *layout, uint32_t *open,
			  const struct candidate *candidates, size_t count)
{
	uint64_t at = 0;
	size_t depth = 0;

	for (size_t i = 0; i <= count; i++) {
		uint64_t next = i < count ? candidates[i].start : UINT64_MAX;

		if (i < count && !candidates[i].size)
			continue;
		while (depth) {
			uint32_t top = open[depth - 1];
			uint64_t end = end_of(&candidates[top]);

			if (end > next) {
				emit(layout, at, next, top);
				break;
			}
			emit(layout, at, end, top);
			if (end > at)
				at = end;
			depth--;
		}
		at = next;
		if (i < count)
			open[depth++] = (uint32_t)i;
	}
}

/* Adds those without size that are TYPED or not, where nothing is yet.  */
static void fill_gaps(struct layout *to, const struct layout *from,
		      const struct candidate *candidates, size_t count,
		      bool typed,
		      uint64_t (*limit)(const void *context, uint64_t start),
		      const void *context)
{
	size_t k = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t start = candidates[i].start, end;
		size_t next;

		if (candidates[i].size || candidates[i].typed != typed)
			continue;
		while (k < from->count && from->extents[k].end <= start)
			to->extents[to->count++] = from->extents[k++];
		if (k < from->count && from->extents[k].start <= start)
			continue;
		end = limit(context, start);
		if (k < from->count && from->extents[k].start < end)
			end = from->extents[k].start;
		for (next = i + 1; next < count; next++) {
			if (!candidates[next].size &&
			    candidates[next].typed == typed)
				break;
			if (candidates[next].start >= end)
				break;
		}
		if (next < count && candidates[next].start < end)
			end = candidates[next].start;
		emit(to, start, end, (uint32_t)i);
	}
	while (k < from->count)
		to->extents[to->count++] = from->extents[k++];
}

int functions_lay_out(const struct candidate *candidates, size_t count,
		      uint64_t (*limit)(const void *context, uint64_t start),
		      const void *context, struct extent **extents,
		      size_t *extent_count)
{
	struct layout a = { NULL, 0 }, b = { NULL, 0 };
	uint32_t *open = NULL;
	size_t room;

	*extents = NULL;
	*extent_count = 0;
	if (!count)
		return 0;
	if (count > UINT32_MAX / 2)
		return -1;
	room = 2 * count + 1;
	a.extents = reallocarray(NULL, room, sizeof(*a.extents));
	b.extents = reallocarray(NULL, room, sizeof(*b.extents));
	open = reallocarray(NULL, count, sizeof(*open));
	if (!a.extents || !b.extents || !open) {
		free(a.extents);
		free(b.extents);
		free(open);
		return -1;
	}
	lay_out_sized(&a, open, candidates, count);
	fill_gaps(&b, &a, candidates, count, true, limit, context);
	a.count = 0;
	fill_gaps(&a, &b, candidates, count, false, limit, context);
	free(b.extents);
	free(open);
	*extents = realloc(a.extents, (a.count + 1) * sizeof(*a.extents));
	if (!*extents)
		*extents = a.extents;
	*extent_count = a.count;
	return 0;
}

const struct extent *extents_find(const struct extent *extents, size_t count,
				  uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (extents[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= extents[low - 1].end)
		return NULL;
	return &extents[low - 1];
}
