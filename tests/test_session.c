/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <check.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "report/report.h"
#include "session/session.h"
#include "testing.h"

/* The whole pipe on the recording of the demo, up to the reports.  */

static void path_of(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", tests_srcdir(), name);
}

static struct session *open_demo(bool log)
{
	static char path[4096], sysroot[4096];
	struct session_options options = {
		.path = path, .sysroot = sysroot, .heap = { .log = log },
	};
	struct error error = { "" };
	struct session *session;

	path_of(path, sizeof(path), "demo/demo.perf.data");
	path_of(sysroot, sizeof(sysroot), "demo/sysroot");
	session = session_new(&options, &error);
	ck_assert_msg(session != NULL, "%s", error.text);
	return session;
}

/* Runs SESSION to its end; the last picture.  */
static struct picture *finish(struct session *session)
{
	const struct feed *feed = session_feed(session);
	struct picture *picture = feed->picture(feed->context);
	struct error error;

	ck_assert_int_eq(picture->state, STATE_STARTING);
	ck_assert_ptr_nonnull(picture->heap);
	ck_assert_int_eq(session_start(session, &error), 0);
	while (picture->state == STATE_STARTING ||
	       picture->state == STATE_LOADING) {
		struct pollfd wait = { .fd = feed->fd, .events = POLLIN };
		eventfd_t ignored;

		ck_assert_int_eq(poll(&wait, 1, 30000), 1);
		eventfd_read(feed->fd, &ignored);
		picture_unref(picture);
		picture = feed->picture(feed->context);
	}
	return picture;
}

START_TEST(demo_loads)
{
	struct session *session = open_demo(true);
	struct picture *picture = finish(session);
	const struct feed *feed = session_feed(session);
	const struct snapshot *heap = picture->heap;

	ck_assert_int_eq(picture->state, STATE_COMPLETE);
	ck_assert_str_eq(picture->notice, "");
	ck_assert(picture->done == 1);
	ck_assert_int_eq(feed->source->kind, SOURCE_FILE);
	ck_assert_ptr_nonnull(strstr(feed->source->recorder, "perf record"));
	ck_assert_str_eq(picture->command, "leaktop-demo");
	ck_assert_uint_eq(heap->hits, 1055);
	ck_assert_uint_eq(heap->lost, 0);
	ck_assert_uint_eq(heap->unpaired, 0);
	ck_assert_uint_eq(heap->operations[ALLOC_FREE], 515);
	ck_assert_uint_eq(heap->live_blocks, 14);
	ck_assert_uint_eq(heap->live_bytes, 14 * 3072);
	ck_assert_uint_eq(log_view_end(heap->log),
			  heap->allocated + heap->freed);
	picture_unref(picture);
	session_free(session);
}
END_TEST

/* Stopped before, while and after it loads, or never started.  */
START_TEST(stops_at_any_time)
{
	struct error error;

	for (unsigned i = 0; i < 20; i++) {
		struct session *session = open_demo(false);

		if (i) {
			ck_assert_int_eq(session_start(session, &error), 0);
			usleep(i * 500);
			session_stop(session);
			session_stop(session);
		}
		session_free(session);
	}
}
END_TEST

/* A picture outlives the session.  */
START_TEST(pictures_stay)
{
	struct session *session = open_demo(true);
	struct picture *picture = finish(session);

	session_free(session);
	ck_assert_uint_eq(picture->heap->live_blocks, 14);
	ck_assert_uint_eq(log_view_get(picture->heap->log, 0)->enter, 1);
	picture_unref(picture);
}
END_TEST

static char *write_report(const char *format, struct report *report)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct error error = { "" };

	ck_assert_msg(report_format_by_name(format)->write(report, out,
		&error) == 0, "%s", error.text);
	fclose(out);
	return text;
}

static struct report report_on(const struct session *session,
			       const struct picture *picture)
{
	const struct feed *feed = session_feed(session);

	return (struct report) {
		.source = feed->source, .picture = picture,
		.symbols = feed->symbols, .top = 20, .follow = true,
		.follow_size = 3072,
	};
}

