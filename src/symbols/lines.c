/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/lines.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/seed.h"
#include "symbols/dies.h"

/* Of one generation of an object's names; 0: none.  */
typedef uint64_t answer_key;

struct answer {
	uint64_t address;
	answer_key key;         /* 0: the slot is free */
	struct source source;
};

/* Where the functions of a unit are, or with OFFSET 0, the units of a
   module.  */
struct index {
	struct index *next;
	Dwarf *dwarf;
	Dwarf_Off offset;
	struct dies dies;
};

struct lines {
	struct strings *strings;
	pthread_mutex_t dwarf;  /* reading; may be held for seconds */
	struct index *indexes;  /* under DWARF; those used last are first */
	pthread_mutex_t lock;   /* the answers; never waits for DWARF */
	struct answer *answers;
	size_t size;            /* a power of two, or 0 */
	size_t count;
	uint64_t seed;          /* see base/seed.h */
};

struct lines *lines_new(struct strings *strings)
{
	struct lines *lines = calloc(1, sizeof(*lines));

	if (!lines)
		return NULL;
	lines->strings = strings;
	lines->seed = seed_new();
	pthread_mutex_init(&lines->dwarf, NULL);
	pthread_mutex_init(&lines->lock, NULL);
	return lines;
}

void lines_free(struct lines *lines)
{
	struct index *index, *next;

	if (!lines)
		return;
	for (index = lines->indexes; index; index = next) {
		next = index->next;
		dies_clear(&index->dies);
		free(index);
	}
	for (size_t i = 0; i < lines->size; i++)
		free((void *)lines->answers[i].source.inlined);
	pthread_mutex_destroy(&lines->dwarf);
	pthread_mutex_destroy(&lines->lock);
	free(lines->answers);
	free(lines);
}

/* The answer's slot, or the free one where it belongs.  */
static struct answer *slot_of(const struct lines *lines,
			      struct answer *answers, size_t size,
			      answer_key key, uint64_t address)
{
	uint64_t hash = seed_hash(lines->seed, key);
	size_t i = (size_t)seed_mix(lines->seed, hash, address) & (size - 1);

	while (answers[i].key && (answers[i].key != key ||
				  answers[i].address != address))
		i = (i + 1) & (size - 1);
	return &answers[i];
}

static answer_key key_of(const struct object *object, const struct names *names)
{
	return (answer_key)object->number << 1 | names_generation(names);
}

bool lines_known(struct lines *lines, const struct object *object,
		 struct names *names, uint64_t address, struct source *source)
{
	const struct answer *answer;
	bool known = false;

	*source = (struct source){ .file = NULL };
	pthread_mutex_lock(&lines->lock);
	if (lines->size) {
		answer = slot_of(lines, lines->answers, lines->size,
				 key_of(object, names), address);
		*source = answer->source;
		known = answer->key != 0;
	}
	pthread_mutex_unlock(&lines->lock);
	return known;
}

static bool make_room(struct lines *lines)
{
	size_t size = lines->size ? lines->size * 2 : 256;
	struct answer *answers;

	if (lines->count < lines->size / 2)
		return true;
	answers = calloc(size, sizeof(*answers));
	if (!answers)
		return false;
	for (size_t i = 0; i < lines->size; i++) {
		const struct answer *old = &lines->answers[i];

		if (old->key)
			*slot_of(lines, answers, size, old->key, old->address) =
				*old;
	}
	free(lines->answers);
	lines->answers = answers;
	lines->size = size;
	return true;
}

static bool remember(struct lines *lines, const struct answer *answer)
{
	bool room;

	pthread_mutex_lock(&lines->lock);
	room = make_room(lines);
	if (room) {
		*slot_of(lines, lines->answers, lines->size, answer->key,
			 answer->address) = *answer;
		lines->count++;
	}
	pthread_mutex_unlock(&lines->lock);
	return room;
}

/* The index of UNIT's functions; of the units of DWARF for NULL.  NULL when out
   of memory.  */
