/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "live_fixture.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heap/heap.h"

START_TEST(threads_before_and_after)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;

	launch(&caller);
	ask(&caller, "crowd", 20);
	capture = begin(&seen, caller.pid);
	run(capture, &seen, &caller, "crowd", 20);
	/* And each has one child.  */
	ck_assert_int_eq(run(capture, &seen, &caller, "go", 50), 40);
	capture_stop(capture, &seen.sink);
	check_threads(&seen, 50, 80);
	ck_assert_uint_ge(seen.exits, 80);
	capture_close(capture);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

/* The same, but what is missing may have been told to be lost: a thread that
   was in the middle of clone() all the while until watching began is covered
   late.  No thread is counted twice.  */
static void check_threads_or_loss(const struct seen *seen, unsigned n,
				  unsigned count)
{
	uint64_t calls = 0;

	for (unsigned tid = 0; tid < TIDS_MAX; tid++) {
		ck_assert_msg(seen->sized[tid] <= n,
			      "thread %u: %u calls instead of %u", tid,
			      seen->sized[tid], n);
		calls += seen->sized[tid];
	}
	ck_assert_uint_le(calls, (uint64_t)n * count);
	ck_assert_uint_ge(calls + seen->lost, (uint64_t)n * count);
	/* Nearly all of them are there.  */
	ck_assert_uint_ge(calls, (uint64_t)n * count / 10 * 9);
}

START_TEST(threads_while_attaching)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	int crowd;

	launch(&caller);
	ask(&caller, "grow", 0);
	capture = begin(&seen, caller.pid);
	crowd = run(capture, &seen, &caller, "grown", 0);
	ck_assert_int_gt(crowd, 10);
	ck_assert_int_eq(run(capture, &seen, &caller, "go", 20), crowd);
	capture_stop(capture, &seen.sink);
	check_threads_or_loss(&seen, 20, 2 * crowd);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

START_TEST(short_lived_threads)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	int churned;

	launch(&caller);
	ask(&caller, "churn", 0);
	capture = begin(&seen, caller.pid);
	run(capture, &seen, &caller, "count", 0);
	for (int i = 0; i < 50; i++)
		poll_once(capture, &seen, 10);
	churned = run(capture, &seen, &caller, "churned", 0);
	ck_assert_int_gt(churned, 0);
	capture_stop(capture, &seen.sink);
	ck_assert_uint_eq(seen.lost, 0);
	ck_assert_uint_eq(seen.sized_all, 3ul * churned);
	capture_close(capture);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

/* Threads that have been joined are there for another moment.  */
static void wait_alone(pid_t pid)
{
	char path[64];
	struct stat tasks;
	double end = seconds() + 60;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	do {
		usleep(1000);
		ck_assert_int_eq(stat(path, &tasks), 0);
	} while (tasks.st_nlink > 3 && seconds() < end);
}