static json_int_t integer(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	ck_assert_msg(json_is_integer(value), "%s is no integer", name);
	return json_integer_value(value);
}

static const char *string(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	ck_assert_msg(json_is_string(value), "%s is no string", name);
	return json_string_value(value);
}

static void check_suspect(const json_t *suspect)
{
	const json_t *site = json_object_get(suspect, "site");
	const json_t *stack = json_object_get(suspect, "stack");
	const json_t *frame;
	static const char *const functions[] = {
		"xmalloc", "query_font_info", "x_term_init", "create_frame",
		"main",
	};

	ck_assert_int_eq(integer(suspect, "rank"), 1);
	ck_assert_int_eq(integer(suspect, "size"), 3072);
	ck_assert_int_eq(integer(suspect, "blocks"), 14);
	ck_assert_int_eq(integer(suspect, "bytes"), 14 * 3072);
	ck_assert_int_eq(integer(suspect, "allocated"), 14);
	ck_assert_int_eq(integer(suspect, "freed"), 0);
	ck_assert_int_eq(integer(suspect, "doubtful"), 0);
	ck_assert(json_is_real(json_object_get(suspect, "first")));
	ck_assert(json_real_value(json_object_get(suspect, "last")) >
		  json_real_value(json_object_get(suspect, "first")));
	ck_assert_str_eq(string(suspect, "verdict"), "leaking");
	ck_assert_str_eq(string(site, "symbol"), "query_font_info");
	ck_assert_str_eq(string(site, "object"), "/usr/local/bin/leaktop-demo");
	ck_assert_ptr_nonnull(strstr(string(site, "file"), "demo.c"));
	ck_assert_int_gt(integer(site, "line"), 0);
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		frame = json_array_get(stack, i);
		ck_assert_str_eq(string(frame, "symbol"), functions[i]);
		ck_assert_int_gt(integer(frame, "offset"), 0);
		ck_assert_int_eq(strncmp(string(frame, "address"), "0x", 2), 0);
	}
}

START_TEST(json_report)
{
	struct session *session = open_demo(true);
	struct picture *picture = finish(session);
	struct report report = report_on(session, picture);
	char *text = write_report("json", &report);
	json_error_t error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	json_t *list, *object;

	ck_assert_msg(root != NULL, "%s, line %d", error.text, error.line);
	ck_assert_int_eq(integer(root, "schema"), 1);
	ck_assert_str_eq(string(root, "leaktop"), PACKAGE_VERSION);
	object = json_object_get(root, "source");
	ck_assert_str_eq(string(object, "kind"), "perf.data");
	ck_assert_ptr_nonnull(strstr(string(object, "path"), "demo.perf.data"));
	ck_assert_int_gt(integer(object, "pid"), 0);
	object = json_object_get(root, "window");
	ck_assert(json_real_value(json_object_get(object, "end")) >
		  json_real_value(json_object_get(object, "start")));
	ck_assert_int_eq(integer(root, "hits"), 1055);
	ck_assert_int_eq(integer(root, "lost"), 0);
	ck_assert_int_eq(integer(root, "missed_frees"), 0);
	ck_assert_int_eq(integer(root, "unpaired"), 0);
	object = json_object_get(root, "operations");
	ck_assert_uint_eq(json_object_size(object), ALLOC_COUNT);
	ck_assert_int_eq(integer(object, "malloc"), 182);
	ck_assert_int_eq(integer(json_object_get(root, "live"), "blocks"), 14);
	object = json_object_get(root, "anomalies");
	ck_assert_int_eq(integer(object, "unallocated_free"), 18);
	ck_assert_int_eq(integer(object, "double_free"), 0);
	ck_assert_int_eq(integer(object, "double_alloc"), 0);
	list = json_object_get(root, "sizes");
	ck_assert_uint_eq(json_array_size(list), 1);
	ck_assert_int_eq(integer(json_array_get(list, 0), "allocated"), 28);
	list = json_object_get(root, "suspects");
	ck_assert_uint_eq(json_array_size(list), 1);
	check_suspect(json_array_get(list, 0));
	list = json_object_get(root, "lifecycle");
	ck_assert_uint_eq(json_array_size(list), 42);
	/* Freed, then leaked, over and over.  */
	for (size_t i = 0; i < 42; i++) {
		object = json_array_get(list, i);
		ck_assert_str_eq(string(object, "event"),
				 i % 3 == 1 ? "exit" : "enter");
		ck_assert_int_eq(integer(object, "live"),
				 (json_int_t)(i / 3 + (i % 3 != 1)));
	}
	json_decref(root);
	free(text);
	picture_unref(picture);
	session_free(session);
}
END_TEST

