/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/images.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "capture/linkmap.h"
#include "capture/target.h"

/* More files than this are not looked at.  */
#define IMAGES_MAX 65536

static const char *base_name(const char *path)
{
	const char *name = strrchr(path, '/');

	return name ? name + 1 : path;
}

static bool has_prefix(const char *path, const char *const prefixes[])
{
	const char *name = base_name(path);

	for (; *prefixes; prefixes++) {
		if (!strncmp(name, *prefixes, strlen(*prefixes)))
			return true;
	}
	return false;
}

bool image_is_c_library(const char *path)
{
	static const char *const prefixes[] = {
		"libc-2.", "ld-musl-", "libc.musl-", NULL
	};
	const char *name = base_name(path);

	/* The latter is musl's, which ld-musl-* links to.  */
	return !strcmp(name, "libc.so.6") || !strcmp(name, "libc.so") ||
		has_prefix(path, prefixes);
}

/* Old ones define a malloc that only serves until the C library is there.  */
static bool is_loader(const char *path)
{
	static const char *const prefixes[] = {
		"ld-linux", "ld-2.", "ld64.so", "ld.so", NULL
	};

	return has_prefix(path, prefixes);
}

struct search {
	struct images *images;
	const struct linkmap *linkmap;
	bool no_memory;
};

static struct image *find(struct images *images,
			  const struct target_map *map)
{
	/* A file's mappings mostly follow one another.  */
	for (size_t i = images->count; i-- > 0;) {
		struct image *image = &images->image[i];

		if (image->inode == map->inode && image->device == map->device)
			return image;
	}
	return NULL;
}

static struct image *add(struct search *search, const struct target_map *map)
{
	struct images *images = search->images;
	struct image *image;

	if (images->count == images->room) {
		size_t room = images->room ? 2 * images->room : 64;

		image = realloc(images->image, room * sizeof *image);
		if (!image)
			return NULL;
		images->image = image;
		images->room = room;
	}
	image = &images->image[images->count];
	memset(image, 0, sizeof *image);
	image->path = strdup(map->path);
	if (!image->path)
		return NULL;
	image->device = map->device;
	image->inode = map->inode;
	image->order = UINT64_MAX;
	image->is_deleted = map->deleted;
	image->is_c_library = image_is_c_library(map->path);
	images->count++;
	return image;
}

static bool take_map(void *context, const struct target_map *map)
{
	struct search *search = context;
	const struct linkmap *linkmap = search->linkmap;
	struct image *image;

	if (!map->inode)
		return true;
	image = find(search->images, map);
	if (!image && search->images->count < IMAGES_MAX) {
		image = add(search, map);
		search->no_memory = !image;
	}
	if (!image)
		return false;
	if (map->executable && !image->end) {
		image->start = map->start;
		image->end = map->end;
	}
	if (map->start <= linkmap->entry && linkmap->entry < map->end)
		image->is_executable = true;
	for (size_t i = 0; i < linkmap->count && i < image->order; i++) {
		if (map->start <= linkmap->dynamic[i] &&
		    linkmap->dynamic[i] < map->end)
			image->order = i;
	}
	return true;
}

static int compare_orders(const void *a, const void *b)
{
	uint64_t x = ((const struct image *)a)->order;
	uint64_t y = ((const struct image *)b)->order;

	return (x > y) - (x < y);
}

/* Drops what has no code or is not asked for symbols, and sorts the rest.  */
static void put_in_order(struct images *images, bool listed)
{
	size_t count = 0;

	for (size_t i = 0; i < images->count; i++) {
		struct image *image = &images->image[i];

		if (image->is_executable)
			image->order = 0;
		else if (image->is_c_library && image->order == UINT64_MAX)
			/* Being mapped: all that comes before it is there.  */
			image->order = UINT64_MAX - 1;
		else if (!listed && !image->is_c_library)
			/* The kernel mostly maps from high addresses down.  */
			image->order = UINT64_MAX - 2 - image->start / 4096;
		if (!image->end || image->order == UINT64_MAX ||
		    is_loader(image->path))
			free(image->path);
		else
			images->image[count++] = *image;
	}
	images->count = count;
	if (count)
		qsort(images->image, count, sizeof *images->image,
		      compare_orders);
}

int images_read(struct images *images, pid_t pid)
{
	struct linkmap linkmap;
	struct search search = { images, &linkmap, false };
	int result;

	memset(images, 0, sizeof *images);
	linkmap_read(&linkmap, pid);
	result = target_maps(pid, take_map, &search);
	put_in_order(images, linkmap.count);
	linkmap_free(&linkmap);
	if (!result && search.no_memory) {
		errno = ENOMEM;
		result = -1;
	}
	return result;
}

void images_free(struct images *images)
{
	for (size_t i = 0; i < images->count; i++)
		free(images->image[i].path);
	free(images->image);
}

/* Whether the files at PATH tell another device by stat() than by
   /proc/PID/maps.  */
static bool has_two_devices(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && (fs.f_type == BTRFS_SUPER_MAGIC ||
				      fs.f_type == OVERLAYFS_SUPER_MAGIC);
}

/* Whether PATH leads to the file that is mapped; MAPPED is what stat() says
   about that, NULL where it may not be asked.  */
static bool is_file(const char *path, const struct image *image,
		    const struct stat *mapped)
{
	struct stat st;

	if (stat(path, &st))
		return false;
	if (mapped)
		return st.st_dev == mapped->st_dev &&
			st.st_ino == mapped->st_ino;
	return !image->is_deleted && st.st_ino == image->inode &&
		(st.st_dev == image->device || has_two_devices(path));
}

int image_open(const struct image *image, pid_t pid, char *path, size_t size,
	       bool *replaced)
{
	char link[96];
	struct stat st;
	const struct stat *mapped;

	snprintf(link, sizeof link, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64,
		 (int)pid, image->start, image->end);
	mapped = stat(link, &st) ? NULL : &st;
	*replaced = true;
	for (int root = 0; root < 2; root++) {
		int n = root ? snprintf(path, size, "/proc/%d/root%s",
					(int)pid, image->path) :
			snprintf(path, size, "%s", image->path);

		if (n < 0 || (size_t)n >= size ||
		    !is_file(path, image, mapped))
			continue;
		*replaced = false;
		/* A blank would end the path in the kernel's probe syntax.  */
		if (!strpbrk(path, " \t\n"))
			return open(path, O_RDONLY | O_CLOEXEC);
	}
	/* Right by construction, but needs more privileges.  */
	snprintf(path, size, "%s", link);
	return open(path, O_RDONLY | O_CLOEXEC);
}
