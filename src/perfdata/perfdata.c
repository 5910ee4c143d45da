/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/perfdata.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/intl.h"
#include "perfdata/cmdline.h"
#include "perfdata/events.h"
#include "perfdata/features.h"
#include "perfdata/journal.h"
#include "perfdata/reader.h"
#include "perfdata/rescue.h"
#include "perfdata/tracing.h"

/* Records between two looks at the clock, so to say: at whether to stop.  */
#define RECORDS_AT_ONCE 512
/* Bytes that are read before their memory is given back.  */
#define RELEASE_STEP (UINT64_C(16) << 20)
/* In how many of the first records the recorded process is looked for.  */
#define RECORDS_UNTIL_COMM 65536
/* perf writes its own tracing data first, if into the data at all.  */
#define RECORDS_UNTIL_TRACING 64

struct perfdata {
	struct file file;
	struct decoder *decoder;
	struct build_ids build_ids;
	struct cmdline cmdline;
	uint32_t pid;
};

/* Looks for tracing data that stands among the records, where programs put it
   that write as they go.  */
static struct cursor find_tracing_record(const struct file *file)
{
	struct cursor none = { NULL, 0 };
	struct cursor payload;
	struct reader *reader = malloc(sizeof(*reader));
	const struct perf_event_header *record;
	bool found = false;

	if (!reader)
		return none;
	reader_init(reader, file);
	for (int i = 0; !found && i < RECORDS_UNTIL_TRACING &&
	     reader_next(reader, &record, &payload) == READER_OK; i++)
		found = record->type == RECORD_TRACING_DATA;
	free(reader);
	return found ? payload : none;
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
	if (events_add(&perfdata->file, records, error)) {
		records_free(records);
		return NULL;
	}
	records_set_build_ids(records, build_ids_find, &perfdata->build_ids);
	return records;
}

/* The process that a COMM record with all bits of MISC tells of first, or
   0.  */
static uint32_t find_comm(const struct file *file, uint16_t misc)
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
		if (record->type == PERF_RECORD_COMM &&
		    (record->misc & misc) == misc &&
		    record->size >= sizeof(*record) + sizeof(pid))
			memcpy(&pid, record + 1, sizeof(pid));
	}
	free(reader);
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
		return find_comm(file, 0);
	if (!perfdata->cmdline.pid && perfdata->cmdline.starts_command)
		return find_comm(file, PERF_RECORD_MISC_COMM_EXEC);
	return perfdata->cmdline.pid;
}

/* Reads all that comes before the records.  Returns 0 or -1.  */
static int read_start(struct perfdata *perfdata, struct error *error)
{
	struct file *file = &perfdata->file;
	struct records *records;

	if (file->unfinished)
		rescue_features(file);
	if (!file->unfinished && !features_complete(file))
		return error_set(error, _("%s: is cut off: what comes after the events is not all there"),
				 file->name);
	perfdata->decoder = decoder_new();
	if (!perfdata->decoder || build_ids_read(&perfdata->build_ids, file) ||
	    cmdline_read(&perfdata->cmdline, file))
		return error_set(error, _("%s: out of memory"), file->name);
	if (read_formats(file, perfdata->decoder, error) ||
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
	struct perfdata *perfdata = calloc(1, sizeof(*perfdata));

	if (!perfdata) {
		error_set(error, _("out of memory"));
		return NULL;
	}
	if (file_open(&perfdata->file, path, error)) {
		free(perfdata);
		return NULL;
	}
	if (read_start(perfdata, error)) {
		perfdata_close(perfdata);
		return NULL;
	}
	return perfdata;
}

void perfdata_close(struct perfdata *perfdata)
{
	if (!perfdata)
		return;
	decoder_free(perfdata->decoder);
	build_ids_free(&perfdata->build_ids);
	cmdline_free(&perfdata->cmdline);
	file_close(&perfdata->file);
	free(perfdata);
}

const char *perfdata_command(const struct perfdata *perfdata)
{
	return perfdata->cmdline.text;
}

uint32_t perfdata_pid(const struct perfdata *perfdata)
{
	return perfdata->pid;
}

bool perfdata_unfinished(const struct perfdata *perfdata)
{
	return perfdata->file.unfinished || perfdata->file.growing;
}

uint64_t perfdata_size(const struct perfdata *perfdata)
{
	return perfdata->file.header.data.size;
}

/* Gives back the memory of what has been read, so that a long file takes
   no more than a short one.  */
static void release(const struct file *file, uint64_t from, uint64_t to)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	from -= from % page;
	to -= to % page;
	if (to > from)
		madvise((void *)(uintptr_t)(file->map + from),
			(size_t)(to - from), MADV_DONTNEED);
}

