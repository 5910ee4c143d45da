/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * What every test program shares: how it runs its suite, and what it does on
 * a machine that cannot run it.
 */
#ifndef LEAKTOP_TESTS_TESTING_H
#define LEAKTOP_TESTS_TESTING_H

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Run SUITE and give the exit status for main(). CK_FORK, CK_VERBOSITY and
 * CK_RUN_CASE of the environment work as Check's manual says. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	/* Under nohup it is ignored, and what the tests start would inherit that. */
	signal(SIGHUP, SIG_DFL);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* End the program because this machine cannot run the test: skipped for
 * automake's harness, but a failure where CI=true, so that a test that must
 * run there cannot quietly stop doing so. */
static inline _Noreturn void skip_or_fail(const char *why)
{
	const char *ci = getenv("CI");
	int must_run = ci && !strcmp(ci, "true");

	printf("%s: %s\n", must_run ? "cannot run, and must where CI=true" : "skipped", why);
	exit(must_run ? 99 : 77);
}

/* Where the tests' data files are: set by make check. */
static inline const char *tests_srcdir(void)
{
	const char *dir = getenv("srcdir");

	return dir ? dir : ".";
}

#endif
