/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/intl.h"
#include "present/lifecycle.h"
#include "report/report.h"

/* The report is written value by value, so that it may be longer than memory
   would hold as one tree; and times are written here, as no double has the
   nanoseconds of a clock that counts from 1970.  */
#define DUMP (JSON_COMPACT | JSON_ENCODE_ANY)

struct writer {
	FILE *out;
	bool first;             /* nothing written at this level yet */
	bool failed;
};

/* Takes VALUE over.  */
static void put_value(struct writer *writer, json_t *value)
{
	if (!value || json_dumpf(value, writer->out, DUMP) < 0)
		writer->failed = true;
	json_decref(value);
}

static void put_comma(struct writer *writer)
{
	fputs(writer->first ? "\n" : ",\n", writer->out);
	writer->first = false;
}

static void put_member(struct writer *writer, const char *name, json_t *value)
{
	put_comma(writer);
	fprintf(writer->out, "  \"%s\": ", name);
	put_value(writer, value);
}

/* Members of an object within a line.  */
static void put_inner(struct writer *writer, const char *name, json_t *value)
{
	fprintf(writer->out, ",\"%s\":", name);
	put_value(writer, value);
}

/* LEAD: what comes before the name: "{" or ",".  */
static void put_seconds(struct writer *writer, const char *lead,
			const char *name, uint64_t ns)
{
	fprintf(writer->out, "%s\"%s\":%" PRIu64 ".%09" PRIu64, lead, name,
		ns / 1000000000, ns % 1000000000);
}

static void open_array(struct writer *writer, const char *name)
{
	put_comma(writer);
	fprintf(writer->out, "  \"%s\": [", name);
	writer->first = true;
}

static void put_element(struct writer *writer, json_t *value)
{
	put_comma(writer);
	fputs("    ", writer->out);
	put_value(writer, value);
}

static void close_array(struct writer *writer)
{
	fputs(writer->first ? "]" : "\n  ]", writer->out);
	writer->first = false;
}

static json_t *number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *name_or_null(const char *name)
{
	return name && *name ? json_string(name) : json_null();
}

static json_t *address_text(uint64_t address)
{
	return json_sprintf("0x%" PRIx64, address);
}

static json_t *line_or_null(const struct frame *frame)
{
	return frame->file && frame->line > 0 ? json_integer(frame->line) :
	       json_null();
}

static json_t *source_object(const struct report *report)
{
	const struct source *source = report->source;

	return json_pack("{so so so so}",
		"kind", json_string(source->kind == SOURCE_LIVE ? "live" :
				    "perf.data"),
		"path", name_or_null(source->kind == SOURCE_FILE ?
				     source->path : NULL),
		"pid", source->pid ? number(source->pid) : json_null(),
		"command", name_or_null(report->picture->command));
}

static json_t *operations_object(const struct snapshot *heap)
{
	json_t *object = json_object();

	for (int i = 0; i < ALLOC_COUNT; i++)
		json_object_set_new(object, allocators[i].symbol,
				    number(heap->operations[i]));
	return object;
}

static json_t *anomalies_object(const struct snapshot *heap)
{
	json_t *object = json_object();

	for (int i = 0; i < ANOMALY_COUNT; i++)
		json_object_set_new(object, anomaly_names[i],
				    number(heap->anomalies[i]));
	return object;
}

static json_t *site_object(const struct row *row, const struct report *report)
{
	struct frame frame;

	row_site(row, report->picture->heap, report->symbols, FRAME_LINE,
		 &frame);
	return json_pack("{so so so so}",
		"symbol", name_or_null(frame.symbol),
		"object", name_or_null(frame.object),
		"file", name_or_null(frame.file),
		"line", line_or_null(&frame));
}

static json_t *frame_object(const struct frame *frame, uint64_t address)
{
	bool named = frame->symbol && !frame->inlined && !frame->no_offset;

	return json_pack("{so so so so so so so}",
		"address", !frame->numbered ? address_text(address) :
			   frame->object_offset ?
			   address_text(frame->object_offset) : json_null(),
		"symbol", name_or_null(frame->symbol),
		"offset", named ? number(frame->offset) : json_null(),
		"object", name_or_null(frame->object),
		"file", name_or_null(frame->file),
		"line", line_or_null(frame),
		"inlined", json_boolean(frame->inlined));
}

