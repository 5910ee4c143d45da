/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "present/lacking.h"

#include <stdio.h>

#include "base/intl.h"

static void outdated_words(char *text, size_t size, const char *path, unsigned others)
{
	if (!others)
		snprintf(text, size, _("%s has changed since: its names are not used"), path);
	else
		snprintf(text, size,
			 ngettext("%s and %u other file have changed since: their "
				  "names are not used",
				  "%s and %u other files have changed since: their "
				  "names are not used", others), path, others);
}

static void missing_words(char *text, size_t size, const char *path, unsigned others)
{
	if (!others)
		snprintf(text, size,
			 _("%s is not here: for its names see --sysroot"), path);
	else
		snprintf(text, size,
			 ngettext("%s and %u other file are not here: for their names see --sysroot",
				  "%s and %u other files are not here: for their names see --sysroot",
				  others), path, others);
}

unsigned lacking_words(char *text, size_t size, const struct source *source,
		       const struct symbols *symbols, enum lacking why)
{
	const char *path;
	unsigned count = symbols_lacking(symbols, why, &path);

	/* What a living process has deleted is nowhere else either.  */
	if (!count || (why == FILES_MISSING && source->kind != SOURCE_FILE))
		return 0;
	if (why == FILES_OUTDATED)
		outdated_words(text, size, path, count - 1);
	else
		missing_words(text, size, path, count - 1);
	return count;
}
