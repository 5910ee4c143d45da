/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capture/focus.h"

/* Conditions joined by "||", as many as fit.  */
struct filter {
	char *text;
	size_t size, used;
};

/* Returns whether it fits.  */
static bool add(struct filter *filter, const char *condition)
{
	size_t length = strlen(condition);
	const char *joint = filter->used ? " || " : "";

	if (filter->used + strlen(joint) + length >= filter->size)
		return false;
	filter->used += (size_t)snprintf(filter->text + filter->used,
					 filter->size - filter->used, "%s%s",
					 joint, condition);
	return true;
}

struct name {
	const char *text;
	int length;
};

/* Both ways of A times B, where A is the smaller one.  */
static bool add_factors(struct filter *filter, const struct name *name,
			uint64_t a, uint64_t b)
{
	char condition[160];

	for (int turned = 0; turned <= (a != b); turned++) {
		snprintf(condition, sizeof condition,
			 "(%.*s == %" PRIu64 " && %.*s == %" PRIu64 ")",
			 name[0].length, name[0].text, turned ? b : a,
			 name[1].length, name[1].text, turned ? a : b);
		if (!add(filter, condition))
			return false;
	}
	return true;
}

/* Small factors first: a structure's count is likely to be one.  */
static void add_product(struct filter *filter, const struct name *name,
			uint64_t product)
{
	for (uint64_t a = 1; a <= product / a; a++) {
		if (product % a == 0 &&
		    !add_factors(filter, name, a, product / a))
			return;
		/* More than 65,536 at once is hardly asked for.  */
		if (a >> 16)
			return;
	}
}

size_t focus_filter(char *text, size_t size, const struct allocator *allocator,
		    const struct capture_focus *wanted)
{
	struct filter filter = { .text = text, .size = size };
	struct name name[2] = { { "", 0 }, { "", 0 } };
	char condition[96];
	int count = 0;

	for (int i = 0; i < ALLOCATOR_ARGUMENTS && count < 2; i++) {
		if (allocator->argument[i].role != ROLE_SIZE)
			continue;
		name[count].text = allocator->argument[i].names;
		name[count].length = (int)strcspn(name[count].text, " ");
		count++;
	}
	for (unsigned i = 0; count && i < wanted->count; i++) {
		if (count == 2) {
			add_product(&filter, name, wanted->size[i]);
			continue;
		}
		snprintf(condition, sizeof condition, "%.*s == %" PRIu64,
			 name[0].length, name[0].text, wanted->size[i]);
		if (!add(&filter, condition))
			return 0;
	}
	return filter.used;
}
