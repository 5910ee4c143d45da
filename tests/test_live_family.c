/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "live_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

/* What processes execute, and the processes that they create.  */

static bool target_path(char *path, size_t size, const char *name)
{
	const char *dir = getenv("abs_top_builddir");

	snprintf(path, size, "%s/tests/targets/%s", dir ? dir : ".", name);
	return !access(path, X_OK);
}

/* Polls for a while, as after an exec it takes a moment until the new program
   is watched: DONE says that it is.  */
static void poll_until(struct capture *capture, struct seen *seen,
		       bool (*done)(struct capture *capture,
				    const struct seen *seen))
{
	double end = seconds() + 20;

	while (!done(capture, seen)) {
		ck_assert_msg(seconds() < end, "it does not come");
		poll_once(capture, seen, 10);
	}
}

static bool sees_all(struct capture *capture, const struct seen *seen)
{
	(void)capture;
	return seen->modes > 1 && seen->mode[seen->modes - 1] == MODE_ALL;
}

static bool has_warning(struct capture *capture, const struct seen *seen)
{
	(void)seen;
	return capture_warning(capture) != NULL;
}

static bool has_no_warning(struct capture *capture, const struct seen *seen)
{
	return !has_warning(capture, seen);
}

/* The calls of caller's "run", of whatever C library.  */
static void check_run(const struct seen *seen, unsigned long n)
{
	ck_assert_uint_eq(seen->lost, 0);
	/* Calls inside the library may reach these, too.  */
	ck_assert_uint_ge(seen->calls[ALLOC_MALLOC], 2 * n);
	ck_assert_uint_eq(seen->calls[ALLOC_CALLOC], n);
	ck_assert_uint_eq(seen->calls[ALLOC_FREE], 8 * n);
	ck_assert_uint_eq(seen->returns[ALLOC_MALLOC],
			  seen->calls[ALLOC_MALLOC]);
}

/* From one C library to another and back, and once more.  */
START_TEST(exec_other_library)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	char path[4096];

	if (!target_path(path, sizeof path, "caller-static"))
		return;
	launch(&caller);
	capture = begin(&seen, caller.pid);
	for (int i = 0; i < 3; i++) {
		seen.modes = 0;
		tell(&caller, "other", 0);
		ck_assert_int_eq(poll_answer(capture, &seen, &caller),
				 caller.pid);
		poll_until(capture, &seen, sees_all);
		ck_assert_uint_eq(seen.execs, i + 1);
		ck_assert_uint_eq(seen.mode[0], MODE_NOTHING);
		ck_assert_ptr_null(capture_warning(capture));
		forget_counts(&seen);
		run(capture, &seen, &caller, "run", 10);
		check_run(&seen, 10);
	}
	/* The same file: nothing is missed.  */
	seen.modes = 0;
	forget_counts(&seen);
	tell(&caller, "exec", 0);
	ck_assert_int_eq(poll_answer(capture, &seen, &caller), caller.pid);
	run(capture, &seen, &caller, "run", 10);
	ck_assert_uint_ge(seen.calls[ALLOC_FREE], 80);
	for (int i = 0; i < 30; i++)
		poll_once(capture, &seen, 10);
	ck_assert_uint_eq(seen.modes, 0);
	/* So is another mode.  */
	set_mode(capture, &seen, CAPTURE_PAUSED);
	set_mode(capture, &seen, CAPTURE_FULL);
	forget_counts(&seen);
	run(capture, &seen, &caller, "run", 10);
	check_run(&seen, 10);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

/* Writes a script to PATH, a template for mkstemp(), that prints a line, reads
   one and becomes PROGRAM.  */
static void write_script(char *path, const char *program)
{
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	ck_assert(fd >= 0 && file);
	fprintf(file, "#!/bin/sh\necho 1\nread line\nexec '%s'\n", program);
	ck_assert(!fchmod(fd, 0700));
	ck_assert(!fclose(file));
}

/* A script that becomes the program at last.  */
START_TEST(script_execs)
{
	static const char *const names[] = { "caller", "caller-static" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[4096], script[] = "/tmp/leaktop-script-XXXXXX";
		struct caller caller;
		struct seen seen;
		struct capture *capture;

		if (!target_path(path, sizeof path, names[i]))
			continue;
		write_script(script, path);
		start_program(&caller, script, NULL);
		ck_assert_int_eq(answer(&caller), 1);
		unlink(script);
		capture = begin(&seen, caller.pid);
		seen.modes = 0;
		tell(&caller, "go", 0);
		ck_assert_int_eq(poll_answer(capture, &seen, &caller),
				 caller.pid);
		if (i)
			poll_until(capture, &seen, sees_all);
		poll_once(capture, &seen, 0);
		forget_counts(&seen);
		run(capture, &seen, &caller, "run", 10);
		check_run(&seen, 10);
		capture_close(capture);
		ck_assert_uint_eq(probes_left(), 0);
		forget(&seen);
		end_caller(&caller);
	}
}
END_TEST

