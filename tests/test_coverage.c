/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <check.h>

#include "capture/coverage.h"
#include "testing.h"

enum { TID = 4711, FIRST = 0, LATER = 1, SINCE = 1000, PASS = 1 };

static struct coverage *coverage;

static void begin(void)
{
	coverage = coverage_new();
	ck_assert_ptr_nonnull(coverage);
	coverage_since(coverage, FIRST, 10);
	coverage_since(coverage, LATER, SINCE);
}

static void end(void)
{
	coverage_free(coverage);
}

static enum coverage_answer ask(int set, uint64_t time)
{
	const struct hit hit = { .kind = HIT_CALL, .tid = TID, .time = time };

	return coverage_ask(coverage, &hit, set);
}

static void keep(int set, uint64_t time)
{
	const struct hit hit = { .kind = HIT_CALL, .tid = TID, .time = time };

	ck_assert_int_eq(ask(set, time), COVERAGE_KEEP);
	ck_assert(!coverage_keep(coverage, &hit, set, PASS, NULL, 0, NULL));
}

struct given {
	unsigned count;
	uint64_t times[8];
};

static void take(void *context, struct hit *hit, const uint64_t *chain,
		 size_t size, const struct perf_event_header *record)
{
	struct given *given = context;

	(void)chain;
	(void)size;
	(void)record;
	given->times[given->count++] = hit->time;
}

static size_t settle(struct given *given, uint64_t until)
{
	return coverage_settle(coverage, until, COVERED_BY_NONE, take, given);
}

START_TEST(a_set_opened_for_a_thread)
{
	coverage_open(coverage, TID, LATER);
	ck_assert_int_eq(coverage_of(coverage, TID, SINCE), LATER);
	ck_assert_int_eq(ask(LATER, SINCE), COVERAGE_DELIVER);
	ck_assert_int_eq(ask(FIRST, SINCE), COVERAGE_DROP);
	/* Nobody is known to have what it did before.  */
	ck_assert_int_eq(coverage_of(coverage, TID, SINCE - 1),
			 COVERED_BY_NONE);
	keep(FIRST, SINCE - 1);
}
END_TEST

/* A thread that did not run for so long after it was created that a set of its
   own was opened for it.  Its parent's has all of it as well, which the first
   record of it tells.  */
START_TEST(proof_after_a_set_was_opened)
{
	struct given given = { 0 };

	coverage_open(coverage, TID, LATER);
	/* Another CPU's ring was read first.  */
	keep(FIRST, SINCE - 2);
	coverage_prove(coverage, TID, FIRST);
	ck_assert_uint_eq(settle(&given, PASS), 0);
	ck_assert_uint_eq(given.count, 1);
	ck_assert_uint_eq(given.times[0], SINCE - 2);
	/* The first one has all, also of what has another time in the later one.  */
	ck_assert_int_eq(ask(FIRST, SINCE + 1), COVERAGE_DELIVER);
	ck_assert_int_eq(ask(LATER, SINCE - 1), COVERAGE_DROP);
	ck_assert_int_eq(ask(FIRST, SINCE + 20), COVERAGE_DELIVER);
	ck_assert_int_eq(ask(LATER, SINCE + 18), COVERAGE_DROP);
	ck_assert_int_eq(coverage_of(coverage, TID, UINT64_MAX), FIRST);
}
END_TEST

/* The same where hits that both sets have were dropped, or delivered, before the
   proof was read.  */
START_TEST(proof_after_a_set_has_told)
{
	struct given given = { 0 };

	coverage_open(coverage, TID, LATER);
	keep(FIRST, SINCE - 2);
	if (_i)
		ck_assert_int_eq(ask(FIRST, SINCE + 2), COVERAGE_DROP);
	else
		ck_assert_int_eq(ask(LATER, SINCE + 1), COVERAGE_DELIVER);
	coverage_prove(coverage, TID, FIRST);
	ck_assert_uint_eq(settle(&given, PASS), 0);
	ck_assert_uint_eq(given.count, 1);
	ck_assert_uint_eq(given.times[0], SINCE - 2);
	ck_assert_int_eq(ask(FIRST, SINCE - 1), COVERAGE_DELIVER);
	ck_assert_int_eq(ask(LATER, SINCE - 1), COVERAGE_DROP);
	ck_assert_int_eq(ask(FIRST, SINCE), COVERAGE_DROP);
	ck_assert_int_eq(ask(LATER, SINCE), COVERAGE_DELIVER);
	ck_assert_int_eq(coverage_of(coverage, TID, UINT64_MAX), LATER);
}
END_TEST

START_TEST(no_proof_comes)
{
	struct given given = { 0 };

	coverage_open(coverage, TID, LATER);
	keep(FIRST, SINCE - 2);
	ck_assert_uint_eq(settle(&given, PASS), 0);
	ck_assert_uint_eq(coverage_kept(coverage), 1);
	ck_assert_uint_eq(settle(&given, PASS + 1), 1);
	ck_assert_uint_eq(given.count, 0);
	ck_assert_uint_eq(coverage_kept(coverage), 0);
}
END_TEST

/* The set that was opened for a thread tells of it, too, which proves nothing
   of what came before.  */
START_TEST(own_set_is_no_proof)
{
	coverage_open(coverage, TID, LATER);
	coverage_prove(coverage, TID, LATER);
	keep(FIRST, SINCE - 1);
}
END_TEST

/* The parent has two sets, and its child inherits both.  */
START_TEST(first_proof_counts)
{
	coverage_prove(coverage, TID, LATER);
	coverage_prove(coverage, TID, FIRST);
	ck_assert_int_eq(ask(LATER, SINCE), COVERAGE_DELIVER);
	ck_assert_int_eq(ask(FIRST, SINCE), COVERAGE_DROP);
	/* It was born while the set was being opened.  */
	ck_assert_int_eq(ask(LATER, SINCE - 1), COVERAGE_DELIVER);
}
END_TEST

START_TEST(number_used_again)
{
	coverage_open(coverage, TID, LATER);
	coverage_set(coverage, TID, FIRST);
	ck_assert_int_eq(ask(FIRST, SINCE), COVERAGE_DELIVER);
	ck_assert_int_eq(ask(LATER, SINCE), COVERAGE_DROP);
	coverage_set(coverage, TID, COVERED_ENDED);
	keep(FIRST, SINCE);
	coverage_prove(coverage, TID, LATER);
	ck_assert_int_eq(ask(LATER, SINCE), COVERAGE_DELIVER);
	coverage_set(coverage, TID, COVERED_NEVER);
	ck_assert_int_eq(ask(FIRST, SINCE), COVERAGE_MISSED);
}
END_TEST

START_TEST(no_such_thread)
{
	const struct hit hit = { .kind = HIT_CALL, .tid = UINT32_MAX };

	coverage_open(coverage, UINT32_MAX, FIRST);
	coverage_prove(coverage, UINT32_MAX, FIRST);
	coverage_set(coverage, UINT32_MAX, FIRST);
	ck_assert_int_eq(coverage_ask(coverage, &hit, FIRST), COVERAGE_MISSED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("coverage");
	TCase *tests = tcase_create("coverage");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, a_set_opened_for_a_thread);
	tcase_add_test(tests, proof_after_a_set_was_opened);
	tcase_add_loop_test(tests, proof_after_a_set_has_told, 0, 2);
	tcase_add_test(tests, no_proof_comes);
	tcase_add_test(tests, own_set_is_no_proof);
	tcase_add_test(tests, first_proof_counts);
	tcase_add_test(tests, number_used_again);
	tcase_add_test(tests, no_such_thread);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
