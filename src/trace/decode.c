/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "trace/decode.h"

#include <byteswap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event-parse.h>

#include "base/idmap.h"
#include "base/intl.h"
#include "base/text.h"
#include "trace/map.h"

/* The kernel's own limit for a name is 64 bytes, group and event each.  */
#define NAME_SIZE 160

/* An event type.  */
struct format {
	char name[NAME_SIZE];   /* "system:name", fit to be shown */
	char *problem;          /* see decoder_problem; owned */
	struct layout *layout;  /* owned; NULL: none */
};

struct decoder {
	struct tep_handle *tep;
	struct format **formats;
	size_t count;
	size_t room;
	struct idmap ids;       /* indexes of formats */
	bool big_endian;
	const struct event_maps *maps;  /* NULL: none */
};

static bool host_big_endian(void)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
}

struct decoder *decoder_new(void)
{
	struct decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return NULL;
	/* It would write to the terminal.  */
	tep_set_loglevel(TEP_LOG_NONE);
	decoder->tep = tep_alloc();
	if (!decoder->tep) {
		free(decoder);
		return NULL;
	}
	decoder_set_machine(decoder, host_big_endian(), sizeof(long), 4096);
	return decoder;
}

static void format_free(struct format *format)
{
	if (!format)
		return;
	free(format->problem);
	free(format->layout);
	free(format);
}

void decoder_free(struct decoder *decoder)
{
	if (!decoder)
		return;
	for (size_t i = 0; i < decoder->count; i++)
		format_free(decoder->formats[i]);
	free(decoder->formats);
	idmap_free(&decoder->ids);
	tep_free(decoder->tep);
	free(decoder);
}

