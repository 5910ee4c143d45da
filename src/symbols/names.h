/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_NAMES_H
#define LEAKTOP_SYMBOLS_NAMES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/image.h"
#include "symbols/objects.h"
#include "symbols/strings.h"

/* The functions of an object, from its own symbol tables and, where there is
   one, its separate debugging file.  */
struct names;

/* What libdwfl knows of it, for lines.c; NULL: nothing.  ADDRESS of the file is
   ADDRESS + *BIAS for the module.  One thread at a time.  */
struct Dwfl_Module;
struct Dwfl_Module *names_module(struct names *names, uint64_t *bias);

struct function {
	const char *name;       /* demangled, fit to be shown */
	uint64_t start;
	bool allocator;         /* see wrappers.h */
};

/* The names of OBJECT, whose IMAGE it is, read when first asked for, holding
   LOCK meanwhile.  NULL when out of memory.  */
struct names *object_names(struct object *object, const struct image *image,
			   pthread_mutex_t *lock);

void names_free(struct names *names);

/* The function that holds ADDRESS.  Any thread.  */
bool names_find(struct names *names, struct strings *strings, uint64_t address,
		struct function *function);

#endif
