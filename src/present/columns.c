/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "present/columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "present/format.h"

#define TREND_CELLS 8

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static void size_cell(const struct row *row, const struct cell_context *context, char *text,
		      size_t size)
{
	(void)context;
	/* To the byte as long as it fits: the exact size is what one filters by.  */
	if (row->size < 10000000)
		snprintf(text, size, "%llu", (unsigned long long)row->size);
	else
		format_bytes(text, size, row->size);
}

static int size_compare(const struct row *a, const struct row *b,
			const struct cell_context *context)
{
	(void)context;
	return compare_numbers(a->size, b->size);
}

static void blocks_cell(const struct row *row, const struct cell_context *context, char *text,
			size_t size)
{
	(void)context;
	if (row->doubtful)
		format_doubtful(text, size, row->blocks);
	else
		format_count(text, size, row->blocks);
}

static int blocks_compare(const struct row *a, const struct row *b,
			  const struct cell_context *context)
{
	(void)context;
	return compare_numbers(a->blocks, b->blocks);
}

static void bytes_cell(const struct row *row, const struct cell_context *context, char *text,
		       size_t size)
{
	(void)context;
	format_bytes(text, size, row->bytes);
}

static int bytes_compare(const struct row *a, const struct row *b,
			 const struct cell_context *context)
{
	(void)context;
	return compare_numbers(a->bytes, b->bytes);
}

static void allocated_cell(const struct row *row, const struct cell_context *context, char *text,
			   size_t size)
{
	(void)context;
	format_count(text, size, row->allocated);
}

static int allocated_compare(const struct row *a, const struct row *b,
			     const struct cell_context *context)
{
	(void)context;
	return compare_numbers(a->allocated, b->allocated);
}

static void freed_cell(const struct row *row, const struct cell_context *context, char *text,
		       size_t size)
{
	(void)context;
	format_count(text, size, row->freed);
}

static int freed_compare(const struct row *a, const struct row *b,
			 const struct cell_context *context)
{
	(void)context;
	return compare_numbers(a->freed, b->freed);
}

static uint64_t row_age(const struct row *row, const struct cell_context *context)
{
	uint64_t end = context->snapshot->end;

	return row->oldest && end > row->oldest ? end - row->oldest : 0;
}

static void age_cell(const struct row *row, const struct cell_context *context, char *text,
		     size_t size)
{
	format_duration(text, size, row_age(row, context));
}

static int age_compare(const struct row *a, const struct row *b,
		       const struct cell_context *context)
{
	return compare_numbers(row_age(a, context), row_age(b, context));
}

static unsigned slices_in_use(const struct cell_context *context)
{
	unsigned slices = context->snapshot->slices;

	return slices < SLICES ? slices : SLICES;
}

/* What lives now, piled up by time of birth: a ramp for a steady leak, a step
   at the left for what start-up made, one at the right for what turns over.  */
static void trend_cell(const struct row *row, const struct cell_context *context, char *text,
		       size_t size)
{
	unsigned slices = slices_in_use(context);
	uint64_t piled[SLICES];
	uint64_t cells[TREND_CELLS];
	uint64_t sum = 0;

	for (unsigned i = 0; i < slices; i++)
		piled[i] = sum += row->born[i];
	format_spark(text, size, cells, resample(cells, TREND_CELLS, piled, slices),
		     context->ascii);
}

static unsigned slices_with_births(const struct row *row, const struct cell_context *context)
{
	unsigned slices = slices_in_use(context);
	unsigned filled = 0;

	for (unsigned i = 0; i < slices; i++)
		filled += row->born[i] != 0;
	return filled;
}

static int trend_compare(const struct row *a, const struct row *b,
			 const struct cell_context *context)
{
	int order = compare_numbers(slices_with_births(a, context),
				    slices_with_births(b, context));

	return order ? order : compare_numbers(a->blocks, b->blocks);
}

static void verdict_cell(const struct row *row, const struct cell_context *context, char *text,
			 size_t size)
{
	(void)context;
	snprintf(text, size, "%s", verdict_name(row->verdict));
}

static int verdict_compare(const struct row *a, const struct row *b,
			   const struct cell_context *context)
{
	(void)context;
	if (a->verdict != b->verdict)
		return a->verdict < b->verdict ? -1 : 1;
	/* The more suspect first, as within the order of suspicion.  */
	return a->score > b->score ? -1 : a->score < b->score;
}

static uint64_t site_frame(const struct row *row, const struct cell_context *context,
			   struct frame *frame)
{
	struct chain chain = chains_get(context->snapshot->chains, row->chain);

	*frame = (struct frame){0};
	if (row->site >= chain.count)
		return 0;
	row_site(row, context->snapshot, context->symbols, FRAME_RETURN, frame);
	return chain.addresses[row->site];
}

