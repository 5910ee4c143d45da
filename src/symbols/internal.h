/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_INTERNAL_H
#define LEAKTOP_SYMBOLS_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "symbols/fetch.h"
#include "symbols/image.h"
#include "symbols/jit.h"
#include "symbols/lines.h"
#include "symbols/objects.h"
#include "symbols/resolver.h"
#include "symbols/spaces.h"
#include "symbols/strings.h"
#include "symbols/symbols.h"

/* What struct symbols shows to the other files of this room.  Any thread.  */

/* The one who captures only ever waits for LOCK, which is held for no longer
   than a look into a table takes, and in symbols_is_stub for HEADERS.  */
struct symbols {
	pthread_mutex_t lock;           /* spaces, and the table of objects */
	pthread_mutex_t headers;        /* reading images */
	pthread_mutex_t tables;         /* reading symbol tables */
	struct strings *strings;
	struct spaces *spaces;
	struct objects *objects;
	struct lines *lines;
	struct jit *jit;
	struct fetch *fetch;            /* NULL: no servers */
	struct resolver *resolver;      /* NULL: who asks waits */
	const struct root *sysroot;     /* NULL: none */
	_Atomic(struct told_table *) told; /* see told.h; NULL: nothing */
	_Atomic uint64_t changes;       /* of any space's mappings */
	atomic_uint generation;         /* see symbols_generation() */
	/* See symbols_lacking().  */
	atomic_uint lacking[LACKING_KINDS];
	_Atomic(const char *) lacking_path[LACKING_KINDS]; /* of the first; NULL: none */
};

/* What the resolver does in its thread; each does nothing when it was done
   before.  Returns whether there is something new to be shown.  */

/* Reads the symbol tables of OBJECT.  */
bool frames_read_names(struct symbols *symbols, struct object *object);
/* Asks servers for more of them.  */
bool frames_fetch(struct symbols *symbols, struct object *object);
/* Reads what DWARF has on ADDRESS of the file, with the names that it has.  */
bool frames_read_line(struct symbols *symbols, struct object *object,
		      uint64_t address);
/* Looks for what the process of SPACE told of its functions.  */
bool frames_look(struct symbols *symbols, uint32_t space);

/* The object at ADDRESS of SPACE, and where in its file; NULL: none.  */
struct object *symbols_locate(struct symbols *symbols, uint32_t space,
			      uint64_t address, uint64_t *offset);

/* The image of OBJECT, if it is the file that was mapped, and the address in it
   of the byte at OFFSET; else NULL.  Reads the headers of a file that nobody
   asked for before.  */
const struct image *symbols_image(struct symbols *symbols,
				  struct object *object, uint64_t offset,
				  uint64_t *address);

/* The same, and where that is NULL, from a server: which takes as long as the
   network does, but only once for each object.  */
const struct image *symbols_fetch_image(struct symbols *symbols,
					struct object *object, uint64_t offset,
					uint64_t *address);

#endif
