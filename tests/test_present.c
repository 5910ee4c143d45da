/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * What the screen and the report share: numbers and names as text, the columns
 * of the suspects, and the events of one size.
 */
#include "config.h"

#include "testing.h"

#include "present/columns.h"
#include "present/format.h"
#include "present/lifecycle.h"
#include "ui_fixture.h"

#define S UINT64_C(1000000000)

static const struct {
	uint64_t value;
	const char *text;
} bytes[] = {
	{0, "0"}, {1, "1"}, {1023, "1023"}, {1024, "1.0K"}, {1536, "1.5K"}, {3072, "3.0K"},
	{10188, "9.9K"}, {10189, "10K"}, {1023 * 1024, "1023K"}, {1024 * 1024 - 1, "1.0M"},
	{1024 * 1024, "1.0M"}, {117 * 1024 * 1024, "117M"}, {UINT64_C(1) << 40, "1.0T"},
	{UINT64_MAX, "16E"},
}, counts[] = {
	{0, "0"}, {1234, "1234"}, {999999, "999999"}, {1000000, "1.00M"}, {1234567, "1.23M"},
	{9994999, "9.99M"}, {9995000, "10.0M"}, {12345678, "12.3M"}, {123456789, "123M"},
	{999499999, "999M"}, {999500000, "1.00G"}, {UINT64_MAX, "18.4E"},
}, durations[] = {
	{0, "0ns"}, {999, "999ns"}, {1000, "1.0us"}, {9999, "9.9us"}, {10000, "10us"},
	{12345, "12us"}, {999999, "999us"}, {1000000, "1.0ms"}, {850 * S / 1000, "850ms"},
	{S, "1.0s"}, {12345678901, "12.3s"}, {59999999999, "59.9s"}, {60 * S, "1m00s"},
	{245 * S, "4m05s"}, {3599 * S, "59m59s"}, {3600 * S, "1h00m"}, {7980 * S, "2h13m"},
	{86399 * S, "23h59m"}, {86400 * S, "1d00h"}, {(3 * 86400 + 4 * 3600) * S, "3d04h"},
	{100 * 86400 * S, "100d"}, {UINT64_MAX, "213503d"},
}, times[] = {
	{0, "0.000000"}, {1999, "0.000001"}, {12345678999, "12.345678"},
};

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

START_TEST(numbers)
{
	char text[32];

	for (int i = 0; i < COUNT(bytes); i++) {
		format_bytes(text, sizeof(text), bytes[i].value);
		ck_assert_str_eq(text, bytes[i].text);
	}
	for (int i = 0; i < COUNT(counts); i++) {
		format_count(text, sizeof(text), counts[i].value);
		ck_assert_str_eq(text, counts[i].text);
	}
	for (int i = 0; i < COUNT(durations); i++) {
		format_duration(text, sizeof(text), durations[i].value);
		ck_assert_str_eq(text, durations[i].text);
	}
	for (int i = 0; i < COUNT(times); i++) {
		format_time(text, sizeof(text), times[i].value);
		ck_assert_str_eq(text, times[i].text);
	}
}
END_TEST