static void site_cell(const struct row *row, const struct cell_context *context, char *text,
		      size_t size)
{
	struct frame frame;
	uint64_t address = site_frame(row, context, &frame);

	if (address || frame.symbol || frame.object)
		format_site(text, size, &frame, address);
	else
		snprintf(text, size, "%s", _("(call chain not known)"));
}

static int site_compare(const struct row *a, const struct row *b,
			const struct cell_context *context)
{
	char first[256];
	char second[256];

	site_cell(a, context, first, sizeof(first));
	site_cell(b, context, second, sizeof(second));
	return strcmp(first, second);
}

const struct column columns[] = {
	{
		.name = "size", .title = N_("SIZE"), .key = 'S', .width = 7,
		.help = N_("bytes of each block"),
		.descending = true, .cell = size_cell, .compare = size_compare,
	},
	{
		.name = "blocks", .title = N_("BLOCKS"), .key = 'B', .width = 6, .drop = 1,
		.help = N_("blocks that are live: allocated and not freed so far; ?: not certain"),
		.descending = true, .cell = blocks_cell, .compare = blocks_compare,
	},
	{
		.name = "bytes", .title = N_("BYTES"), .key = 'M', .width = 5, .drop = 3,
		.help = N_("bytes that are live"),
		.descending = true, .cell = bytes_cell, .compare = bytes_compare,
	},
	{
		.name = "allocated", .title = N_("ALLOC"), .key = 'A', .width = 6, .drop = 6,
		.help = N_("blocks allocated since watching began"),
		.descending = true, .cell = allocated_cell, .compare = allocated_compare,
	},
	{
		.name = "freed", .title = N_("FREED"), .key = 'R', .width = 6, .drop = 7,
		.help = N_("how many of those were freed (released)"),
		.descending = true, .cell = freed_cell, .compare = freed_compare,
	},
	{
		.name = "age", .title = N_("OLDEST"), .key = 'T', .width = 6, .drop = 5,
		.help = N_("age of the oldest live block"),
		.descending = true, .cell = age_cell, .compare = age_compare,
	},
	{
		.name = "trend", .title = N_("TREND"), .key = 'U', .width = TREND_CELLS,
		.left = true, .drop = 4,
		.help = N_("when the live blocks were born, piled up: a ramp is a steady leak"),
		.descending = true, .cell = trend_cell, .compare = trend_compare,
	},
	{
		.name = "verdict", .title = N_("VERDICT"), .key = 'V', .width = 7,
		.left = true, .drop = 2,
		.help = N_("what the trend amounts to"),
		.cell = verdict_cell, .compare = verdict_compare,
	},
	{
		.name = "site", .title = N_("CALL SITE"), .key = 'C', .left = true,
		.help = N_("the function that asked for the block, and its object"),
		.cell = site_cell, .compare = site_compare,
	},
};

const size_t column_count = sizeof(columns) / sizeof(columns[0]);

const struct column *column_by_name(const char *name)
{
	for (size_t i = 0; i < column_count; i++)
		if (strcmp(columns[i].name, name) == 0)
			return &columns[i];
	return NULL;
}

struct ordering {
	const struct row *rows;
	const struct column *column;
	const struct cell_context *context;
	int sign;
};

static int compare_rows(const void *first, const void *second, void *argument)
{
	const struct ordering *ordering = argument;
	size_t i = *(const size_t *)first;
	size_t j = *(const size_t *)second;
	const struct row *a = &ordering->rows[i];
	const struct row *b = &ordering->rows[j];
	int order;

	if (ordering->column)
		order = ordering->column->compare(a, b, ordering->context);
	else
		order = a->score < b->score ? -1 : a->score > b->score;
	if (order)
		return order * ordering->sign;
	return i < j ? -1 : i > j;
}

void rows_sort(struct rows *rows, const struct column *column, bool reverse,
	       const struct cell_context *context)
{
	bool descending = column ? column->descending : true;
	struct ordering ordering = {
		.rows = rows->row,
		.column = column,
		.context = context,
		.sign = descending != reverse ? -1 : 1,
	};
	size_t *order;
	struct row *sorted;

	if (rows->count < 2)
		return;
	order = calloc(rows->count, sizeof(*order));
	sorted = calloc(rows->count, sizeof(*sorted));
	/* Without memory the order stays as it is.  */
	if (order && sorted) {
		for (size_t i = 0; i < rows->count; i++)
			order[i] = i;
		qsort_r(order, rows->count, sizeof(*order), compare_rows, &ordering);
		for (size_t i = 0; i < rows->count; i++)
			sorted[i] = rows->row[order[i]];
		memcpy(rows->row, sorted, rows->count * sizeof(*sorted));
	}
	free(sorted);
	free(order);
}
