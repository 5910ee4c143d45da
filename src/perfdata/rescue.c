/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/rescue.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "perfdata/events.h"
#include "perfdata/features.h"
#include "perfdata/journal.h"
#include "perfdata/reader.h"

/* Hits that are compared with the probes; what they have in common is the
   probe, so some tell as much as all.  */
#define HITS_CHECKED 10000
/* A format of a probe has a few hundred bytes.  */
#define FORMAT_SIZE 8192

void rescue_features(struct file *file)
{
	struct reader *reader = malloc(sizeof(*reader));
	const struct perf_event_header *record;
	struct cursor payload;

	if (!reader)
		return;
	reader_init(reader, file);
	while (reader_next(reader, &record, &payload) == READER_OK)
		;
	reader_release(reader);
	/* The table of sections begins with an offset, which can't be taken for
	   a record: the size would be 0.  */
	if (features_at(file, reader->at)) {
		file->header.data.size = reader->at - file->header.data.offset;
		file->table = reader->at;
		file->unfinished = false;
	}
	free(reader);
}

/* Takes what the commit at OFFSET in the file says, if there is a whole one.
   */
static void read_commit(struct file *file, uint64_t offset)
{
	struct section section = { offset, sizeof(struct commit_start) };
	struct cursor cursor = file_section(file, section);
	struct commit_start start;
	struct commit_end end;
	uint64_t sections;

	if (!cursor_header(&cursor, &start.header) ||
	    !cursor_u64(&cursor, &start.magic) ||
	    start.header.type != RECORD_HOLDER ||
	    start.header.misc != HOLDER_COMMIT ||
	    start.magic != COMMIT_MAGIC)
		return;
	section.size = start.header.size;
	cursor = file_section(file, section);
	if (cursor.left < sizeof(start) + sizeof(end))
		return;
	sections = (cursor.left - sizeof(start) - sizeof(end)) /
		sizeof(struct section);
	cursor_skip(&cursor, sizeof(start) + sections * sizeof(struct section));
	if (!cursor_u64(&cursor, &end.attrs.offset) ||
	    !cursor_u64(&cursor, &end.attrs.size) ||
	    !cursor_u64(&cursor, &end.features) ||
	    !(end.features >> FEATURE_UNFINISHED & 1) ||
	    (uint64_t)__builtin_popcountll(end.features) != 1 + sections)
		return;
	file->header.attrs = end.attrs;
	memset(file->header.features, 0, sizeof(file->header.features));
	file->header.features[0] = end.features;
	file->table = offset;
}

/* Looks for the last commit that is there.  */
static void find_commit(struct file *file)
{
	struct reader *reader = malloc(sizeof(*reader));
	const struct perf_event_header *record;
	struct cursor payload;
	uint64_t at;

	if (!reader)
		return;
	reader_init(reader, file);
	for (at = reader->at;
	     reader_next(reader, &record, &payload) == READER_OK;
	     at = reader->at) {
		if (record->type == RECORD_HOLDER)
			read_commit(file, at);
	}
	reader_release(reader);
	free(reader);
}

int rescue_growing(struct file *file)
{
	struct section *data = &file->header.data;
	uint64_t size = file_size(file);

	if (data->offset > size)
		return -1;
	if (data->size <= size - data->offset)
		read_commit(file, data->offset + data->size);
	data->size = size - data->offset;
	if (!file->table)
		find_commit(file);
	return file->table ? 0 : -1;
}

/* A probe of this machine on an allocation function.  */
struct probe {
	enum allocator_id function;
	enum hit_kind kind;
	uint64_t offset;        /* in the file it is in */
	char *path;             /* the file's, without symbolic links; owned */
};

/* Where such a file is mapped.  */
struct place {
	uint64_t start;
	uint64_t length;
	uint64_t offset;
	const char *path;       /* a probe's */
};

struct rescue {
	struct probe *probes;
	size_t probe_count;
	struct place *places;
	size_t place_count;
	unsigned matching;
	bool failed;
};

