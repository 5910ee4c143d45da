/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/text_events.h"

#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "base/text.h"

/* More than any recording has; the rest is taken to have no purpose here.  */
#define EVENTS_MAX 4096
/* The kernel's own limit is 64 bytes, group and event each.  */
#define NAME_SIZE 160

void text_events_free(struct text_events *events)
{
	for (uint32_t i = 0; i < events->count; i++) {
		free(events->event[i].name);
		free((char *)(uintptr_t)events->event[i].raw.at);
	}
	free(events->event);
	idmap_free(&events->ids);
	memset(events, 0, sizeof(*events));
}

static bool is_named(const struct text_event *event, struct text_span name)
{
	return event->raw.length == name.length &&
		!memcmp(event->raw.at, name.at, name.length);
}

/* Returns whether there is room for one more.  */
static bool reserve(struct text_events *events)
{
	uint32_t room = events->room ? events->room * 2 : 16;
	struct text_event *event;

	if (events->count == EVENTS_MAX || idmap_reserve(&events->ids, 1))
		return false;
	if (events->count < events->room)
		return true;
	event = reallocarray(events->event, room, sizeof(*event));
	if (!event)
		return false;
	events->event = event;
	events->room = room;
	return true;
}

static bool event_init(struct text_event *event, struct text_span name,
		       const struct event_maps *maps)
{
	enum allocator_id function;
	enum hit_kind kind;
	const char *colon;
	char *raw;

	memset(event, 0, sizeof(*event));
	event->name = malloc(name.length + 1);
	raw = malloc(name.length + 1);
	event->raw = (struct text_span){ raw, name.length };
	if (!event->name || !raw) {
		free(event->name);
		free(raw);
		return false;
	}
	memcpy(raw, name.at, name.length);
	raw[name.length] = '\0';
	text_clean_n(event->name, name.length + 1, name.at, name.length);
	/* A name has no colon, but a group's may.  */
	colon = strrchr(raw, ':');
	event->map = event_maps_find(maps, raw);
	if (event->map) {
		event->role = true;
		event->function = (uint8_t)event->map->function;
		event->kind = (uint8_t)event->map->kind;
	} else if (strlen(raw) == name.length && colon &&
		   event_role(colon + 1, &function, &kind)) {
		event->role = true;
		event->function = (uint8_t)function;
		event->kind = (uint8_t)kind;
	}
	return true;
}

static void settle_alone(struct text_event *event, const struct alone *alone)
{
	event->alone = alone && event->role && event->kind == HIT_CALL &&
		alone_is(alone, event->raw.at, event->function);
}

uint32_t text_events_find(struct text_events *events, struct text_span name)
{
	uint64_t hash;
	uint32_t index;

	if (events->last < events->count &&
	    is_named(&events->event[events->last], name))
		return events->last;
	if (name.length >= NAME_SIZE)
		return IDMAP_NONE;
	hash = text_hash(events->seed, name.at, name.length);
	index = idmap_find(&events->ids, hash);
	if (index == IDMAP_NONE) {
		if (!reserve(events) ||
		    !event_init(&events->event[events->count], name,
				events->maps))
			return IDMAP_NONE;
		settle_alone(&events->event[events->count], events->alone);
		index = idmap_add(&events->ids, hash, events->count);
		events->count++;
	} else if (!is_named(&events->event[index], name)) {
		return IDMAP_NONE;
	}
	events->last = index;
	return index;
}

/* Steps over the next field, "name=value", and gives its parts.  Returns false
   when there is none left.  */
static bool next_field(const char **at, const char *end, struct text_span *name,
		       const char **value)
{
	for (;;) {
		const char *start, *stop;

		text_skip_blanks(at, end);
		start = *at;
		if (start == end)
			return false;
		while (*at < end && **at != ' ' && **at != '=')
			++*at;
		if (*at == end || **at != '=')
			continue;
		name->at = start;
		name->length = (size_t)(*at - start);
		*value = ++*at;
		stop = NULL;
		if (*at < end && **at == '"')
			stop = memchr(*at + 1, '"', (size_t)(end - *at - 1));
		if (stop)
			*at = stop + 1;
		while (*at < end && **at != ' ')
			++*at;
		return true;
	}
}

