/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/events.h"

#include <byteswap.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "base/text.h"
#include "perfdata/features.h"
#include "perfdata/pipe.h"

/* perf itself opens no more than there can be descriptors.  */
#define EVENTS_MAX 8192

size_t events_count(const struct file *file)
{
	if (file->pipe)
		return file->pipe->count;
	return file->header.attrs.size / file->header.attr_size;
}

/* In C the flags are bits of one u64, which begin at its other end where the
   byte order is another, so that each byte is mirrored instead.  */
static uint64_t mirror_bytes(uint64_t bits)
{
	bits = (bits & UINT64_C(0x5555555555555555)) << 1 |
		(bits >> 1 & UINT64_C(0x5555555555555555));
	bits = (bits & UINT64_C(0x3333333333333333)) << 2 |
		(bits >> 2 & UINT64_C(0x3333333333333333));
	return (bits & UINT64_C(0x0f0f0f0f0f0f0f0f)) << 4 |
		(bits >> 4 & UINT64_C(0x0f0f0f0f0f0f0f0f));
}

/* Behind read_format, in bytes.  */
#define FLAGS_AT (offsetof(struct perf_event_attr, read_format) +	\
		  sizeof(uint64_t))

/* Of what is used here.  */
static void swap_attr(struct perf_event_attr *attr)
{
	uint8_t *flags_at = (uint8_t *)attr + FLAGS_AT;
	uint64_t flags;

	attr->type = bswap_32(attr->type);
	attr->size = bswap_32(attr->size);
	attr->config = bswap_64(attr->config);
	attr->sample_period = bswap_64(attr->sample_period);
	attr->sample_type = bswap_64(attr->sample_type);
	attr->read_format = bswap_64(attr->read_format);
	attr->branch_sample_type = bswap_64(attr->branch_sample_type);
	attr->sample_regs_user = bswap_64(attr->sample_regs_user);
	attr->sample_stack_user = bswap_32(attr->sample_stack_user);
	attr->sample_regs_intr = bswap_64(attr->sample_regs_intr);
	memcpy(&flags, flags_at, sizeof(flags));
	flags = mirror_bytes(flags);
	memcpy(flags_at, &flags, sizeof(flags));
}

/* Where the attr and the ids of event INDEX are.  Returns 0 or -1.  */
static int find_event(const struct file *file, size_t index,
		      struct section *attr, struct section *ids)
{
	uint64_t entry_size = file->header.attr_size;
	struct cursor cursor;

	if (file->pipe) {
		*attr = file->pipe->events[index].attr;
		*ids = file->pipe->events[index].ids;
		return 0;
	}
	/* The ids' section follows the attr, however long that says it
	   is.  */
	attr->offset = file->header.attrs.offset + index * entry_size;
	attr->size = entry_size - sizeof(*ids);
	cursor = file_section(file, (struct section){
		attr->offset + attr->size, sizeof(*ids) });
	return cursor_u64(&cursor, &ids->offset) &&
		cursor_u64(&cursor, &ids->size) ? 0 : -1;
}

int events_get(const struct file *file, size_t index,
	       struct perf_event_attr *attr, struct cursor *ids)
{
	struct section attr_at, ids_at;
	struct cursor cursor;

	memset(attr, 0, sizeof(*attr));
	if (find_event(file, index, &attr_at, &ids_at))
		return -1;
	cursor = file_section(file, attr_at);
	if (!cursor.left || !file_has(file, ids_at) ||
	    ids_at.size % sizeof(uint64_t))
		return -1;
	memcpy(attr, cursor.at, cursor.left < sizeof(*attr) ? cursor.left :
	       sizeof(*attr));
	if (file->swapped)
		swap_attr(attr);
	/* An attr of size 0 is of the first version.  */
	if (attr->size > attr_at.size)
		return -1;
	*ids = file_section(file, ids_at);
	return 0;
}

static int add_event(const struct file *file, struct records *records,
		     size_t index, struct error *error)
{
	struct perf_event_attr attr;
	struct cursor cursor;
	struct error why;
	size_t count = 0;
	uint64_t *ids;
	int result;

	if (events_get(file, index, &attr, &cursor))
		return error_set(error, _("%s: is damaged: event %zu makes no sense"),
				 file->name, index);
	/* A copy, as it need not be aligned in the file.  */
	ids = malloc(cursor.left + sizeof(*ids));
	if (!ids)
		return error_set(error, _("%s: out of memory"), file->name);
	while (cursor_u64(&cursor, &ids[count]))
		count++;
	result = records_add_event(records, &attr, ids, count, &why);
	free(ids);
	if (result)
		return error_set(error, "%s: %s", file->name, why.text);
	return 0;
}

/* Each event has its ids to itself, so that together they are no larger than
   the file.  */
static int check_sizes(const struct file *file, struct error *error)
{
	struct perf_event_attr attr;
	struct cursor ids;
	uint64_t sum = 0;

	if (events_count(file) > EVENTS_MAX)
		return error_set(error, _("%s: is damaged: it has %zu events, more than %d"),
				 file->name, events_count(file), EVENTS_MAX);
	for (size_t i = 0; i < events_count(file); i++) {
		if (!events_get(file, i, &attr, &ids))
			sum += ids.left;
	}
	return sum <= file_size(file) ? 0 :
		error_set(error, _("%s: is damaged: its events have more ids than it has room for"),
			  file->name);
}