static bool is_compressed(const struct perf_event_header *record)
{
	return record->type == RECORD_COMPRESSED ||
		record->type == RECORD_COMPRESSED2;
}

static int damaged(const struct file *file, const struct reader *reader,
		   uint64_t hits, struct error *error)
{
	struct perf_event_header header = { 0 };

	if (reader->end - reader->at >= sizeof(header))
		memcpy(&header, reader->map + reader->at, sizeof(header));
	if (is_compressed(&header))
		return error_set(error, _("%s: has compressed records (perf record -z), which are not read yet, at offset %#" PRIx64),
				 file->name, reader->at);
	return error_set(error, _("%s: is damaged at offset %#" PRIx64 ", after %" PRIu64 " events of allocation functions"),
			 file->name, reader->at, hits);
}

/* Whether nothing was written at the reader's place: perf leaves a gap for
   the table of what comes after the data, and fills it in last.  */
static bool is_gap(const struct reader *reader)
{
	static const uint8_t zeros[sizeof(struct perf_event_header)];

	return reader->end - reader->at >= sizeof(zeros) &&
		!memcmp(reader->map + reader->at, zeros, sizeof(zeros));
}

/* Why the reader came to an end.  Returns 0 if all is read.  */
static int explain_end(const struct file *file, const struct reader *reader,
		       enum reader_status status, uint64_t hits,
		       struct error *error)
{
	/* Behind the last commit may be a part of what was being written.  */
	if (status == READER_END ||
	    (file->growing && reader->at > file->table) ||
	    (file->unfinished && (status == READER_CUT || is_gap(reader))))
		return 0;
	return damaged(file, reader, hits, error);
}

/* Reads up to RECORDS_AT_ONCE records.  Returns READER_OK if there are
   more.  On READER_BAD, READER->at is that of the bad one.  */
static enum reader_status read_some(struct reader *reader,
				    struct records *records,
				    const struct sink *sink)
{
	for (int i = 0; i < RECORDS_AT_ONCE; i++) {
		const struct perf_event_header *record;
		struct cursor payload;
		uint64_t at = reader->at;
		enum reader_status status = reader_next(reader, &record,
							&payload);

		if (status != READER_OK)
			return status;
		if (is_compressed(record) ||
		    records_read(records, record, record->size, sink) ==
		    RECORD_BAD) {
			reader->at = at;
			return READER_BAD;
		}
	}
	return READER_OK;
}

static int read_all(struct perfdata *perfdata, struct reader *reader,
		    struct records *records, const struct sink *sink,
		    _Atomic uint64_t *done, const atomic_bool *stop,
		    struct error *error)
{
	const struct file *file = &perfdata->file;
	uint64_t start = reader->at;
	uint64_t released = reader->at;

	while (!stop || !atomic_load_explicit(stop, memory_order_relaxed)) {
		enum reader_status status = read_some(reader, records, sink);

		if (done)
			atomic_store_explicit(done, reader->at - start,
					      memory_order_relaxed);
		if (status != READER_OK)
			return explain_end(file, reader, status,
					   records_hits(records), error);
		if (reader->at - released > RELEASE_STEP) {
			release(file, released, reader->at);
			released = reader->at;
		}
	}
	return 0;
}

int perfdata_read(struct perfdata *perfdata, const struct sink *sink,
		  _Atomic uint64_t *done, const atomic_bool *stop,
		  struct error *error)
{
	struct reader *reader = malloc(sizeof(*reader));
	struct records *records = make_records(perfdata, error);
	int result = -1;

	if (reader && records) {
		reader_init(reader, &perfdata->file);
		result = read_all(perfdata, reader, records, sink, done, stop,
				  error);
	} else if (!reader) {
		error_set(error, _("%s: out of memory"), perfdata->file.name);
	}
	records_free(records);
	free(reader);
	return result;
}
