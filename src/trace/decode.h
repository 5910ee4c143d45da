/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_TRACE_DECODE_H
#define LEAKTOP_TRACE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "heap/hit.h"

/* Event formats, and the raw data of a sample read by them.  */
struct decoder;

struct field {
	uint16_t offset;        /* in the raw data, bytes */
	uint8_t size;           /* 1, 2, 4 or 8; 0: the event has no such field */
	bool is_signed;
};

/* One of 8 bytes in this machine's order, or none.  */
struct plain_field {
	uint64_t mask;          /* all bits; none where there is no such field */
	size_t offset;
};

/* How the raw data of one type of event becomes a hit; looked up once per
   event type.  */
struct layout {
	uint8_t kind;           /* HIT_CALL or HIT_RETURN */
	uint8_t function;
	bool swapped;           /* the data's byte order is not this machine's */
	bool status;            /* the result is an int, see RESULT_STATUS */
	bool plain;             /* it has nothing but an address and arguments, all
				   of 8 bytes in this machine's order */
	uint32_t extent;        /* bytes of raw data that all fields need */
	struct field address;
	struct field argument[ALLOCATOR_ARGUMENTS];
	struct field pointer;   /* on returns: the new block, if RESULT_STATUS */
	struct field caller;    /* on calls: the return address, if RESULT_NONE */
	/* Of a plain one: the address and the arguments again.  */
	struct plain_field plain_field[1 + ALLOCATOR_ARGUMENTS];
};

/* Returns NULL when out of memory.  */
struct decoder *decoder_new(void);
void decoder_free(struct decoder *decoder);

/* Says what the machine that wrote the data looked like; without it, like this
   one.  Call before adding formats.  LONG_SIZE: 4 or 8 bytes.  */
void decoder_set_machine(struct decoder *decoder, bool big_endian,
			 int long_size, int page_size);

/* What some events are, whatever their names tell.  Call before adding formats;
   borrowed, must outlive the decoder.  */
struct event_maps;
void decoder_set_maps(struct decoder *decoder, const struct event_maps *maps);

/* Takes the text of an event's "format" file (TEXT need not end in NUL).
   Returns 0; -1 when it can't be understood.  Events that are no
   allocation function's are kept by name only.  Of several formats for one
   id the first counts.  */
int decoder_add_format(struct decoder *decoder, const char *system,
		       const char *text, size_t size, struct error *error);

/* The layout of event type ID (attr.config of a tracepoint), or NULL when it
   is not an allocation event or lacks what is needed.  *WHY, if not NULL,
   then tells an unknown event (NULL), from one of another purpose (its
   "system:name"), from one that lacks something (as decoder_problem).  Valid
   until the decoder is freed.  */
const struct layout *decoder_layout(const struct decoder *decoder,
				    uint64_t id, const char **why);

/* What makes an allocation function's event useless, for the user
   ("probe_libc:malloc has no argument bytes"); NULL when all is well, or the
   event unknown or of another purpose.  */
const char *decoder_problem(const struct decoder *decoder, uint64_t id);

/* "system:name" of event type ID, or NULL.  */
const char *decoder_event_name(const struct decoder *decoder, uint64_t id);

/* What layout_decode() does with layouts that are not plain.  */
void layout_load(const struct layout *layout, const void *raw, struct hit *hit);

/* Where there is no such field, bytes are read in vain that are there: those of
   the address.  */
static inline uint64_t layout_load_plain(const struct plain_field *field,
					 const char *raw)
{
	uint64_t value;

	memcpy(&value, raw + field->offset, sizeof(value));
	return value & field->mask;
}

/* Fills kind, function, address, all arguments and flags of HIT from SIZE
   bytes of RAW.  Arguments that the event does not have are 0; a status is 32
   bits, not extended.  Returns 0; -1 when a field lies outside.  */
static inline int layout_decode(const struct layout *layout, const void *raw,
				size_t size, struct hit *hit)
{
	if (size < layout->extent)
		return -1;
	hit->kind = layout->kind;
	hit->function = layout->function;
	hit->flags = 0;
	if (!layout->plain) {
		layout_load(layout, raw, hit);
		return 0;
	}
	_Static_assert(ALLOCATOR_ARGUMENTS == 3, "all are loaded");
	hit->address = layout_load_plain(&layout->plain_field[0], raw);
	hit->argument[0] = layout_load_plain(&layout->plain_field[1], raw);
	hit->argument[1] = layout_load_plain(&layout->plain_field[2], raw);
	hit->argument[2] = layout_load_plain(&layout->plain_field[3], raw);
	return 0;
}

/* Which function, and whether call or return, an event of this name (without
   group) stands for: malloc, malloc_1, malloc_ret, malloc_ret__return,
   malloc__return_2, and leaktop's own lt_malloc, lt_malloc_ret.  Returns
   false for any other, and for the return of a RESULT_NONE function.  */
bool event_role(const char *name, enum allocator_id *function,
		enum hit_kind *kind);

/* Bytes for the name of a field.  */
#define EVENT_FIELD_MAX 64

/* The fields that a hit is made of.  Up to ALLOCATOR_ARGUMENTS they go to
   argument[] of the same number.  */
enum event_field {
	EVENT_POINTER = ALLOCATOR_ARGUMENTS, /* see HIT_HAS_POINTER */
	EVENT_CALLER,           /* see HIT_HAS_CALLER */
	EVENT_FIELDS
};

/* What FIELD of such an event may be called, separated by spaces, the first
   that is there counts; NULL: it has no use for one.  *REQUIRED: the event is
   useless without.  */
const char *event_field_names(enum allocator_id function, enum hit_kind kind,
			      unsigned field, bool *required);

#endif
