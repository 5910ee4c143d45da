/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "trace/decode.h"

#include <string.h>

/* Steps over WORD; returns whether it stood at *REST.  */
static bool take(const char **rest, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*rest, word, length))
		return false;
	*rest += length;
	return true;
}

/* Steps over "_" and digits, which perf appends to a name already taken.  */
static void take_number(const char **rest)
{
	size_t digits;

	if (**rest != '_')
		return;
	digits = strspn(*rest + 1, "0123456789");
	if (digits)
		*rest += 1 + digits;
}

/* What may follow the function's name; *IS_RETURN tells of which kind.
   Returns false when anything else does.  */
static bool role_suffix(const char *rest, bool *is_return)
{
	/* Longest first.  perf appends "__return" to every return probe,
	   whatever name it was given.  */
	static const char *const returns[] = { "__return", "_return", "_ret" };

	*is_return = false;
	take_number(&rest);
	for (size_t i = 0; i < sizeof(returns) / sizeof(*returns);) {
		if (take(&rest, returns[i])) {
			*is_return = true;
			take_number(&rest);
			i = 0;
		} else {
			i++;
		}
	}
	return !*rest;
}

bool event_role(const char *name, enum allocator_id *function,
		enum hit_kind *kind)
{
	take(&name, "lt_");
	for (int i = 0; i < ALLOC_COUNT; i++) {
		const char *rest = name;
		bool is_return;

		if (!take(&rest, allocators[i].symbol) ||
		    !role_suffix(rest, &is_return))
			continue;
		/* Nothing is to be learnt from the return of such.  */
		if (is_return && allocators[i].result == RESULT_NONE)
			return false;
		*function = (enum allocator_id)i;
		*kind = is_return ? HIT_RETURN : HIT_CALL;
		return true;
	}
	return false;
}

const char *event_field_names(enum allocator_id function, enum hit_kind kind,
			      unsigned field, bool *required)
{
	const struct allocator *allocator = &allocators[function];
	bool is_return = kind == HIT_RETURN;

	*required = false;
	if (field == EVENT_POINTER)
		return is_return && allocator->result == RESULT_STATUS ?
			"ptr pointer" : NULL;
	if (field == EVENT_CALLER)
		return !is_return && allocator->result == RESULT_NONE ?
			"caller" : NULL;
	if (is_return) {
		*required = true;
		return field ? NULL : "arg1 ret result retval";
	}
	/* Recordings made by hand have no use for a ROLE_OUT, as nothing tells
	   what it points to.  */
	*required = allocator->argument[field].role != ROLE_OUT;
	return allocator->argument[field].role == ROLE_NONE ? NULL :
		allocator->argument[field].names;
}
