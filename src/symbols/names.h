/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_NAMES_H
#define LEAKTOP_SYMBOLS_NAMES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/fetch.h"
#include "symbols/image.h"
#include "symbols/objects.h"
#include "symbols/strings.h"
#include "symbols/symbols.h"

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

/* The names of OBJECT, read when first asked for, holding LOCK meanwhile.
   IMAGE is the object's own.  NULL when out of memory.  */
struct names *object_names(struct object *object, const struct image *image,
			   pthread_mutex_t *lock);

/* Whether servers could know more of OBJECT than NAMES, its present ones.  */
bool names_lack(const struct object *object, const struct names *names);

/* Gives OBJECT new names, with the help of servers, holding LOCK meanwhile; may
   take as long as those take.  The old ones stay good, and are never replaced a
   second time.  False: it has none yet, or out of memory.  */
bool object_fetch(struct object *object, struct fetch *fetch,
		  pthread_mutex_t *lock);

void names_free(struct names *names);

/* Another number for the names that servers gave than for those before.  */
unsigned names_generation(const struct names *names);

/* The address in the file of its byte at OFFSET.  False: none of these names is
   good for it, as the file is not at hand, or is not the one that was
   mapped.  */
bool names_address(const struct names *names, uint64_t offset,
		   uint64_t *address);

/* Whether there are no names, and why, into *WHY: the file is another by now, or is
   not at hand.  */
bool names_missing(const struct object *object, const struct names *names,
		   enum lacking *why);

/* The function that holds ADDRESS.  Any thread.  */
bool names_find(struct names *names, struct strings *strings, uint64_t address,
		struct function *function);

#endif
