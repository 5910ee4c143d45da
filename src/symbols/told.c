/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/told.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/seed.h"
#include "symbols/demangle.h"
#include "symbols/internal.h"
#include "symbols/strings.h"
#include "symbols/wrappers.h"

struct entry {
	uint64_t key;
	struct frame frame;     /* object NULL and symbol NULL: nothing is known */
	struct place place;
	bool used;
};

struct told_table {
	pthread_mutex_t lock;
	struct entry *entries;  /* open addressing by key */
	size_t size;            /* a power of two, over twice the count */
	size_t count;
	uint64_t seed;          /* see base/seed.h */
};

void told_free(struct told_table *table)
{
	if (!table)
		return;
	pthread_mutex_destroy(&table->lock);
	free(table->entries);
	free(table);
}

static struct told_table *told_new(void)
{
	struct told_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->seed = seed_new();
	table->size = 1024;
	table->entries = calloc(table->size, sizeof(*table->entries));
	if (!table->entries) {
		free(table);
		return NULL;
	}
	pthread_mutex_init(&table->lock, NULL);
	return table;
}

/* The entry of KEY, or the free one for it.  */
static struct entry *find(const struct told_table *table, struct entry *entries,
			  size_t size, uint64_t key)
{
	size_t i = (size_t)seed_hash(table->seed, key) & (size - 1);

	while (entries[i].used && entries[i].key != key)
		i = (i + 1) & (size - 1);
	return &entries[i];
}

/* Returns false when out of memory.  */
static bool reserve(struct told_table *table)
{
	size_t size = table->size * 2;
	struct entry *entries;

	if (table->count < table->size / 2)
		return true;
	entries = calloc(size, sizeof(*entries));
	if (!entries)
		return false;
	for (size_t i = 0; i < table->size; i++) {
		if (table->entries[i].used)
			*find(table, entries, size, table->entries[i].key) =
				table->entries[i];
	}
	free(table->entries);
	table->entries = entries;
	table->size = size;
	return true;
}

/* Copies a string that is not terminated, cut to fit.  */
static void copy(char *dst, const char *src, size_t length)
{
	if (length >= NAME_MAX_BYTES)
		length = NAME_MAX_BYTES - 1;
	memcpy(dst, src, length);
	dst[length] = '\0';
}

/* As it was printed, but for the linker's names (perf script --no-demangle): a
   version, or "@plt", stays.  */
static const char *symbol_of(struct symbols *symbols, const struct told *told)
{
	char raw[NAME_MAX_BYTES], text[NAME_MAX_BYTES];

	copy(raw, told->symbol, told->symbol_length);
	if (raw[0] != '_' || !memchr("ZRD", raw[1], 3))
		return strings_intern(symbols->strings, raw);
	demangle(text, sizeof(text), raw);
	return strings_intern(symbols->strings, text);
}

static void set_object(struct symbols *symbols, const struct told *told,
		       struct entry *entry)
{
	char path[NAME_MAX_BYTES];
	const struct mapping mapping = { .path = path };
	const struct object *object;

	copy(path, told->object, told->object_length);
	entry->frame.object = strings_intern(symbols->strings, path);
	pthread_mutex_lock(&symbols->lock);
	object = objects_get(symbols->objects, symbols->sysroot, &mapping);
	pthread_mutex_unlock(&symbols->lock);
	if (object)
		entry->place.object = object->number;
	if (object && told->has_address)
		entry->place.offset = told->address;
}

static struct entry make_entry(struct symbols *symbols, const struct told *told)
{
	struct entry entry = {
		.key = told->key, .place = { 0, told->key }, .used = true,
	};
	struct frame *frame = &entry.frame;

	if (told->symbol)
		frame->symbol = symbol_of(symbols, told);
	if (frame->symbol) {
		frame->offset = told->offset;
		frame->no_offset = !told->has_offset;
		frame->allocator = is_allocator_name(frame->symbol);
	}
	if (told->object)
		set_object(symbols, told, &entry);
	frame->object_offset = told->address;
	frame->numbered = told->key != told->address;
	return entry;
}

void symbols_told(struct symbols *symbols, const struct told *told)
{
	struct told_table *table = atomic_load(&symbols->told);
	struct entry entry;

	if (!table) {
		table = told_new();
		if (!table)
			return;
		atomic_store(&symbols->told, table);
	}
	/* Only this thread adds any.  */
	if (find(table, table->entries, table->size, told->key)->used)
		return;
	entry = make_entry(symbols, told);
	pthread_mutex_lock(&table->lock);
	if (reserve(table)) {
		*find(table, table->entries, table->size, told->key) = entry;
		table->count++;
	}
	pthread_mutex_unlock(&table->lock);
}

static bool look_up(struct symbols *symbols, uint64_t address,
		    struct entry *entry)
{
	struct told_table *table = atomic_load(&symbols->told);

	if (!table)
		return false;
	pthread_mutex_lock(&table->lock);
	*entry = *find(table, table->entries, table->size, address);
	pthread_mutex_unlock(&table->lock);
	return entry->used;
}

bool told_frame(struct symbols *symbols, uint64_t address,
		struct frame *frame)
{
	struct entry entry;

	if (!look_up(symbols, address, &entry))
		return false;
	*frame = entry.frame;
	return true;
}

bool told_place(struct symbols *symbols, uint64_t address,
		struct place *place)
{
	struct entry entry;

	if (!look_up(symbols, address, &entry))
		return false;
	*place = entry.place;
	return true;
}
