/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/text_line.h"

#include <string.h>

#define NS_PER_SECOND UINT64_C(1000000000)

/* The last word of what lies between START and *END, which moves to its
   beginning.  Returns false when only blanks are left.  */
static bool last_word(const char *start, const char **end,
		      struct text_span *word)
{
	const char *stop = *end;

	while (stop > start && text_is_blank(stop[-1]))
		stop--;
	word->at = stop;
	while (word->at > start && !text_is_blank(word->at[-1]))
		word->at--;
	word->length = (size_t)(stop - word->at);
	*end = word->at;
	return word->length;
}

static bool is_decimal(struct text_span word)
{
	for (size_t i = 0; i < word.length; i++) {
		if (!text_is_digit(word.at[i]))
			return false;
	}
	return word.length;
}

/* "4608.428854:", with six digits or nine.  */
static bool parse_time(struct text_span word, uint64_t *time)
{
	const char *at = word.at, *end = word.at + word.length;
	uint64_t seconds, fraction, scale = NS_PER_SECOND;
	const char *point;

	if (!text_decimal(&at, end, &seconds) || !text_take(&at, end, "."))
		return false;
	point = at;
	if (!text_decimal(&at, end, &fraction) || at - point > 9 ||
	    end - at != 1 || *at != ':')
		return false;
	for (; point < at; point++)
		scale /= 10;
	return !__builtin_mul_overflow(seconds, NS_PER_SECOND, time) &&
		!__builtin_add_overflow(*time, fraction * scale, time);
}

/* "[001]"; perf has "[-01]" for what belongs to none.  */
static bool is_cpu(struct text_span word)
{
	if (word.length < 3 || word.at[0] != '[' ||
	    word.at[word.length - 1] != ']')
		return false;
	word.at += 1 + (word.at[1] == '-');
	word.length -= 2 + (word.at[-1] == '-');
	return is_decimal(word);
}

/* What -F misc writes: the mode, and marks of other records.  */
static bool is_misc(struct text_span word)
{
	for (size_t i = 0; i < word.length; i++) {
		if (!strchr("UKHGgMESD", word.at[i]) || !word.at[i])
			return false;
	}
	return word.length <= 6;
}

static bool parse_id(const char **at, const char *end, uint32_t *id)
{
	bool negative = text_take(at, end, "-");
	uint64_t value;

	if (!text_decimal(at, end, &value) || value > INT32_MAX)
		return false;
	*id = negative ? -(uint32_t)value : (uint32_t)value;
	return true;
}

/* "1235" or "1234/1235".  */
static bool parse_task(struct text_span word, struct text_event_line *found)
{
	const char *at = word.at, *end = word.at + word.length;
	uint32_t first;

	if (!parse_id(&at, end, &first))
		return false;
	found->has_pid = text_take(&at, end, "/");
	found->pid = first;
	found->tid = first;
	found->has_tid = (!found->has_pid || parse_id(&at, end, &found->tid)) &&
		at == end;
	found->has_pid = found->has_pid && found->has_tid;
	return found->has_tid;
}

/* What stands before the event's name, from its end: a task's name may look
   like anything.  */
static void parse_head(const char *line, const char *end,
		       struct text_event_line *found)
{
	const char *rest = end;
	struct text_span word;

	if (last_word(line, &rest, &word) && is_decimal(word)) {
		/* A period (-F period) has time or cpu before it, else it is
		   a thread's number.  */
		const char *before = rest;
		struct text_span other;
		uint64_t time;

		if (last_word(line, &before, &other) &&
		    (is_cpu(other) || parse_time(other, &time)))
			end = rest;
	}
	rest = end;
	if (last_word(line, &rest, &word) && parse_time(word, &found->time)) {
		found->has_time = true;
		end = rest;
	}
	rest = end;
	if (last_word(line, &rest, &word) && is_misc(word)) {
		const char *before = rest;
		struct text_span other;
		struct text_event_line ignored;

		if (last_word(line, &before, &other) &&
		    (is_cpu(other) || parse_task(other, &ignored)))
			end = rest;
	}
	rest = end;
	if (last_word(line, &rest, &word) && is_cpu(word))
		end = rest;
	rest = end;
	if (last_word(line, &rest, &word) && parse_task(word, found))
		end = rest;
	text_skip_blanks(&line, end);
	while (end > line && text_is_blank(end[-1]))
		end--;
	found->comm.at = line;
	found->comm.length = (size_t)(end - line);
}

/* The "group:name" that ends before the colon at END.  */
static bool find_name(const char *line, const char *end,
		      struct text_span *name)
{
	const char *colon;

	name->at = end;
	while (name->at > line && !text_is_blank(name->at[-1]))
		name->at--;
	name->length = (size_t)(end - name->at);
	if (!name->length)
		return false;
	colon = memchr(name->at, ':', name->length);
	/* Not at either end.  */
	return colon && colon > name->at && colon < end - 1;
}

/* "(7f9f)" or "(7f9f <- 5606)".  */
static bool parse_place(const char **at, const char *end, uint64_t *address,
			bool *is_return)
{
	uint64_t caller;

	if (!text_take(at, end, "(") || !text_hex(at, end, address))
		return false;
	*is_return = text_take(at, end, " <- ");
	if (*is_return && !text_hex(at, end, &caller))
		return false;
	return text_take(at, end, ")") && (*at == end || text_is_blank(**at));
}

static bool is_record(const char *line, const char *end,
		      struct text_event_line *found)
{
	static const char prefix[] = "PERF_RECORD_";
	const char *at = memmem(line, (size_t)(end - line), prefix,
				sizeof(prefix) - 1);

	if (!at || (at > line && !text_is_blank(at[-1])))
		return false;
	found->is_record = true;
	found->event.at = at;
	at += sizeof(prefix) - 1;
	while (at < end && ((*at >= 'A' && *at <= 'Z') || *at == '_' ||
			    text_is_digit(*at)))
		at++;
	found->event.length = (size_t)(at - found->event.at);
	found->rest = (struct text_span){ at, (size_t)(end - at) };
	return true;
}

/* A line that ends in the event's name.  */
static bool has_name_alone(const char *line, const char *end,
			   struct text_event_line *found)
{
	while (end > line && text_is_blank(end[-1]))
		end--;
	if (end == line || end[-1] != ':' ||
	    !find_name(line, end - 1, &found->event))
		return false;
	found->rest = (struct text_span){ end, 0 };
	return true;
}

bool text_event_line(const char *line, const char *end,
		     struct text_event_line *found)
{
	const char *at = line;

	memset(found, 0, sizeof(*found));
	while ((at = memchr(at, '(', (size_t)(end - at)))) {
		const char *rest = at;

		if (at - line > 2 && at[-1] == ' ' && at[-2] == ':' &&
		    find_name(line, at - 2, &found->event) &&
		    parse_place(&rest, end, &found->address,
				&found->is_return)) {
			found->has_trace = true;
			found->rest.at = rest;
			found->rest.length = (size_t)(end - rest);
			break;
		}
		at++;
	}
	if (!at && !is_record(line, end, found) &&
	    !has_name_alone(line, end, found))
		return false;
	parse_head(line, found->event.at, found);
	return true;
}

bool text_line_is_nameless(const char *line, const char *end)
{
	const char *at = memchr(line, '(', (size_t)(end - line));
	struct text_event_line found = { .has_time = false };
	uint64_t address;
	bool is_return;

	if (!at)
		return false;
	parse_head(line, at, &found);
	return (found.has_time || found.has_tid) &&
		parse_place(&at, end, &address, &is_return);
}
