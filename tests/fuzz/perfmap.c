/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * A perf-PID.map file, and where its lines begin and end.
 */
#include "config.h"

#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "symbols/perfmap.h"

/* A file with those bytes, which is the same one each time.  */
static int make_file(const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) ||
	    pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	return fd;
}

static void find(const struct perfmap *map, uint64_t address)
{
	uint64_t start = 0;
	const char *name = perfmap_find(map, address, &start);

	if (!name)
		return;
	if (start > address || !*name || strchr(name, '\n'))
		abort();
	fuzz_bytes(name, strlen(name));
}

/* Looks up what each line says, as far as the C library reads it.  */
static void find_all(const struct perfmap *map, char *text)
{
	for (char *line = text; line; line = strchr(line, '\n')) {
		uint64_t start, size;

		line += *line == '\n';
		start = strtoull(line, &line, 16);
		size = strtoull(line, &line, 16);
		find(map, start);
		find(map, start + size - 1);
		find(map, start + size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct perfmap *map = perfmap_read(make_file(data, size));
	char *text = malloc(size + 1);

	if (!map || !text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	find(map, 0);
	find(map, UINT64_MAX);
	find_all(map, text);
	perfmap_free(map);
	free(text);
	return 0;
}