/* Whether the event's line has a field of that name.  */
static bool has_field(const struct text_event_line *line, const char *name,
		      size_t length)
{
	const char *at = line->rest.at, *end = at + line->rest.length;
	struct text_span found;
	const char *value;

	while (next_field(&at, end, &found, &value)) {
		if (found.length == length && !memcmp(found.at, name, length))
			return true;
	}
	return false;
}

static struct text_span choose_name(const struct text_event_line *line,
				    const char *names)
{
	while (*names) {
		size_t length = strcspn(names, " ");

		if (has_field(line, names, length))
			return (struct text_span){ names, length };
		names += length;
		names += strspn(names, " ");
	}
	return (struct text_span){ NULL, 0 };
}

/* Learns from the event's first line what its fields are called.  */
static enum text_decoded settle(struct text_event *event,
				const struct text_event_line *line,
				struct error *error)
{
	if (!line->has_trace) {
		error_set(error, _("%s has no arguments: print the field trace, too (perf script -F +trace)"),
			  event->name);
		return TEXT_BAD;
	}
	for (unsigned i = 0; i < EVENT_FIELDS; i++) {
		bool required;
		const char *names = event_field_names(event->function,
						      event->kind, i,
						      &required);

		if (event->map && *event->map->field[i]) {
			names = event->map->field[i];
			required = true;
		}
		if (!names)
			continue;
		event->field[i] = choose_name(line, names);
		if (event->field[i].at || !required)
			continue;
		error_set(error, _("%s has no argument %.*s"), event->name,
			  (int)strcspn(names, " "), names);
		return TEXT_BAD;
	}
	event->settled = true;
	return TEXT_HIT;
}

/* Reads all fields into VALUES.  Returns which there were.  */
static unsigned read_fields(const struct text_event *event,
			    const struct text_event_line *line,
			    uint64_t values[EVENT_FIELDS])
{
	const char *at = line->rest.at, *end = at + line->rest.length;
	struct text_span name;
	const char *value;
	unsigned found = 0;

	while (next_field(&at, end, &name, &value)) {
		for (unsigned i = 0; i < EVENT_FIELDS; i++) {
			const struct text_span *field = &event->field[i];

			if (field->length != name.length || !field->at ||
			    memcmp(field->at, name.at, name.length))
				continue;
			if (text_number(&value, at, &values[i]) && value == at)
				found |= 1u << i;
			break;
		}
	}
	return found;
}

enum text_decoded text_event_decode(struct text_event *event,
				    const struct text_event_line *line,
				    struct hit *hit, struct error *error)
{
	uint64_t values[EVENT_FIELDS] = { 0 };
	unsigned found;

	/* Another event that happens to have the name.  */
	if (!event->role || (line->has_trace &&
			     line->is_return != (event->kind == HIT_RETURN)))
		return TEXT_NO_HIT;
	if (!event->settled && settle(event, line, error) == TEXT_BAD)
		return TEXT_BAD;
	found = read_fields(event, line, values);
	for (unsigned i = 0; i < EVENT_FIELDS; i++) {
		if (event->field[i].at && !(found >> i & 1)) {
			error_set(error, _("%s has no argument %.*s"),
				  event->name, (int)event->field[i].length,
				  event->field[i].at);
			return TEXT_BAD;
		}
	}
	hit->kind = event->kind;
	hit->function = event->function;
	hit->flags = 0;
	hit->address = line->address;
	memcpy(hit->argument, values, sizeof(hit->argument));
	if (event->kind == HIT_RETURN &&
	    allocators[event->function].result == RESULT_STATUS)
		hit->argument[0] = (uint32_t)values[0];
	if (event->field[EVENT_POINTER].at) {
		hit->argument[1] = values[EVENT_POINTER];
		hit->flags |= HIT_HAS_POINTER;
	}
	if (event->field[EVENT_CALLER].at) {
		hit->argument[1] = values[EVENT_CALLER];
		hit->flags |= HIT_HAS_CALLER;
	}
	return TEXT_HIT;
}
