/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/perfdata.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "perfdata/cmdline.h"
#include "perfdata/events.h"
#include "perfdata/features.h"
#include "perfdata/journal.h"
#include "perfdata/merge.h"
#include "perfdata/parts.h"
#include "perfdata/rescue.h"
#include "perfdata/spool.h"
#include "perfdata/text.h"
#include "perfdata/tracing.h"

/* Records between two looks at the clock, so to say: at whether to stop.  */
#define RECORDS_AT_ONCE 512
/* Records of a directory that are passed on in one round.  */
#define RECORDS_IN_ROUND 4096
/* Records of a segment, see sink->segment.  */
#define RECORDS_IN_SEGMENT 8192
/* In how many of the first records the recorded process is looked for.  */
#define RECORDS_UNTIL_COMM 65536
/* perf writes its own tracing data first, if into the data at all.  */
#define RECORDS_UNTIL_TRACING 64

struct perfdata {
	struct file file;
	struct parts parts;     /* of a directory, besides the file */
	struct decoder *decoder;
	struct build_ids build_ids;
	struct cmdline cmdline;
	uint32_t pid;
};

/* Looks for tracing data that stands among the records, where programs put it
   that write as they go.  */
static struct cursor find_tracing_record(const struct file *file)
{
	struct cursor payload;
	struct reader *reader = malloc(sizeof(*reader));
	const struct perf_event_header *record;
	bool found = false;

	if (!reader)
		return CURSOR_NONE;
	reader_init(reader, file);
	for (int i = 0; !found && i < RECORDS_UNTIL_TRACING &&
	     reader_next(reader, &record, &payload) == READER_OK; i++)
		found = record->type == RECORD_TRACING_DATA;
	reader_release(reader);
	free(reader);
	return found ? payload : CURSOR_NONE;
}

static int refuse_unfinished(const struct file *file, struct error *error)
{
	return error_set(error, _("%s: is unfinished (perf record was killed), so it lacks the formats of its events, "
				  "and this machine's probes are not, or no longer, those recorded: "
				  "record again, and end perf record with Ctrl-C or SIGTERM"),
			 file->name);
}

/* Whether the file's events need formats.  */
static bool has_tracepoints(const struct file *file)
{
	struct perf_event_attr attr;
	struct cursor ids;

	for (size_t i = 0; i < events_count(file); i++) {
		if (!events_get(file, i, &attr, &ids) &&
		    attr.type == PERF_TYPE_TRACEPOINT)
			return true;
	}
	return false;
}

/* Reads the event formats, wherever they are.  Returns 0 or -1.  */
static int read_formats(const struct file *file, struct decoder *decoder,
			struct error *error)
{
	struct cursor tracing = feature_section(file, FEATURE_TRACING_DATA);
	struct error why;

	if (!has_tracepoints(file))
		return 0;
	if (!tracing.left)
		tracing = find_tracing_record(file);
	if (tracing.left) {
		if (tracing_read(tracing, decoder, &why))
			return error_set(error, "%s: %s", file->name, why.text);
		return 0;
	}
	/* Of a directory the file has no hits that could be compared.  */
	if (file->unfinished && file->directory)
		return refuse_unfinished(file, error);
	if (file->unfinished)
		return rescue_formats(file, decoder) ?
			refuse_unfinished(file, error) : 0;
	return error_set(error, _("%s: has no event formats (tracing data), without which its events cannot be understood"),
			 file->name);
}

/* Makes what reads the records.  Returns NULL on errors.  */
static struct records *make_records(struct perfdata *perfdata,
				    struct error *error)
{
	struct records *records = records_new(perfdata->decoder);

	if (!records) {
		error_set(error, _("%s: out of memory"), perfdata->file.name);
		return NULL;
	}
	if (perfdata->file.swapped)
		records_set_swapped(records);
	if (events_add(&perfdata->file, records, error)) {
		records_free(records);
		return NULL;
	}
	if (records_settle(records)) {
		error_set(error, _("%s: out of memory"), perfdata->file.name);
		records_free(records);
		return NULL;
	}
	records_set_build_ids(records, build_ids_find, &perfdata->build_ids);
	return records;
}

/* The process that a COMM record in FILE with all bits of MISC tells of first, or
   0.  */
static uint32_t find_comm_in(const struct file *file, uint16_t misc)
{
	struct reader *reader = malloc(sizeof(*reader));
	const struct perf_event_header *record;
	struct cursor payload;
	uint32_t pid = 0;

	if (!reader)
		return 0;
	reader_init(reader, file);
	for (int i = 0; !pid && i < RECORDS_UNTIL_COMM &&
	     reader_next(reader, &record, &payload) == READER_OK; i++) {
		struct cursor body = {
			(const uint8_t *)(record + 1),
			record->size - sizeof(*record), file->swapped
		};

		if (record->type == PERF_RECORD_COMM &&
		    (record->misc & misc) == misc)
			cursor_u32(&body, &pid);
	}
	reader_release(reader);
	free(reader);
	return pid;
}

