/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/perfmap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols/strings.h"

/* Lines that count, about what the largest compilers write in a day.  */
#define LINES_MAX (UINT32_C(2) << 20)
/* Ones that overlap at an address are looked through as far as that.  */
#define OVERLAPS_MAX 4096

struct told {
	uint64_t start;
	uint64_t end;           /* the first address behind it */
	uint64_t reach;         /* the largest END of all up to here */
	uint32_t line;
	const char *name;       /* in the text */
};

struct perfmap {
	char *text;
	struct told *told;      /* by start, then by line */
	size_t count;
};

/* The file grows while it is read: what has come by then is what counts.  */
static char *read_text(int fd, size_t *length)
{
	size_t size = 65536, used = 0;
	char *text = malloc(size + 1), *more;
	ssize_t n = -1;

	while (text) {
		n = pread(fd, text + used, size - used, (off_t)used);
		if (n <= 0)
			break;
		used += (size_t)n;
		if (used < size)
			continue;
		if (size >= PERFMAP_MAX)
			break;
		size *= 2;
		more = realloc(text, size + 1);
		if (!more)
			break;
		text = more;
	}
	if (!text || n < 0) {
		free(text);
		return NULL;
	}
	text[used] = '\0';
	*length = used;
	return text;
}

/* A hexadecimal number of at most 64 bits, with or without "0x", and what
   follows it.  */
static bool read_number(const char **text, uint64_t *number)
{
	const char *at = *text;
	int digits = 0;

	if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X'))
		at += 2;
	*number = 0;
	for (;; at++, digits++) {
		char c = *at;
		int value = c >= '0' && c <= '9' ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						    : -1;

		if (value < 0)
			break;
		if (*number >> 60)
			return false;
		*number = *number << 4 | (uint64_t)value;
	}
	*text = at;
	return digits > 0;
}

static bool read_line(char *text, struct told *told)
{
	const char *line = text;
	uint64_t size;

	if (!read_number(&line, &told->start) || *line++ != ' ' ||
	    !read_number(&line, &size) || *line++ != ' ')
		return false;
	line += strspn(line, " ");
	if (!*line || !size || size > UINT64_MAX - told->start)
		return false;
	if (strlen(line) >= NAME_MAX_BYTES)
		text[line - text + NAME_MAX_BYTES - 1] = '\0';
	told->end = told->start + size;
	told->name = line;
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* Cuts TEXT into its lines.  The last one counts only when it is whole.  */
static bool read_lines(struct perfmap *perfmap, size_t length)
{
	size_t lines = 0, left;
	char *at = perfmap->text, *end;
	uint64_t reach = 0;

	for (size_t i = 0; i < length; i++)
		lines += perfmap->text[i] == '\n' && lines < LINES_MAX;
	perfmap->told = reallocarray(NULL, lines ? lines : 1,
				     sizeof(*perfmap->told));
	if (!perfmap->told)
		return false;
	for (uint32_t line = 0; line < lines; line++, at = end + 1) {
		struct told *told = &perfmap->told[perfmap->count];

		left = length - (size_t)(at - perfmap->text);
		end = memchr(at, '\n', left);
		*end = '\0';
		told->line = line;
		if (read_line(at, told))
			perfmap->count++;
	}
	if (perfmap->count)
		qsort(perfmap->told, perfmap->count, sizeof(*perfmap->told),
		      compare);
	for (size_t i = 0; i < perfmap->count; i++) {
		if (perfmap->told[i].end > reach)
			reach = perfmap->told[i].end;
		perfmap->told[i].reach = reach;
	}
	return true;
}

struct perfmap *perfmap_read(int fd)
{
	struct perfmap *perfmap = calloc(1, sizeof(*perfmap));
	size_t length;

	if (!perfmap)
		return NULL;
	perfmap->text = read_text(fd, &length);
	if (!perfmap->text || !read_lines(perfmap, length)) {
		perfmap_free(perfmap);
		return NULL;
	}
	return perfmap;
}

void perfmap_free(struct perfmap *perfmap)
{
	if (!perfmap)
		return;
	free(perfmap->told);
	free(perfmap->text);
	free(perfmap);
}

const char *perfmap_find(const struct perfmap *perfmap, uint64_t address,
			 uint64_t *start)
{
	const struct told *best = NULL;
	size_t low = 0, high = perfmap->count, last;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (perfmap->told[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* Of those that begin before it, and reach it, the last line.  */
	last = low > OVERLAPS_MAX ? low - OVERLAPS_MAX : 0;
	while (low > last && perfmap->told[low - 1].reach > address) {
		const struct told *told = &perfmap->told[--low];

		if (told->end > address && (!best || told->line > best->line))
			best = told;
	}
	if (!best)
		return NULL;
	*start = best->start;
	return best->name;
}
