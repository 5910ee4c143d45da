/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * A whole perf.data file, of either format, or a text that is taken for one.
 */
#include "config.h"

#include "fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exact_map.h"
#include "read_all.h"

/* The path of a file with those bytes, which is the same one each time.  */
static const char *make_file(const uint8_t *data, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (fd < 0 || ftruncate(fd, 0) ||
	    pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_read_all(make_file(data, size));
	return 0;
}
