/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "present/format.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/intl.h"

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/* Drops the last character of TEXT when it was cut in its middle.  */
static void trim_partial(char *text)
{
	size_t end = strlen(text);
	size_t start = end;
	unsigned char lead;
	size_t needs;

	while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0)
		return;
	lead = (unsigned char)text[--start];
	needs = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	if (end - start < needs)
		text[start] = '\0';
}

__attribute__((format(printf, 3, 4)))
static void print(char *text, size_t size, const char *format, ...)
{
	va_list args;
	int length;

	if (size == 0)
		return;
	va_start(args, format);
	length = vsnprintf(text, size, format, args);
	va_end(args);
	if (length < 0)
		text[0] = '\0';
	else if ((size_t)length >= size)
		trim_partial(text);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

void format_bytes(char *text, size_t size, uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	const char *unit = units;
	double value = (double)bytes / 1024;

	if (bytes < 1024) {
		print(text, size, "%" PRIu64, bytes);
		return;
	}
	/* Rounded up to 1024 of a unit it is one of the next.  */
	for (; value >= 1023.5 && unit[1]; unit++)
		value /= 1024;
	print(text, size, value < 9.95 ? "%.1f%c" : "%.0f%c", value, *unit);
}

void format_count(char *text, size_t size, uint64_t count)
{
	static const char units[] = "MGTPE";
	const char *unit = units;
	double value = (double)count / 1e6;

	if (count < 1000000) {
		print(text, size, "%" PRIu64, count);
		return;
	}
	for (; value >= 999.5 && unit[1]; unit++)
		value /= 1000;
	print(text, size, value < 9.995 ? "%.2f%c" : value < 99.95 ? "%.1f%c" : "%.0f%c",
	      value, *unit);
}

void format_doubtful(char *text, size_t size, uint64_t count)
{
	char digits[16];

	/* Rounded up to 1000K it is 1M.  */
	if (count >= 999500 && count < 1000000)
		count = 1000000;
	if (count >= 100000 && count < 1000000)
		print(digits, sizeof(digits), "%" PRIu64 "K", (count + 500) / 1000);
	else
		format_count(digits, sizeof(digits), count);
	print(text, size, "%s?", digits);
}

void format_duration(char *text, size_t size, uint64_t ns)
{
	uint64_t s = ns / NS_PER_S;
	uint64_t ms = ns / NS_PER_MS;
	uint64_t us = ns / NS_PER_US;

	if (us == 0)
		print(text, size, "%" PRIu64 "ns", ns);
	else if (us < 10)
		print(text, size, "%" PRIu64 ".%" PRIu64 "us", us, ns % 1000 / 100);
	else if (ms == 0)
		print(text, size, "%" PRIu64 "us", us);
	else if (ms < 10)
		print(text, size, "%" PRIu64 ".%" PRIu64 "ms", ms, us % 1000 / 100);
	else if (s == 0)
		print(text, size, "%" PRIu64 "ms", ms);
	else if (s < 60)
		print(text, size, "%" PRIu64 ".%" PRIu64 "s", s, ms % 1000 / 100);
	else if (s < 3600)
		print(text, size, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else if (s < 86400)
		print(text, size, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	else if (s < 100 * 86400)
		print(text, size, "%" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
	else
		print(text, size, "%" PRIu64 "d", s / 86400);
}

void format_time(char *text, size_t size, uint64_t ns)
{
	print(text, size, "%" PRIu64 ".%06" PRIu64, ns / NS_PER_S, ns % NS_PER_S / NS_PER_US);
}

static void format_raw(char *text, size_t size, const struct frame *frame, uint64_t address)
{
	if (frame->numbered)
		address = frame->object_offset;
	if (frame->object && frame->object_offset)
		print(text, size, "0x%" PRIx64 " (%s+0x%" PRIx64 ")", address,
		      base_name(frame->object), frame->object_offset);
	else if (frame->object)
		print(text, size, "0x%" PRIx64 " (%s)", address, base_name(frame->object));
	else
		print(text, size, "0x%" PRIx64, address);
}

void format_frame_as(char *text, size_t size, const struct frame *frame, uint64_t address,
		     enum names_shown shown)
{
	char name[400];
	char offset[24] = "";
	char where[300] = "";
	char source[300] = "";

	if (frame->file && frame->line > 0 && shown == NAMES_LINES)
		print(source, sizeof(source), " %s:%d", base_name(frame->file), frame->line);
	if (shown == NAMES_RAW || !frame->symbol) {
		format_raw(name, sizeof(name), frame, address);
		print(text, size, "%s%s", name, source);
		return;
	}
	if (frame->inlined)
		print(where, sizeof(where), " %s", _("(inlined)"));
	else if (frame->object)
		print(where, sizeof(where), " (%s)", base_name(frame->object));
	if (shown != NAMES_FUNCTIONS && !frame->inlined && !frame->no_offset)
		print(offset, sizeof(offset), "+0x%" PRIx64, frame->offset);
	print(text, size, "%s%s%s%s", frame->symbol, offset, where, source);
}

void format_frame(char *text, size_t size, const struct frame *frame, uint64_t address)
{
	format_frame_as(text, size, frame, address, NAMES_LINES);
}

void format_site(char *text, size_t size, const struct frame *frame, uint64_t address)
{
	if (frame->symbol && frame->object)
		print(text, size, "%s (%s)", frame->symbol, base_name(frame->object));
	else if (frame->symbol)
		print(text, size, "%s", frame->symbol);
	else if (frame->object)
		print(text, size, "%s+0x%" PRIx64, base_name(frame->object),
		      frame->object_offset);
	else
		print(text, size, "0x%" PRIx64,
		      frame->numbered ? frame->object_offset : address);
}

#define SPARK_LEVELS 8

static unsigned spark_level(uint64_t value, uint64_t low, uint64_t high)
{
	double share;

	if (value <= low)
		return 0;
	if (value >= high)
		return SPARK_LEVELS - 1;
	share = (double)(value - low) / (double)(high - low);
	/* Above LOW is visibly above it.  */
	return 1 + (unsigned)(share * (SPARK_LEVELS - 1) * 0.999999);
}

void format_spark_between(char *text, size_t size, const uint64_t *values, unsigned count,
			  uint64_t low, uint64_t high, bool ascii)
{
	static const char *const levels[2][SPARK_LEVELS] = {
		{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
		{"_", ".", ":", "-", "=", "+", "*", "#"},
	};
	size_t used = 0;

	if (size == 0)
		return;
	for (unsigned i = 0; i < count; i++) {
		const char *glyph = levels[ascii][spark_level(values[i], low, high)];
		size_t length = strlen(glyph);

		if (used + length >= size)
			break;
		memcpy(text + used, glyph, length);
		used += length;
	}
	text[used] = '\0';
}

void format_spark(char *text, size_t size, const uint64_t *values, unsigned count, bool ascii)
{
	uint64_t high = 0;

	for (unsigned i = 0; i < count; i++)
		high = values[i] > high ? values[i] : high;
	format_spark_between(text, size, values, count, 0, high, ascii);
}

unsigned resample(uint64_t *cells, unsigned columns, const uint64_t *values, unsigned n)
{
	if (n <= columns) {
		for (unsigned i = 0; i < n; i++)
			cells[i] = values[i];
		return n;
	}
	for (unsigned i = 0; i < columns; i++) {
		unsigned from = (unsigned)((uint64_t)i * n / columns);
		unsigned to = (unsigned)((uint64_t)(i + 1) * n / columns);

		cells[i] = 0;
		for (unsigned j = from; j < to; j++)
			cells[i] = values[j] > cells[i] ? values[j] : cells[i];
	}
	return columns;
}
