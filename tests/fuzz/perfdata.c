/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * A whole perf.data file, of either format, or a text that is taken for one.
 */
#include "config.h"

#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "perfdata/perfdata.h"

/* A file is mapped, and behind its end the page goes on: what is read there
   would not be seen.  So the linker (--wrap) has mmap() give a copy that ends
   where the file does.  */
void *__real_mmap(void *address, size_t length, int protection, int flags,
		  int fd, off_t offset);
int __real_munmap(void *address, size_t length);
void *__wrap_mmap(void *address, size_t length, int protection, int flags,
		  int fd, off_t offset);
int __wrap_munmap(void *address, size_t length);

static const uint8_t *input;    /* NULL: nothing is to be replaced */
static size_t input_size;
static void *copy;              /* that took its place, until it is unmapped */

void *__wrap_mmap(void *address, size_t length, int protection, int flags,
		  int fd, off_t offset)
{
	if (!input || copy || fd < 0 || length != input_size ||
	    protection != PROT_READ)
		return __real_mmap(address, length, protection, flags, fd,
				   offset);
	copy = fuzz_copy(input, input_size);
	return copy;
}

int __wrap_munmap(void *address, size_t length)
{
	if (!copy || address != copy)
		return __real_munmap(address, length);
	free(copy);
	copy = NULL;
	return 0;
}

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
	struct sink sink = fuzz_sink();
	struct perfdata *perfdata;
	struct error error;
	const char *path = make_file(data, size);

	input = data;
	input_size = size;
	perfdata = perfdata_open(path, &error);
	if (perfdata) {
		const char *command = perfdata_command(perfdata);

		if (command)
			fuzz_bytes(command, strlen(command));
		/* leaktop reads again what has taught it something.  */
		for (int i = 0; i < 2; i++) {
			*error.text = '\0';
			if (perfdata_read(perfdata, &sink, NULL, NULL,
					  &error) && !*error.text)
				abort();
		}
		perfdata_close(perfdata);
	}
	input = NULL;
	return 0;
}
