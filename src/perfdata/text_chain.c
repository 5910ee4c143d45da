/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/text_chain.h"

#include <string.h>

/* The kernel's, and its modules', have brackets; so has what belongs to no file
   of a program.  */
static bool is_kernel(struct text_span object)
{
	static const char *const others[] = {
		"[unknown]", "[vdso", "[vsyscall]", "[heap]", "[stack",
		"[anon", "[uprobes]", "[vectors]", "[sigpage]",
	};

	if (!object.length || object.at[0] != '[')
		return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		const char *at = object.at;

		if (text_take(&at, object.at + object.length, others[i]))
			return false;
	}
	return true;
}

/* The last " (" between LINE and END; NULL: none.  */
static const char *last_opening(const char *line, const char *end)
{
	while (--end > line) {
		if (*end == '(' && text_is_blank(end[-1]))
			return end;
	}
	return NULL;
}

/* Takes the "(object)" off the end of the line.  Symbols have parentheses, and
   paths may have some, if rarely one without the other.  */
static struct text_span take_object(const char *line, const char **end)
{
	struct text_span object = { NULL, 0 };
	const char *at = *end;
	size_t depth = 0;

	if (at == line || at[-1] != ')')
		return object;
	do {
		at--;
		depth += *at == ')';
	} while (!(*at == '(' && !--depth) && at > line);
	if (depth)
		at = last_opening(line, *end);
	/* "operator()(int)" and the like is no object.  */
	if (!at || (at > line && !text_is_blank(at[-1])))
		return object;
	object.at = at + 1;
	object.length = (size_t)(*end - at) - 2;
	*end = at;
	return object;
}

/* Takes "+0x1c" off the end.  */
static bool take_offset(const char *start, const char **end, uint64_t *offset)
{
	const char *at = *end;

	while (at > start && text_hex_value(at[-1]) >= 0)
		at--;
	if (at - start < 3 || memcmp(at - 3, "+0x", 3))
		return false;
	start = at;
	if (!text_hex(&start, *end, offset))
		return false;
	*end = at - 3;
	return true;
}

/* Takes the address off the start.  It is written 16 wide; a line without it
   may begin with a function that is called "add".  */
static bool take_address(const char *line, const char **at, const char *end,
			 uint64_t *address)
{
	const char *rest = *at;

	if (!text_hex(&rest, end, address) || rest - line < 16 ||
	    (rest < end && !text_is_blank(*rest)))
		return false;
	*at = rest;
	return true;
}

static bool span_is(struct text_span span, const char *text)
{
	return span.length == strlen(text) &&
		!memcmp(span.at, text, span.length);
}

/* The object as it is shown, and where in it.  */
static void set_object(struct told *told, struct text_span object)
{
	const char *end = object.at + object.length;
	uint64_t offset;

	if (span_is(object, "[unknown]") || !object.length)
		return;
	/* -F dsoff */
	if (take_offset(object.at, &end, &offset) && !told->has_address) {
		told->address = offset;
		told->has_address = true;
	}
	told->object = object.at;
	told->object_length = (size_t)(end - object.at);
}

enum text_frame_kind text_frame_line(const char *line, const char *end,
				     struct told *told)
{
	const char *at = line;
	struct text_span object;

	memset(told, 0, sizeof(*told));
	text_skip_blanks(&at, end);
	/* After two blanks stands the source, for the frame before it.  */
	if (at == line || at == end || (at == line + 2 && *line == ' '))
		return TEXT_FRAME_NONE;
	told->has_address = take_address(line, &at, end, &told->address);
	text_skip_blanks(&at, end);
	while (end > at && text_is_blank(end[-1]))
		end--;
	object = take_object(at, &end);
	if (!told->has_address && !object.at)
		return TEXT_FRAME_NONE;
	if (object.at && (is_kernel(object) || span_is(object, "inlined")))
		return TEXT_FRAME_OTHER;
	/* Its half of the address space.  What has an object that is not known is
	   from a broken chain.  */
	if (told->address >> 63 && !object.at)
		return TEXT_FRAME_OTHER;
	if (object.at)
		set_object(told, object);
	while (end > at && text_is_blank(end[-1]))
		end--;
	told->has_offset = take_offset(at, &end, &told->offset);
	told->symbol = at;
	told->symbol_length = (size_t)(end - at);
	if (span_is((struct text_span){ at, told->symbol_length },
		    "[unknown]") || end == at) {
		told->symbol = NULL;
		told->symbol_length = 0;
	}
	return TEXT_FRAME_USER;
}
