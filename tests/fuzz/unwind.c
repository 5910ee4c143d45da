/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Unwind tables: their entries, the programs in them, and a stack that is gone
 * up by what these give.
 */
#include "config.h"

#include "fuzz.h"

#include <elf.h>

#include "symbols/unwind_program.h"

/* Byte 0: bit 0: .eh_frame; bit 1: arm64.  1 and 2: the size of the tables,
   which come next.  3: how far into each function.  What is left is the
   stack.  */
#define START 4
/* Functions that are looked at, and frames of each.  */
#define FUNCTIONS 16
#define FRAMES 5

#define STACK UINT64_C(0x7ffc00000000)

static void walk_up(const struct dump *dump, const struct recipe *recipe,
		    bool interrupted)
{
	struct row row = { .kind = ROW_RECIPE, .interrupted = interrupted };
	struct walk walk;

	if (!walk_begin(&walk, dump))
		return;
	for (int i = 0; i < FRAMES && walk_recipe(&walk, &row, recipe); i++)
		fuzz_bytes(walk.value, sizeof(walk.value));
}

static void read_tables(const struct section *section, uint64_t into,
			const struct machine *machine, const struct dump *dump)
{
	size_t count = 0, next;
	struct extent_of_entry *extents = entries_index(section, &count);

	for (size_t i = 0; i < count && i < FUNCTIONS; i++) {
		struct recipe *recipe;
		struct entry entry;

		if (entry_read(section, extents[i].offset, &next, &entry) <= 0)
			continue;
		recipe = program_run(section, &entry, entry.start + into,
				     machine);
		if (!recipe)
			continue;
		walk_up(dump, recipe, entry.signal);
		recipe_free(recipe);
	}
	free(extents);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct section section = { .address = 0x2000 };
	const struct machine *machine;
	uint64_t registers[64];
	struct dump dump = { .registers = registers };
	uint8_t *tables, *stack;

	if (size < START)
		return 0;
	section.eh = data[0] & 1;
	section.size = data[1] | (size_t)data[2] << 8;
	if (section.size > size - START)
		section.size = size - START;
	tables = fuzz_copy(data + START, section.size);
	section.data = tables;
	dump.size = size - START - section.size;
	stack = fuzz_copy(data + START + section.size, (size_t)dump.size);
	dump.stack = stack;
	dump.machine = data[0] & 2 ? EM_AARCH64 : EM_X86_64;
	dump.mask = data[0] & 2 ? (UINT64_C(1) << 33) - 1 : 0xff0fff;
	for (unsigned i = 0; i < 64; i++)
		registers[i] = STACK + 8 * (i % 8);
	machine = machine_find(dump.machine);
	if (!machine)
		abort();
	read_tables(&section, data[3], machine, &dump);
	free(tables);
	free(stack);
	return 0;
}
