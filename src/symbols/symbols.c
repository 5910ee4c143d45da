/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "symbols/internal.h"
#include "symbols/told.h"

struct symbols *symbols_new(void)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	pthread_mutex_init(&symbols->lock, NULL);
	pthread_mutex_init(&symbols->headers, NULL);
	pthread_mutex_init(&symbols->tables, NULL);
	symbols->strings = strings_new();
	symbols->spaces = spaces_new();
	if (symbols->strings) {
		symbols->objects = objects_new(symbols->strings);
		symbols->lines = lines_new(symbols->strings);
		symbols->jit = jit_new(symbols->strings);
	}
	symbols->fetch = fetch_new();
	if (!symbols->spaces || !symbols->objects || !symbols->lines ||
	    !symbols->jit) {
		symbols_free(symbols);
		return NULL;
	}
	return symbols;
}

static void dispose(struct symbols *symbols)
{
	told_free(atomic_load(&symbols->told));
	lines_free(symbols->lines);
	jit_free(symbols->jit);
	fetch_free(symbols->fetch);
	spaces_free(symbols->spaces);
	objects_free(symbols->objects);
	strings_free(symbols->strings);
	pthread_mutex_destroy(&symbols->lock);
	pthread_mutex_destroy(&symbols->headers);
	pthread_mutex_destroy(&symbols->tables);
	free(symbols);
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	fetch_stop(symbols->fetch);
	if (symbols->resolver)
		resolver_free(symbols->resolver, dispose);
	else
		dispose(symbols);
}

bool symbols_background(struct symbols *symbols)
{
	if (!symbols->resolver)
		symbols->resolver = resolver_new(symbols);
	return symbols->resolver != NULL;
}

int symbols_news_fd(const struct symbols *symbols)
{
	return symbols->resolver ? resolver_fd(symbols->resolver) : -1;
}

uint32_t symbols_space(struct symbols *symbols, uint32_t pid)
{
	uint32_t space;

	pthread_mutex_lock(&symbols->lock);
	space = spaces_of(symbols->spaces, pid);
	pthread_mutex_unlock(&symbols->lock);
	return space;
}

void symbols_fork(struct symbols *symbols, uint32_t parent, uint32_t child)
{
	pthread_mutex_lock(&symbols->lock);
	spaces_fork(symbols->spaces, parent, child);
	pthread_mutex_unlock(&symbols->lock);
}

void symbols_exec(struct symbols *symbols, uint32_t pid)
{
	pthread_mutex_lock(&symbols->lock);
	spaces_exec(symbols->spaces, pid);
	pthread_mutex_unlock(&symbols->lock);
}

void symbols_forget_processes(struct symbols *symbols)
{
	pthread_mutex_lock(&symbols->lock);
	spaces_forget(symbols->spaces);
	pthread_mutex_unlock(&symbols->lock);
}

void symbols_map(struct symbols *symbols, const struct mapping *mapping)
{
	const struct root *root;
	struct object *object;

	pthread_mutex_lock(&symbols->lock);
	root = spaces_root(symbols->spaces, mapping->pid);
	object = objects_get(symbols->objects, root ? root : symbols->sysroot,
			     mapping);
	if (spaces_map(symbols->spaces, mapping->pid, mapping->start,
		       mapping->length, mapping->offset, object))
		atomic_fetch_add(&symbols->changes, 1);
	pthread_mutex_unlock(&symbols->lock);
}

bool symbols_build_id(struct symbols *symbols, struct mapping *mapping)
{
	const struct image *image = NULL;
	const struct root *root;
	struct object *object;

	pthread_mutex_lock(&symbols->lock);
	root = spaces_root(symbols->spaces, mapping->pid);
	object = objects_get(symbols->objects, root ? root : symbols->sysroot,
			     mapping);
	pthread_mutex_unlock(&symbols->lock);
	if (object)
		image = object_image(object, &symbols->headers);
	if (!image || !image->build_id.size)
		return false;
	mapping->build_id_size = image->build_id.size;
	memcpy(mapping->build_id, image->build_id.bytes,
	       image->build_id.size);
	return true;
}

void symbols_set_root(struct symbols *symbols, uint32_t pid, const char *root)
{
	pthread_mutex_lock(&symbols->lock);
	spaces_set_root(symbols->spaces, pid,
			root ? objects_root(symbols->objects, root) : NULL);
	pthread_mutex_unlock(&symbols->lock);
}

void symbols_set_sysroot(struct symbols *symbols, const char *directory)
{
	struct root *root;

	pthread_mutex_lock(&symbols->lock);
	root = objects_root(symbols->objects, directory);
	if (root)
		root->first = true;
	symbols->sysroot = root;
	pthread_mutex_unlock(&symbols->lock);
}

struct object *symbols_locate(struct symbols *symbols, uint32_t space,
			      uint64_t address, uint64_t *offset)
{
	struct object *object;

	pthread_mutex_lock(&symbols->lock);
	object = spaces_find(symbols->spaces, space, address, offset);
	pthread_mutex_unlock(&symbols->lock);
	return object;
}

const char *symbols_object(struct symbols *symbols, uint32_t space,
			   uint64_t address)
{
	uint64_t offset;
	const struct object *object = symbols_locate(symbols, space, address,
						     &offset);

	return object ? object->shown : NULL;
}

struct place symbols_place(struct symbols *symbols, uint32_t space,
			   uint64_t address)
{
	uint64_t offset;
	const struct object *object;
	struct place place;

	if (told_place(symbols, address, &place))
		return place;
	object = symbols_locate(symbols, space, address, &offset);
	if (!object)
		return (struct place){ .object = 0, .offset = address };
	return (struct place){ .object = object->number, .offset = offset };
}

uint64_t symbols_changes(const struct symbols *symbols)
{
	return atomic_load_explicit(&symbols->changes, memory_order_relaxed);
}

const struct image *symbols_image(struct symbols *symbols,
				  struct object *object, uint64_t offset,
				  uint64_t *address)
{
	const struct image *image = object_image(object, &symbols->headers);

	if (!image || !object_matches(object, image) ||
	    !image_address(image, offset, address))
		return NULL;
	return image;
}

const struct image *symbols_fetch_image(struct symbols *symbols,
					struct object *object, uint64_t offset,
					uint64_t *address)
{
	const struct image *image = symbols_image(symbols, object, offset,
						  address);

	if (image || !symbols->fetch)
		return image;
	object_fetch_image(object, symbols->fetch, &symbols->headers);
	return symbols_image(symbols, object, offset, address);
}

void symbols_stop_waiting(struct symbols *symbols)
{
	fetch_stop(symbols->fetch);
}

int symbols_is_stub(struct symbols *symbols, uint32_t space, uint64_t address)
{
	uint64_t offset, in_file;
	struct object *object = symbols_locate(symbols, space, address, &offset);
	const struct image *image;

	if (!object)
		return -1;
	image = symbols_image(symbols, object, offset, &in_file);
	if (!image || !image->has_sections)
		return -1;
	return image_is_stub(image, in_file);
}