static json_t *stack_array(const struct row *row, const struct report *report)
{
	struct chain chain = chains_get(report->picture->heap->chains,
					row->chain);
	json_t *array = json_array();
	struct frame frames[FRAMES_PER_ADDRESS];

	for (uint32_t i = 0; i < chain.count; i++) {
		unsigned count = symbols_frames(
			report->symbols, chain.space, chain.addresses[i],
			FRAME_RETURN | FRAME_LINE, frames, FRAMES_PER_ADDRESS);

		for (unsigned k = 0; k < count; k++)
			json_array_append_new(array, frame_object(
				&frames[k], chain.addresses[i]));
	}
	return array;
}

static void put_suspect(struct writer *writer, const struct row *row,
			size_t rank, const struct report *report)
{
	put_comma(writer);
	fprintf(writer->out, "    {\"rank\":%zu", rank);
	put_inner(writer, "size", number(row->size));
	put_inner(writer, "blocks", number(row->blocks));
	put_inner(writer, "bytes", number(row->bytes));
	put_inner(writer, "allocated", number(row->allocated));
	put_inner(writer, "freed", number(row->freed));
	put_inner(writer, "doubtful", number(row->doubtful));
	put_seconds(writer, ",", "first", row->first);
	put_seconds(writer, ",", "last", row->last);
	put_inner(writer, "verdict", json_string(verdict_id(row->verdict)));
	put_inner(writer, "site", site_object(row, report));
	put_inner(writer, "stack", stack_array(row, report));
	fputc('}', writer->out);
}

static int put_sizes(struct writer *writer, const struct report *report)
{
	size_t count;
	struct size_total *totals = size_totals(report->picture->heap,
						&report->sizes, &count);

	if (!totals)
		return -1;
	open_array(writer, "sizes");
	for (size_t i = 0; i < count; i++)
		put_element(writer, json_pack("{so so so so so}",
			"size", number(totals[i].size),
			"blocks", number(totals[i].blocks),
			"bytes", number(totals[i].bytes),
			"allocated", number(totals[i].allocated),
			"freed", number(totals[i].freed)));
	close_array(writer);
	free(totals);
	return 0;
}

static void put_lifecycle(struct writer *writer,
			  const struct lifecycle *lifecycle,
			  const struct log_view *log)
{
	open_array(writer, "lifecycle");
	for (size_t i = 0; i < lifecycle->count; i++) {
		const struct log_entry *entry =
			log_view_get(log, lifecycle->entries[i]);

		put_comma(writer);
		put_seconds(writer, "    {", "time", entry->time);
		fprintf(writer->out, ",\"tid\":%" PRIu32 ",\"event\":\"%s\""
			",\"address\":\"0x%" PRIx64 "\",\"live\":%" PRIu32 "}",
			entry->tid, entry->enter ? "enter" : "exit",
			entry->address, entry->live);
	}
	close_array(writer);
}

static void put_totals(struct writer *writer, const struct report *report)
{
	const struct snapshot *heap = report->picture->heap;

	put_member(writer, "schema", json_integer(1));
	put_member(writer, "leaktop", json_string(PACKAGE_VERSION));
	put_member(writer, "source", source_object(report));
	put_comma(writer);
	fputs("  \"window\": ", writer->out);
	put_seconds(writer, "{", "start", heap->start);
	put_seconds(writer, ",", "end", heap->end);
	fputc('}', writer->out);
	put_member(writer, "hits", number(heap->hits));
	put_member(writer, "lost", number(heap->lost));
	put_member(writer, "missed_frees", number(heap->missed_frees));
	put_member(writer, "unpaired", number(heap->unpaired));
	put_member(writer, "operations", operations_object(heap));
	put_member(writer, "live", json_pack("{so so}",
		"blocks", number(heap->live_blocks),
		"bytes", number(heap->live_bytes)));
	put_member(writer, "anomalies", anomalies_object(heap));
}

int report_json(const struct report *report, FILE *out, struct error *error)
{
	struct writer writer = { .out = out, .first = true };
	struct report_data data;

	if (report_collect(&data, report, error) < 0)
		return -1;
	fputs("{", out);
	put_totals(&writer, report);
	if (put_sizes(&writer, report) < 0)
		writer.failed = true;
	open_array(&writer, "suspects");
	for (size_t i = 0; i < data.rows.count; i++)
		put_suspect(&writer, &data.rows.row[i], i + 1, report);
	close_array(&writer);
	if (data.lifecycle)
		put_lifecycle(&writer, data.lifecycle,
			      report->picture->heap->log);
	fputs("\n}\n", out);
	report_release(&data);
	if (writer.failed && !ferror(out))
		return error_set(error, _("out of memory"));
	return 0;
}
