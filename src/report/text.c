/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>

#include "base/intl.h"
#include "present/format.h"
#include "present/lifecycle.h"
#include "report/report.h"

#define CELL 512
/* Call chains are shown of this many suspects.  */
#define CHAINS_SHOWN 3

static void put_source(const struct report *report, FILE *out)
{
	const struct source *source = report->source;
	const struct snapshot *heap = report->picture->heap;
	char duration[32];

	format_duration(duration, sizeof(duration), heap->end - heap->start);
	if (source->kind == SOURCE_FILE)
		fprintf(out, _("Recording %s, %s\n"), source->path, duration);
	else
		fprintf(out, _("Process %u (%s), watched for %s%s\n"),
			source->pid, report->picture->command, duration,
			report->picture->state == STATE_EXITED ?
			_("; it has exited") : "");
	if (source->kind == SOURCE_FILE && *report->picture->command)
		fprintf(out, _("of process %u (%s)\n"), source->pid,
			report->picture->command);
	if (*source->recorder)
		fprintf(out, _("recorded by: %s\n"), source->recorder);
}

static void put_operations(const struct snapshot *heap, FILE *out)
{
	fputs(_("operations:"), out);
	for (int i = 0; i < ALLOC_COUNT; i++) {
		if (heap->operations[i])
			fprintf(out, " %s %" PRIu64, allocators[i].symbol,
				heap->operations[i]);
	}
	fputc('\n', out);
}

static void put_alone(const struct snapshot *heap, FILE *out)
{
	if (heap->alone)
		fprintf(out, _("Of %" PRIu64 " allocations only the call was "
			"recorded: what became of them is not known.\n"),
			heap->alone);
}

static void put_losses(const struct snapshot *heap, FILE *out)
{
	char time[32];

	if (heap->missed_frees)
		fprintf(out, _("%" PRIu64 " frees were missed: another block "
			"was allocated at the same address.\n"),
			heap->missed_frees);
	if (!heap->lost && !heap->last_lost)
		return;
	format_duration(time, sizeof(time), heap->last_lost > heap->start ?
			heap->last_lost - heap->start : 0);
	fprintf(out, heap->lost ?
		_("Events were lost, last at %s: what looks like a leak may "
		  "have been freed unseen.\n") :
		_("Not all was watched, last at %s: what looks like a leak may "
		  "have been freed unseen.\n"), time);
}

static void put_totals(const struct report *report, FILE *out)
{
	const struct snapshot *heap = report->picture->heap;
	char bytes[32], filter[256];

	format_bytes(bytes, sizeof(bytes), heap->live_bytes);
	fprintf(out, _("live: %" PRIu64 " blocks, %s; allocated %" PRIu64
		", freed %" PRIu64 "\n"), heap->live_blocks, bytes,
		heap->allocated, heap->freed);
	fprintf(out, _("hits %" PRIu64 ", lost %" PRIu64 ", unpaired %" PRIu64
		"\n"), heap->hits, heap->lost, heap->unpaired);
	put_operations(heap, out);
	fprintf(out, _("unexpected: %" PRIu64 " frees of blocks from before, %"
		PRIu64 " double frees, %" PRIu64
		" allocations at a live address\n"),
		heap->anomalies[ANOMALY_UNALLOCATED_FREE],
		heap->anomalies[ANOMALY_DOUBLE_FREE],
		heap->anomalies[ANOMALY_DOUBLE_ALLOC]);
	put_alone(heap, out);
	put_losses(heap, out);
	if (heap->late)
		fprintf(out, _("%" PRIu64 " events came too late to be put in "
			"order: the counts may be off by as many.\n"),
			heap->late);
	if (report->sizes.count) {
		sizespec_format(&report->sizes, filter, sizeof(filter));
		fprintf(out, _("only sizes: %s\n"), filter);
	}
}

/* Cells of the screen: the columns with a width hold digits, words and
   sparks, all of one cell a character.  */