void decoder_set_machine(struct decoder *decoder, bool big_endian,
			 int long_size, int page_size)
{
	tep_set_local_bigendian(decoder->tep, host_big_endian() ?
				TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
	tep_set_file_bigendian(decoder->tep, big_endian ?
			       TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
	tep_set_long_size(decoder->tep, long_size);
	tep_set_page_size(decoder->tep, page_size);
	decoder->big_endian = big_endian;
}

void decoder_set_maps(struct decoder *decoder, const struct event_maps *maps)
{
	decoder->maps = maps;
}

/* Finds "NAME: VALUE" at the start of a line in the part of TEXT before the
   fields.  Returns VALUE up to the end of its line, of *LENGTH bytes, or
   NULL.  */
static const char *find_line(const char *text, const char *name, size_t *length)
{
	size_t name_length = strlen(name);

	while (*text && strncmp(text, "format:", 7)) {
		size_t line = strcspn(text, "\n");

		if (!strncmp(text, name, name_length)) {
			text += name_length;
			*length = line - name_length;
			while (*length && *text == ' ') {
				text++;
				--*length;
			}
			return *length ? text : NULL;
		}
		text += line;
		if (*text)
			text++;
	}
	return NULL;
}

/* Reads the name and the id, with which every format begins.  Returns 0 or
   -1.  */
static int read_head(const char *text, char *name, size_t size, uint64_t *id)
{
	size_t length;
	const char *value = find_line(text, "name:", &length);
	char *end;

	if (!value || length >= size)
		return -1;
	memcpy(name, value, length);
	name[length] = '\0';
	value = find_line(text, "ID:", &length);
	if (!value || *value < '0' || *value > '9')
		return -1;
	*id = strtoull(value, &end, 10);
	return *id <= INT32_MAX && end == value + length ? 0 : -1;
}

/* Numbers only.  Returns whether FIELD of the event is one and fills *OUT.  */
static bool read_field(struct tep_event *event, const char *name,
		       struct field *out)
{
	const unsigned long no_number = TEP_FIELD_IS_ARRAY | TEP_FIELD_IS_STRING |
		TEP_FIELD_IS_DYNAMIC | TEP_FIELD_IS_RELATIVE;
	struct tep_format_field *field = tep_find_field(event, name);

	if (!field || field->flags & no_number || field->offset < 0 ||
	    field->offset > UINT16_MAX)
		return false;
	if (field->size != 1 && field->size != 2 && field->size != 4 &&
	    field->size != 8)
		return false;
	out->offset = (uint16_t)field->offset;
	out->size = (uint8_t)field->size;
	out->is_signed = field->flags & TEP_FIELD_IS_SIGNED;
	return true;
}

/* The same with the first of the names in NAMES, which are separated by
   spaces.  */
static bool read_any_field(struct tep_event *event, const char *names,
			   struct field *out)
{
	while (*names) {
		size_t length = strcspn(names, " ");
		char name[EVENT_FIELD_MAX];

		if (length < sizeof(name)) {
			memcpy(name, names, length);
			name[length] = '\0';
			if (read_field(event, name, out))
				return true;
		}
		names += length;
		names += strspn(names, " ");
	}
	return false;
}

/* Says that an argument, called by the first of NAMES, is missing.  */
static void set_problem(struct format *format, const char *names)
{
	if (asprintf(&format->problem, _("%s has no argument %.*s"),
		     format->name, (int)strcspn(names, " "), names) < 0)
		format->problem = NULL;
}

static struct field *layout_field(struct layout *layout, unsigned field)
{
	if (field == EVENT_POINTER)
		return &layout->pointer;
	if (field == EVENT_CALLER)
		return &layout->caller;
	return &layout->argument[field];
}

/* Returns false when one is missing that has to be there.  */
static bool read_fields(struct tep_event *event, struct format *format,
			const struct event_map *map, struct layout *layout)
{
	for (unsigned i = 0; i < EVENT_FIELDS; i++) {
		bool required;
		const char *names = event_field_names(layout->function,
						      layout->kind, i,
						      &required);

		if (map && *map->field[i]) {
			names = map->field[i];
			required = true;
		}
		if (!names || read_any_field(event, names,
					     layout_field(layout, i)) ||
		    !required)
			continue;
		set_problem(format, names);
		return false;
	}
	layout->status = layout->kind == HIT_RETURN &&
		allocators[layout->function].result == RESULT_STATUS;
	return true;
}

static void extend(uint32_t *extent, const struct field *field)
{
	uint32_t end = (uint32_t)field->offset + field->size;

	if (end > *extent)
		*extent = end;
}

static void set_extent(struct layout *layout)
{
	layout->extent = 0;
	extend(&layout->extent, &layout->address);
	extend(&layout->extent, &layout->pointer);
	extend(&layout->extent, &layout->caller);
	for (int i = 0; i < ALLOCATOR_ARGUMENTS; i++)
		extend(&layout->extent, &layout->argument[i]);
}

static void set_plain_field(struct plain_field *plain, const struct field *field,
			    const struct field *address)
{
	plain->mask = field->size ? UINT64_MAX : 0;
	plain->offset = field->size ? field->offset : address->offset;
}

static void set_plain(struct layout *layout)
{
	layout->plain = !layout->swapped && layout->address.size == 8 &&
		!layout->status && !layout->pointer.size && !layout->caller.size;
	for (int i = 0; i < ALLOCATOR_ARGUMENTS; i++)
		layout->plain &= layout->argument[i].size == 8 ||
				 !layout->argument[i].size;
	set_plain_field(&layout->plain_field[0], &layout->address,
			&layout->address);
	for (int i = 0; i < ALLOCATOR_ARGUMENTS; i++)
		set_plain_field(&layout->plain_field[1 + i],
				&layout->argument[i], &layout->address);
}

/* Gives FORMAT its layout, or its problem.  Returns 0; -1 when the text makes
   no sense or memory is out.  */
static int make_layout(struct decoder *decoder, struct format *format,
		       uint64_t id, const struct event_map *map,
		       enum allocator_id function, enum hit_kind kind)
{
	const char *address = kind == HIT_CALL ? "__probe_ip" : "__probe_func";
	struct tep_event *event = tep_find_event(decoder->tep, (int)id);
	struct layout layout = {
		.kind = kind,
		.function = function,
		.swapped = decoder->big_endian != host_big_endian(),
	};

	if (!event)
		return -1;
	/* What has no such field is not a probe in a program: another event
	   that happens to have the name.  */
	if (!read_field(event, address, &layout.address)) {
		if (map)
			set_problem(format, address);
		return map && !format->problem ? -1 : 0;
	}
	if (!read_fields(event, format, map, &layout))
		return format->problem ? 0 : -1;
	set_extent(&layout);
	set_plain(&layout);
	format->layout = malloc(sizeof(layout));
	if (!format->layout)
		return -1;
	*format->layout = layout;
	return 0;
}

/* Steps over WORD and the number and semicolon after it, as in "\toffset:8;".
   Returns false when something else is there.  */
static bool take_number(const char **at, const char *word)
{
	size_t length = strlen(word);
	size_t digits;

	*at += strspn(*at, "\t ");
	if (strncmp(*at, word, length))
		return false;
	*at += length;
	*at += **at == '-';
	digits = strspn(*at, "0123456789");
	if (!digits || digits > 9 || (*at)[digits] != ';')
		return false;
	*at += digits + 1;
	return true;
}

/* Steps over a field's declaration: words, of which the last may be an array,
   or the second as in "__data_loc char[] name".  An array of the first one
   libtraceevent leaks.  */
static bool take_declaration(const char **at)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t words = 0;

	for (;;) {
		size_t length = strspn(*at, letters);

		words += length > 0;
		*at += length;
		if (**at == '[') {
			*at += 1 + strspn(*at + 1, letters);
			if (*(*at)++ != ']' || words < 2)
				return false;
		} else if (**at == ' ' || **at == '*') {
			++*at;
		} else {
			return *(*at)++ == ';' && words >= 2;
		}
	}
}

/* Whether TEXT, up to END, has fields as the kernel writes them, and nothing
   else, so that libtraceevent is spared what other files may hold.  */
static bool fields_are_sound(const char *text, const char *end)
{
	const char *at = strstr(text, "\nformat:\n");

	if (!at || at >= end)
		return false;
	at += strlen("\nformat:\n");
	while (at < end) {
		at += strspn(at, "\t ");
		if (*at != '\n' && strncmp(at, "field:", 6))
			return false;
		if (*at != '\n') {
			at += 6;
			if (!take_declaration(&at) ||
			    !take_number(&at, "offset:") ||
			    !take_number(&at, "size:"))
				return false;
			take_number(&at, "signed:");
		}
		at += strspn(at, "\t ");
		if (*at++ != '\n')
			return false;
	}
	return at == end;
}

/* Hands the fields to libtraceevent, without the format for printing: a small
   language, of no use here and the larger part of what could go wrong.
   Returns 0 or -1.  */
static int parse_fields(struct decoder *decoder, const char *system,
			const char *text)
{
	static const char print[] = "print fmt: \"\"\n";
	const char *end = strstr(text, "print fmt:");
	size_t length = end ? (size_t)(end - text) : strlen(text);
	enum tep_errno result;
	char *fields;

	if (!fields_are_sound(text, text + length))
		return -1;
	fields = malloc(length + sizeof(print));
	if (!fields)
		return -1;
	memcpy(fields, text, length);
	memcpy(fields + length, print, sizeof(print));
	result = tep_parse_event(decoder->tep, fields,
				 length + sizeof(print) - 1, system);
	free(fields);
	return result == TEP_ERRNO__SUCCESS ? 0 : -1;
}

/* Makes room for one more format.  Returns 0 or -1.  */
static int reserve_format(struct decoder *decoder)
{
	size_t room = decoder->room ? decoder->room * 2 : 16;
	struct format **formats;

	if (idmap_reserve(&decoder->ids, 1))
		return -1;
	if (decoder->count < decoder->room)
		return 0;
	formats = realloc(decoder->formats, room * sizeof(struct format *));
	if (!formats)
		return -1;
	decoder->formats = formats;
	decoder->room = room;
	return 0;
}

/* The same as decoder_add_format, with a text that ends in NUL.  */
static int add_format(struct decoder *decoder, const char *system,
		      const char *text)
{
	char name[NAME_SIZE / 2];
	char full_name[NAME_SIZE];
	const struct event_map *map;
	enum allocator_id function;
	enum hit_kind kind;
	struct format *format;
	uint64_t id;

	if (read_head(text, name, sizeof(name), &id))
		return -1;
	if (idmap_find(&decoder->ids, id) != IDMAP_NONE)
		return 0;
	format = calloc(1, sizeof(*format));
	if (!format || reserve_format(decoder)) {
		free(format);
		return -1;
	}
	snprintf(full_name, sizeof(full_name), "%s:%s", system, name);
	text_clean(format->name, sizeof(format->name), full_name);
	map = event_maps_find(decoder->maps, full_name);
	if (map) {
		function = map->function;
		kind = map->kind;
	}
	if ((map || event_role(name, &function, &kind)) &&
	    (parse_fields(decoder, system, text) ||
	     make_layout(decoder, format, id, map, function, kind))) {
		format_free(format);
		return -1;
	}
	idmap_add(&decoder->ids, id, (uint32_t)decoder->count);
	decoder->formats[decoder->count++] = format;
	return 0;
}

int decoder_add_format(struct decoder *decoder, const char *system,
		       const char *text, size_t size, struct error *error)
{
	char clean[NAME_SIZE / 2];
	char *copy = strndup(text, size);
	int result;

	text_clean(clean, sizeof(clean), system);
	if (!copy)
		return error_set(error, _("out of memory"));
	result = add_format(decoder, clean, copy);
	free(copy);
	if (result)
		return error_set(error, _("the format of an event of %s cannot be understood"),
				 clean);
	return 0;
}

static const struct format *find_format(const struct decoder *decoder,
					uint64_t id)
{
	uint32_t index = idmap_find(&decoder->ids, id);

	return index == IDMAP_NONE ? NULL : decoder->formats[index];
}

const struct layout *decoder_layout(const struct decoder *decoder,
				    uint64_t id, const char **why)
{
	const struct format *format = find_format(decoder, id);

	if (why && !format)
		*why = NULL;
	else if (why)
		*why = format->problem ? format->problem : format->name;
	return format ? format->layout : NULL;
}

const char *decoder_problem(const struct decoder *decoder, uint64_t id)
{
	const struct format *format = find_format(decoder, id);

	return format ? format->problem : NULL;
}

const char *decoder_event_name(const struct decoder *decoder, uint64_t id)
{
	const struct format *format = find_format(decoder, id);

	return format ? format->name : NULL;
}

/* Reads a field that lies within RAW.  */
static inline uint64_t load(const unsigned char *raw, const struct field *field,
			    bool swapped)
{
	uint64_t v8;
	uint32_t v4;
	uint16_t v2;
	uint8_t v1;

	switch (field->size) {
	case 8:
		memcpy(&v8, raw + field->offset, 8);
		return swapped ? bswap_64(v8) : v8;
	case 4:
		memcpy(&v4, raw + field->offset, 4);
		v4 = swapped ? bswap_32(v4) : v4;
		return field->is_signed ? (uint64_t)(int32_t)v4 : v4;
	case 2:
		memcpy(&v2, raw + field->offset, 2);
		v2 = swapped ? bswap_16(v2) : v2;
		return field->is_signed ? (uint64_t)(int16_t)v2 : v2;
	case 1:
		v1 = raw[field->offset];
		return field->is_signed ? (uint64_t)(int8_t)v1 : v1;
	default:
		return 0;
	}
}

void layout_load(const struct layout *layout, const void *raw, struct hit *hit)
{
	bool swapped = layout->swapped;

	hit->address = load(raw, &layout->address, swapped);
	for (int i = 0; i < ALLOCATOR_ARGUMENTS; i++)
		hit->argument[i] = load(raw, &layout->argument[i], swapped);
	if (layout->status)
		hit->argument[0] = (uint32_t)hit->argument[0];
	if (layout->pointer.size) {
		hit->argument[1] = load(raw, &layout->pointer, swapped);
		hit->flags |= HIT_HAS_POINTER;
	}
	if (layout->caller.size) {
		hit->argument[1] = load(raw, &layout->caller, swapped);
		hit->flags |= HIT_HAS_CALLER;
	}
}
