/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "live_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/owner.h"
#include "capture/probes.h"

static void check_releases(const struct seen *seen, unsigned long n)
{
	ck_assert_uint_eq(seen->lost, 0);
	ck_assert_uint_eq(seen->calls[ALLOC_FREE], 8 * n);
	ck_assert_uint_eq(seen->calls[ALLOC_REALLOC], 2 * n);
	ck_assert_uint_eq(seen->returns[ALLOC_REALLOC], 2 * n);
	ck_assert_uint_eq(seen->calls[ALLOC_REALLOCARRAY], n);
	ck_assert_uint_eq(seen->returns[ALLOC_REALLOCARRAY], n);
	ck_assert_uint_eq(seen->calls[ALLOC_MALLOC], 0);
	ck_assert_uint_eq(seen->returns[ALLOC_MALLOC], 0);
	ck_assert_uint_eq(seen->calls[ALLOC_CALLOC], 0);
	ck_assert_uint_eq(seen->calls[ALLOC_POSIX_MEMALIGN], 0);
	ck_assert_uint_eq(seen->chains, 0);
}

START_TEST(modes_show_what_they_say)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;

	launch(&caller);
	ck_assert_uint_eq(breakpoints(caller.pid), 0);
	capture = begin(&seen, caller.pid);
	ck_assert_uint_gt(breakpoints(caller.pid), 5);
	set_mode(capture, &seen, CAPTURE_NO_CHAINS);
	run(capture, &seen, &caller, "run", 100);
	check_rounds(&seen, 100);
	ck_assert_uint_eq(seen.chains, 0);
	ck_assert_uint_eq(seen.modes, 0);
	set_mode(capture, &seen, CAPTURE_RELEASES);
	run(capture, &seen, &caller, "run", 100);
	check_releases(&seen, 100);
	ck_assert_uint_eq(breakpoints(caller.pid), 3);
	set_mode(capture, &seen, CAPTURE_PAUSED);
	ck_assert_uint_eq(breakpoints(caller.pid), 0);
	run(capture, &seen, &caller, "run", 100);
	for (int id = 0; id < ALLOC_COUNT; id++)
		ck_assert_uint_eq(seen.calls[id] + seen.returns[id], 0);
	/* Threads that begin now are seen when it goes on.  */
	run(capture, &seen, &caller, "crowd", 20);
	set_mode(capture, &seen, CAPTURE_FULL);
	run(capture, &seen, &caller, "run", 100);
	check_rounds(&seen, 100);
	ck_assert_uint_eq(seen.bare_returns, 0);
	forget_counts(&seen);
	run(capture, &seen, &caller, "crowd", 20);
	ck_assert_int_eq(run(capture, &seen, &caller, "go", 50), 40);
	check_threads(&seen, 50, 80);
	ck_assert_uint_eq(seen.modes, 3);
	ck_assert_uint_eq(seen.mode[0], MODE_RELEASES);
	ck_assert_uint_eq(seen.mode[1], MODE_NOTHING);
	ck_assert_uint_eq(seen.mode[2], MODE_ALL);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

/* Between the modes with all functions nothing is missed or seen twice.  */
START_TEST(modes_change_under_load)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	struct error error = { "" };
	int count;

	launch(&caller);
	ask(&caller, "crowd", 20);
	capture = begin(&seen, caller.pid);
	run(capture, &seen, &caller, "load", 0);
	for (int i = 0; i < 6; i++) {
		ck_assert_msg(!capture_set_mode(capture, i % 2 ? CAPTURE_FULL :
						CAPTURE_NO_CHAINS, &seen.sink,
						&error), "%s", error.text);
		poll_once(capture, &seen, 20);
	}
	count = run(capture, &seen, &caller, "unload", 0);
	capture_stop(capture, &seen.sink);
	ck_assert_uint_eq(seen.lost, 0);
	ck_assert_uint_eq(seen.modes, 0);
	ck_assert_int_gt(count, 1000);
	ck_assert_uint_eq(seen.sized_all, (unsigned)count);
	ck_assert_uint_ge(seen.all_frees, (unsigned)count);
	ck_assert_uint_le(seen.all_frees, (unsigned)count + 10);
	ck_assert_uint_gt(seen.chains, 0);
	ck_assert_uint_gt(seen.bare_returns, 0);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