static int cells(const char *text)
{
	int count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static void put_cell(const struct column *column, const char *text, FILE *out)
{
	int width = column->width;
	int pad = width - cells(text);

	if (!width) {
		fputs(text, out);
		return;
	}
	if (!column->left)
		fprintf(out, "%*s", pad > 0 ? pad : 0, "");
	fputs(text, out);
	fprintf(out, "%*s", column->left && pad > 0 ? pad + 1 : 1, "");
}

static void put_table(const struct report *report, const struct rows *rows,
		      size_t shown, FILE *out)
{
	const struct cell_context context = {
		.snapshot = report->picture->heap,
		.symbols = report->symbols,
		.ascii = report->ascii,
	};
	char cell[CELL];

	fputc('\n', out);
	for (size_t i = 0; i < column_count; i++)
		put_cell(&columns[i], _(columns[i].title), out);
	fputc('\n', out);
	for (size_t i = 0; i < shown; i++) {
		for (size_t j = 0; j < column_count; j++) {
			columns[j].cell(&rows->row[i], &context, cell,
					sizeof(cell));
			put_cell(&columns[j], cell, out);
		}
		fputc('\n', out);
	}
	if (shown < rows->count)
		fprintf(out, _("and %zu more; --top=N shows more of them\n"),
			rows->count - shown);
}

static void put_legend(const struct rows *rows, size_t shown, FILE *out)
{
	for (size_t i = 0; i < shown; i++) {
		if (!rows->row[i].doubtful)
			continue;
		fputs(_("?: of these blocks some were alive when events were "
			"lost or not watched, and may have been freed.\n"),
		      out);
		return;
	}
}

static void put_chain(const struct report *report, uint32_t id, FILE *out)
{
	struct chain chain = chains_get(report->picture->heap->chains, id);
	char text[CELL];

	for (uint32_t i = 0; i < chain.count; i++) {
		struct frame frames[FRAMES_PER_ADDRESS];
		unsigned count = symbols_frames(
			report->symbols, chain.space, chain.addresses[i],
			FRAME_RETURN | FRAME_LINE, frames, FRAMES_PER_ADDRESS);

		for (unsigned k = 0; k < count; k++) {
			format_frame(text, sizeof(text), &frames[k],
				     chain.addresses[i]);
			fprintf(out, "    %s\n", text);
		}
	}
	if (!chain.count)
		fprintf(out, "    %s\n", _("(no call chain)"));
}

static void put_chains(const struct report *report, const struct rows *rows,
		       size_t shown, FILE *out)
{
	if (shown > CHAINS_SHOWN)
		shown = CHAINS_SHOWN;
	for (size_t i = 0; i < shown; i++) {
		const struct row *row = &rows->row[i];

		fprintf(out, row->blocks ?
			_("\n%zu. %" PRIu64 " blocks of %" PRIu64
			  " bytes, from\n") :
			_("\n%zu. %" PRIu64 " allocations of %" PRIu64
			  " bytes, from\n"), i + 1,
			row->blocks ? row->blocks : row->alone, row->size);
		put_chain(report, row->chain, out);
	}
}

static void put_lifecycle(const struct report *report,
			  const struct lifecycle *lifecycle, FILE *out)
{
	const struct snapshot *heap = report->picture->heap;
	char site[CELL];

	fprintf(out, _("\nLife of the blocks of %" PRIu64 " bytes:\n"),
		lifecycle->size);
	fprintf(out, "%14s %8s %6s %-5s %-18s %s\n", _("time"), _("thread"),
		_("live"), _("event"), _("address"), _("caller"));
	if (lifecycle->dropped)
		fprintf(out, _("(%" PRIu64 " earlier events were dropped)\n"),
			lifecycle->dropped);
	for (size_t i = 0; i < lifecycle->count; i++) {
		const struct log_entry *entry =
			log_view_get(heap->log, lifecycle->entries[i]);
		struct chain chain = chains_get(heap->chains, entry->chain);
		struct frame frame;

		*site = '\0';
		if (chain.count) {
			uint32_t at = symbols_call_site(report->symbols,
				chain.space, chain.addresses, chain.count);

			symbols_frame(report->symbols, chain.space,
				      chain.addresses[at], FRAME_RETURN, &frame);
			format_frame(site, sizeof(site), &frame,
				     chain.addresses[at]);
		}
		fprintf(out, "%14.6f %8u %6u %-5s 0x%-16" PRIx64 " %s\n",
			(double)(entry->time - heap->start) / 1e9, entry->tid,
			entry->live, entry->enter ? "enter" : "exit",
			entry->address, site);
	}
}

int report_text(const struct report *report, FILE *out, struct error *error)
{
	struct report_data data;
	size_t shown;

	if (report_collect(&data, report, error) < 0)
		return -1;
	shown = data.rows.count;
	if (report->top && shown > report->top)
		shown = report->top;
	put_source(report, out);
	put_totals(report, out);
	if (shown) {
		put_table(report, &data.rows, shown, out);
		put_legend(&data.rows, shown, out);
		put_chains(report, &data.rows, shown, out);
	} else {
		fputs(_("\nNo block is alive that was allocated while "
			"watching.\n"), out);
	}
	if (data.lifecycle)
		put_lifecycle(report, data.lifecycle, out);
	report_release(&data);
	return 0;
}
