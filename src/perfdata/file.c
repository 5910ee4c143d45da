/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/file.h"

#include <byteswap.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/shrunken.h"
#include "base/text.h"
#include "perfdata/features.h"
#include "perfdata/pipe.h"
#include "perfdata/rescue.h"
#include "perfdata/spool.h"
#include "perfdata/text.h"

/* "PERFFILE", before 2010.  */
#define MAGIC_OLD UINT64_C(0x454c494646524550)

#define PIPE_HEADER_SIZE 16
/* PERF_COMP_ZSTD in perf's sources.  */
#define COMPRESSED_ZSTD 1

#define OLD_HEADER_SIZE offsetof(struct file_header, features)

/* An attr as it was first (PERF_ATTR_SIZE_VER0), and the section with its
   ids.  */
#define ATTR_SIZE_MIN (64 + sizeof(struct section))

uint64_t file_size(const struct file *file)
{
	return file->spool ? spool_size(file->spool) : file->size;
}

uint64_t file_data_end(const struct file *file)
{
	return file->pipe || file->text ? file_size(file) :
		file->header.data.offset + file->header.data.size;
}

int file_more(const struct file *file)
{
	return file->spool ? spool_more(file->spool) : 0;
}

const char *file_trouble(const struct file *file)
{
	return file->spool ? spool_trouble(file->spool) : "";
}

bool file_has(const struct file *file, struct section section)
{
	uint64_t size = file_size(file);

	return section.offset <= size && section.size <= size - section.offset;
}

struct cursor file_section(const struct file *file, struct section section)
{
	if (!file_has(file, section))
		return CURSOR_NONE;
	return (struct cursor){ file->map + section.offset,
				(size_t)section.size, file->swapped };
}

static int map_file(struct file *file, int fd, size_t size, struct error *error)
{
	void *map;

	if (!size)
		return error_set(error, _("%s: is empty"), file->name);
	map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return error_set(error, "%s: %s", file->name, strerror(errno));
	shrunken_expect(map, size);
	file->map = map;
	file->size = size;
	return 0;
}

static int refuse_cut(const struct file *file, struct error *error)
{
	return error_set(error, _("%s: is cut off: its header says more than the %zu bytes that are there"),
			 file->name, (size_t)file_size(file));
}

static int check_magic(struct file *file, struct error *error)
{
	uint64_t magic = 0;
	size_t size = file_size(file) < sizeof(magic) ?
		(size_t)file_size(file) : sizeof(magic);
	const uint64_t expected = FILE_MAGIC;

	memcpy(&magic, file->map, size);
	if (size < sizeof(magic) && size && !memcmp(&magic, &expected, size))
		return refuse_cut(file, error);
	file->swapped = magic == bswap_64(FILE_MAGIC);
	if (magic == MAGIC_OLD || magic == bswap_64(MAGIC_OLD))
		return error_set(error, _("%s: has the format of perf before 2010, which is not read"),
				 file->name);
	if (magic != FILE_MAGIC && !file->swapped)
		return text_open(file, error);
	return 0;
}

/* The features' bits are longs of the machine that wrote them: where those have
   4 bytes, and their order is not this machine's, they stand in pairs the other
   way round.  Every file names its host.  */
static void swap_features(uint64_t *features)
{
	if (features[0] >> FEATURE_HOSTNAME & 1 ||
	    !(features[0] >> 32 >> FEATURE_HOSTNAME & 1))
		return;
	for (int i = 0; i < 4; i++)
		features[i] = features[i] << 32 | features[i] >> 32;
}

/* Reads the header, whose form its size tells.  */
static int read_header(struct file *file, struct error *error)
{
	struct file_header *header = &file->header;
	uint64_t numbers[sizeof(*header) / sizeof(uint64_t)] = { 0 };
	struct cursor cursor = file_section(file, (struct section){
		0, file_size(file) < sizeof(numbers) ? file_size(file) :
		sizeof(numbers) });
	size_t count = 0;

	while (count < sizeof(numbers) / sizeof(*numbers) &&
	       cursor_u64(&cursor, &numbers[count]))
		count++;
	memcpy(header, numbers, sizeof(*header));
	if (count * sizeof(*numbers) < PIPE_HEADER_SIZE)
		return refuse_cut(file, error);
	if (header->size != sizeof(*header) && header->size != OLD_HEADER_SIZE)
		return error_set(error, _("%s: is damaged: a header of %llu bytes"),
				 file->name, (unsigned long long)header->size);
	if (file_size(file) < header->size)
		return refuse_cut(file, error);
	if (header->size == OLD_HEADER_SIZE)
		memset(header->features, 0, sizeof(header->features));
	if (file->swapped)
		swap_features(header->features);
	return 0;
}

/* Of the features, only the way of compressing matters to what is read.  */
static int check_compression(const struct file *file, struct error *error)
{
	struct cursor cursor = feature_section(file, FEATURE_COMPRESSED);
	uint32_t version, type;

	if (!cursor_u32(&cursor, &version) || !cursor_u32(&cursor, &type) ||
	    type == COMPRESSED_ZSTD)
		return 0;
	return error_set(error, _("%s: is compressed in a way that is not known (number %lu)"),
			 file->name, (unsigned long)type);
}