START_TEST(target_ends_while_modes_change)
{
	struct caller caller;
	struct seen seen;

	for (int delay = 0; delay < 30; delay += 5) {
		struct capture *capture;
		struct error error;
		pid_t killer;

		launch(&caller);
		capture = begin(&seen, caller.pid);
		run(capture, &seen, &caller, "load", 0);
		killer = fork();
		if (!killer) {
			usleep(delay * 1000);
			kill(caller.pid, SIGKILL);
			_exit(0);
		}
		for (int i = 0; i < 3; i++)
			capture_set_mode(capture, i % 2 ? CAPTURE_FULL :
					 CAPTURE_RELEASES, &seen.sink, &error);
		waitpid(killer, NULL, 0);
		poll_to_end(capture, &seen);
		capture_close(capture);
		ck_assert_uint_eq(probes_left(), 0);
		forget(&seen);
		end_caller(&caller);
	}
}
END_TEST

static void remove_probes_of(pid_t pid)
{
	char path[4096], line[1024], group[OWNER_NAME + 1], name[64], own[32];
	FILE *in;
	int out;

	snprintf(path, sizeof path, "%s/uprobe_events", probes_directory(NULL));
	snprintf(own, sizeof own, "leaktop_%d_", (int)pid);
	in = fopen(path, "r");
	ck_assert_ptr_nonnull(in);
	while (fgets(line, sizeof line, in)) {
		if (sscanf(line, "%*1s:%64[^/]/%63s", group, name) != 2 ||
		    strncmp(group, own, strlen(own)))
			continue;
		snprintf(line, sizeof line, "-:%s/%s\n", group, name);
		out = open(path, O_WRONLY | O_APPEND);
		ck_assert_int_ge(out, 0);
		/* Refused while they are in use.  */
		(void)!write(out, line, strlen(line));
		close(out);
	}
	fclose(in);
}

START_TEST(probes_removed_by_another)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	struct error error = { "" };

	setenv("LC_ALL", "C", 1);
	launch(&caller);
	capture = begin(&seen, caller.pid);
	/* While they are in use they can't be.  */
	remove_probes_of(getpid());
	run(capture, &seen, &caller, "run", 100);
	check_rounds(&seen, 100);
	set_mode(capture, &seen, CAPTURE_PAUSED);
	remove_probes_of(getpid());
	ck_assert_uint_eq(probes_left(), 0);
	ck_assert_int_eq(capture_set_mode(capture, CAPTURE_FULL, &seen.sink,
					  &error), -1);
	ck_assert_msg(strstr(error.text, "removed") != NULL, "%s", error.text);
	run(capture, &seen, &caller, "run", 100);
	ck_assert_uint_eq(seen.calls[ALLOC_FREE], 0);
	capture_close(capture);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

START_TEST(cost_is_measured)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	struct capture_cost cost;
	double begun = seconds();

	launch(&caller);
	capture = begin(&seen, caller.pid);
	while (!(cost = capture_cost(capture)).call && seconds() - begun < 20)
		poll_once(capture, &seen, 10);
	printf("call %.0f ns, return %.0f ns, with chain %.0f ns, after %.2f s\n",
	       cost.call, cost.plain_return, cost.chain_return,
	       seconds() - begun);
	ck_assert_double_gt(cost.call, 50);
	ck_assert_double_lt(cost.call, 50000);
	ck_assert_double_gt(cost.chain_return, 20);
	ck_assert_double_lt(cost.chain_return, 50000);
	/* Of the target nothing was seen.  */
	for (int id = 0; id < ALLOC_COUNT; id++)
		ck_assert_uint_eq(seen.calls[id], 0);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	/* And when it has no time to end.  */
	capture = begin(&seen, caller.pid);
	capture_cost(capture);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

