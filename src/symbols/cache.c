/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/cache.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines of ~/.perfconfig that are looked at.  */
#define CONFIG_LINES 10000

static char *below_home(const char *path)
{
	const char *home = getenv("HOME");
	char *joined;

	if (!home || home[0] != '/')
		return NULL;
	if (asprintf(&joined, "%s/%s", home, path) < 0)
		return NULL;
	return joined;
}

/* TEXT without the blanks around it.  */
static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t\r\n");
	length = strlen(text);
	while (length && strchr(" \t\r\n", text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* The value of "dir" in the section [buildid], as in git's files.  */
static char *read_config(FILE *file)
{
	bool inside = false;
	char line[4096], *value = NULL;

	for (int i = 0; i < CONFIG_LINES && fgets(line, sizeof(line), file); i++) {
		char *text = trim(line), *equals;

		if (text[0] == '[') {
			inside = !strcmp(text, "[buildid]");
			continue;
		}
		equals = strchr(text, '=');
		if (!inside || !equals)
			continue;
		*equals = '\0';
		if (strcmp(trim(text), "dir"))
			continue;
		free(value);
		value = strdup(trim(equals + 1));
	}
	return value;
}

static char *configured(void)
{
	char *path = below_home(".perfconfig"), *value, *joined;
	FILE *file = path ? fopen(path, "re") : NULL;

	free(path);
	if (!file)
		return NULL;
	value = read_config(file);
	fclose(file);
	if (!value || strncmp(value, "~/", 2))
		return value;
	joined = below_home(value + 2);
	free(value);
	return joined;
}

char *cache_directory(void)
{
	const char *given = getenv("PERF_BUILDID_DIR");
	char *directory = given && *given ? strdup(given) : configured();

	return directory ? directory : below_home(".debug");
}

char *cache_path(const char *directory, const struct build_id *id,
		 enum cache_part part)
{
	static const char *const parts[CACHE_PARTS] = {
		[CACHE_ELF] = "/elf", [CACHE_DEBUG] = "/debug", [CACHE_OLD] = "",
	};
	char digits[2 * BUILD_ID_MAX + 1];
	char *path;

	if (!directory || id->size < 2)
		return NULL;
	build_id_text(id, digits);
	if (asprintf(&path, "%s/.build-id/%.2s/%s%s", directory, digits,
		     digits + 2, parts[part]) < 0)
		return NULL;
	return path;
}
