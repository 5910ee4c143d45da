/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/objects.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/seed.h"
#include "base/text.h"
#include "symbols/below.h"
#include "symbols/cache.h"
#include "symbols/image.h"
#include "symbols/names.h"
#include "symbols/strings.h"

struct objects {
	struct strings *strings;
	char *cache;                    /* see cache.h; NULL: none */
	struct root *roots;
	struct object **buckets;        /* newest first in each */
	size_t size;                    /* a power of two */
	uint32_t count;
	uint64_t seed;                  /* see base/seed.h */
};

struct objects *objects_new(struct strings *strings)
{
	struct objects *objects = calloc(1, sizeof(*objects));

	if (!objects)
		return NULL;
	objects->strings = strings;
	objects->cache = cache_directory();
	objects->seed = seed_new();
	objects->size = 64;
	objects->buckets = calloc(objects->size, sizeof(struct object *));
	if (!objects->buckets) {
		free(objects->cache);
		free(objects);
		return NULL;
	}
	return objects;
}

static void object_free(struct object *object)
{
	names_free(atomic_load(&object->names));
	image_free(atomic_load(&object->image));
	free((void *)atomic_load(&object->wanted));
	free(atomic_load(&object->fetched));
	free(object->path);
	free(object);
}

void objects_free(struct objects *objects)
{
	struct root *root, *next_root;

	if (!objects)
		return;
	for (size_t i = 0; i < objects->size; i++) {
		struct object *object, *next;

		for (object = objects->buckets[i]; object; object = next) {
			next = object->next;
			object_free(object);
		}
	}
	for (root = objects->roots; root; root = next_root) {
		next_root = root->next;
		if (root->fd >= 0)
			close(root->fd);
		free(root->path);
		free(root);
	}
	free(objects->buckets);
	free(objects->cache);
	free(objects);
}

struct root *objects_root(struct objects *objects, const char *path)
{
	struct root *root;

	for (root = objects->roots; root; root = root->next) {
		if (!strcmp(root->path, path))
			return root;
	}
	root = calloc(1, sizeof(*root));
	if (!root)
		return NULL;
	root->path = strdup(path);
	if (!root->path) {
		free(root);
		return NULL;
	}
	/* Held open: the files stay within reach after the process is gone.  */
	root->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	root->next = objects->roots;
	objects->roots = root;
	return root;
}

/* Whether the kernel means a file by this.  */
static bool is_file(const char *path)
{
	static const char *const others[] = {
		"//", "/dev/", "/memfd:", "/SYSV", "/anon_hugepage", "/[",
	};

	if (path[0] != '/')
		return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!strncmp(path, others[i], strlen(others[i])))
			return false;
	}
	return true;
}

static void grow(struct objects *objects)
{
	size_t size = objects->size * 2;
	struct object **buckets = calloc(size, sizeof(struct object *));
	struct object ***ends = calloc(size, sizeof(*ends));

	if (buckets && ends) {
		/* Keeps the order, so that the newest stay first.  */
		for (size_t i = 0; i < size; i++)
			ends[i] = &buckets[i];
		for (size_t i = 0; i < objects->size; i++) {
			struct object *object, *next;

			for (object = objects->buckets[i]; object;
			     object = next) {
				size_t slot = object->hash & (size - 1);

				next = object->next;
				object->next = NULL;
				*ends[slot] = object;
				ends[slot] = &object->next;
			}
		}
		free(objects->buckets);
		objects->buckets = buckets;
		objects->size = size;
	} else {
		free(buckets);
	}
	free(ends);
}

void build_id_text(const struct build_id *id, char *text)
{
	text[0] = '\0';
	for (size_t i = 0; i < id->size && i < BUILD_ID_MAX; i++)
		snprintf(text + 2 * i, 3, "%02x", id->bytes[i]);
}

static struct build_id *build_id_new(const struct mapping *mapping)
{
	struct build_id *id = calloc(1, sizeof(*id));

	if (!id)
		return NULL;
	id->size = mapping->build_id_size;
	memcpy(id->bytes, mapping->build_id, id->size);
	return id;
}

/* Whether OBJECT can be the file with the build id of MAPPING.  One that had
   none takes it over, unless it is known to have another.  */
