/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "base/text.h"
#include "perfdata/features.h"

size_t events_count(const struct file *file)
{
	return file->header.attrs.size / file->header.attr_size;
}

int events_get(const struct file *file, size_t index,
	       struct perf_event_attr *attr, struct cursor *ids)
{
	uint64_t entry_size = file->header.attr_size;
	struct section entry = {
		file->header.attrs.offset + index * entry_size, entry_size
	};
	struct cursor cursor = file_section(file, entry);
	struct section section;
	uint64_t attr_size = entry_size - sizeof(section);
	size_t known = attr_size < sizeof(*attr) ? (size_t)attr_size :
		sizeof(*attr);

	memset(attr, 0, sizeof(*attr));
	if (cursor.left < entry_size)
		return -1;
	memcpy(attr, cursor.at, known);
	/* An attr of size 0 is of the first version.  The ids' section follows
	   the entry's attr, however long that says it is.  */
	if (attr->size > attr_size)
		return -1;
	memcpy(&section, cursor.at + attr_size, sizeof(section));
	if (!file_has(file, section) || section.size % sizeof(uint64_t))
		return -1;
	*ids = file_section(file, section);
	return 0;
}

static int add_event(const struct file *file, struct records *records,
		     size_t index, struct error *error)
{
	struct perf_event_attr attr;
	struct cursor cursor;
	struct error why;
	uint64_t *ids;
	int result;

	if (events_get(file, index, &attr, &cursor))
		return error_set(error, _("%s: is damaged: event %zu makes no sense"),
				 file->name, index);
	/* A copy, as it need not be aligned in the file.  */
	ids = malloc(cursor.left ? cursor.left : 1);
	if (!ids)
		return error_set(error, _("%s: out of memory"), file->name);
	if (cursor.left)
		memcpy(ids, cursor.at, cursor.left);
	result = records_add_event(records, &attr, ids,
				   cursor.left / sizeof(*ids), &why);
	free(ids);
	if (result)
		return error_set(error, "%s: %s", file->name, why.text);
	return 0;
}

int events_add(const struct file *file, struct records *records,
	       struct error *error)
{
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

/* Lists the names of the events, as many as there is room for.  */
static void list_events(const struct file *file, const struct decoder *decoder,
			char *list, size_t size)
{
	size_t length = 0;

	list[0] = '\0';
	for (size_t i = 0; i < events_count(file); i++) {
		struct perf_event_attr attr;
		struct cursor ids;
		char name[80];

		if (events_get(file, i, &attr, &ids))
			continue;
		event_name(file, decoder, i, &attr, name, sizeof(name));
		if (length + strlen(name) + sizeof(", …") > size) {
			snprintf(list + length, size - length, "…");
			return;
		}
		length += (size_t)snprintf(list + length, size - length,
					   length ? ", %s" : "%s", name);
	}
}

static int refuse_other_events(const struct file *file,
			       const struct decoder *decoder,
			       struct error *error)
{
	char list[160];

	list_events(file, decoder, list, sizeof(list));
	return error_set(error, _("%s: has no events of allocation functions, only %s; "
				  "make them with perf probe -x LIBC -a 'malloc=malloc bytes=%%di' "
				  "-a 'malloc_ret=malloc%%return $retval' -a 'free=free mem=%%di' (and calloc, realloc…), "
				  "then perf record -g -e 'probe_libc:*' -p PID"),
			 file->name, list);
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
