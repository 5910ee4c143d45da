/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <check.h>

#include "session/governor.h"
#include "testing.h"

/* A target that would spend DEMAND of its time on probes without chains, and
   FACTOR times that with them; steps of a second.  Returns the mean share.  */
static double simulate(struct governor *governor, double demand, double factor,
		       unsigned seconds)
{
	double sum = 0;

	for (unsigned i = 0; i < seconds; i++) {
		double share = governor->mode == WATCH_ALL ? demand * factor :
			       governor->mode == WATCH_NO_CHAINS ? demand : 0;

		sum += share;
		governor_step(governor, 1, share, factor);
	}
	return sum / seconds;
}

START_TEST(no_limit)
{
	struct governor governor = { .mode = WATCH_ALL };

	simulate(&governor, 0.9, 1.1, 100);
	ck_assert_int_eq(governor.mode, WATCH_ALL);
}
END_TEST

START_TEST(below_the_limit_nothing_changes)
{
	struct governor governor = { .limit = 0.1, .mode = WATCH_ALL };

	ck_assert(simulate(&governor, 0.05, 1.5, 100) > 0.07);
	ck_assert_int_eq(governor.mode, WATCH_ALL);
}
END_TEST

START_TEST(chains_go_first)
{
	struct governor governor = { .limit = 0.1, .mode = WATCH_ALL };
	double mean = simulate(&governor, 0.08, 2, 1000);

	ck_assert_int_eq(governor.mode, WATCH_NO_CHAINS);
	ck_assert(mean < 0.1);
	/* And come back when there is room.  */
	simulate(&governor, 0.01, 2, 10);
	ck_assert_int_eq(governor.mode, WATCH_ALL);
}
END_TEST

START_TEST(then_it_rests)
{
	static const double limits[] = { 0.01, 0.02, 0.05, 0.1, 0.25 };

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct governor governor = {
			.limit = limits[i], .mode = WATCH_ALL,
		};
		double mean = simulate(&governor, 0.5, 1.5, 5000);

		ck_assert_msg(mean <= limits[i] * 1.05, "%f: %f", limits[i],
			      mean);
		/* But not more than it has to.  */
		ck_assert_msg(mean >= limits[i] * 0.5, "%f: %f", limits[i],
			      mean);
	}
}
END_TEST

START_TEST(not_known_changes_nothing)
{
	struct governor governor = { .limit = 0.1, .mode = WATCH_ALL };

	for (unsigned i = 0; i < 100; i++)
		governor_step(&governor, 1, -1, 1);
	ck_assert_int_eq(governor.mode, WATCH_ALL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("governor");
	TCase *tests = tcase_create("governor");

	tcase_add_test(tests, no_limit);
	tcase_add_test(tests, below_the_limit_nothing_changes);
	tcase_add_test(tests, chains_go_first);
	tcase_add_test(tests, then_it_rests);
	tcase_add_test(tests, not_known_changes_nothing);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
