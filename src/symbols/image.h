/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_IMAGE_H
#define LEAKTOP_SYMBOLS_IMAGE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/objects.h"

/* Addresses START..END-1.  */
struct range {
	uint64_t start;
	uint64_t end;
};

struct segment {
	uint64_t offset;        /* in the file */
	uint64_t size;          /* in the file */
	uint64_t address;
	bool executable;
};

/* What the headers of an ELF file say; quick to read and to ask.  Addresses
   are those in the file, before it is loaded anywhere.  Does not change.  */
struct image {
	bool readable;          /* false: the file is not at hand, or no ELF; nothing else is set then */
	enum copy copy;         /* of the object, that this is read from */
	bool has_sections;
	uint16_t machine;       /* EM_… */
	struct build_id build_id; /* size 0: it has none */
	struct segment *segments;
	size_t segment_count;
	struct range *code;     /* executable sections, by address */
	size_t code_count;
	struct range *stubs;    /* those of them that are linkage stubs */
	size_t stub_count;
	struct image *older;    /* whose place this took; owned; NULL: none */
};

/* The image of OBJECT, read when first asked for, holding LOCK meanwhile: of the
   first copy that fits the build id that was mapped, where one is known, else
   of the first at hand.  NULL when out of memory.  */
const struct image *object_image(struct object *object, pthread_mutex_t *lock);

/* Where no copy at hand is the file that was mapped: asks the servers of FETCH for
   that, once, and makes it the object's copy and image.  LOCK as above.  */
struct fetch;
void object_fetch_image(struct object *object, struct fetch *fetch,
			pthread_mutex_t *lock);

/* The image of the file that is open as FD, which is still the caller's.  NULL
   when out of memory.  */
struct image *image_read(int fd);
void image_free(struct image *image);

/* Whether the file is not known to be another than the one with this ID.  */
bool image_has_build_id(const struct image *image, const struct build_id *id);

/* Whether IMAGE is of the very file that was mapped, as far as one can know.
   */
bool object_matches(const struct object *object, const struct image *image);

/* The address of the byte at OFFSET of the file.  False: it has none.  */
bool image_address(const struct image *image, uint64_t offset,
		   uint64_t *address);

/* The executable section that holds ADDRESS, or NULL.  */
const struct range *image_code(const struct image *image, uint64_t address);

bool image_is_stub(const struct image *image, uint64_t address);

#endif
