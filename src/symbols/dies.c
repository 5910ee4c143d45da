/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/dies.h"

#include <dwarf.h>
#include <stdlib.h>

/* Levels of namespaces and classes that are looked into.  */
#define DEPTH_MAX 16
/* Ranges of one DIE that count, and of a list; a file may have all its DIEs
   share a long one.  */
#define RANGES_MAX 4096
#define LIST_MAX (UINT32_C(4) << 20)

struct die_range {
	Dwarf_Addr start;
	Dwarf_Addr end;         /* the first address behind it */
	Dwarf_Off offset;
};

void dies_clear(struct dies *dies)
{
	free(dies->ranges);
	*dies = (struct dies){ NULL, 0, 0 };
}

static bool add_range(struct dies *dies, Dwarf_Addr start, Dwarf_Addr end,
		      Dwarf_Off offset)
{
	if (dies->count == LIST_MAX)
		return false;
	if (dies->count == dies->size) {
		size_t size = dies->size ? dies->size * 2 : 64;
		struct die_range *ranges = reallocarray(dies->ranges, size,
							sizeof(*ranges));

		if (!ranges)
			return false;
		dies->ranges = ranges;
		dies->size = size;
	}
	dies->ranges[dies->count++] = (struct die_range){ start, end, offset };
	return true;
}

bool dies_add(struct dies *dies, Dwarf_Die *die)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;

	for (int i = 0; i < RANGES_MAX; i++) {
		at = dwarf_ranges(die, at, &base, &start, &end);
		if (at <= 0)
			break;
		if (start < end &&
		    !add_range(dies, start, end, dwarf_dieoffset(die)))
			return false;
	}
	return true;
}

bool die_next(Dwarf_Die *child)
{
	Dwarf_Off before = dwarf_dieoffset(child);

	return !dwarf_siblingof(child, child) &&
	       dwarf_dieoffset(child) > before;
}

static bool is_scope(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module ||
	       tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
	       tag == DW_TAG_union_type || tag == DW_TAG_enumeration_type;
}

static bool add_below(struct dies *dies, Dwarf_Die *parent, int depth)
{
	Dwarf_Die child;

	if (dwarf_child(parent, &child))
		return true;
	do {
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_subprogram && !dies_add(dies, &child))
			return false;
		if (is_scope(tag) && depth < DEPTH_MAX &&
		    !add_below(dies, &child, depth + 1))
			return false;
	} while (die_next(&child));
	return true;
}

bool dies_add_functions(struct dies *dies, Dwarf_Die *unit)
{
	return add_below(dies, unit, 0);
}

static int compare(const void *a, const void *b)
{
	const struct die_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

void dies_sort(struct dies *dies)
{
	if (dies->count)
		qsort(dies->ranges, dies->count, sizeof(*dies->ranges),
		      compare);
}

bool dies_find(const struct dies *dies, Dwarf_Addr address, Dwarf_Off *offset)
{
	size_t low = 0, high = dies->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (dies->ranges[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= dies->ranges[low - 1].end)
		return false;
	*offset = dies->ranges[low - 1].offset;
	return true;
}
