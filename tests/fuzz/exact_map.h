/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * A file is mapped by pages, and behind its end the last one goes on: what is
 * read there would not be seen.  So the linker (--wrap) has mmap() give a copy
 * that ends where the file does.
 */
#ifndef LEAKTOP_TESTS_FUZZ_EXACT_MAP_H
#define LEAKTOP_TESTS_FUZZ_EXACT_MAP_H

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of so many files at once.  */
#define EXACT_MAPS 2

static void *exact_maps[EXACT_MAPS];    /* NULL: none */

void *__real_mmap(void *address, size_t length, int protection, int flags,
		  int fd, off_t offset);
int __real_munmap(void *address, size_t length);
void *__wrap_mmap(void *address, size_t length, int protection, int flags,
		  int fd, off_t offset);
int __wrap_munmap(void *address, size_t length);

static void **find_exact_map(const void *copy)
{
	for (int i = 0; i < EXACT_MAPS; i++) {
		if (exact_maps[i] == copy)
			return &exact_maps[i];
	}
	return NULL;
}

void *__wrap_mmap(void *address, size_t length, int protection, int flags,
		  int fd, off_t offset)
{
	void **place = find_exact_map(NULL);
	void *copy;

	/* As perfdata/file.c maps what it is to read, and nobody else does.  */
	if (!place || fd < 0 || protection != PROT_READ || flags != MAP_PRIVATE)
		return __real_mmap(address, length, protection, flags, fd,
				   offset);
	copy = malloc(length);
	if (!copy || pread(fd, copy, length, offset) != (ssize_t)length)
		abort();
	*place = copy;
	return copy;
}

int __wrap_munmap(void *address, size_t length)
{
	void **place = address ? find_exact_map(address) : NULL;

	if (!place)
		return __real_munmap(address, length);
	free(address);
	*place = NULL;
	return 0;
}

#endif