static bool fits(struct object *object, const struct mapping *mapping)
{
	const struct build_id *wanted = atomic_load(&object->wanted);
	struct image *image;
	struct build_id *id;

	if (!mapping->build_id_size)
		return true;
	if (wanted)
		return wanted->size == mapping->build_id_size &&
		       !memcmp(wanted->bytes, mapping->build_id, wanted->size);
	id = build_id_new(mapping);
	if (!id)
		return false;
	image = atomic_load(&object->image);
	if (image && !image_has_build_id(image, id)) {
		free(id);
		return false;
	}
	atomic_store(&object->wanted, id);
	return true;
}

struct object *objects_get(struct objects *objects, const struct root *root,
			   const struct mapping *mapping)
{
	const char *path = mapping->path;
	struct object *object;
	uint32_t hash;
	size_t slot;

	if (!path || !is_file(path) || mapping->build_id_size > BUILD_ID_MAX)
		return NULL;
	hash = (uint32_t)text_hash(objects->seed, path, strlen(path));
	slot = hash & (objects->size - 1);
	for (object = objects->buckets[slot]; object; object = object->next) {
		if (object->hash == hash && object->root == root &&
		    !strcmp(object->path, path) && fits(object, mapping))
			return object;
	}
	if (objects->count == UINT32_MAX)
		return NULL;
	object = calloc(1, sizeof(*object));
	if (!object)
		return NULL;
	object->hash = hash;
	object->root = root;
	object->cache = objects->cache;
	object->path = strdup(path);
	object->shown = strings_intern(objects->strings, path);
	if (mapping->build_id_size)
		atomic_init(&object->wanted, build_id_new(mapping));
	if (!object->path || !object->shown ||
	    (mapping->build_id_size && !atomic_load(&object->wanted))) {
		object_free(object);
		return NULL;
	}
	object->number = ++objects->count;
	object->next = objects->buckets[slot];
	objects->buckets[slot] = object;
	if (objects->count > objects->size)
		grow(objects);
	return object;
}

/* FD, which may be -1, if it is a regular file; else -1.  */
static int only_regular(int fd)
{
	struct stat status;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_below_root(const struct object *object)
{
	if (!object->root || object->root->fd < 0)
		return -1;
	return only_regular(open_below(object->root->fd, object->path, 0));
}

/* The path of COPY from here, malloc'd.  NULL: there is no such copy.  */
static char *copy_path(const struct object *object, enum copy copy)
{
	const struct build_id *wanted = atomic_load(&object->wanted);
	const struct root *root = object->root;
	const char *fetched;
	char *path;

	switch (copy) {
	case COPY_BELOW_ROOT:
		if (!root || asprintf(&path, "%s%s", root->path,
				      object->path) < 0)
			return NULL;
		return path;
	case COPY_OWN_PATH:
		return !root || root->first ? strdup(object->path) : NULL;
	case COPY_FETCHED:
		fetched = atomic_load(&object->fetched);
		return fetched ? strdup(fetched) : NULL;
	default:
		return wanted ? cache_path(object->cache, wanted,
					   copy == COPY_CACHED ? CACHE_ELF
							       : CACHE_OLD)
			      : NULL;
	}
}

int object_open_copy(const struct object *object, enum copy copy)
{
	char *path;
	int fd;

	/* Its path may be out of reach by now.  */
	if (copy == COPY_BELOW_ROOT)
		return open_below_root(object);
	path = copy_path(object, copy);
	fd = path ? only_regular(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
				      O_NOCTTY))
		  : -1;
	free(path);
	return fd;
}

/* The copy that the image is of; if there is none yet, the first that can be
   opened.  COPY_COUNT: none.  */
static enum copy chosen(const struct object *object, int *fd)
{
	const struct image *image = atomic_load(&object->image);
	enum copy copy = COPY_BELOW_ROOT;

	if (image && image->readable) {
		*fd = object_open_copy(object, image->copy);
		return image->copy;
	}
	for (; copy < COPY_COUNT; copy++) {
		*fd = object_open_copy(object, copy);
		if (*fd >= 0)
			break;
	}
	return copy;
}

int object_open(const struct object *object)
{
	int fd = -1;

	chosen(object, &fd);
	return fd;
}

char *object_file(const struct object *object)
{
	int fd = -1;
	enum copy copy = chosen(object, &fd);

	if (fd >= 0)
		close(fd);
	return copy_path(object, copy < COPY_COUNT ? copy : COPY_OWN_PATH);
}
