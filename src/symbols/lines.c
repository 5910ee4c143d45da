/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/lines.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct answer {
	uint64_t address;
	uint32_t object;        /* 0: the slot is free */
	int line;
	const char *file;       /* NULL: not known */
};

struct lines {
	struct strings *strings;
	pthread_mutex_t dwarf;  /* reading; may be held for seconds */
	pthread_mutex_t lock;   /* the answers; never waits for DWARF */
	struct answer *answers;
	size_t size;            /* a power of two, or 0 */
	size_t count;
};

struct lines *lines_new(struct strings *strings)
{
	struct lines *lines = calloc(1, sizeof(*lines));

	if (!lines)
		return NULL;
	lines->strings = strings;
	pthread_mutex_init(&lines->dwarf, NULL);
	pthread_mutex_init(&lines->lock, NULL);
	return lines;
}

void lines_free(struct lines *lines)
{
	if (!lines)
		return;
	pthread_mutex_destroy(&lines->dwarf);
	pthread_mutex_destroy(&lines->lock);
	free(lines->answers);
	free(lines);
}

/* The answer's slot, or the free one where it belongs.  */
static struct answer *slot_of(struct answer *answers, size_t size,
			      uint32_t object, uint64_t address)
{
	uint64_t hash = (address ^ (uint64_t)object << 40) *
			0x9e3779b97f4a7c15u;
	size_t i = (size_t)(hash >> 20) & (size - 1);

	while (answers[i].object && (answers[i].object != object ||
				     answers[i].address != address))
		i = (i + 1) & (size - 1);
	return &answers[i];
}

static bool recall(struct lines *lines, uint32_t object, uint64_t address,
		   struct answer *answer)
{
	bool known = false;

	pthread_mutex_lock(&lines->lock);
	if (lines->size) {
		*answer = *slot_of(lines->answers, lines->size, object,
				   address);
		known = answer->object != 0;
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

		if (old->object)
			*slot_of(answers, size, old->object, old->address) =
				*old;
	}
	free(lines->answers);
	lines->answers = answers;
	lines->size = size;
	return true;
}

static void remember(struct lines *lines, const struct answer *answer)
{
	pthread_mutex_lock(&lines->lock);
	if (make_room(lines)) {
		*slot_of(lines->answers, lines->size, answer->object,
			 answer->address) = *answer;
		lines->count++;
	}
	pthread_mutex_unlock(&lines->lock);
}

/* A path that is relative is so to where the compiler ran.  */
static const char *intern_path(struct strings *strings, const char *file,
			       const char *directory)
{
	const char *path;
	char *joined;

	if (!file)
		return NULL;
	if (file[0] == '/' || !directory || directory[0] != '/')
		return strings_intern(strings, file);
	if (asprintf(&joined, "%s/%s", directory, file) < 0)
		return NULL;
	path = strings_intern(strings, joined);
	free(joined);
	return path;
}

/* clang writes no .debug_aranges by default, which is all that libdwfl of
   elfutils 0.188 looks into to find the unit.  */
static Dwarf_Die *find_unit(Dwfl_Module *module, Dwarf_Addr address,
			    Dwarf_Addr *bias)
{
	Dwarf_Die *unit = dwfl_module_addrdie(module, address, bias);

	if (unit)
		return unit;
	while ((unit = dwfl_module_nextcu(module, unit, bias))) {
		if (dwarf_haspc(unit, address - *bias) == 1)
			return unit;
	}
	return NULL;
}

static void read_line(struct lines *lines, Dwfl_Module *module,
		      Dwarf_Addr address, struct answer *answer)
{
	Dwarf_Addr bias;
	Dwarf_Die *unit = find_unit(module, address, &bias);
	Dwarf_Attribute attribute;
	Dwarf_Line *line;
	int number;

	if (!unit)
		return;
	line = dwarf_getsrc_die(unit, address - bias);
	if (!line || dwarf_lineno(line, &number))
		return;
	answer->file = intern_path(
		lines->strings, dwarf_linesrc(line, NULL, NULL),
		dwarf_formstring(
			dwarf_attr(unit, DW_AT_comp_dir, &attribute)));
	/* 0: the compiler's own code, of no line.  */
	answer->line = answer->file && number > 0 ? number : 0;
}

const char *lines_find(struct lines *lines, const struct object *object,
		       struct names *names, uint64_t address, int *line)
{
	struct answer answer;
	struct Dwfl_Module *module;
	uint64_t bias;

	if (!recall(lines, object->number, address, &answer)) {
		pthread_mutex_lock(&lines->dwarf);
		if (!recall(lines, object->number, address, &answer)) {
			answer = (struct answer){
				.object = object->number,
				.address = address,
			};
			module = names_module(names, &bias);
			if (module)
				read_line(lines, module, address + bias,
					  &answer);
			remember(lines, &answer);
		}
		pthread_mutex_unlock(&lines->dwarf);
	}
	*line = answer.line;
	return answer.file;
}
