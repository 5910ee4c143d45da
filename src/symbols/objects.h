/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_OBJECTS_H
#define LEAKTOP_SYMBOLS_OBJECTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mapping.h"

/* Where the files of a process are seen from.  */
struct root {
	struct root *next;
	char *path;
	int fd;                 /* of the directory; -1: it can't be opened */
	bool first;             /* what is not in it is looked for without it */
};

struct build_id {
	uint8_t size;           /* 1..BUILD_ID_MAX */
	uint8_t bytes[BUILD_ID_MAX];
};

/* 2 * SIZE hexadecimal digits and a NUL into TEXT of 2 * BUILD_ID_MAX + 1
   bytes.  */
void build_id_text(const struct build_id *id, char *text);

/* A file that is mapped somewhere.  Only known by name until somebody asks for
   more: see image.h, names.h.  */
struct object {
	struct object *next;            /* in the table */
	uint32_t hash;
	uint32_t number;                /* 1… */
	const struct root *root;        /* NULL: ours */
	const char *cache;              /* see cache.h; NULL: none */
	char *path;                     /* as the kernel says it, below ROOT */
	const char *shown;              /* the same, fit to be shown */
	_Atomic(const struct build_id *) wanted; /* of the file that was mapped; NULL: not known */
	_Atomic(struct image *) image;
	_Atomic(struct names *) names;
	_Atomic(char *) fetched;        /* path of what a server gave; NULL: nothing */
	atomic_bool fetch_tried;        /* see object_fetch_image() */
	atomic_bool lacking;            /* see symbols_lacking(); told once */
};

struct strings;
struct objects;

/* The functions on the table are for one thread at a time; objects live as
   long as their table.  */
struct objects *objects_new(struct strings *strings);
void objects_free(struct objects *objects);

/* The root at PATH, made if it is new.  NULL when out of memory.  */
struct root *objects_root(struct objects *objects, const char *path);

/* The object that MAPPING maps, made if it is new.  Where the build id is not
   told, it is taken to be that of the last object of this path.  NULL when
   MAPPING maps no file, or out of memory.  */
struct object *objects_get(struct objects *objects, const struct root *root,
			   const struct mapping *mapping);

/* The copies of the file that may be at hand, in the order in which they are
   tried: below its root, at its own path, in perf's cache, from a server.  */
enum copy {
	COPY_BELOW_ROOT, COPY_OWN_PATH, COPY_CACHED, COPY_CACHED_OLD,
	COPY_FETCHED, COPY_COUNT
};

/* Opens that copy for reading, whatever it is.  -1: it is not at hand.  */
int object_open_copy(const struct object *object, enum copy copy);

/* Opens the copy that the image is of (see image.h), or before there is an
   image, the first at hand.  -1: there is none.  */
int object_open(const struct object *object);

/* The path to that copy from here, malloc'd.  */
char *object_file(const struct object *object);

#endif
