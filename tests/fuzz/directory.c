/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * A recording that is a directory (perf record --threads), with a file for one
 * CPU beside the main one.
 */
#include "config.h"

#include "fuzz.h"

#include <stdio.h>
#include <unistd.h>

#include "exact_map.h"
#include "read_all.h"

/* The first two bytes: how many at the end are that of the CPU.  */
#define START 2

/* In memory, if there is such a place: millions of files are written.  */
static char directory[] = "/dev/shm/leaktop-fuzz-XXXXXX";
static char files[2][sizeof(directory) + sizeof("/data.0")];

static void clean_up(void)
{
	unlink(files[0]);
	unlink(files[1]);
	rmdir(directory);
}

static void set_up(void)
{
	static const char *const names[] = { "data", "data.0" };

	if (!mkdtemp(directory)) {
		strcpy(directory, "/tmp/leaktop-fuzz-XXXXXX");
		if (!mkdtemp(directory))
			abort();
	}
	for (int i = 0; i < 2; i++)
		snprintf(files[i], sizeof(files[i]), "%s/%s", directory,
			 names[i]);
	atexit(clean_up);
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
	FILE *file = fopen(path, "we");

	if (!file || fwrite(data, 1, size, file) != size || fclose(file))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t part;

	if (!*files[0])
		set_up();
	if (size < START)
		return 0;
	part = data[0] | (size_t)data[1] << 8;
	if (part > size - START)
		part = size - START;
	write_file(files[0], data + START, size - START - part);
	write_file(files[1], data + size - part, part);
	fuzz_read_all(directory);
	return 0;
}
