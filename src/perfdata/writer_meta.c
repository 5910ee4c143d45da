/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/writer_meta.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/grown.h"

/* Far more than any program has; and not so many that they matter.  */
#define OBJECTS_MAX 65536
#define EVENTS_MAX 65536
#define FORMAT_SIZE_MAX (1 << 20)

void meta_init(struct meta *meta)
{
	*meta = (struct meta){ 0 };
	pthread_mutex_init(&meta->lock, NULL);
}

void meta_free(struct meta *meta)
{
	for (size_t i = 0; i < meta->event_count; i++) {
		free(meta->events[i].name);
		free(meta->events[i].ids);
	}
	for (size_t i = 0; i < meta->format_count; i++) {
		free(meta->formats[i].group);
		free(meta->formats[i].text);
	}
	for (size_t i = 0; i < meta->object_count; i++)
		free(meta->objects[i].path);
	free(meta->events);
	free(meta->formats);
	free(meta->objects);
	idmap_free(&meta->ids);
	idmap_free(&meta->paths);
	pthread_mutex_destroy(&meta->lock);
}

/* Whether the events differ in nothing but how full a ring wakes its reader,
   which depends on the ring's size.  */
static bool same_event(const struct meta_event *event,
		       const struct perf_event_attr *attr, const char *name)
{
	struct perf_event_attr a = event->attr;
	struct perf_event_attr b = *attr;

	a.wakeup_watermark = b.wakeup_watermark = 0;
	return !memcmp(&a, &b, sizeof(a)) && !strcmp(event->name, name);
}

static size_t find_event(const struct meta *meta,
			 const struct perf_event_attr *attr, const char *name)
{
	size_t i = 0;

	while (i < meta->event_count && !same_event(&meta->events[i], attr, name))
		i++;
	return i;
}

static int add_ids(struct meta *meta, size_t index, const uint64_t *ids,
		   size_t count)
{
	struct meta_event *event = &meta->events[index];

	if (idmap_reserve(&meta->ids, count))
		return -1;
	if (count > event->room - event->count) {
		size_t room = (event->count + count) * 2;
		uint64_t *grown = reallocarray(event->ids, room, sizeof(*grown));

		if (!grown)
			return -1;
		event->ids = grown;
		event->room = room;
	}
	for (size_t i = 0; i < count; i++) {
		size_t before = meta->ids.count;

		if (!ids[i])
			continue;
		idmap_add(&meta->ids, ids[i], (uint32_t)index);
		if (meta->ids.count != before)
			event->ids[event->count++] = ids[i];
	}
	return 0;
}

static int add_event(struct meta *meta, const struct perf_event_attr *attr,
		     const char *name)
{
	struct meta_event event = { .attr = *attr };
	struct meta_event *events;

	if (meta->event_count >= EVENTS_MAX)
		return -1;
	events = grown(meta->events, meta->event_count, sizeof(*events));
	if (!events)
		return -1;
	meta->events = events;
	event.name = strdup(name);
	if (!event.name)
		return -1;
	events[meta->event_count++] = event;
	return 0;
}

int meta_add_event(struct meta *meta, const struct perf_event_attr *attr,
		   const char *name, const uint64_t *ids, size_t count)
{
	size_t index;
	int result = 0;

	pthread_mutex_lock(&meta->lock);
	index = find_event(meta, attr, name);
	if (index == meta->event_count)
		result = add_event(meta, attr, name);
	if (!result)
		result = add_ids(meta, index, ids, count);
	meta->version++;
	pthread_mutex_unlock(&meta->lock);
	return result;
}

static bool has_format(const struct meta *meta, const char *group,
		       const char *text, size_t size)
{
	for (size_t i = 0; i < meta->format_count; i++) {
		const struct meta_format *format = &meta->formats[i];

		if (format->size == size && !memcmp(format->text, text, size) &&
		    !strcmp(format->group, group))
			return true;
	}
	return false;
}

static int add_format(struct meta *meta, const char *group, const char *text,
		      size_t size)
{
	struct meta_format format = { 0 };
	struct meta_format *formats;
	const char *id;

	formats = grown(meta->formats, meta->format_count, sizeof(*formats));
	if (!formats)
		return -1;
	meta->formats = formats;
	format.group = strdup(group);
	format.text = strndup(text, size);
	if (!format.group || !format.text) {
		free(format.group);
		free(format.text);
		return -1;
	}
	format.size = strlen(format.text);
	id = strstr(format.text, "\nID:");
	format.id = id ? strtoull(id + sizeof("\nID:") - 1, NULL, 10) : 0;
	formats[meta->format_count++] = format;
	meta->version++;
	return 0;
}

