/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/inlined.h"

#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/demangle.h"
#include "symbols/dies.h"
#include "symbols/strings.h"
#include "symbols/wrappers.h"

/* Blocks within blocks that are looked into.  */
#define DEPTH_MAX 256
const char *source_path(Dwarf_Die *unit, const char *file,
			struct strings *strings)
{
	Dwarf_Attribute attribute;
	const char *directory, *path;
	char *joined;

	if (!file)
		return NULL;
	directory = dwarf_formstring(
		dwarf_attr(unit, DW_AT_comp_dir, &attribute));
	if (file[0] == '/' || !directory || directory[0] != '/')
		return strings_intern(strings, file);
	if (asprintf(&joined, "%s/%s", directory, file) < 0)
		return NULL;
	path = strings_intern(strings, joined);
	free(joined);
	return path;
}

/* What can have an inlined call in it and is part of the same function.  */
static bool is_block(int tag)
{
	return tag == DW_TAG_inlined_subroutine ||
	       tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
	       tag == DW_TAG_catch_block;
}

/* The child of BLOCK that ADDRESS is in, into BLOCK.  */
static bool descend(Dwarf_Die *block, Dwarf_Addr address)
{
	Dwarf_Die child;

	if (dwarf_child(block, &child))
		return false;
	do {
		if (is_block(dwarf_tag(&child)) &&
		    dwarf_haspc(&child, address) == 1) {
			*block = child;
			return true;
		}
	} while (die_next(&child));
	return false;
}

/* What the linker would call it, where the language has more than that in its
   names; else the name in the source.  */
static const char *symbol_of(Dwarf_Die *die, struct strings *strings)
{
	Dwarf_Attribute attribute;
	char text[NAME_MAX_BYTES];
	const char *name;

	name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name,
						     &attribute));
	if (!name)
		name = dwarf_formstring(dwarf_attr_integrate(
			die, DW_AT_MIPS_linkage_name, &attribute));
	if (!name)
		name = dwarf_diename(die);
	if (!name)
		return NULL;
	demangle(text, sizeof(text), name);
	return strings_intern(strings, text);
}

static int number_of(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) ||
	    value > INT32_MAX)
		return -1;
	return (int)value;
}

static struct inlined read_one(Dwarf_Die *unit, Dwarf_Die *die,
			       struct strings *strings)
{
	struct inlined inlined = { .symbol = symbol_of(die, strings) };
	int line = number_of(die, DW_AT_call_line);
	int number = number_of(die, DW_AT_call_file);
	Dwarf_Files *files;
	size_t count;

	inlined.allocator = inlined.symbol && is_allocator_name(inlined.symbol);
	if (number >= 0 && !dwarf_getsrcfiles(unit, &files, &count) &&
	    (size_t)number < count)
		inlined.file = source_path(
			unit, dwarf_filesrc(files, (size_t)number, NULL, NULL),
			strings);
	inlined.line = inlined.file && line > 0 ? line : 0;
	return inlined;
}

unsigned inlined_read(Dwarf_Die *unit, Dwarf_Die *function, Dwarf_Addr address,
		      struct strings *strings, struct inlined *inlined)
{
	Dwarf_Die block = *function;
	Dwarf_Die found[DEPTH_MAX];
	unsigned count = 0, kept;

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		if (!descend(&block, address))
			break;
		if (dwarf_tag(&block) == DW_TAG_inlined_subroutine)
			found[count++] = block;
	}
	kept = count < INLINED_MAX ? count : INLINED_MAX;
	for (unsigned i = 0; i < kept; i++)
		inlined[i] = read_one(unit, &found[count - 1 - i], strings);
	return kept;
}
