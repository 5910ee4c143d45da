/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "present/lifecycle.h"

const struct report_format report_formats[] = {
	{ "text", N_("tables to read"), report_text },
	{ "json", N_("one JSON object, for programs"), report_json },
};
const size_t report_format_count =
	sizeof(report_formats) / sizeof(*report_formats);

const struct report_format *report_format_by_name(const char *name)
{
	for (size_t i = 0; i < report_format_count; i++) {
		if (!strcmp(report_formats[i].name, name))
			return &report_formats[i];
	}
	return NULL;
}

static int collect_lifecycle(struct report_data *data,
			     const struct report *report)
{
	const struct log_view *log = report->picture->heap->log;

	data->lifecycle = calloc(1, sizeof(*data->lifecycle));
	if (!data->lifecycle)
		return -1;
	lifecycle_start(data->lifecycle, report->follow_size);
	return log ? lifecycle_update(data->lifecycle, log, 0) : 0;
}

int report_collect(struct report_data *data, const struct report *report,
		   struct error *error)
{
	const struct snapshot *heap = report->picture->heap;
	const struct cell_context context = {
		.snapshot = heap,
		.symbols = report->symbols,
		.ascii = report->ascii,
	};

	memset(data, 0, sizeof(*data));
	if (rows_build(&data->rows, heap, report->symbols, &report->sizes) < 0 ||
	    (report->follow && collect_lifecycle(data, report) < 0)) {
		report_release(data);
		return error_set(error, _("out of memory"));
	}
	if (report->sort)
		rows_sort(&data->rows, report->sort, false, &context);
	return 0;
}

void report_release(struct report_data *data)
{
	rows_clear(&data->rows);
	if (data->lifecycle)
		lifecycle_clear(data->lifecycle);
	free(data->lifecycle);
	data->lifecycle = NULL;
}
