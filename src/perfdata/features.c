/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/features.h"

#include <stdlib.h>
#include <string.h>

#include <linux/perf_event.h>

#include "perfdata/pipe.h"

/* On an entry of the table: its size is given.  */
#define MISC_BUILD_ID_SIZE (1 << 15)

bool features_has(const struct file *file, enum feature feature)
{
	return file->header.features[feature / 64] >> feature % 64 & 1;
}

/* How many features of a lower number there are.  */
static size_t count_before(const struct file *file, unsigned feature)
{
	size_t count = 0;

	for (unsigned i = 0; i < feature; i++)
		count += file->header.features[i / 64] >> i % 64 & 1;
	return count;
}

/* Entry INDEX of a table of sections at OFFSET.  Returns false when it is not
   within the file.  */
static bool read_entry(const struct file *file, uint64_t offset, size_t index,
		       struct section *section)
{
	struct section entry = {
		offset + index * sizeof(*section), sizeof(*section)
	};
	struct cursor cursor = file_section(file, entry);

	return cursor_u64(&cursor, &section->offset) &&
		cursor_u64(&cursor, &section->size);
}

bool features_complete(const struct file *file)
{
	size_t count = count_before(file, FEATURE_MAX);
	struct section section;

	/* They came as records, whole.  */
	if (file->pipe)
		return true;
	/* What stands for feature 0 is something else, see journal.h.  */
	for (size_t i = features_has(file, FEATURE_UNFINISHED); i < count; i++) {
		if (!read_entry(file, file->table, i, &section) ||
		    (section.size && !file_has(file, section)))
			return false;
	}
	return true;
}

bool features_at(const struct file *file, uint64_t offset)
{
	size_t count = count_before(file, FEATURE_MAX);
	uint64_t expected = 0;
	struct section section;

	for (size_t i = 0; i < count; i++) {
		if (!read_entry(file, offset, i, &section) ||
		    !file_has(file, section))
			return false;
		/* The first begins where the table ends.  The table may have
		   been made for more than what came to be written.  */
		if (!i) {
			expected = section.offset;
			if (expected < offset + count * sizeof(section) ||
			    expected > offset + FEATURE_MAX * sizeof(section) ||
			    (expected - offset) % sizeof(section))
				return false;
		}
		if (section.offset != expected)
			return false;
		expected += section.size;
	}
	return count > 0;
}

struct cursor feature_section(const struct file *file, enum feature feature)
{
	struct section section;

	if (file->unfinished || !features_has(file, feature))
		return CURSOR_NONE;
	if (file->pipe)
		return file_section(file, file->pipe->features[feature]);
	if (!read_entry(file, file->table, count_before(file, feature),
			&section))
		return CURSOR_NONE;
	return file_section(file, section);
}

const char *feature_string(struct cursor *cursor)
{
	uint32_t size;
	const char *string;

	if (!cursor_u32(cursor, &size))
		return NULL;
	string = cursor_skip(cursor, size);
	if (!string || !size || !memchr(string, '\0', size))
		return NULL;
	return string;
}

const char *feature_event_name(const struct file *file, size_t index)
{
	struct cursor cursor = feature_section(file, FEATURE_EVENT_DESC);
	uint32_t count, attr_size, ids;
	const char *name;

	if (!cursor_u32(&cursor, &count) || !cursor_u32(&cursor, &attr_size) ||
	    index >= count)
		return NULL;
	for (size_t i = 0;; i++) {
		if (!cursor_skip(&cursor, attr_size) ||
		    !cursor_u32(&cursor, &ids))
			return NULL;
		name = feature_string(&cursor);
		if (!name || i == index)
			return name;
		if (!cursor_skip(&cursor, (uint64_t)ids * sizeof(uint64_t)))
			return NULL;
	}
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct build_id *)a)->path,
		      ((const struct build_id *)b)->path);
}

/* Reads one entry.  Returns false at the end, or where the table makes no
   sense any more.  */
static bool read_build_id(struct cursor *cursor, struct build_id *entry)
{
	struct {
		uint32_t pid;
		uint8_t id[20];
		uint8_t size;
		uint8_t reserved[3];
	} head;
	struct perf_event_header header;
	struct cursor record = *cursor;

	if (!cursor_header(&record, &header) ||
	    header.size < sizeof(header) + sizeof(head) ||
	    !cursor_skip(cursor, header.size))
		return false;
	record.left = header.size - sizeof(header);
	entry->id = record.at + offsetof(__typeof__(head), id);
	entry->size = sizeof(head.id);
	if (!cursor_take(&record, &head, sizeof(head)))
		return false;
	if (header.misc & MISC_BUILD_ID_SIZE && head.size <= entry->size)
		entry->size = head.size;
	entry->path = cursor_string(&record);
	return entry->path != NULL;
}

int build_ids_read(struct build_ids *ids, const struct file *file)
{
	struct cursor cursor = feature_section(file, FEATURE_BUILD_ID);
	struct cursor count = cursor;
	struct build_id entry;
	size_t room = 0;

	*ids = (struct build_ids){ NULL, 0 };
	while (read_build_id(&count, &entry))
		room++;
	if (!room)
		return 0;
	ids->table = malloc(room * sizeof(*ids->table));
	if (!ids->table)
		return -1;
	while (ids->count < room &&
	       read_build_id(&cursor, &ids->table[ids->count]))
		ids->count++;
	qsort(ids->table, ids->count, sizeof(*ids->table), compare_paths);
	return 0;
}

void build_ids_free(struct build_ids *ids)
{
	free(ids->table);
	*ids = (struct build_ids){ NULL, 0 };
}

void build_ids_find(void *context, struct mapping *mapping)
{
	const struct build_ids *ids = context;
	struct build_id key = { .path = mapping->path };
	const struct build_id *found;

	if (!ids->count)
		return;
	found = bsearch(&key, ids->table, ids->count, sizeof(*ids->table),
			compare_paths);
	if (!found)
		return;
	memcpy(mapping->build_id, found->id, found->size);
	mapping->build_id_size = found->size;
}
