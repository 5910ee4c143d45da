/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/file.h"

#include <byteswap.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/text.h"
#include "perfdata/features.h"
#include "perfdata/rescue.h"

/* "PERFFILE", before 2010.  */
#define MAGIC_OLD UINT64_C(0x454c494646524550)

#define PIPE_HEADER_SIZE 16
#define OLD_HEADER_SIZE offsetof(struct file_header, features)

/* An attr as it was first (PERF_ATTR_SIZE_VER0), and the section with its
   ids.  */
#define ATTR_SIZE_MIN (64 + sizeof(struct section))

bool file_has(const struct file *file, struct section section)
{
	return section.offset <= file->size &&
		section.size <= file->size - section.offset;
}

struct cursor file_section(const struct file *file, struct section section)
{
	if (!file_has(file, section))
		return (struct cursor){ NULL, 0 };
	return (struct cursor){ file->map + section.offset,
				(size_t)section.size };
}

static int refuse_directory(const struct file *file, int fd,
			    struct error *error)
{
	if (faccessat(fd, "data", F_OK, 0))
		return error_set(error, _("%s: is a directory"), file->name);
	return error_set(error, _("%s: is a recording in directory format (perf record --threads), which is not read yet"),
			 file->name);
}

static int map_file(struct file *file, int fd, struct error *error)
{
	struct stat stat;
	void *map;

	if (fstat(fd, &stat))
		return error_set(error, "%s: %s", file->name, strerror(errno));
	if (S_ISDIR(stat.st_mode))
		return refuse_directory(file, fd, error);
	if (!S_ISREG(stat.st_mode))
		return error_set(error, _("%s: is not a regular file"),
				 file->name);
	if (!stat.st_size)
		return error_set(error, _("%s: is empty"), file->name);
	map = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return error_set(error, "%s: %s", file->name, strerror(errno));
	file->map = map;
	file->size = (size_t)stat.st_size;
	return 0;
}

static int refuse_cut(const struct file *file, struct error *error)
{
	return error_set(error, _("%s: is cut off: its header says more than the %zu bytes that are there"),
			 file->name, file->size);
}

static int check_magic(const struct file *file, struct error *error)
{
	uint64_t magic = 0;
	size_t size = file->size < sizeof(magic) ? file->size : sizeof(magic);
	const uint64_t expected = FILE_MAGIC;

	memcpy(&magic, file->map, size);
	if (size < sizeof(magic) && !memcmp(&magic, &expected, size))
		return refuse_cut(file, error);
	if (magic == bswap_64(FILE_MAGIC))
		return error_set(error, _("%s: was recorded on a machine with another byte order, which is not read yet"),
				 file->name);
	if (magic == MAGIC_OLD || magic == bswap_64(MAGIC_OLD))
		return error_set(error, _("%s: has the format of perf before 2010, which is not read"),
				 file->name);
	if (magic != FILE_MAGIC)
		return error_set(error, _("%s: is not a perf.data file"),
				 file->name);
	return 0;
}

/* Reads the header, whose form its size tells.  */
static int read_header(struct file *file, struct error *error)
{
	struct file_header *header = &file->header;
	size_t size = file->size < sizeof(*header) ? file->size :
		sizeof(*header);

	memset(header, 0, sizeof(*header));
	memcpy(header, file->map, size);
	if (size < offsetof(struct file_header, attr_size))
		return refuse_cut(file, error);
	if (header->size == PIPE_HEADER_SIZE)
		return error_set(error, _("%s: has the format for pipes (perf record -o -), which is not read yet"),
				 file->name);
	if (header->size != sizeof(*header) && header->size != OLD_HEADER_SIZE)
		return error_set(error, _("%s: is damaged: a header of %llu bytes"),
				 file->name, (unsigned long long)header->size);
	if (file->size < header->size)
		return refuse_cut(file, error);
	if (header->size == OLD_HEADER_SIZE)
		memset(header->features, 0, sizeof(header->features));
	return 0;
}

static int check_header(struct file *file, struct error *error)
{
	struct file_header *header = &file->header;

	file->growing = features_has(file, FEATURE_UNFINISHED);
	if (features_has(file, FEATURE_DIR_FORMAT))
		return error_set(error, _("%s: is part of a recording in directory format (perf record --threads), which is not read yet"),
				 file->name);
	if (features_has(file, FEATURE_COMPRESSED))
		return error_set(error, _("%s: is compressed (perf record -z), which is not read yet"),
				 file->name);
	if (header->attr_size < ATTR_SIZE_MIN || header->attr_size % 8 ||
	    !header->attrs.size || header->attrs.size % header->attr_size)
		return error_set(error, _("%s: is damaged: %llu bytes of events of %llu bytes each"),
				 file->name,
				 (unsigned long long)header->attrs.size,
				 (unsigned long long)header->attr_size);
	if (file->growing && rescue_growing(file))
		return refuse_cut(file, error);
	if (!file_has(file, header->attrs) || !file_has(file, header->data))
		return refuse_cut(file, error);
	file->unfinished = !header->data.size;
	if (file->unfinished)
		header->data.size = file->size - header->data.offset;
	if (!file->growing)
		file->table = header->data.offset + header->data.size;
	return 0;
}

int file_open(struct file *file, const char *path, struct error *error)
{
	int result;
	int fd;

	memset(file, 0, sizeof(*file));
	text_clean(file->name, sizeof(file->name), path);
	/* Not to wait for the other end, should it be a FIFO.  */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_set(error, "%s: %s", file->name, strerror(errno));
	result = map_file(file, fd, error);
	close(fd);
	if (result)
		return -1;
	if (check_magic(file, error) || read_header(file, error) ||
	    check_header(file, error)) {
		file_close(file);
		return -1;
	}
	return 0;
}

void file_close(struct file *file)
{
	if (file->map)
		munmap((void *)(uintptr_t)file->map, file->size);
	file->map = NULL;
}