int events_add(const struct file *file, struct records *records,
	       struct error *error)
{
	if (check_sizes(file, error))
		return -1;
	for (size_t i = 0; i < events_count(file); i++) {
		if (add_event(file, records, i, error))
			return -1;
	}
	return 0;
}

/* Writes what the event is called, fit to be shown.  */
static void event_name(const struct file *file, const struct decoder *decoder,
		       size_t index, const struct perf_event_attr *attr,
		       char *name, size_t size)
{
	const char *known = NULL;

	if (attr->type == PERF_TYPE_TRACEPOINT)
		known = decoder_event_name(decoder, attr->config);
	if (!known)
		known = feature_event_name(file, index);
	if (known)
		text_clean(name, size, known);
	else
		snprintf(name, size, "%" PRIu32 "/%" PRIu64, attr->type,
			 (uint64_t)attr->config);
}

void event_list_add(struct event_list *list, const char *name)
{
	size_t room = sizeof(list->text) - list->length;

	if (strlen(name) + sizeof(", …") > room) {
		snprintf(list->text + list->length, room, "…");
		list->length = sizeof(list->text);
		return;
	}
	list->length += (size_t)snprintf(list->text + list->length, room,
					 list->length ? ", %s" : "%s", name);
}

int events_refuse(const struct file *file, const struct event_list *list,
		  struct error *error)
{
	return error_set(error, _("%s: has no events of allocation functions, only %s; "
				  "make them with perf probe -x LIBC -a 'malloc=malloc bytes=%%di' "
				  "-a 'malloc_ret=malloc%%return $retval' -a 'free=free mem=%%di' (and calloc, realloc…), "
				  "then perf record -g -e 'probe_libc:*' -p PID; "
				  "if some of these are, --map tells which"),
			 file->name, list->text);
}

/* Lists the names of the events, as many as there is room for.  */
static void list_events(const struct file *file, const struct decoder *decoder,
			struct event_list *list)
{
	for (size_t i = 0; i < events_count(file); i++) {
		struct perf_event_attr attr;
		struct cursor ids;
		char name[80];

		if (events_get(file, i, &attr, &ids))
			continue;
		event_name(file, decoder, i, &attr, name, sizeof(name));
		event_list_add(list, name);
	}
}

static bool is_there(const struct file *file, const struct decoder *decoder,
		     const char *event)
{
	for (size_t i = 0; i < events_count(file); i++) {
		struct perf_event_attr attr;
		struct cursor ids;
		const char *name = NULL;

		if (!events_get(file, i, &attr, &ids) &&
		    attr.type == PERF_TYPE_TRACEPOINT)
			name = decoder_event_name(decoder, attr.config);
		if (name && !strcmp(name, event))
			return true;
	}
	return false;
}

int events_check_maps(const struct file *file, const struct decoder *decoder,
		      const struct event_maps *maps, struct error *error)
{
	struct event_list list = { .length = 0 };
	char name[sizeof(maps->map->event)];

	for (size_t i = 0; maps && i < maps->count; i++) {
		if (is_there(file, decoder, maps->map[i].event))
			continue;
		text_clean(name, sizeof(name), maps->map[i].event);
		list_events(file, decoder, &list);
		return error_set(error, _("%s: has no event %s, as --map says, only %s"),
				 file->name, name, list.text);
	}
	return 0;
}

static int refuse_other_events(const struct file *file,
			       const struct decoder *decoder,
			       struct error *error)
{
	struct event_list list = { .length = 0 };

	list_events(file, decoder, &list);
	return events_refuse(file, &list, error);
}

/* Checks one event; adds to *USABLE if it is a good one.  Returns 0 or -1.  */
static int check_event(const struct file *file, const struct decoder *decoder,
		       size_t index, size_t *usable, struct error *error)
{
	struct perf_event_attr attr;
	struct cursor ids;
	const char *why;
	char name[80];

	if (events_get(file, index, &attr, &ids))
		return error_set(error, _("%s: is damaged: event %zu makes no sense"),
				 file->name, index);
	if (attr.type != PERF_TYPE_TRACEPOINT)
		return 0;
	if (decoder_layout(decoder, attr.config, &why)) {
		++*usable;
		return 0;
	}
	if (decoder_problem(decoder, attr.config))
		return error_set(error, _("%s: %s: make the probe with it (perf probe -x LIBC -a 'FUNCTION ARGUMENT…'), and record again"),
				 file->name, why);
	if (why)
		return 0;
	event_name(file, decoder, index, &attr, name, sizeof(name));
	return error_set(error, _("%s: is damaged: there is no format, or none that can be understood, of event %s"),
			 file->name, name);
}

int events_check(const struct file *file, const struct decoder *decoder,
		 struct error *error)
{
	size_t usable = 0;

	for (size_t i = 0; i < events_count(file); i++) {
		if (check_event(file, decoder, i, &usable, error))
			return -1;
	}
	return usable ? 0 : refuse_other_events(file, decoder, error);
}