START_TEST(doubtful_numbers)
{
	static const struct { uint64_t value; const char *text; } cases[] = {
		{0, "0?"}, {7, "7?"}, {99999, "99999?"}, {100000, "100K?"}, {123456, "123K?"},
		{123500, "124K?"}, {999499, "999K?"}, {999500, "1.00M?"}, {1000000, "1.00M?"},
		{12345678, "12.3M?"}, {UINT64_C(123456789), "123M?"},
	};
	char text[32];

	for (int i = 0; i < COUNT(cases); i++) {
		format_doubtful(text, sizeof(text), cases[i].value);
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

/* As narrow as the columns are, whatever the number. */
START_TEST(numbers_fit)
{
	char text[32];

	for (int shift = 0; shift < 64; shift++) {
		for (uint64_t part = 1; part <= 20; part++) {
			uint64_t value = (UINT64_C(1) << shift) / 10 * part;

			format_bytes(text, sizeof(text), value);
			ck_assert_uint_le(strlen(text), 5);
			format_count(text, sizeof(text), value);
			ck_assert_uint_le(strlen(text), 6);
			format_duration(text, sizeof(text), value);
			ck_assert_uint_le(strlen(text), 7);
		}
	}
	format_duration(text, sizeof(text), 99999 * S * 86400);
	ck_assert_uint_le(strlen(text), 6);
}
END_TEST

START_TEST(cut_to_fit)
{
	const struct frame frame = {.symbol = "größe", .object = "/lib/libx.so"};
	char text[32];

	format_count(text, 4, 123456);
	ck_assert_str_eq(text, "123");
	format_site(text, 3, &frame, 0);
	ck_assert_str_eq(text, "gr");
	format_site(text, 4, &frame, 0);
	ck_assert_str_eq(text, "gr");
	format_site(text, 5, &frame, 0);
	ck_assert_str_eq(text, "grö");
	format_site(text, 1, &frame, 0);
	ck_assert_str_eq(text, "");
	strcpy(text, "x");
	format_site(text, 0, &frame, 0);
	ck_assert_str_eq(text, "x");
}
END_TEST

static const struct {
	struct frame frame;
	const char *full;
	const char *site;
} frames[] = {
	{{.symbol = "f", .offset = 0x1c, .object = "/usr/lib/libX11.so.6"},
	 "f+0x1c (libX11.so.6)", "f (libX11.so.6)"},
	{{.symbol = "f", .offset = 0x1c, .object = "/x/demo", .file = "/src/a.c", .line = 12},
	 "f+0x1c (demo) a.c:12", "f (demo)"},
	{{.symbol = "f", .offset = 2}, "f+0x2", "f"},
	{{.object = "/lib/libc.so.6", .object_offset = 0x98930},
	 "0x7f12 (libc.so.6+0x98930)", "libc.so.6+0x98930"},
	{{.object = "[vdso]", .object_offset = 0x930}, "0x7f12 ([vdso]+0x930)", "[vdso]+0x930"},
	{{.file = "a.c", .line = 0}, "0x7f12", "0x7f12"},
};

START_TEST(names)
{
	char text[128];

	format_frame(text, sizeof(text), &frames[_i].frame, 0x7f12);
	ck_assert_str_eq(text, frames[_i].full);
	format_site(text, sizeof(text), &frames[_i].frame, 0x7f12);
	ck_assert_str_eq(text, frames[_i].site);
}
END_TEST

START_TEST(sparks)
{
	static const uint64_t ramp[] = {0, 1, 2, 3, 4, 5, 6, 7};
	static const uint64_t flat[] = {5, 5, 5};
	static const uint64_t none[] = {0, 0};
	static const uint64_t small[] = {0, 1, 1000000};
	char text[64];

	format_spark(text, sizeof(text), ramp, 8, false);
	ck_assert_str_eq(text, "▁▂▃▄▅▆▇█");
	format_spark(text, sizeof(text), ramp, 8, true);
	ck_assert_str_eq(text, "_.:-=+*#");
	format_spark(text, sizeof(text), flat, 3, true);
	ck_assert_str_eq(text, "###");
	format_spark(text, sizeof(text), none, 2, true);
	ck_assert_str_eq(text, "__");
	format_spark(text, sizeof(text), small, 3, true);
	ck_assert_str_eq(text, "_.#");
	format_spark(text, 7, ramp, 8, false);
	ck_assert_str_eq(text, "▁▂");
	format_spark(text, sizeof(text), ramp, 0, false);
	ck_assert_str_eq(text, "");
	format_spark_between(text, sizeof(text), ramp, 8, 2, 5, true);
	ck_assert_str_eq(text, "___-+###");
	format_spark_between(text, sizeof(text), (uint64_t[]){0, UINT64_MAX / 2, UINT64_MAX}, 3,
			     0, UINT64_MAX, true);
	ck_assert_str_eq(text, "_=#");
}
END_TEST

START_TEST(resampling)
{
	static const uint64_t values[] = {1, 9, 2, 8, 3, 7, 4};
	uint64_t cells[16] = {0};

	ck_assert_uint_eq(resample(cells, 16, values, 7), 7);
	ck_assert_mem_eq(cells, values, sizeof(values));
	ck_assert_uint_eq(resample(cells, 3, values, 7), 3);
	ck_assert_uint_eq(cells[0], 9);
	ck_assert_uint_eq(cells[1], 8);
	ck_assert_uint_eq(cells[2], 7);
	ck_assert_uint_eq(resample(cells, 1, values, 7), 1);
	ck_assert_uint_eq(cells[0], 9);
	ck_assert_uint_eq(resample(cells, 0, values, 7), 0);
	ck_assert_uint_eq(resample(cells, 3, values, 0), 0);
}
END_TEST

/* Columns. */

static struct snapshot *heap;
static struct symbols symbols;
static struct rows rows;
static struct cell_context context;

static void set_up_rows(void)
{
	struct sizespec all = {0};

	heap = fake_heap(10);
	context = (struct cell_context){.snapshot = heap, .symbols = &symbols};
	ck_assert_int_eq(rows_build(&rows, heap, &symbols, &all), 0);
	ck_assert_uint_eq(rows.count, 5);
}

static void clear_rows(void)
{
	rows_clear(&rows);
	snapshot_unref(heap);
}

static void ck_cell(size_t row, const char *column, const char *expected)
{
	char text[256];

	column_by_name(column)->cell(&rows.row[row], &context, text, sizeof(text));
	ck_assert_str_eq(text, expected);
}

START_TEST(cells)
{
	rows_sort(&rows, column_by_name("size"), false, &context);
	ck_cell(0, "size", "65536");
	ck_cell(0, "blocks", "1");
	ck_cell(0, "bytes", "64K");
	ck_cell(0, "allocated", "7");
	ck_cell(0, "freed", "6");
	ck_cell(0, "site", "log_append (demo)");
	ck_cell(1, "size", "3072");
	ck_cell(1, "age", "10.0s");
	ck_cell(1, "site", "query_font_info (demo)");
	ck_cell(3, "allocated", "1.23M");
	ck_cell(4, "site", "(call chain not known)");
	ck_cell(4, "trend", "████████");
	context.ascii = true;
	ck_cell(4, "trend", "########");
	ck_cell(2, "trend", "_______#");
	rows.row[1].doubtful = 1;
	ck_cell(1, "blocks", "10?");
	/* A row that has no end: an age below zero is none. */
	rows.row[0].oldest = heap->end + 1;
	ck_cell(0, "age", "0ns");
	/* The exact size as long as there is room. */
	rows.row[0].size = 9999999;
	ck_cell(0, "size", "9999999");
	rows.row[0].size = 10000000;
	ck_cell(0, "size", "9.5M");
}
END_TEST

/* Cells are never wider than their column. */
START_TEST(cells_fit)
{
	struct row row = {
		.size = UINT64_MAX, .blocks = 1234567, .bytes = UINT64_MAX,
		.allocated = UINT64_MAX, .freed = 1234567, .oldest = 1,
	};
	struct row doubtful = row;

	doubtful.doubtful = 1;
	heap->end = 99999 * S * 86400;
	context.ascii = true;
	for (size_t i = 0; i < column_count; i++) {
		char text[256];

		if (columns[i].width == 0)
			continue;
		columns[i].cell(&row, &context, text, sizeof(text));
		ck_assert_msg(strlen(text) <= (size_t)columns[i].width, "%s: %s",
			      columns[i].name, text);
		doubtful.blocks = i * 123456;
		columns[i].cell(&doubtful, &context, text, sizeof(text));
		ck_assert_uint_le(strlen(text), (size_t)columns[i].width);
		ck_assert_uint_le(strlen(columns[i].title), (size_t)columns[i].width);
	}
}
END_TEST

START_TEST(sorting)
{
	rows_sort(&rows, column_by_name("bytes"), false, &context);
	for (size_t i = 1; i < rows.count; i++)
		ck_assert_uint_ge(rows.row[i - 1].bytes, rows.row[i].bytes);
	rows_sort(&rows, column_by_name("bytes"), true, &context);
	for (size_t i = 1; i < rows.count; i++)
		ck_assert_uint_le(rows.row[i - 1].bytes, rows.row[i].bytes);
	rows_sort(&rows, NULL, false, &context);
	for (size_t i = 1; i < rows.count; i++)
		ck_assert_double_ge(rows.row[i - 1].score, rows.row[i].score);
	rows_sort(&rows, NULL, true, &context);
	for (size_t i = 1; i < rows.count; i++)
		ck_assert_double_le(rows.row[i - 1].score, rows.row[i].score);
	rows_sort(&rows, column_by_name("site"), false, &context);
	ck_cell(0, "site", "(call chain not known)");
	ck_cell(1, "site", "cache_put (demo)");
}
END_TEST

/* What is equal stays in the order of before. */
START_TEST(sorting_is_stable)
{
	rows_sort(&rows, column_by_name("size"), false, &context);
	for (size_t i = 0; i < rows.count; i++)
		rows.row[i].freed = 7;
	rows_sort(&rows, column_by_name("freed"), false, &context);
	for (size_t i = 1; i < rows.count; i++)
		ck_assert_uint_gt(rows.row[i - 1].size, rows.row[i].size);
	rows_sort(&rows, column_by_name("freed"), true, &context);
	for (size_t i = 1; i < rows.count; i++)
		ck_assert_uint_gt(rows.row[i - 1].size, rows.row[i].size);
}
END_TEST

START_TEST(table)
{
	ck_assert_ptr_null(column_by_name("nonsense"));
	for (size_t i = 0; i < column_count; i++) {
		ck_assert_ptr_eq(column_by_name(columns[i].name), &columns[i]);
		ck_assert_ptr_null(strpbrk(columns[i].name, " \t,"));
		ck_assert(columns[i].key >= 'A' && columns[i].key <= 'Z');
		/* Taken, or kept for what comes. */
		ck_assert_ptr_null(strchr("DFGINZ", columns[i].key));
		for (size_t j = 0; j < i; j++)
			ck_assert_int_ne(columns[i].key, columns[j].key);
	}
}
END_TEST

/* Lifecycle. */

#define LOG_LIMIT 8192

static struct log_view *log_of(struct log *log)
{
	struct log_view *view = log_view_new(log);

	ck_assert_ptr_nonnull(view);
	return view;
}

START_TEST(events_of_one_size)
{
	struct chains *chains = chains_new();
	struct log *log = log_new(0, NULL);
	struct log_view *view = fake_story(log, chains, 10);
	struct lifecycle events;

	lifecycle_start(&events, 3072);
	/* A few at a time, until there are no more. */
	ck_assert_int_eq(lifecycle_update(&events, view, 7), 1);
	ck_assert_uint_eq(events.scanned, 7);
	while (lifecycle_update(&events, view, 7) > 0)
		;
	ck_assert_uint_eq(events.count, 30);
	ck_assert_uint_eq(events.dropped, 0);
	for (size_t i = 0; i < events.count; i++) {
		ck_assert_uint_eq(events.entries[i], i / 3 * 5 + i % 3);
		ck_assert_uint_eq(lifecycle_find(&events, events.entries[i]), i);
	}
	/* Freed, then leaked, over and over. */
	for (size_t i = 0; i < events.count; i += 3) {
		ck_assert_uint_eq(events.partners[i], events.entries[i + 1]);
		ck_assert_uint_eq(events.partners[i + 1], events.entries[i]);
		ck_assert_uint_eq(events.partners[i + 2], LIFECYCLE_NONE);
	}
	ck_assert_int_eq(lifecycle_update(&events, view, 0), 0);
	ck_assert_uint_eq(events.count, 30);
	lifecycle_clear(&events);
	log_view_unref(view);
	log_free(log);
	chains_unref(chains);
}
END_TEST

/* Against a plain model: which block is at which address. */
START_TEST(partners)
{
	enum { ADDRESSES = 500, EVENTS = 20000 };
	static uint64_t born[ADDRESSES];
	static uint64_t partner[EVENTS];
	struct log *log = log_new(0, NULL);
	struct log_view *view;
	struct lifecycle events;
	uint32_t random = 1;

	memset(born, 0xff, sizeof(born));
	for (uint64_t i = 0; i < EVENTS; i++) {
		uint32_t at;

		random = random * 1664525u + 1013904223u;
		at = (random >> 8) % ADDRESSES;
		partner[i] = born[at];
		if (born[at] == UINT64_MAX) {
			fake_log(log, i, 0x1000 + at * 16, 64, 0, 1, 0, true);
			born[at] = i;
		} else {
			fake_log(log, i, 0x1000 + at * 16, 64, 0, 1, 0, false);
			partner[born[at]] = i;
			born[at] = UINT64_MAX;
		}
	}
	view = log_of(log);
	lifecycle_start(&events, 64);
	ck_assert_int_eq(lifecycle_update(&events, view, 0), 0);
	ck_assert_uint_eq(events.count, EVENTS);
	ck_assert_mem_eq(events.partners, partner, sizeof(partner));
	lifecycle_clear(&events);
	log_view_unref(view);
	log_free(log);
}
END_TEST

/* A release whose allocation is not there, and an allocation at a live
   address. */
START_TEST(contradictions)
{
	struct log *log = log_new(0, NULL);
	struct log_view *view;
	struct lifecycle events;

	fake_log(log, 1, 0x10, 8, 0, 1, 0, false);
	fake_log(log, 2, 0x20, 8, 1, 1, 0, true);
	fake_log(log, 3, 0x20, 8, 1, 1, 0, true);
	fake_log(log, 4, 0x20, 8, 0, 1, 0, false);
	fake_log(log, 5, 0x20, 8, 0, 1, 0, false);
	view = log_of(log);
	lifecycle_start(&events, 8);
	ck_assert_int_eq(lifecycle_update(&events, view, 0), 0);
	ck_assert_uint_eq(events.count, 5);
	ck_assert_uint_eq(events.partners[0], LIFECYCLE_NONE);
	ck_assert_uint_eq(events.partners[1], LIFECYCLE_NONE);
	ck_assert_uint_eq(events.partners[2], 3);
	ck_assert_uint_eq(events.partners[3], 2);
	ck_assert_uint_eq(events.partners[4], LIFECYCLE_NONE);
	lifecycle_clear(&events);
	log_view_unref(view);
	log_free(log);
}
END_TEST

START_TEST(dropped_events)
{
	struct log *log = log_new(LOG_LIMIT, NULL);
	struct lifecycle events;

	lifecycle_start(&events, 32);
	for (unsigned i = 0; i < 20 * LOG_LIMIT; i++) {
		struct log_view *view;

		/* Released long after, when its allocation is gone. */
		fake_log(log, i, 0x1000 + (i / 2 % 10000) * 32, 32, 0, 1, 0, i / 20000 % 2 == 0);
		if (i % 5000)
			continue;
		view = log_of(log);
		ck_assert_int_eq(lifecycle_update(&events, view, 0), 0);
		ck_assert_uint_eq(events.dropped, log_view_first(view));
		ck_assert_uint_eq(events.count, log_view_end(view) - log_view_first(view));
		for (size_t j = 0; j < events.count; j++) {
			ck_assert_uint_eq(events.entries[j], log_view_first(view) + j);
			ck_assert(events.partners[j] == LIFECYCLE_NONE ||
				  (events.partners[j] >= log_view_first(view) &&
				   events.partners[j] < log_view_end(view)));
		}
		log_view_unref(view);
	}
	ck_assert_uint_gt(events.dropped, 0);
	lifecycle_clear(&events);
	log_free(log);
}
END_TEST

/* A log that is shorter than what was seen is another one. */
START_TEST(log_begins_anew)
{
	struct log *log = log_new(0, NULL);
	struct log_view *view;
	struct lifecycle events;

	lifecycle_start(&events, 8);
	for (unsigned i = 0; i < 2; i++) {
		struct log *next = log_new(0, NULL);

		log_free(log);
		log = next;
		for (unsigned j = 0; j < 10 - i; j++)
			fake_log(log, j, 0x10 * j, 8, 0, 1, 0, true);
		view = log_of(log);
		ck_assert_int_eq(lifecycle_update(&events, view, 0), 0);
		ck_assert_uint_eq(events.count, 10 - i);
		log_view_unref(view);
	}
	lifecycle_clear(&events);
	log_free(log);
}
END_TEST

static Suite *suite(void)
{
	Suite *result = suite_create("present");
	TCase *format = tcase_create("format");
	TCase *column = tcase_create("columns");
	TCase *lifecycle = tcase_create("lifecycle");

	tcase_add_test(format, numbers);
	tcase_add_test(format, doubtful_numbers);
	tcase_add_test(format, numbers_fit);
	tcase_add_test(format, cut_to_fit);
	tcase_add_loop_test(format, names, 0, COUNT(frames));
	tcase_add_test(format, sparks);
	tcase_add_test(format, resampling);
	suite_add_tcase(result, format);

	tcase_add_checked_fixture(column, set_up_rows, clear_rows);
	tcase_add_test(column, cells);
	tcase_add_test(column, cells_fit);
	tcase_add_test(column, sorting);
	tcase_add_test(column, sorting_is_stable);
	tcase_add_test(column, table);
	suite_add_tcase(result, column);

	tcase_add_test(lifecycle, events_of_one_size);
	tcase_add_test(lifecycle, partners);
	tcase_add_test(lifecycle, contradictions);
	tcase_add_test(lifecycle, dropped_events);
	tcase_add_test(lifecycle, log_begins_anew);
	tcase_set_timeout(lifecycle, 60);
	suite_add_tcase(result, lifecycle);
	return result;
}

int main(void)
{
	return run_suite(suite());
}
