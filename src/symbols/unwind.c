/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/unwind.h"

#include <stdlib.h>

#include "symbols/internal.h"
#include "symbols/unwind_rows.h"
#include "symbols/unwind_walk.h"

struct unwinder {
	struct symbols *symbols;
	struct rows *rows;
	bool stuck;             /* the last one ended in code without tables */
};

struct unwinder *unwinder_new(struct symbols *symbols, bool fetch)
{
	struct unwinder *unwinder = calloc(1, sizeof(*unwinder));

	if (!unwinder)
		return NULL;
	unwinder->symbols = symbols;
	unwinder->rows = rows_new(symbols, fetch);
	if (!unwinder->rows) {
		free(unwinder);
		return NULL;
	}
	return unwinder;
}

void unwinder_free(struct unwinder *unwinder)
{
	if (!unwinder)
		return;
	rows_free(unwinder->rows);
	free(unwinder);
}

/* Whether the instruction before ADDRESS may be a call: it is in a file's
   code.  *MAPPED: in any file at all.  */
static bool may_call(struct symbols *symbols, uint32_t space, uint64_t address,
		     bool *mapped)
{
	uint64_t offset, in_file;
	struct object *object = symbols_locate(symbols, space, address - 1,
					       &offset);
	const struct image *image;

	*mapped = object != NULL;
	if (!object)
		return false;
	image = symbols_image(symbols, object, offset, &in_file);
	return image && (!image->has_sections || image_code(image, in_file));
}

/* Code that was made at run time mostly keeps frame pointers, which lead from
   one such function to another, and at last to a file's.  In a file's code
   without tables (some of what compilers add to each file) there may be
   anything in that register, so it has to lead to code of a file; and nothing
   is said for a file that is not at hand.  */
static bool step_without_row(struct unwinder *unwinder, uint32_t space,
			     struct walk *walk)
{
	const struct machine *machine = walk->machine;
	uint64_t pc = walk->value[machine->pc] + walk->exact;
	bool in_code, in_file, to_file;
	uint64_t next;

	in_code = may_call(unwinder->symbols, space, pc, &in_file);
	if ((in_file && !in_code) || !walk_frame_pointer(walk))
		return false;
	if (may_call(unwinder->symbols, space, walk->value[machine->pc],
		     &to_file))
		return true;
	next = walk->value[machine->fp];
	return !in_file && !to_file &&
	       (!next || next >= walk->value[machine->sp]);
}

static bool step(struct unwinder *unwinder, uint32_t space, struct walk *walk)
{
	/* The instruction behind a call may be another function's.  */
	uint64_t address = walk->value[walk->machine->pc] - !walk->exact;
	const struct row *row = rows_find(unwinder->rows, walk->machine, space,
					  address);

	switch ((enum row_kind)row->kind) {
	case ROW_SIMPLE:
		return walk_simple(walk, row);
	case ROW_RECIPE:
		return walk_recipe(walk, row,
				   rows_recipe(unwinder->rows, row));
	case ROW_END:
		return false;
	case ROW_NONE:
		break;
	}
	unwinder->stuck = !step_without_row(unwinder, space, walk);
	return !unwinder->stuck;
}

bool unwinder_lacked_tables(const struct unwinder *unwinder)
{
	return unwinder->stuck;
}

uint32_t unwind(struct unwinder *unwinder, uint32_t space,
		const struct dump *dump, uint64_t *addresses, uint32_t max)
{
	struct walk walk;
	uint32_t count = 0;

	unwinder->stuck = false;
	if (!walk_begin(&walk, dump))
		return 0;
	while (count < max) {
		addresses[count++] = walk.value[walk.machine->pc];
		if (!step(unwinder, space, &walk))
			break;
	}
	return count;
}