/* Reads a small file of tracefs.  Returns its length, or -1.  */
static ssize_t read_trace_file(int tracefs, const char *name, char *text,
			       size_t size)
{
	int fd = openat(tracefs, name, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -1;
	length = read(fd, text, size);
	close(fd);
	return length;
}

/* Understands a line of uprobe_events: "p:GROUP/EVENT PATH:OFFSET …", the
   first letter r for a return.  Fills EVENT with "GROUP/EVENT".  Returns
   false for what is no probe on an allocation function.  */
static bool parse_probe(char *line, struct probe *probe, char **event)
{
	char *name = strchr(line, ':');
	char *path = name ? strchr(name, ' ') : NULL;
	char *group_end;
	char *offset;

	if (!path)
		return false;
	*event = name + 1;
	*path++ = '\0';
	path[strcspn(path, " ")] = '\0';
	offset = strrchr(path, ':');
	group_end = strchr(*event, '/');
	if (!offset || !group_end ||
	    !event_role(group_end + 1, &probe->function, &probe->kind))
		return false;
	*offset++ = '\0';
	probe->offset = strtoull(offset, NULL, 16);
	probe->path = realpath(path, NULL);
	return probe->path != NULL;
}

/* Adds the probe in LINE.  Returns 0, also when there is none; -1 when out of
   memory.  */
static int add_probe(struct rescue *rescue, int tracefs, char *line,
		     struct decoder *decoder)
{
	struct probe probe = { 0 };
	struct probe *probes;
	char text[FORMAT_SIZE];
	char name[256];
	ssize_t length;
	char *event;

	if (!parse_probe(line, &probe, &event))
		return 0;
	probes = realloc(rescue->probes,
			 (rescue->probe_count + 1) * sizeof(*probes));
	if (!probes) {
		free(probe.path);
		return -1;
	}
	rescue->probes = probes;
	probes[rescue->probe_count++] = probe;
	snprintf(name, sizeof(name), "events/%s/format", event);
	length = read_trace_file(tracefs, name, text, sizeof(text));
	event[strcspn(event, "/")] = '\0';
	if (length > 0)
		decoder_add_format(decoder, event, text, (size_t)length, NULL);
	return 0;
}

/* Reads all probes of this machine.  Returns 0 or -1.  */
static int read_probes(struct rescue *rescue, struct decoder *decoder)
{
	int tracefs = open("/sys/kernel/tracing", O_PATH | O_CLOEXEC);
	FILE *list = NULL;
	char *line = NULL;
	size_t size = 0;
	int result = 0;
	int fd;

	if (tracefs < 0)
		return -1;
	fd = openat(tracefs, "uprobe_events", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		list = fdopen(fd, "r");
	if (!list) {
		if (fd >= 0)
			close(fd);
		close(tracefs);
		return -1;
	}
	while (!result && getline(&line, &size, list) > 0)
		result = add_probe(rescue, tracefs, line, decoder);
	free(line);
	fclose(list);
	close(tracefs);
	return result;
}

static void check_mapping(void *context, const struct mapping *mapping)
{
	struct rescue *rescue = context;
	struct place *places;

	for (size_t i = 0; i < rescue->probe_count; i++) {
		if (strcmp(rescue->probes[i].path, mapping->path))
			continue;
		places = realloc(rescue->places, (rescue->place_count + 1) *
				 sizeof(*places));
		if (!places) {
			rescue->failed = true;
			return;
		}
		rescue->places = places;
		places[rescue->place_count++] = (struct place){
			mapping->start, mapping->length, mapping->offset,
			rescue->probes[i].path
		};
		return;
	}
}

static bool matches(const struct rescue *rescue, const struct hit *hit,
		    const struct place *place)
{
	uint64_t offset = hit->address - place->start + place->offset;

	if (hit->address - place->start >= place->length)
		return false;
	for (size_t i = 0; i < rescue->probe_count; i++) {
		const struct probe *probe = &rescue->probes[i];

		if (probe->offset == offset && probe->kind == hit->kind &&
		    probe->function == hit->function &&
		    !strcmp(probe->path, place->path))
			return true;
	}
	return false;
}

static void check_hit(void *context, struct hit *hit, const uint64_t *chain,
		      size_t size)
{
	struct rescue *rescue = context;

	(void)chain;
	(void)size;
	if (hit->kind != HIT_CALL && hit->kind != HIT_RETURN)
		return;
	for (size_t i = rescue->place_count; i--;) {
		if (matches(rescue, hit, &rescue->places[i])) {
			rescue->matching++;
			return;
		}
	}
	rescue->failed = true;
}

/* Compares what was recorded with the probes.  Returns 0 if it fits.  */
static int check_records(struct rescue *rescue, const struct file *file,
			 struct records *records)
{
	struct sink sink = sink_ignoring(rescue);
	struct reader *reader = malloc(sizeof(*reader));
	const struct perf_event_header *record;
	struct cursor payload;

	if (!reader)
		return -1;
	sink.hit = check_hit;
	sink.mapping = check_mapping;
	reader_init(reader, file);
	while (!rescue->failed && rescue->matching < HITS_CHECKED &&
	       reader_next(reader, &record, &payload) == READER_OK)
		records_read(records, record, record->size, &sink);
	reader_release(reader);
	free(reader);
	return rescue->failed ? -1 : 0;
}

static void free_rescue(struct rescue *rescue)
{
	for (size_t i = 0; i < rescue->probe_count; i++)
		free(rescue->probes[i].path);
	free(rescue->probes);
	free(rescue->places);
}

int rescue_formats(const struct file *file, struct decoder *decoder)
{
	struct rescue rescue = { 0 };
	struct records *records = records_new(decoder);
	int result = -1;

	/* No other machine's.  */
	if (records && !file->swapped && !read_probes(&rescue, decoder) &&
	    !events_check(file, decoder, NULL) &&
	    !events_add(file, records, NULL))
		result = check_records(&rescue, file, records);
	records_free(records);
	free_rescue(&rescue);
	return result;
}