/* The same in all files.  */
static uint32_t find_comm(const struct perfdata *perfdata, uint16_t misc)
{
	uint32_t pid = find_comm_in(&perfdata->file, misc);

	for (size_t i = 0; !pid && i < perfdata->parts.count; i++)
		pid = find_comm_in(&perfdata->parts.files[i], misc);
	return pid;
}

/* The process that was recorded, or 0.  */
static uint32_t find_pid(const struct perfdata *perfdata)
{
	const struct file *file = &perfdata->file;
	struct cursor cursor = feature_section(file, FEATURE_VERSION);
	const char *version = feature_string(&cursor);

	/* leaktop's own recordings begin with the target's name.  */
	if (version && !strncmp(version, VERSION_PREFIX, strlen(VERSION_PREFIX)))
		return find_comm(perfdata, 0);
	if (!perfdata->cmdline.pid && perfdata->cmdline.starts_command)
		return find_comm(perfdata, PERF_RECORD_MISC_COMM_EXEC);
	return perfdata->cmdline.pid;
}

/* Reads all that comes before the records.  Returns 0 or -1.  */
static int read_start(struct perfdata *perfdata, struct error *error)
{
	struct file *file = &perfdata->file;
	struct records *records;

	if (file->text) {
		perfdata->pid = text_pid(file->text);
		return 0;
	}
	if (file->unfinished)
		rescue_features(file);
	if (!file->unfinished && !features_complete(file))
		return error_set(error, _("%s: is cut off: what comes after the events is not all there"),
				 file->name);
	if (file->directory && parts_open(&perfdata->parts, file, error))
		return -1;
	perfdata->decoder = decoder_new();
	if (!perfdata->decoder || build_ids_read(&perfdata->build_ids, file) ||
	    cmdline_read(&perfdata->cmdline, file))
		return error_set(error, _("%s: out of memory"), file->name);
	decoder_set_maps(perfdata->decoder, file->maps);
	if (read_formats(file, perfdata->decoder, error) ||
	    events_check_maps(file, perfdata->decoder, file->maps, error) ||
	    events_check(file, perfdata->decoder, error))
		return -1;
	records = make_records(perfdata, error);
	if (!records)
		return -1;
	records_free(records);
	perfdata->pid = find_pid(perfdata);
	return 0;
}

struct perfdata *perfdata_open(const char *path, struct error *error)
{
	return perfdata_open_mapped(path, NULL, error);
}

struct perfdata *perfdata_open_mapped(const char *path,
				      const struct event_maps *maps,
				      struct error *error)
{
	struct perfdata *perfdata = calloc(1, sizeof(*perfdata));

	if (!perfdata) {
		error_set(error, _("out of memory"));
		return NULL;
	}
	if (file_prepare(&perfdata->file, path, error)) {
		free(perfdata);
		return NULL;
	}
	perfdata->file.maps = maps;
	if (!perfdata_is_stream(perfdata) &&
	    (file_start(&perfdata->file, error) ||
	     read_start(perfdata, error))) {
		perfdata_close(perfdata);
		return NULL;
	}
	return perfdata;
}

bool perfdata_is_stream(const struct perfdata *perfdata)
{
	return perfdata->file.spool;
}

int perfdata_start(struct perfdata *perfdata, const atomic_bool *stop,
		   struct error *error)
{
	if (!perfdata_is_stream(perfdata))
		return 0;
	spool_set_stop(perfdata->file.spool, stop);
	return file_start(&perfdata->file, error) ? -1 :
		read_start(perfdata, error);
}

void perfdata_close(struct perfdata *perfdata)
{
	if (!perfdata)
		return;
	decoder_free(perfdata->decoder);
	build_ids_free(&perfdata->build_ids);
	cmdline_free(&perfdata->cmdline);
	parts_close(&perfdata->parts);
	file_close(&perfdata->file);
	free(perfdata);
}

const char *perfdata_command(const struct perfdata *perfdata)
{
	return perfdata->file.text ? text_command(perfdata->file.text) :
		perfdata->cmdline.text;
}

uint32_t perfdata_pid(const struct perfdata *perfdata)
{
	return perfdata->pid;
}

bool perfdata_unfinished(const struct perfdata *perfdata)
{
	return perfdata->file.unfinished || perfdata->file.growing;
}

bool perfdata_learned(const struct perfdata *perfdata)
{
	return perfdata->file.text && text_learned(perfdata->file.text);
}

uint64_t perfdata_size(const struct perfdata *perfdata)
{
	const struct file *file = &perfdata->file;
	uint64_t size = file_data_end(file) - file->header.data.offset;

	for (size_t i = 0; i < perfdata->parts.count; i++)
		size += perfdata->parts.files[i].size;
	return size;
}

static int damaged(const struct reader *reader, enum reader_status status,
		   uint64_t hits, struct error *error)
{
	const char *name = reader->file->name;

	if (status == READER_FAILED)
		return error_set(error, "%s: %s", name,
				 file_trouble(reader->file));
	/* Others tell in their header how long they are.  */
	if (status == READER_CUT && reader->file->pipe)
		return error_set(error, _("%s: is cut off at offset %#" PRIx64 ", after %" PRIu64 " events of allocation functions"),
				 name, reader->at, hits);
	return error_set(error, _("%s: is damaged at offset %#" PRIx64 ", after %" PRIu64 " events of allocation functions"),
			 name, reader->at, hits);
}