int meta_add_format(struct meta *meta, const char *group, const char *text,
		    size_t size)
{
	int result;

	if (size > FORMAT_SIZE_MAX)
		return -1;
	if (has_format(meta, group, text, size))
		return 0;
	pthread_mutex_lock(&meta->lock);
	result = add_format(meta, group, text, size);
	pthread_mutex_unlock(&meta->lock);
	return result;
}

/* A PERF_RECORD_MMAP2 with the form in which it has a build id.  */
struct mmap2_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t start, length, offset;
	uint8_t build_id_size;
	uint8_t reserved[3];
	uint8_t build_id[BUILD_ID_MAX];
	uint32_t prot, flags;
	char path[];
};

/* FNV-1a.  */
static uint64_t hash_path(const char *path)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *path; path++)
		hash = (hash ^ (uint8_t)*path) * UINT64_C(0x100000001b3);
	return hash;
}

static void add_object(struct meta *meta, const struct mmap2_record *record)
{
	struct meta_object object = { .pid = record->pid };
	struct meta_object *objects;

	objects = grown(meta->objects, meta->object_count, sizeof(*objects));
	if (!objects)
		return;
	meta->objects = objects;
	object.path = strdup(record->path);
	if (!object.path)
		return;
	if (record->header.misc & PERF_RECORD_MISC_MMAP_BUILD_ID &&
	    record->build_id_size <= BUILD_ID_MAX) {
		memcpy(object.build_id, record->build_id,
		       record->build_id_size);
		object.build_id_size = record->build_id_size;
	}
	objects[meta->object_count++] = object;
	meta->version += !!object.build_id_size;
}

void meta_add_mapping(struct meta *meta, const struct perf_event_header *header)
{
	const struct mmap2_record *record = (const void *)header;
	uint64_t hash;

	/* Of a file; others have names without a slash, or begin with "//".  */
	if (header->size <= sizeof(*record) + 1 ||
	    record->path[0] != '/' || record->path[1] == '/' ||
	    !memchr(record->path, '\0', header->size - sizeof(*record)) ||
	    !(record->prot & PROT_EXEC))
		return;
	hash = hash_path(record->path);
	if (idmap_find(&meta->paths, hash) != IDMAP_NONE ||
	    meta->object_count >= OBJECTS_MAX || idmap_reserve(&meta->paths, 1))
		return;
	idmap_add(&meta->paths, hash, (uint32_t)meta->object_count);
	pthread_mutex_lock(&meta->lock);
	add_object(meta, record);
	pthread_mutex_unlock(&meta->lock);
}

/* Takes the next object that nobody was asked about.  Returns false when there
   is none.  */
static bool next_object(struct meta *meta, size_t *index,
			struct mapping *mapping)
{
	bool found;

	pthread_mutex_lock(&meta->lock);
	found = meta->objects_asked < meta->object_count;
	if (found) {
		*index = meta->objects_asked++;
		*mapping = (struct mapping){
			.pid = meta->objects[*index].pid,
			.path = meta->objects[*index].path,
			.build_id_size = meta->objects[*index].build_id_size,
		};
	}
	pthread_mutex_unlock(&meta->lock);
	return found;
}

void meta_find_build_ids(struct meta *meta, build_id_finder *find,
			 void *context)
{
	struct mapping mapping;
	size_t index;

	while (find && next_object(meta, &index, &mapping)) {
		struct meta_object *object;

		if (mapping.build_id_size)
			continue;
		find(context, &mapping);
		if (!mapping.build_id_size ||
		    mapping.build_id_size > BUILD_ID_MAX)
			continue;
		pthread_mutex_lock(&meta->lock);
		object = &meta->objects[index];
		memcpy(object->build_id, mapping.build_id,
		       mapping.build_id_size);
		object->build_id_size = mapping.build_id_size;
		meta->version++;
		pthread_mutex_unlock(&meta->lock);
	}
}

uint64_t meta_sample_time(const struct meta *meta,
			  const struct perf_event_header *record)
{
	const uint64_t *body = (const uint64_t *)(const void *)(record + 1);
	size_t count = (record->size - sizeof(*record)) / sizeof(*body);
	uint32_t index = count ? idmap_find(&meta->ids, body[0]) : IDMAP_NONE;
	uint64_t type;
	size_t place;

	/* The id comes first if there is an IDENTIFIER.  */
	if (index == IDMAP_NONE)
		return 0;
	type = meta->events[index].attr.sample_type;
	place = 1U + !!(type & PERF_SAMPLE_IP) + !!(type & PERF_SAMPLE_TID);
	return type & PERF_SAMPLE_IDENTIFIER && type & PERF_SAMPLE_TIME &&
		place < count ? body[place] : 0;
}