/* A program without any such functions.  */
START_TEST(exec_unwatchable)
{
	char path[4096], script[] = "/tmp/leaktop-script-XXXXXX";
	struct caller caller;
	struct seen seen;
	struct capture *capture;

	ck_assert(target_path(path, sizeof path, "nolibc"));
	write_script(script, path);
	start_program(&caller, script, NULL);
	ck_assert_int_eq(answer(&caller), 1);
	unlink(script);
	capture = begin(&seen, caller.pid);
	tell(&caller, "go", 0);
	poll_until(capture, &seen, has_warning);
	ck_assert_ptr_nonnull(strstr(capture_warning(capture), "nolibc"));
	ck_assert_int_eq(poll_once(capture, &seen, 0), CAPTURE_RUNNING);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

/* One whose functions can't be found, and back.  */
START_TEST(exec_stripped)
{
	char dir[] = "/tmp/leaktop-live-XXXXXX", path[4096], command[8400];
	struct caller caller;
	struct seen seen;
	struct capture *capture;

	if (!target_path(path, sizeof path, "caller-static"))
		return;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(command, sizeof command,
		 "strip -o %s/caller-static '%s' && cp '%.*s' %s/caller", dir,
		 path, (int)(strlen(path) - strlen("-static")), path, dir);
	if (!system(command)) {
		snprintf(path, sizeof path, "%s/caller", dir);
		start_program(&caller, path, NULL);
		ck_assert_int_eq(answer(&caller), caller.pid);
		capture = begin(&seen, caller.pid);
		ck_assert_int_eq(run(capture, &seen, &caller, "other", 0),
				 caller.pid);
		poll_until(capture, &seen, has_warning);
		forget_counts(&seen);
		run(capture, &seen, &caller, "run", 10);
		ck_assert_uint_eq(seen.calls[ALLOC_FREE], 0);
		ck_assert_int_eq(run(capture, &seen, &caller, "other", 0),
				 caller.pid);
		forget_counts(&seen);
		run(capture, &seen, &caller, "run", 10);
		check_run(&seen, 10);
		poll_until(capture, &seen, has_no_warning);
		ck_assert_uint_eq(seen.modes, 0);
		capture_close(capture);
		ck_assert_uint_eq(probes_left(), 0);
		forget(&seen);
		end_caller(&caller);
	}
	snprintf(command, sizeof command, "rm -r %s", dir);
	ck_assert(!system(command));
}
END_TEST

static struct capture *begin_following(struct seen *seen, pid_t pid)
{
	const struct capture_options options = {
		.ring_kib = 16384, .follow_forks = true
	};

	return begin_with(seen, pid, options);
}

/* Children are seen from their first instruction to their last.  */
START_TEST(follows_children)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;

	launch(&caller);
	capture = begin_following(&seen, caller.pid);
	ck_assert_int_eq(run(capture, &seen, &caller, "breed", 200), 200);
	for (int i = 0; i < 20; i++)
		poll_once(capture, &seen, 10);
	check_threads(&seen, 3, 200);
	ck_assert_uint_eq(seen.all_frees, 600);
	ck_assert_uint_eq(seen.forks, 200);
	ck_assert_uint_eq(seen.exits, 200);
	/* Its own calls are as before.  */
	forget_counts(&seen);
	run(capture, &seen, &caller, "run", 10);
	check_rounds(&seen, 10);
	/* Once it is sure that every thread is covered.  */
	for (int i = 0; i < 60; i++)
		poll_once(capture, &seen, 10);
	forget_counts(&seen);
	seen.forks = 0;
	ck_assert_int_eq(run(capture, &seen, &caller, "breed", 200), 200);
	poll_once(capture, &seen, 0);
	check_threads(&seen, 3, 200);
	ck_assert_uint_eq(seen.all_frees, 600);
	ck_assert_uint_eq(seen.forks, 200);
	ck_assert_uint_eq(seen.exits, 200);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

/* Those that begin while it is being attached to: only the one that was there
   before may have made a part of its calls.  */
START_TEST(children_while_attaching)
{
	for (int delay = 0; delay < 5000; delay += 1000) {
		struct caller caller;
		struct seen seen;
		struct capture *capture;
		unsigned partly = 0, wholly = 0;

		launch(&caller);
		ask(&caller, "breedon", 0);
		usleep(delay);
		capture = begin_following(&seen, caller.pid);
		/* Until it is sure that every thread is covered.  */
		for (double end = seconds() + 0.7; seconds() < end;)
			poll_once(capture, &seen, 10);
		ck_assert_int_gt(run(capture, &seen, &caller, "bred", 0), 0);
		for (int i = 0; i < 10; i++)
			poll_once(capture, &seen, 10);
		for (unsigned tid = 0; tid < TIDS_MAX; tid++) {
			wholly += seen.sized[tid] == 3;
			partly += seen.sized[tid] && seen.sized[tid] != 3;
		}
		/* Where it was not certain that a child was covered, what is
		   missing is told as lost.  */
		ck_assert_uint_le(partly, 1 + seen.lost);
		ck_assert_uint_gt(wholly, 10);
		forget_counts(&seen);
		run(capture, &seen, &caller, "breed", 10);
		poll_once(capture, &seen, 0);
		check_threads(&seen, 3, 10);
		capture_close(capture);
		ck_assert_uint_eq(probes_left(), 0);
		forget(&seen);
		end_caller(&caller);
	}
}
END_TEST

/* Its calls are whole, and go on to be after a change of the mode.  */
static void check_member(struct capture *capture, struct seen *seen,
			 struct caller *caller, pid_t pid)
{
	seen->pid = pid;
	forget_counts(seen);
	run(capture, seen, caller, "run", 10);
	check_rounds(seen, 10);
	set_mode(capture, seen, CAPTURE_PAUSED);
	run(capture, seen, caller, "run", 10);
	check_rounds(seen, 0);
	set_mode(capture, seen, CAPTURE_FULL);
	run(capture, seen, caller, "run", 10);
	check_rounds(seen, 10);
	set_mode(capture, seen, CAPTURE_NO_CHAINS);
	run(capture, seen, caller, "run", 10);
	check_rounds(seen, 10);
	ck_assert_uint_eq(seen->chains, 0);
	set_mode(capture, seen, CAPTURE_FULL);
}

/* It ends with the last of them.  */
START_TEST(outlived_by_children)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	int pid;

	launch(&caller);
	capture = begin_following(&seen, caller.pid);
	check_member(capture, &seen, &caller, caller.pid);
	pid = run(capture, &seen, &caller, "descend", 1);
	ck_assert_int_gt(pid, 0);
	seen.modes = 0;
	check_member(capture, &seen, &caller, pid);
	/* Their memory is both their memory.  */
	ck_assert_uint_gt(capture_rss(capture), 0);
	ck_assert_uint_gt(capture_cpu_time(capture), 0);
	/* The child is gone, then its parent.  */
	pid = run(capture, &seen, &caller, "descend", 0);
	seen.modes = 0;
	check_member(capture, &seen, &caller, pid);
	pid = run(capture, &seen, &caller, "descend", 0);
	seen.modes = 0;
	check_member(capture, &seen, &caller, pid);
	forget_counts(&seen);
	tell(&caller, "run", 10);
	tell(&caller, "exit", 0);
	poll_to_end(capture, &seen);
	check_rounds(&seen, 10);
	ck_assert_uint_eq(capture_rss(capture), 0);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

/* A child that is served by another C library than its parent is told of.  */
START_TEST(child_execs)
{
	char path[4096];
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	int pid;

	launch(&caller);
	capture = begin_following(&seen, caller.pid);
	pid = run(capture, &seen, &caller, "descend", 1);
	ck_assert_int_eq(run(capture, &seen, &caller, "exec", 0), pid);
	for (int i = 0; i < 20; i++)
		poll_once(capture, &seen, 10);
	ck_assert_ptr_null(capture_warning(capture));
	ck_assert_uint_eq(seen.execs, 1);
	check_member(capture, &seen, &caller, pid);
	if (target_path(path, sizeof path, "caller-static")) {
		ck_assert_int_eq(run(capture, &seen, &caller, "other", 0),
				 pid);
		poll_until(capture, &seen, has_warning);
		ck_assert_ptr_nonnull(strstr(capture_warning(capture),
					     "caller-static"));
		ck_assert_int_eq(run(capture, &seen, &caller, "other", 0),
				 pid);
		poll_until(capture, &seen, has_no_warning);
		seen.modes = 0;
		check_member(capture, &seen, &caller, pid);
	}
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		exec_other_library, script_execs, exec_unwatchable,
		exec_stripped, follows_children, children_while_attaching,
		outlived_by_children, child_execs, NULL
	};

	return run_live("live_family", tests);
}