/* Whether nothing was written at the reader's place: perf leaves a gap for
   the table of what comes after the data, and fills it in last.  */
static bool is_gap(const struct reader *reader)
{
	static const uint8_t zeros[sizeof(struct perf_event_header)];

	return reader->end - reader->at >= sizeof(zeros) &&
		!memcmp(reader->map + reader->at, zeros, sizeof(zeros));
}

/* Why READER came to an end.  Returns 0 if all is read.  */
static int explain_end(const struct reader *reader, enum reader_status status,
		       uint64_t hits, struct error *error)
{
	const struct file *file = reader->file;

	/* Behind the last commit may be a part of what was being written.  */
	if (status == READER_END ||
	    (file->growing && reader->at > file->table) ||
	    (file->unfinished && (status == READER_CUT || is_gap(reader))))
		return 0;
	return damaged(reader, status, hits, error);
}

/* Reads up to RECORDS_AT_ONCE records.  Returns READER_OK if there are
   more.  On READER_BAD, the place of *READER is that of the bad one.  */
static enum reader_status read_some(struct merge *merge,
				    struct records *records,
				    const struct sink *sink,
				    struct reader **reader)
{
	struct reader *only = merge_only(merge);

	*reader = only;
	for (int i = 0; i < RECORDS_AT_ONCE; i++) {
		const struct perf_event_header *record;

		if (!only || !reader_in_place(only, &record)) {
			enum reader_status status = merge_next(merge, &record,
							       reader);

			if (status != READER_OK)
				return status;
		}
		if (records_read(records, record, record->size, sink) ==
		    RECORD_BAD) {
			(*reader)->at = (*reader)->began;
			return READER_BAD;
		}
	}
	return READER_OK;
}

static bool is_stopped(const atomic_bool *stop)
{
	return stop && atomic_load_explicit(stop, memory_order_relaxed);
}

/* Up to END, which is where a segment begins.  */
static int read_all(struct perfdata *perfdata, struct merge *merge,
		    uint64_t end, struct records *records,
		    const struct sink *sink, _Atomic uint64_t *done,
		    const atomic_bool *stop, struct error *error)
{
	unsigned count = 0;

	while (!is_stopped(stop) && merge_place(merge) < end) {
		struct reader *reader;
		enum reader_status status;

		if (sink->segment && count % RECORDS_IN_SEGMENT == 0 &&
		    merge_can_start(merge))
			sink->segment(sink->context, merge_place(merge));
		status = read_some(merge, records, sink, &reader);
		if (done)
			atomic_store_explicit(done, merge_done(merge),
					      memory_order_relaxed);
		/* What a stream is stopped at is not its end.  */
		if (status != READER_OK)
			return is_stopped(stop) ? 0 :
				explain_end(reader, status,
					    records_hits(records), error);
		merge_release(merge);
		/* No other rounds are told in a directory.  */
		count += RECORDS_AT_ONCE;
		if (perfdata->file.directory && count % RECORDS_IN_ROUND == 0)
			sink->round(sink->context);
	}
	return 0;
}

/* All files of the recording.  Returns NULL when out of memory.  */
static struct merge *make_merge(const struct perfdata *perfdata,
				const struct records *records)
{
	size_t count = 1 + perfdata->parts.count;
	const struct file **files = malloc(count * sizeof(struct file *));
	struct merge *merge;

	if (!files)
		return NULL;
	files[0] = &perfdata->file;
	for (size_t i = 1; i < count; i++)
		files[i] = &perfdata->parts.files[i - 1];
	merge = merge_new(files, count, records);
	free(files);
	return merge;
}

int perfdata_read(struct perfdata *perfdata, const struct sink *sink,
		  _Atomic uint64_t *done, const atomic_bool *stop,
		  struct error *error)
{
	return perfdata_read_stretch(perfdata, 0, UINT64_MAX, sink, done, stop,
				     error);
}

int perfdata_read_stretch(struct perfdata *perfdata, uint64_t begin,
			  uint64_t end, const struct sink *sink,
			  _Atomic uint64_t *done, const atomic_bool *stop,
			  struct error *error)
{
	struct records *records;
	struct merge *merge;
	int result;

	if (perfdata_is_stream(perfdata))
		spool_set_stop(perfdata->file.spool, stop);
	if (perfdata->file.text)
		return text_read(&perfdata->file, sink, done, stop, error);
	records = make_records(perfdata, error);
	if (!records)
		return -1;
	merge = make_merge(perfdata, records);
	if (merge)
		merge_start(merge, begin, end);
	result = merge ? read_all(perfdata, merge, end, records, sink, done,
				  stop, error) :
		error_set(error, _("%s: out of memory"), perfdata->file.name);
	merge_free(merge);
	records_free(records);
	return result;
}
