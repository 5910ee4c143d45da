/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/seed.h"

/* Characters that a terminal does not show as themselves, in ascending
   order.  Combining marks and variation selectors are not among them: they
   stay with the character before them.  */
static const struct {
	uint32_t first;
	uint32_t last;
} hidden[] = {
	{ 0x0000, 0x001f },     /* C0 */
	{ 0x007f, 0x009f },     /* DEL, C1 */
	{ 0x00ad, 0x00ad },     /* soft hyphen */
	{ 0x034f, 0x034f },     /* combining grapheme joiner */
	{ 0x061c, 0x061c },     /* Arabic letter mark */
	{ 0x115f, 0x1160 },     /* Hangul fillers */
	{ 0x17b4, 0x17b5 },     /* Khmer inherent vowels */
	{ 0x180e, 0x180e },     /* Mongolian vowel separator */
	{ 0x200b, 0x200f },     /* zero width, direction marks */
	{ 0x2028, 0x202e },     /* line ends, embeddings, overrides */
	{ 0x2060, 0x206f },     /* joiners, isolates, deprecated */
	{ 0x3164, 0x3164 },     /* Hangul filler */
	{ 0xfeff, 0xfeff },     /* byte order mark */
	{ 0xffa0, 0xffa0 },     /* Hangul filler */
	{ 0xfff0, 0xfffb },     /* specials, annotations */
	{ 0xfffe, 0xffff },     /* no characters */
	{ 0x1bca0, 0x1bca3 },   /* shorthand format controls */
	{ 0x1d173, 0x1d17a },   /* musical format controls */
	{ 0xe0000, 0xe0fff },   /* tags */
};

static bool is_hidden(uint32_t character)
{
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		if (character < hidden[i].first)
			return false;
		if (character <= hidden[i].last)
			return true;
	}
	return false;
}

/* The length, 1..4, of the well-formed character at the start of the N >= 1
   bytes at S, and the character itself; 0 when there is none.  */
static size_t decode(const unsigned char *s, size_t n, uint32_t *character)
{
	/* The least character that needs so many bytes: less is overlong.  */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length;
	uint32_t c;

	if (s[0] < 0x80) {
		*character = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		length = 2;
		c = s[0] & 0x1f;
	} else if ((s[0] & 0xf0) == 0xe0) {
		length = 3;
		c = s[0] & 0x0f;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		length = 4;
		c = s[0] & 0x07;
	} else {
		return 0;
	}
	if (n < length)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*character = c;
	return length;
}

size_t text_clean_n(char *dst, size_t size, const char *src, size_t n)
{
	const unsigned char *s = (const unsigned char *)src;
	size_t out = 0;

	if (!size)
		return 0;
	while (n && *s) {
		uint32_t character;
		size_t length;

		/* Nearly everything is plain ASCII.  */
		if (*s >= 0x20 && *s < 0x7f) {
			if (size - out < 2)
				break;
			dst[out++] = (char)*s++;
			n--;
			continue;
		}
		length = decode(s, n, &character);
		if (!length || is_hidden(character)) {
			if (size - out < 2)
				break;
			dst[out++] = '?';
		} else {
			if (size - out <= length)
				break;
			memmove(dst + out, s, length);
			out += length;
		}
		if (!length)
			length = 1;
		s += length;
		n -= length;
	}
	dst[out] = '\0';
	return out;
}

size_t text_clean(char *dst, size_t size, const char *src)
{
	return text_clean_n(dst, size, src, strlen(src));
}

uint64_t text_hash(uint64_t seed, const char *at, size_t length)
{
	uint64_t hash = seed_mix(seed, seed, length), word;

	for (; length >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = seed_mix(seed, hash, word);
		length -= sizeof(word);
	}
	word = 0;
	memcpy(&word, at, length);
	return seed_mix(seed, hash, word);
}