static int check_header(struct file *file, struct error *error)
{
	struct file_header *header = &file->header;

	file->growing = features_has(file, FEATURE_UNFINISHED);
	if (features_has(file, FEATURE_DIR_FORMAT) && !file->directory)
		return error_set(error, _("%s: is part of a recording in directory format (perf record --threads): give the directory"),
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
		header->data.size = file_size(file) - header->data.offset;
	if (!file->growing)
		file->table = header->data.offset + header->data.size;
	return 0;
}

/* What is behind the header in the format for pipes.  */
static int start_pipe(struct file *file, struct error *error)
{
	struct file_header *header = &file->header;

	memset(header, 0, sizeof(*header));
	header->size = PIPE_HEADER_SIZE;
	header->data.offset = PIPE_HEADER_SIZE;
	return pipe_read(file, error);
}

static bool has_pipe_format(const struct file *file)
{
	struct cursor cursor = file_section(file, (struct section){
		sizeof(uint64_t), sizeof(uint64_t) });
	uint64_t size;

	return cursor_u64(&cursor, &size) && size == PIPE_HEADER_SIZE;
}

static int refuse_trouble(const struct file *file, struct error *error)
{
	return error_set(error, "%s: %s", file->name, file_trouble(file));
}

int file_start(struct file *file, struct error *error)
{
	while (file_size(file) < PIPE_HEADER_SIZE && file_more(file) > 0)
		;
	if (!file_size(file) && *file_trouble(file))
		return refuse_trouble(file, error);
	if (!file_size(file))
		return error_set(error, _("%s: is empty"), file->name);
	if (check_magic(file, error))
		return -1;
	if (file->text)
		return 0;
	if (has_pipe_format(file))
		return start_pipe(file, error) ? -1 :
			check_compression(file, error);
	/* What says where things are, says so at any place.  */
	while (file_more(file) > 0)
		;
	if (*file_trouble(file))
		return refuse_trouble(file, error);
	return read_header(file, error) || check_header(file, error) ? -1 :
		check_compression(file, error);
}

/* FD is closed or kept.  */
static int open_stream(struct file *file, int fd, struct error *error)
{
	struct error why;

	file->spool = spool_new(fd, &why);
	if (!file->spool)
		return error_set(error, "%s: %s", file->name, why.text);
	file->map = spool_bytes(file->spool);
	return 0;
}

/* FD is closed or kept.  */
static int open_directory(struct file *file, int fd, struct error *error)
{
	struct stat stat;
	int data = openat(fd, "data", O_RDONLY | O_CLOEXEC | O_NONBLOCK |
			  O_NOCTTY);
	int result;

	file->directory = true;
	file->directory_fd = fd;
	if (data < 0)
		return errno == ENOENT ?
			error_set(error, _("%s: is a directory"), file->name) :
			error_set(error, "%s/data: %s", file->name,
				  strerror(errno));
	if (fstat(data, &stat) || !S_ISREG(stat.st_mode))
		result = error_set(error, _("%s/data: is not a regular file"),
				   file->name);
	else
		result = map_file(file, data, (size_t)stat.st_size, error);
	close(data);
	return result;
}

/* Whether what FD gives can be read but once.  Of a regular file the part may
   be meant that begins where it stands.  */
static bool is_stream(int fd, mode_t mode)
{
	return S_ISFIFO(mode) || S_ISSOCK(mode) ||
		(S_ISREG(mode) && lseek(fd, 0, SEEK_CUR) > 0);
}

/* Takes over FD.  */
static int open_kind(struct file *file, int fd, struct error *error)
{
	struct stat stat;
	int result;

	if (fstat(fd, &stat)) {
		result = error_set(error, "%s: %s", file->name,
				   strerror(errno));
	} else if (S_ISDIR(stat.st_mode)) {
		return open_directory(file, fd, error);
	} else if (is_stream(fd, stat.st_mode)) {
		return open_stream(file, fd, error);
	} else if (!S_ISREG(stat.st_mode)) {
		result = error_set(error, isatty(fd) ?
				   _("%s: is a terminal, and a recording is wanted") :
				   _("%s: is not a regular file"), file->name);
	} else {
		result = map_file(file, fd, (size_t)stat.st_size, error);
	}
	close(fd);
	return result;
}

int file_prepare(struct file *file, const char *path, struct error *error)
{
	bool standard = !strcmp(path, "-");
	int fd;

	memset(file, 0, sizeof(*file));
	text_clean(file->name, sizeof(file->name),
		   standard ? _("standard input") : path);
	/* Not to wait for the other end, should it be a FIFO.  */
	fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) :
		open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_set(error, "%s: %s", file->name, strerror(errno));
	if (open_kind(file, fd, error)) {
		file_close(file);
		return -1;
	}
	return 0;
}

int file_open(struct file *file, const char *path, struct error *error)
{
	if (file_prepare(file, path, error))
		return -1;
	if (!file->spool && file_start(file, error)) {
		file_close(file);
		return -1;
	}
	return 0;
}

int file_open_part(struct file *part, const struct file *file,
		   const char *name, struct error *error)
{
	int fd = openat(file->directory_fd, name,
			O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat stat;
	int result = 0;

	memset(part, 0, sizeof(*part));
	snprintf(part->name, sizeof(part->name), "%.200s/%.40s", file->name,
		 name);
	part->swapped = file->swapped;
	part->header.size = sizeof(part->header);
	if (fd < 0)
		return error_set(error, "%s: %s", part->name, strerror(errno));
	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode))
		result = error_set(error, _("%s: is not a regular file"),
				   part->name);
	else if (stat.st_size)
		result = map_file(part, fd, (size_t)stat.st_size, error);
	part->header.data.size = part->size;
	close(fd);
	return result;
}

void file_close(struct file *file)
{
	text_free(file->text);
	file->text = NULL;
	pipe_free(file->pipe);
	file->pipe = NULL;
	if (file->directory)
		close(file->directory_fd);
	file->directory = false;
	if (file->spool) {
		spool_free(file->spool);
	} else if (file->map) {
		shrunken_forget(file->map);
		munmap((void *)(uintptr_t)file->map, file->size);
	}
	file->spool = NULL;
	file->map = NULL;
}
