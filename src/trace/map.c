/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "trace/map.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/intl.h"

static const char return_suffix[] = "-return";

/* What the characters of a C name are, as the kernel wants it of fields.  */
static const char name_characters[] = "abcdefghijklmnopqrstuvwxyz"
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

/* What FIELD can be called in a map, separated by spaces, or NULL.  */
static const char *role_names(const struct event_map *map, unsigned field)
{
	const struct allocator *allocator = &allocators[map->function];
	bool status = allocator->result == RESULT_STATUS;

	if (map->kind == HIT_RETURN && field == EVENT_POINTER)
		return status ? "ptr" : NULL;
	if (map->kind == HIT_RETURN)
		return field ? NULL : status ? "status" : "ptr";
	return field < ALLOCATOR_ARGUMENTS ? allocator->argument[field].names :
		NULL;
}

/* Whether NAME, of LENGTH bytes, is one of NAMES.  */
static bool is_among(const char *names, const char *name, size_t length)
{
	while (*names) {
		size_t size = strcspn(names, " ");

		if (size == length && !memcmp(names, name, size))
			return true;
		names += size;
		names += strspn(names, " ");
	}
	return false;
}

static int bad_form(const char *text, struct error *error)
{
	return error_set(error, _("'%s' is no map of an event: GROUP:EVENT=FUNCTION(ROLE=ARGUMENT), such as "
				  "probe_app:get=malloc(size=bytes), probe_app:get_ret=malloc-return(ptr=arg1), "
				  "probe_app:put=free(ptr=mem)"), text);
}

/* Says what there is instead of NAME.  */
static int bad_function(const char *name, size_t length, struct error *error)
{
	char list[256] = "";
	size_t used = 0;

	for (int i = 0; i < ALLOC_COUNT && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used,
					 i ? ", %s" : "%s", allocators[i].symbol);
	return error_set(error, _("'%.*s' is no allocation function; there are %s, each with %s, too, but free"),
			 (int)length, name, list, return_suffix);
}

static int bad_role(const struct event_map *map, const char *name,
		    size_t length, struct error *error)
{
	const char *symbol = allocators[map->function].symbol;
	const char *suffix = map->kind == HIT_RETURN ? return_suffix : "";
	char list[256] = "";
	size_t used = 0;

	for (unsigned i = 0; i < EVENT_FIELDS && used < sizeof(list); i++) {
		const char *names = role_names(map, i);

		if (names)
			used += (size_t)snprintf(list + used,
						 sizeof(list) - used,
						 used ? ", %s" : "%s", names);
	}
	return error_set(error, _("%s%s has no '%.*s' that an argument could be, it has %s"),
			 symbol, suffix, (int)length, name, list);
}

/* FUNCTION or FUNCTION-return.  Returns what follows it, or NULL.  */
static const char *parse_function(struct event_map *map, const char *text,
				  struct error *error)
{
	size_t length = strcspn(text, "(");
	size_t suffix = sizeof(return_suffix) - 1;
	bool is_return = length > suffix &&
		!strncmp(text + length - suffix, return_suffix, suffix);
	int id = allocator_by_name(text, length - (is_return ? suffix : 0));

	if (id < 0 || (is_return && allocators[id].result == RESULT_NONE)) {
		bad_function(text, length, error);
		return NULL;
	}
	map->function = (enum allocator_id)id;
	map->kind = is_return ? HIT_RETURN : HIT_CALL;
	return text + length;
}

/* ROLE=FIELD.  Returns what follows it, or NULL.  */
static const char *parse_field(struct event_map *map, const char *text,
			       const char *whole, struct error *error)
{
	size_t role = strspn(text, name_characters);
	const char *field = text + role + 1;
	size_t length;

	if (!role || text[role] != '=') {
		bad_form(whole, error);
		return NULL;
	}
	length = strspn(field, name_characters);
	if (!length || length >= sizeof(map->field[0])) {
		bad_form(whole, error);
		return NULL;
	}
	for (unsigned i = 0; i < EVENT_FIELDS; i++) {
		const char *names = role_names(map, i);

		if (!names || !is_among(names, text, role))
			continue;
		memcpy(map->field[i], field, length);
		map->field[i][length] = '\0';
		return field + length;
	}
	bad_role(map, text, role, error);
	return NULL;
}

int event_map_parse(struct event_map *map, const char *text,
		    struct error *error)
{
	size_t length = strcspn(text, "=");
	const char *at;

	memset(map, 0, sizeof(*map));
	if (!text[length] || length >= sizeof(map->event) ||
	    strspn(text, ":") || !memchr(text, ':', length) ||
	    text[length - 1] == ':')
		return bad_form(text, error);
	memcpy(map->event, text, length);
	at = parse_function(map, text + length + 1, error);
	if (!at)
		return -1;
	while (*at) {
		at = parse_field(map, at + 1, text, error);
		if (!at)
			return -1;
		if (*at == ')' && !at[1])
			return 0;
		if (*at != ',')
			return bad_form(text, error);
	}
	return 0;
}

const struct event_map *event_maps_find(const struct event_maps *maps,
					const char *event)
{
	for (size_t i = 0; maps && i < maps->count; i++) {
		if (!strcmp(maps->map[i].event, event))
			return &maps->map[i];
	}
	return NULL;
}
