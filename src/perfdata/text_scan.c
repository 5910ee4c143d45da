/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/text_scan.h"

#include <string.h>

void text_skip_blanks(const char **at, const char *end)
{
	while (*at < end && text_is_blank(**at))
		++*at;
}

bool text_take(const char **at, const char *end, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(end - *at) < length || memcmp(*at, word, length))
		return false;
	*at += length;
	return true;
}

bool text_hex(const char **at, const char *end, uint64_t *number)
{
	const char *start = *at;
	uint64_t value = 0;
	int digit;

	while (*at < end && (digit = text_hex_value(**at)) >= 0) {
		if (value >> 60)
			return false;
		value = value << 4 | (uint64_t)digit;
		++*at;
	}
	*number = value;
	return *at > start;
}

bool text_decimal(const char **at, const char *end, uint64_t *number)
{
	const char *start = *at;
	uint64_t value = 0;

	while (*at < end && text_is_digit(**at)) {
		if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
		    __builtin_add_overflow(value, (uint64_t)(**at - '0'),
					   &value))
			return false;
		++*at;
	}
	*number = value;
	return *at > start;
}

bool text_number(const char **at, const char *end, uint64_t *number)
{
	if (text_take(at, end, "0x"))
		return text_hex(at, end, number);
	if (!text_take(at, end, "-"))
		return text_decimal(at, end, number);
	if (!text_decimal(at, end, number) || *number > UINT64_C(1) << 63)
		return false;
	*number = -*number;
	return true;
}
