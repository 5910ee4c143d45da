/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "live_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/family.h"
#include "capture/libc.h"
#include "capture/probes.h"
#include "capture/watch.h"

START_TEST(every_call_once)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;

	launch(&caller);
	capture = begin(&seen, caller.pid);
	ck_assert_uint_gt(probes_left(), 0);
	ck_assert_uint_gt(capture_rss(capture), 0);
	ck_assert_uint_gt(seen.maps, 1);
	ck_assert_uint_eq(seen.comms, 1);
	run(capture, &seen, &caller, "run", 1000);
	check_rounds(&seen, 1000);
	ck_assert_int_eq(seen.address_varies, false);
	ck_assert_uint_eq(seen.bare_returns, 0);
	ck_assert_uint_eq(seen.call_chains, 0);
	ck_assert_ptr_null(capture_warning(capture));
	ck_assert_uint_gt(seen.rounds, 0);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	/* The target runs on, unwatched.  */
	ck_assert_int_eq(ask(&caller, "run", 1), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

/* As capture_open() does, with the probes where OFFSETS says.  */
static struct watch *begin_at_entry(struct seen *seen, struct family *family,
				    struct probes *probes,
				    struct libc *libc,
				    struct decoder *decoder)
{
	const struct rings_options options = {
		.ring_size = 1 << 22, .chain_depth = 8, .functions = ~0u,
		.chains = true,
	};
	pid_t pid = family_target(family);
	struct error error = { "" };
	struct watch *watch;
	bool no_files;

	watch_for(seen, pid);
	ck_assert_msg(!libc_find(libc, pid, &error), "%s", error.text);
	for (int id = 0; id < ALLOC_COUNT; id++)
		libc->function[id].point.offset = 0;
	ck_assert_msg(!probes_make(probes, libc, true, &error), "%s", error.text);
	decoder_set_machine(decoder, false, sizeof(long), 4096);
	for (unsigned i = 0; i < probes->count; i++) {
		int size;
		char *text = probes_format(probes, &probes->probe[i], &size);

		ck_assert_ptr_nonnull(text);
		ck_assert(!decoder_add_format(decoder, probes->group, text,
					      size, &error));
		free(text);
	}
	watch = watch_open(family, probes, libc, decoder, &options,
			   &seen->sink, NULL, &no_files, &error);
	ck_assert_msg(watch != NULL, "%s", error.text);
	watch_start(watch);
	return watch;
}

START_TEST(chosen_points_equal_entries)
{
	struct libc *libc = malloc(sizeof *libc);
	struct decoder *decoder = decoder_new();
	struct seen chosen, entry;
	struct probes probes;
	struct caller caller;
	struct capture *capture;
	struct family *family;
	struct watch *watch;

	launch(&caller);
	capture = begin(&chosen, caller.pid);
	family = family_new(caller.pid, false);
	ck_assert_ptr_nonnull(family);
	watch = begin_at_entry(&entry, family, &probes, libc, decoder);
	for (int i = 0; i < 10; i++) {
		run(capture, &chosen, &caller, "run", 100);
		watch_pass(watch, &entry.sink);
	}
	check_rounds(&chosen, 1000);
	check_rounds(&entry, 1000);
	for (int id = 0; id < ALLOC_COUNT; id++)
		ck_assert_uint_eq(chosen.address[id], entry.address[id]);
	watch_close(watch);
	family_free(family);
	ck_assert_uint_eq(probes_remove(&probes), 0);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	decoder_free(decoder);
	free(libc);
	forget(&chosen);
	forget(&entry);
	end_caller(&caller);
}
END_TEST

static int by_time(const void *a, const void *b)
{
	const struct result *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

START_TEST(posix_memalign_pointers)
{
	enum { COUNT = 5000 };
	static uint64_t real[COUNT];
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	int threads;

	launch(&caller);
	capture = begin(&seen, caller.pid);
	threads = run(capture, &seen, &caller, "pointers", COUNT);
	capture_stop(capture, &seen.sink);
	ck_assert_uint_eq(seen.lost, 0);
	/* A thread may have been on several CPUs.  */
	qsort(seen.result, seen.results, sizeof *seen.result, by_time);
	for (int i = 0; i < threads; i++) {
		size_t at = 0;
		pid_t tid;

		ck_assert(get_bytes(&caller, &tid, sizeof tid));
		ck_assert(get_bytes(&caller, real, sizeof real));
		for (size_t k = 0; k < seen.results; k++) {
			const struct result *result = &seen.result[k];

			if (result->tid != tid || result->status)
				continue;
			ck_assert_int_lt(at, COUNT);
			ck_assert_msg(result->has_pointer,
				      "posix_memalign's pointer is not known");
			ck_assert_uint_eq(result->pointer, real[at]);
			at++;
		}
		ck_assert_uint_eq(at, COUNT);
	}
	capture_close(capture);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

START_TEST(stop_delivers_the_rest)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;

	launch(&caller);
	capture = begin(&seen, caller.pid);
	ask(&caller, "run", 100);
	capture_stop(capture, &seen.sink);
	check_rounds(&seen, 100);
	/* Nothing is recorded any more.  */
	ask(&caller, "run", 100);
	capture_stop(capture, &seen.sink);
	check_rounds(&seen, 100);
	capture_close(capture);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

START_TEST(losses_are_told)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	unsigned long hits;

	launch(&caller);
	capture = begin_with(&seen, caller.pid,
			     (struct capture_options){ .ring_kib = 64 });
	/* Nobody reads meanwhile.  */
	ask(&caller, "pairs", 10000);
	poll_once(capture, &seen, 0);
	capture_stop(capture, &seen.sink);
	ck_assert_uint_gt(seen.lost, 0);
	hits = seen.calls[ALLOC_MALLOC] + seen.returns[ALLOC_MALLOC] +
		seen.calls[ALLOC_FREE];
	/* Single records and the total may both count them.  */
	ck_assert_uint_ge(hits + seen.lost, 30000);
	capture_close(capture);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

START_TEST(chains_of_frees)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;

	launch(&caller);
	capture = begin_with(&seen, caller.pid,
			     (struct capture_options){ .free_chains = true });
	run(capture, &seen, &caller, "run", 100);
	check_rounds(&seen, 100);
	ck_assert_uint_eq(seen.call_chains, 800);
	set_mode(capture, &seen, CAPTURE_NO_CHAINS);
	run(capture, &seen, &caller, "run", 100);
	check_rounds(&seen, 100);
	ck_assert_uint_eq(seen.call_chains, 0);
	capture_close(capture);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

START_TEST(details_tell_every_function)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	const char *details;
	unsigned lines = 1;

	setenv("LC_ALL", "C", 1);
	launch(&caller);
	capture = begin(&seen, caller.pid);
	details = capture_details(capture);
	for (const char *at = details; *at; at++)
		lines += *at == '\n';
	ck_assert_uint_ge(lines, 6);
	ck_assert_uint_le(lines, ALLOC_COUNT);
	ck_assert_int_eq(strncmp(details, "malloc+", 7), 0);
	ck_assert_ptr_nonnull(strstr(details, "\nfree+"));
	ck_assert_ptr_nonnull(strstr(details, "at the return"));
	capture_close(capture);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

#if defined __x86_64__

static void poll_calls(struct capture *capture, struct seen *seen,
		       unsigned long count)
{
	for (int i = 0; i < 200 && seen->calls[ALLOC_FREE] < count; i++)
		poll_once(capture, seen, 50);
	ck_assert_uint_ge(seen->calls[ALLOC_FREE], count);
}

static void expect_about(unsigned long count, unsigned long other)
{
	ck_assert_uint_le(count, other + 2);
	ck_assert_uint_le(other, count + 2);
}

/* Then the probes are at the entry, and that is said.  */
START_TEST(head_that_is_not_understood)
{
	const char *dir = getenv("abs_top_builddir"), *details;
	char path[4096];
	struct caller caller;
	struct seen seen;
	struct capture *capture;

	setenv("LC_ALL", "C", 1);
	snprintf(path, sizeof path, "%s/tests/targets/oddhead",
		 dir ? dir : ".");
	start_program(&caller, path, NULL);
	/* It does not answer.  */
	ck_assert(wait_mapped(caller.pid, "oddhead"));
	capture = begin(&seen, caller.pid);
	details = capture_details(capture);
	ck_assert_msg(strstr(details, "malloc+0") && strstr(details, "free+0"),
		      "%s", details);
	/* A newer disassembler may know the instruction.  */
	ck_assert_msg(strstr(details, "can't be disassembled") ||
		      !strstr(details, "malloc+0:"), "%s", details);
	ck_assert_msg(strstr(details, "at the entry, costs a single step"),
		      "%s", details);
	poll_calls(capture, &seen, 10);
	/* All probes were there at the first of these.  */
	forget_counts(&seen);
	poll_calls(capture, &seen, 20);
	kill(caller.pid, SIGSTOP);
	waitpid(caller.pid, NULL, WUNTRACED);
	capture_stop(capture, &seen.sink);
	ck_assert_uint_eq(seen.lost, 0);
	ck_assert_uint_eq(seen.sized[caller.pid], seen.calls[ALLOC_MALLOC]);
	/* Each count may have begun, and ended, within a pair.  */
	expect_about(seen.returns[ALLOC_MALLOC], seen.calls[ALLOC_MALLOC]);
	expect_about(seen.calls[ALLOC_FREE], seen.calls[ALLOC_MALLOC]);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

#endif

int main(void)
{
	const TTest *const tests[] = {
		every_call_once, chosen_points_equal_entries,
		posix_memalign_pointers, stop_delivers_the_rest,
		losses_are_told, chains_of_frees, details_tell_every_function,
#if defined __x86_64__
		head_that_is_not_understood,
#endif
		NULL
	};

	return run_live("live", tests);
}