START_TEST(text_report)
{
	struct session *session = open_demo(true);
	struct picture *picture = finish(session);
	struct report report = report_on(session, picture);
	char *text = write_report("text", &report);

	ck_assert_ptr_nonnull(strstr(text, "14 blocks"));
	ck_assert_ptr_nonnull(strstr(text, "lost 0"));
	ck_assert_ptr_nonnull(strstr(text, "query_font_info (leaktop-demo)"));
	ck_assert_ptr_nonnull(strstr(text, "create_frame+0x"));
	ck_assert_ptr_nonnull(strstr(text, "enter 0x"));
	free(text);
	report.sizes = sizespec_only(1);
	report.follow = false;
	text = write_report("text", &report);
	ck_assert_ptr_null(strstr(text, "query_font_info"));
	ck_assert_ptr_nonnull(strstr(text, "only sizes: 1"));
	free(text);
	picture_unref(picture);
	session_free(session);
}
END_TEST

/* As the heap room makes them of a loss; by hand, as the demo has none.  */
START_TEST(reports_tell_of_losses)
{
	struct session *session = open_demo(true);
	struct picture *picture = finish(session);
	struct report report = report_on(session, picture);
	struct snapshot *heap = picture->heap;
	json_t *root;
	char *text;

	heap->last_lost = heap->start + 500000000;
	heap->missed_frees = 2;
	for (uint32_t i = 0; i < heap->group_count; i++)
		heap->groups[i].doubtful = heap->groups[i].live;
	text = write_report("text", &report);
	ck_assert_ptr_nonnull(strstr(text, "Not all was watched, last at 500ms"));
	ck_assert_ptr_nonnull(strstr(text, "2 frees were missed"));
	ck_assert_ptr_nonnull(strstr(text, "    14? "));
	ck_assert_ptr_nonnull(strstr(text, "\n?: of these blocks"));
	free(text);
	heap->lost = 3;
	text = write_report("text", &report);
	ck_assert_ptr_nonnull(strstr(text, "Events were lost, last at 500ms"));
	free(text);
	text = write_report("json", &report);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_int_eq(integer(root, "lost"), 3);
	ck_assert_int_eq(integer(root, "missed_frees"), 2);
	ck_assert_int_eq(integer(json_array_get(json_object_get(root,
		"suspects"), 0), "doubtful"), 14);
	json_decref(root);
	free(text);
	picture_unref(picture);
	session_free(session);
}
END_TEST

START_TEST(reports_by_name)
{
	ck_assert_ptr_nonnull(report_format_by_name("json"));
	ck_assert_ptr_null(report_format_by_name("xml"));
	ck_assert_ptr_null(report_format_by_name(""));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session");
	TCase *tests = tcase_create("session");

	tcase_add_test(tests, demo_loads);
	tcase_add_test(tests, stops_at_any_time);
	tcase_add_test(tests, pictures_stay);
	tcase_add_test(tests, json_report);
	tcase_add_test(tests, text_report);
	tcase_add_test(tests, reports_tell_of_losses);
	tcase_add_test(tests, reports_by_name);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
