/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/unwind_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/seed.h"
#include "symbols/internal.h"
#include "symbols/unwind_cfi.h"

/* Rows that are kept; then all are forgotten.  A program has some ten
   thousand places from which it allocates; dumps that are forged have many. */
#define ROWS_MAX (1u << 20)
/* These are larger, each with operations of its own.  */
#define RECIPES_MAX (1u << 14)
#define NO_ROW 0

/* The last look-ups, by address as it was in a space: what is asked for
   again, mostly.  16 bytes each.  */
#define RECENT_BITS 13

struct recent {
	uint64_t address;
	uint32_t space;         /* 0: the slot is free */
	uint32_t row;
};

/* An address in a file → the index of its row.  */
struct slot {
	uint64_t address;
	uint32_t row;           /* NO_ROW: the slot is free */
};

struct module {
	struct cfi *cfi;
	struct slot *slots;
	size_t size;            /* a power of two, or 0 */
	size_t count;
	uint64_t seed;          /* see base/seed.h */
};

struct rows {
	struct symbols *symbols;
	bool fetch;             /* what is not at hand, from servers */
	uint64_t changes;       /* of the mappings that RECENT knows */
	struct row *rows;       /* [NO_ROW]: where nothing is known */
	size_t count;
	size_t room;
	struct recipe **recipes;
	size_t recipe_count;
	size_t recipe_room;
	struct module *modules; /* by the object's number */
	size_t module_count;
	struct recent recent[1u << RECENT_BITS];
};

struct rows *rows_new(struct symbols *symbols, bool fetch)
{
	struct rows *rows = calloc(1, sizeof(*rows));

	if (!rows)
		return NULL;
	rows->symbols = symbols;
	rows->fetch = fetch;
	rows->room = 1024;
	rows->rows = calloc(rows->room, sizeof(*rows->rows));
	if (!rows->rows) {
		free(rows);
		return NULL;
	}
	rows->count = NO_ROW + 1;
	return rows;
}

static void forget_rows(struct rows *rows)
{
	for (size_t i = 0; i < rows->recipe_count; i++)
		recipe_free(rows->recipes[i]);
	rows->recipe_count = 0;
	rows->count = NO_ROW + 1;
	for (size_t i = 0; i < rows->module_count; i++) {
		struct module *module = &rows->modules[i];

		free(module->slots);
		module->slots = NULL;
		module->size = 0;
		module->count = 0;
	}
	memset(rows->recent, 0, sizeof(rows->recent));
}

void rows_free(struct rows *rows)
{
	if (!rows)
		return;
	forget_rows(rows);
	for (size_t i = 0; i < rows->module_count; i++)
		cfi_free(rows->modules[i].cfi);
	free(rows->modules);
	free(rows->recipes);
	free(rows->rows);
	free(rows);
}

/* Makes room for one more of SIZE bytes in *ARRAY.  */
static bool reserve(void **array, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 64;
	void *larger;

	if (count < *room)
		return true;
	larger = reallocarray(*array, more, size);
	if (!larger)
		return false;
	*array = larger;
	*room = more;
	return true;
}

/* ADDRESS's slot, or the free one where it belongs.  */
static struct slot *slot_of(const struct module *module, struct slot *slots,
			    size_t size, uint64_t address)
{
	size_t i = (size_t)seed_hash(module->seed, address) & (size - 1);

	while (slots[i].row != NO_ROW && slots[i].address != address)
		i = (i + 1) & (size - 1);
	return &slots[i];
}

static bool grow_module(struct module *module)
{
	size_t size = module->size ? module->size * 2 : 64;
	struct slot *slots;

	if (module->count < module->size / 2)
		return true;
	slots = calloc(size, sizeof(*slots));
	if (!slots)
		return false;
	if (!module->size)
		module->seed = seed_new();
	for (size_t i = 0; i < module->size; i++) {
		const struct slot *old = &module->slots[i];

		if (old->row != NO_ROW)
			*slot_of(module, slots, size, old->address) = *old;
	}
	free(module->slots);
	module->slots = slots;
	module->size = size;
	return true;
}

static struct module *module_of(struct rows *rows, const struct object *object,
				const struct image *image)
{
	struct module *module;

	if (object->number >= rows->module_count) {
		size_t count = (size_t)object->number + 16;
		struct module *more = reallocarray(rows->modules, count,
						   sizeof(*more));

		if (!more)
			return NULL;
		memset(more + rows->module_count, 0,
		       (count - rows->module_count) * sizeof(*more));
		rows->modules = more;
		rows->module_count = count;
	}
	module = &rows->modules[object->number];
	if (!module->cfi)
		module->cfi = cfi_new(object, image);
	return module->cfi ? module : NULL;
}

/* Reads the row of ADDRESS in MODULE's file into the next free place.  Returns
   its index, or NO_ROW.  */
static uint32_t add_row(struct rows *rows, struct module *module,
			uint64_t address)
{
	struct recipe *recipe;
	struct row *row;

	if (!grow_module(module) ||
	    !reserve((void **)&rows->rows, rows->count, &rows->room,
		     sizeof(*rows->rows)) ||
	    !reserve((void **)&rows->recipes, rows->recipe_count,
		     &rows->recipe_room, sizeof(*rows->recipes)))
		return NO_ROW;
	row = &rows->rows[rows->count];
	cfi_row(module->cfi, address, row, &recipe);
	if (recipe) {
		row->recipe = (uint32_t)rows->recipe_count;
		rows->recipes[rows->recipe_count++] = recipe;
	}
	*slot_of(module, module->slots, module->size, address) =
		(struct slot){ address, (uint32_t)rows->count };
	module->count++;
	return (uint32_t)rows->count++;
}

/* The index of the row of ADDRESS of SPACE.  */
static uint32_t look_up(struct rows *rows, const struct machine *machine,
			uint32_t space, uint64_t address)
{
	uint64_t offset, in_file;
	struct object *object = symbols_locate(rows->symbols, space, address,
					       &offset);
	const struct image *image;
	struct module *module;
	uint32_t row;

	if (!object)
		return NO_ROW;
	image = rows->fetch ?
		symbols_fetch_image(rows->symbols, object, offset, &in_file) :
		symbols_image(rows->symbols, object, offset, &in_file);
	if (!image || image->machine != machine->elf)
		return NO_ROW;
	module = module_of(rows, object, image);
	if (!module)
		return NO_ROW;
	row = module->size ? slot_of(module, module->slots, module->size,
				     in_file)->row : NO_ROW;
	return row == NO_ROW ? add_row(rows, module, in_file) : row;
}

const struct row *rows_find(struct rows *rows, const struct machine *machine,
			    uint32_t space, uint64_t address)
{
	/* Who collides here is only asked for again.  */
	struct recent *recent = &rows->recent[
		seed_hash(0, address ^ (uint64_t)space << 44) &
		((1u << RECENT_BITS) - 1)];
	uint64_t changes = symbols_changes(rows->symbols);

	if (rows->changes != changes) {
		memset(rows->recent, 0, sizeof(rows->recent));
		rows->changes = changes;
	}
	if (recent->address != address || recent->space != space) {
		if (rows->count >= ROWS_MAX ||
		    rows->recipe_count >= RECIPES_MAX)
			forget_rows(rows);
		recent->row = look_up(rows, machine, space, address);
		recent->address = address;
		recent->space = space;
	}
	return &rows->rows[recent->row];
}

const struct recipe *rows_recipe(const struct rows *rows,
				 const struct row *row)
{
	return rows->recipes[row->recipe];
}