START_TEST(few_descriptors)
{
	unsigned long cpus = sysconf(_SC_NPROCESSORS_CONF);
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	struct error error = { "" };
	const char *warning;

	setenv("LC_ALL", "C", 1);
	launch(&caller);
	/* For ten events of one thread, and what is set aside.  */
	limit_files(128 + 10 * cpus);
	capture = begin(&seen, caller.pid);
	warning = capture_warning(capture);
	ck_assert_ptr_nonnull(warning);
	ck_assert_ptr_nonnull(strstr(warning, "valloc"));
	ck_assert_ptr_null(strstr(warning, "free"));
	ck_assert_ptr_nonnull(strstr(capture_details(capture),
				     "valloc: left out"));
	run(capture, &seen, &caller, "run", 100);
	ck_assert_uint_eq(seen.calls[ALLOC_VALLOC], 0);
	ck_assert_uint_eq(seen.returns[ALLOC_VALLOC], 0);
	ck_assert_uint_eq(seen.calls[ALLOC_MALLOC], 200);
	ck_assert_uint_eq(seen.returns[ALLOC_MALLOC], 200);
	ck_assert_uint_eq(seen.calls[ALLOC_FREE], 800);
	/* Not enough for two at once: a gap, and it is told of.  */
	set_mode(capture, &seen, CAPTURE_NO_CHAINS);
	run(capture, &seen, &caller, "run", 100);
	ck_assert_uint_eq(seen.calls[ALLOC_MALLOC], 200);
	ck_assert_uint_eq(seen.calls[ALLOC_FREE], 800);
	ck_assert_uint_eq(seen.modes, 3);
	ck_assert_uint_eq(seen.mode[0], MODE_MOST);
	ck_assert_uint_eq(seen.mode[1], MODE_NOTHING);
	ck_assert_uint_eq(seen.mode[2], MODE_MOST);
	/* Too few for all threads there are now.  */
	run(capture, &seen, &caller, "crowd", 100);
	ck_assert_int_eq(capture_set_mode(capture, CAPTURE_FULL, &seen.sink,
					  &error), -1);
	ck_assert_str_ne(error.text, "");
	ck_assert_uint_eq(breakpoints(caller.pid), 0);
	ck_assert_uint_eq(seen.mode[seen.modes - 1], MODE_NOTHING);
	poll_once(capture, &seen, 10);
	ask(&caller, "go", 1);
	run(capture, &seen, &caller, "run", 1);
	wait_alone(caller.pid);
	set_mode(capture, &seen, CAPTURE_FULL);
	run(capture, &seen, &caller, "run", 100);
	ck_assert_uint_eq(seen.calls[ALLOC_MALLOC], 200);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

START_TEST(no_descriptors)
{
	struct capture_options options = { 0 };
	struct caller caller;
	struct seen seen;
	struct error error = { "" };

	launch(&caller);
	ask(&caller, "crowd", 100);
	limit_files(200);
	watch_for(&seen, caller.pid);
	options.pid = caller.pid;
	ck_assert_ptr_null(capture_open(&options, &seen.sink, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "RLIMIT_NOFILE"));
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

START_TEST(thousand_threads)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	double begun, taken;

	launch(&caller);
	ask(&caller, "crowd", 1000);
	begun = seconds();
	capture = begin(&seen, caller.pid);
	taken = seconds() - begun;
	printf("attached to 1,001 threads in %.2f s\n", taken);
	/* 0.3 s on a quiet machine.  The limit of descriptors may be too low for
	   all functions.  */
	ck_assert_double_lt(taken, 60);
	if (capture_warning(capture))
		printf("%s\n", capture_warning(capture));
	ck_assert_int_eq(run(capture, &seen, &caller, "go", 5), 1000);
	capture_stop(capture, &seen.sink);
	check_threads(&seen, 5, 2000);
	begun = seconds();
	capture_close(capture);
	printf("closed in %.2f s\n", seconds() - begun);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

static void heap_takes_hit(void *context, struct hit *hit,
			   const uint64_t *chain, size_t size)
{
	(void)chain;
	(void)size;
	ck_assert(!heap_hit(context, hit, 0, NULL, 0));
}

static void heap_takes_round(void *context)
{
	heap_round(context);
}

START_TEST(order_across_cpus)
{
	enum { COUNT = 100000 };        /* each way */
	struct capture_options options = { .ring_kib = 16384 };
	struct heap_options none = { 0 };
	struct heap *heap = heap_new(&none);
	struct sink sink = sink_ignoring(heap);
	struct caller caller;
	struct capture *capture;
	enum capture_status status;
	struct error error = { "" };
	struct pollfd fd = { .events = POLLIN };
	struct snapshot *snapshot;

	sink.hit = heap_takes_hit;
	sink.round = heap_takes_round;
	note_runner();
	launch(&caller);
	options.pid = caller.pid;
	capture = capture_open(&options, &sink, &error);
	ck_assert_msg(capture != NULL, "%s", error.text);
	tell(&caller, "pass", COUNT);
	fd.fd = caller.fd;
	while (!poll(&fd, 1, 0))
		ck_assert(!capture_poll(capture, 50, caller.fd, &sink,
					&status, &error));
	ck_assert_int_eq(answer(&caller), 0);
	capture_stop(capture, &sink);
	heap_finish(heap);
	snapshot = heap_snapshot(heap);
	ck_assert_ptr_nonnull(snapshot);
	ck_assert_uint_ge(snapshot->hits, 6 * COUNT);
	ck_assert_uint_eq(snapshot->lost, 0);
	ck_assert_uint_eq(snapshot->late, 0);
	ck_assert_uint_eq(snapshot->unpaired, 0);
	ck_assert_uint_eq(snapshot->missed_frees, 0);
	ck_assert_uint_eq(snapshot->anomalies[ANOMALY_DOUBLE_FREE], 0);
	ck_assert_uint_eq(snapshot->anomalies[ANOMALY_DOUBLE_ALLOC], 0);
	snapshot_unref(snapshot);
	heap_free(heap);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	end_caller(&caller);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		threads_before_and_after, threads_while_attaching,
		short_lived_threads, few_descriptors, no_descriptors,
		thousand_threads, order_across_cpus, NULL
	};

	return run_live("live_threads", tests);
}
