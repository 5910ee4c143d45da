/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * What every test program shares: how it runs its suite, and what it does on
 * a machine that cannot run it.
 */
#ifndef LEAKTOP_TESTS_TESTING_H
#define LEAKTOP_TESTS_TESTING_H

#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

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

/* Wait, for 60 s at most, until process PID has mapped a file with NAME in its
 * path: that it has become its program, or has its C library. */
static inline bool wait_mapped(pid_t pid, const char *name)
{
	char path[64], line[4096];

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	for (int i = 0; i < 60000; i++) {
		FILE *maps = fopen(path, "re");
		bool found = false;

		while (maps && !found && fgets(line, sizeof(line), maps))
			found = strstr(line, name);
		if (maps)
			fclose(maps);
		if (found)
			return true;
		usleep(1000);
	}
	return false;
}

/* Where the tests' data files are: set by make check. */
static inline const char *tests_srcdir(void)
{
	const char *dir = getenv("srcdir");

	return dir ? dir : ".";
}

#endif