struct dumps {
	struct sink sink;
	unsigned count;
	unsigned other;         /* of what was not asked for */
};

static struct dumps dumps;

static void take_dump(void *context, const struct hit *hit,
		      const struct dump *dump)
{
	(void)context;
	dumps.count++;
	dumps.other += hit->kind != HIT_CALL ||
		hit->function != ALLOC_MALLOC || hit->argument[0] != SIZE ||
		!dump->size || !dump->mask;
}

/* Dumps that a full ring had no room for are counted.  */
START_TEST(focus_loses_dumps)
{
	static const struct capture_focus focus = {
		.count = 1, .size = { SIZE }, .dump_bytes = 16384,
	};
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	struct error error = { "" };

	launch(&caller);
	capture = begin(&seen, caller.pid);
	memset(&dumps, 0, sizeof(dumps));
	seen.sink.dump = take_dump;
	ck_assert_msg(!capture_set_focus(capture, &focus, &seen.sink, &error),
		      "%s", error.text);
	ck_assert_uint_eq(capture_lost_dumps(capture), 0);
	ask(&caller, "pairs", 10000);
	poll_once(capture, &seen, 20);
	/* What comes next tells of the loss.  */
	run(capture, &seen, &caller, "pairs", 10);
	capture_stop(capture, &seen.sink);
	ck_assert_uint_gt(capture_lost_dumps(capture), 1000);
	ck_assert_uint_eq(dumps.count + capture_lost_dumps(capture), 10010);
	ck_assert_uint_eq(seen.lost, 0);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

/* Focus comes and goes while the target runs, and takes nothing from what is
   seen; it brings dumps of the size that was asked for, and of no other.  */
START_TEST(focus_under_load)
{
	static const struct capture_focus focus = {
		.count = 2, .size = { SIZE, SIZE + 1 }, .dump_bytes = 1024,
	};
	static const struct capture_focus none;
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	struct error error = { "" };
	unsigned between;
	int count;

	launch(&caller);
	ask(&caller, "crowd", 20);
	capture = begin(&seen, caller.pid);
	memset(&dumps, 0, sizeof(dumps));
	seen.sink.dump = take_dump;
	run(capture, &seen, &caller, "load", 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_msg(!capture_set_focus(capture, &focus, &seen.sink,
						 &error), "%s", error.text);
		for (int j = 0; j < 5; j++)
			poll_once(capture, &seen, 20);
		/* Only with all that can be seen there is focus.  */
		if (i == 1) {
			ck_assert(!capture_set_mode(capture, CAPTURE_NO_CHAINS,
						    &seen.sink, &error));
			between = dumps.count;
			poll_once(capture, &seen, 20);
			ck_assert_uint_eq(dumps.count, between);
			ck_assert(!capture_set_mode(capture, CAPTURE_FULL,
						    &seen.sink, &error));
			for (int j = 0; j < 5; j++)
				poll_once(capture, &seen, 20);
			ck_assert_uint_gt(dumps.count, between);
		}
		ck_assert_msg(!capture_set_focus(capture, &none, &seen.sink,
						 &error), "%s", error.text);
		between = dumps.count;
		poll_once(capture, &seen, 20);
		ck_assert_uint_eq(dumps.count, between);
	}
	count = run(capture, &seen, &caller, "unload", 0);
	capture_stop(capture, &seen.sink);
	ck_assert_uint_gt(dumps.count, 100);
	ck_assert_uint_eq(dumps.other, 0);
	ck_assert_uint_eq(seen.lost, 0);
	ck_assert_int_gt(count, 1000);
	ck_assert_uint_eq(seen.sized_all, (unsigned)count);
	ck_assert_uint_ge(seen.all_frees, (unsigned)count);
	ck_assert_uint_le(seen.all_frees, (unsigned)count + 10);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		modes_show_what_they_say, modes_change_under_load,
		target_ends_while_modes_change, probes_removed_by_another,
		cost_is_measured, focus_under_load, focus_loses_dumps, NULL
	};

	return run_live("live_modes", tests);
}
