/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "live_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/libc.h"

START_TEST(target_exits)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;

	launch(&caller);
	capture = begin(&seen, caller.pid);
	tell(&caller, "run", 100);
	tell(&caller, "exit", 0);
	poll_to_end(capture, &seen);
	/* All of it has been delivered, and nothing comes twice.  */
	check_rounds(&seen, 100);
	ck_assert_uint_gt(seen.exits, 0);
	ck_assert_int_eq(poll_once(capture, &seen, 100), CAPTURE_EXITED);
	check_rounds(&seen, 100);
	ck_assert_uint_eq(capture_rss(capture), 0);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

START_TEST(target_is_killed)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;

	launch(&caller);
	ask(&caller, "crowd", 10);
	capture = begin(&seen, caller.pid);
	tell(&caller, "pairs", 1000000000);
	poll_once(capture, &seen, 100);
	kill(caller.pid, SIGKILL);
	poll_to_end(capture, &seen);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

START_TEST(closed_under_load)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;

	launch(&caller);
	capture = begin(&seen, caller.pid);
	tell(&caller, "pairs", 300000);
	poll_once(capture, &seen, 50);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	ck_assert_int_eq(answer(&caller), 0);
	ck_assert_int_eq(ask(&caller, "run", 1), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

START_TEST(stopped_target)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;

	launch(&caller);
	kill(caller.pid, SIGSTOP);
	waitpid(caller.pid, NULL, WUNTRACED);
	capture = begin(&seen, caller.pid);
	ck_assert_int_eq(poll_once(capture, &seen, 50), CAPTURE_RUNNING);
	kill(caller.pid, SIGCONT);
	run(capture, &seen, &caller, "run", 10);
	check_rounds(&seen, 10);
	kill(caller.pid, SIGSTOP);
	waitpid(caller.pid, NULL, WUNTRACED);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	kill(caller.pid, SIGCONT);
	ck_assert_int_eq(ask(&caller, "run", 1), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

START_TEST(exec_and_fork)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;

	launch(&caller);
	capture = begin(&seen, caller.pid);
	run(capture, &seen, &caller, "fork", 10);
	/* Children are not watched.  */
	ck_assert_uint_eq(seen.forks, 0);
	ck_assert_uint_eq(seen.sized_all, 0);
	ck_assert_uint_eq(seen.strangers, 0);
	tell(&caller, "exec", 0);
	ck_assert_int_eq(poll_answer(capture, &seen, &caller), caller.pid);
	poll_once(capture, &seen, 0);
	ck_assert_uint_eq(seen.execs, 1);
	memset(seen.calls, 0, sizeof seen.calls);
	memset(seen.returns, 0, sizeof seen.returns);
	run(capture, &seen, &caller, "run", 10);
	check_rounds(&seen, 10);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

/* Signals PID from another process, DELAY ms from now on.  */
static pid_t signal_later(pid_t pid, int number, int delay)
{
	pid_t sender = fork();

	if (!sender) {
		usleep(delay * 1000);
		kill(pid, number);
		_exit(0);
	}
	return sender;
}

/* Whatever happens meanwhile, nothing stays behind.  */
START_TEST(dies_while_attaching)
{
	struct caller caller;
	struct seen seen;

	for (int delay = 0; delay < 40; delay += 4) {
		struct capture_options options = { 0 };
		struct capture *capture;
		struct error error = { "" };
		pid_t killer;

		launch(&caller);
		options.pid = caller.pid;
		watch_for(&seen, caller.pid);
		killer = signal_later(caller.pid, SIGKILL, delay);
		capture = capture_open(&options, &seen.sink, &error);
		if (!capture)
			ck_assert_str_ne(error.text, "");
		waitpid(killer, NULL, 0);
		if (capture)
			poll_to_end(capture, &seen);
		capture_close(capture);
		ck_assert_uint_eq(probes_left(), 0);
		forget(&seen);
		end_caller(&caller);
	}
}
END_TEST

START_TEST(stops_while_attaching)
{
	struct caller caller;
	struct seen seen;

	launch(&caller);
	ask(&caller, "crowd", 5);
	for (int delay = 0; delay < 40; delay += 8) {
		pid_t sender = signal_later(caller.pid, SIGSTOP, delay);
		struct capture *capture = begin(&seen, caller.pid);

		waitpid(sender, NULL, 0);
		waitpid(caller.pid, NULL, WUNTRACED);
		ck_assert_int_eq(poll_once(capture, &seen, 10),
				 CAPTURE_RUNNING);
		kill(caller.pid, SIGCONT);
		run(capture, &seen, &caller, "run", 10);
		check_rounds(&seen, 10);
		capture_close(capture);
		ck_assert_uint_eq(probes_left(), 0);
		forget(&seen);
	}
	ck_assert_int_eq(ask(&caller, "go", 1), 5);
	end_caller(&caller);
}
END_TEST

/* A moment comes in which it has no C library, or another process's address
   space; that is an error or not seen, and what runs at last is watched.  */
START_TEST(execs_while_attaching)
{
	struct caller caller;
	struct seen seen;
	int watched = 0;

	for (int i = 0; i < 20; i++) {
		struct capture_options options = { .ring_kib = 1024 };
		struct capture *capture;
		struct error error = { "" };

		launch(&caller);
		watch_for(&seen, caller.pid);
		options.pid = caller.pid;
		tell(&caller, "execs", 200);
		usleep(i * 300);
		capture = capture_open(&options, &seen.sink, &error);
		if (capture) {
			ck_assert_int_eq(poll_answer(capture, &seen, &caller),
					 caller.pid);
			poll_once(capture, &seen, 0);
			forget_counts(&seen);
			run(capture, &seen, &caller, "run", 10);
			check_rounds(&seen, 10);
			watched++;
		} else {
			ck_assert_str_ne(error.text, "");
			ck_assert_int_eq(answer(&caller), caller.pid);
		}
		capture_close(capture);
		ck_assert_uint_eq(probes_left(), 0);
		ck_assert_uint_eq(breakpoints(caller.pid), 0);
		ck_assert_int_eq(ask(&caller, "run", 1), 0);
		forget(&seen);
		end_caller(&caller);
	}
	ck_assert_int_gt(watched, 0);
}
END_TEST

static void copy_file(const char *from, const char *to)
{
	char buffer[65536];
	size_t n;
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");

	ck_assert(in && out);
	while ((n = fread(buffer, 1, sizeof buffer, in)))
		ck_assert_uint_eq(fwrite(buffer, 1, n, out), n);
	fclose(in);
	ck_assert(!fclose(out));
}

/* A C library that has been replaced on disk since it was mapped, under a
   path that no probe definition can hold.  */
START_TEST(deleted_library)
{
	static struct libc libc;
	char dir[] = "/tmp/leaktop live XXXXXX", path[64];
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	struct error error = { "" };

	launch(&caller);
	ck_assert_msg(!libc_find(&libc, caller.pid, &error), "%s", error.text);
	end_caller(&caller);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/libc.so.6", dir);
	copy_file(libc.path, path);
	start(&caller, dir);
	ck_assert_int_eq(answer(&caller), caller.pid);
	ck_assert_msg(!libc_find(&libc, caller.pid, &error), "%s", error.text);
	ck_assert_str_eq(libc.name, path);
	unlink(path);
	rmdir(dir);
	capture = begin(&seen, caller.pid);
	run(capture, &seen, &caller, "run", 10);
	check_rounds(&seen, 10);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		target_exits, target_is_killed, closed_under_load,
		stopped_target, exec_and_fork, dies_while_attaching,
		stops_while_attaching, execs_while_attaching, deleted_library, NULL
	};

	return run_live("live_end", tests);
}
