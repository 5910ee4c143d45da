/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/sizespec.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/intl.h"

static const char *skip_blanks(const char *text)
{
	while (*text == ' ' || *text == '\t')
		text++;
	return text;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

static unsigned suffix_shift(const char **text)
{
	static const char suffixes[] = "kmgt";
	const char *suffix;

	if (!**text)
		return 0;
	suffix = strchr(suffixes, tolower((unsigned char)**text));
	if (!suffix)
		return 0;
	(*text)++;
	return 10 * (unsigned)(suffix - suffixes + 1);
}

/* strtoull() takes signs and blanks, octal, and saturates: none of which
   is wanted here.  */
static bool parse_size(const char **text, uint64_t *size)
{
	const char *at = *text;
	uint64_t value = 0;
	int base = 10;
	unsigned shift;

	if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
		base = 16;
		at += 2;
	}
	if (digit_value(*at) >= base)
		return false;
	for (; digit_value(*at) < base; at++) {
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit_value(*at),
					   &value))
			return false;
	}
	shift = suffix_shift(&at);
	if (shift && value > UINT64_MAX >> shift)
		return false;
	*size = value << shift;
	*text = at;
	return true;
}

/* ">1M", ">=1M", "<512", "<=512".  */
static bool parse_bound(const char **text, uint64_t *low, uint64_t *high)
{
	bool above = **text == '>';
	bool equal = (*text)[1] == '=';
	uint64_t size;

	*text = skip_blanks(*text + (equal ? 2 : 1));
	if (!parse_size(text, &size))
		return false;
	if (!equal && size == (above ? UINT64_MAX : 0))
		return false;
	*low = above ? size + (equal ? 0 : 1) : 0;
	*high = above ? UINT64_MAX : size - (equal ? 0 : 1);
	return true;
}

static bool parse_item(const char **text, uint64_t *low, uint64_t *high)
{
	const char *at;

	if (**text == '<' || **text == '>')
		return parse_bound(text, low, high);
	if (!parse_size(text, low))
		return false;
	*high = *low;
	at = skip_blanks(*text);
	if (*at != '-')
		return true;
	at = skip_blanks(at + 1);
	if (!parse_size(&at, high) || *high < *low)
		return false;
	*text = at;
	return true;
}

int sizespec_parse(struct sizespec *spec, const char *text,
		   struct error *error)
{
	struct sizespec result = { 0 };
	const char *at = skip_blanks(text);

	while (*at) {
		const char *item = at;
		uint64_t low, high;

		if (result.count == SIZESPEC_MAX)
			return error_set(error,
				_("more than %d sizes in a list"),
				SIZESPEC_MAX);
		if (!parse_item(&at, &low, &high))
			return error_set(error, _("'%.40s' is no size: use 3072, "
				"0xc00, 1k-4k, >1M, or a list of them"), item);
		result.range[result.count].low = low;
		result.range[result.count].high = high;
		result.count++;
		at = skip_blanks(at);
		if (*at == ',') {
			at = skip_blanks(at + 1);
			if (*at)
				continue;
			return error_set(error,
				_("a size is missing after the last comma"));
		}
		if (*at)
			return error_set(error, _("'%.40s' is no size: use 3072, "
				"0xc00, 1k-4k, >1M, or a list of them"), item);
	}
	*spec = result;
	return 0;
}

bool sizespec_accepts(const struct sizespec *spec, uint64_t size)
{
	if (!spec->count)
		return true;
	for (unsigned i = 0; i < spec->count; i++) {
		if (size >= spec->range[i].low && size <= spec->range[i].high)
			return true;
	}
	return false;
}

struct sizespec sizespec_only(uint64_t size)
{
	struct sizespec spec = { .count = 1 };

	spec.range[0].low = size;
	spec.range[0].high = size;
	return spec;
}

static int format_range(char *text, size_t size, uint64_t low, uint64_t high)
{
	if (low == high)
		return snprintf(text, size, "%" PRIu64, low);
	if (high == UINT64_MAX)
		return snprintf(text, size, ">=%" PRIu64, low);
	if (!low)
		return snprintf(text, size, "<=%" PRIu64, high);
	return snprintf(text, size, "%" PRIu64 "-%" PRIu64, low, high);
}

void sizespec_format(const struct sizespec *spec, char *text, size_t size)
{
	size_t used = 0;

	if (!size)
		return;
	*text = '\0';
	for (unsigned i = 0; i < spec->count && used < size; i++) {
		if (i)
			used += (size_t)snprintf(text + used, size - used, ",");
		if (used < size)
			used += (size_t)format_range(text + used, size - used,
						     spec->range[i].low,
						     spec->range[i].high);
	}
}