static struct dies *index_of(struct lines *lines, Dwfl_Module *module,
			     Dwarf *dwarf, Dwarf_Die *unit)
{
	Dwarf_Off offset = unit ? dwarf_dieoffset(unit) : 0;
	struct index **link = &lines->indexes, *index;
	Dwarf_Die *each = NULL;
	Dwarf_Addr bias;
	bool whole = true;

	for (; (index = *link); link = &index->next) {
		if (index->dwarf == dwarf && index->offset == offset)
			break;
	}
	if (index) {
		*link = index->next;
	} else {
		index = calloc(1, sizeof(*index));
		if (!index)
			return NULL;
		index->dwarf = dwarf;
		index->offset = offset;
		if (unit)
			whole = dies_add_functions(&index->dies, unit);
		while (!unit && whole &&
		       (each = dwfl_module_nextcu(module, each, &bias)))
			whole = dies_add(&index->dies, each);
		dies_sort(&index->dies);
	}
	index->next = lines->indexes;
	lines->indexes = index;
	return &index->dies;
}

/* clang writes no .debug_aranges by default, which is all that libdwfl of
   elfutils 0.188 looks into to find the unit.  */
static bool find_unit(struct lines *lines, Dwfl_Module *module, Dwarf *dwarf,
		      Dwarf_Addr address, Dwarf_Addr bias, Dwarf_Die *unit)
{
	Dwarf_Die *found = dwfl_module_addrdie(module, address, &bias);
	const struct dies *units;
	Dwarf_Off offset;

	if (found) {
		*unit = *found;
		return true;
	}
	units = index_of(lines, module, dwarf, NULL);
	return units && dies_find(units, address - bias, &offset) &&
	       dwarf_offdie(dwarf, offset, unit);
}

static void read_inlined(struct lines *lines, Dwfl_Module *module,
			 Dwarf *dwarf, Dwarf_Die *unit, Dwarf_Addr address,
			 struct source *source)
{
	const struct dies *functions = index_of(lines, module, dwarf, unit);
	struct inlined inlined[INLINED_MAX], *copy;
	Dwarf_Die function;
	Dwarf_Off offset;
	unsigned count;

	if (!functions || !dies_find(functions, address, &offset) ||
	    !dwarf_offdie(dwarf, offset, &function))
		return;
	count = inlined_read(unit, &function, address, lines->strings,
			     inlined);
	if (!count)
		return;
	copy = malloc(count * sizeof(*copy));
	if (!copy)
		return;
	memcpy(copy, inlined, count * sizeof(*copy));
	source->inlined = copy;
	source->count = count;
}

static void read_source(struct lines *lines, Dwfl_Module *module,
			Dwarf_Addr address, struct source *source)
{
	Dwarf_Addr bias;
	Dwarf *dwarf = dwfl_module_getdwarf(module, &bias);
	Dwarf_Die unit;
	Dwarf_Line *line;
	int number;

	if (!dwarf || !find_unit(lines, module, dwarf, address, bias, &unit))
		return;
	line = dwarf_getsrc_die(&unit, address - bias);
	if (line && !dwarf_lineno(line, &number)) {
		source->file = source_path(
			&unit, dwarf_linesrc(line, NULL, NULL),
			lines->strings);
		/* 0: the compiler's own code, of no line.  */
		source->line = source->file && number > 0 ? number : 0;
	}
	read_inlined(lines, module, dwarf, &unit, address - bias, source);
}

void lines_find(struct lines *lines, const struct object *object,
		struct names *names, uint64_t address, struct source *source)
{
	struct Dwfl_Module *module;
	struct answer answer;
	uint64_t bias;

	if (lines_known(lines, object, names, address, source))
		return;
	pthread_mutex_lock(&lines->dwarf);
	if (!lines_known(lines, object, names, address, source)) {
		answer = (struct answer){
			.key = key_of(object, names), .address = address,
		};
		module = names_module(names, &bias);
		if (module)
			read_source(lines, module, address + bias,
				    &answer.source);
		if (!remember(lines, &answer)) {
			free((void *)answer.source.inlined);
			answer.source.inlined = NULL;
			answer.source.count = 0;
		}
		*source = answer.source;
	}
	pthread_mutex_unlock(&lines->dwarf);
}
