/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "live_fixture.h"

#include <poll.h>

static void note_result(struct seen *seen, const struct hit *hit)
{
	if (seen->results == seen->room) {
		seen->room = seen->room ? 2 * seen->room : 4096;
		seen->result = realloc(seen->result,
				       seen->room * sizeof *seen->result);
		ck_assert_ptr_nonnull(seen->result);
	}
	seen->result[seen->results++] = (struct result){
		hit->tid, hit->time, hit->argument[1], hit->argument[0],
		hit->flags & HIT_HAS_POINTER
	};
}

static void note_call(struct seen *seen, const struct hit *hit)
{
	if (hit->pid != (uint32_t)seen->pid)
		seen->strangers++;
	if (hit->tid == (uint32_t)seen->pid)
		seen->calls[hit->function]++;
	seen->all_frees += hit->function == ALLOC_FREE;
	if (hit->function == ALLOC_MALLOC && hit->argument[0] == SIZE) {
		seen->sized[hit->tid]++;
		seen->sized_all++;
	}
}

static void note_return(struct seen *seen, const struct hit *hit, size_t size)
{
	if (hit->tid == (uint32_t)seen->pid)
		seen->returns[hit->function]++;
	if (hit->function == ALLOC_MALLOC)
		seen->returned[hit->tid]++;
	if (hit->function == ALLOC_POSIX_MEMALIGN)
		note_result(seen, hit);
	if (size)
		seen->chains++;
	else
		seen->bare_returns++;
}

static void on_hit(void *context, struct hit *hit, const uint64_t *chain,
		   size_t size)
{
	struct seen *seen = context;

	(void)chain;
	switch (hit->kind) {
	case HIT_CALL:
		seen->call_chains += size > 0;
		note_call(seen, hit);
		break;
	case HIT_RETURN:
		note_return(seen, hit, size);
		break;
	case HIT_MODE:
		ck_assert_uint_lt(seen->modes, 16);
		seen->mode[seen->modes++] = hit->argument[0];
		ck_assert_uint_ge(hit->time, seen->mode_time);
		seen->mode_time = hit->time;
		return;
	case HIT_LOST:
		seen->lost += hit->argument[0];
		return;
	case HIT_EXEC:
		seen->execs++;
		return;
	case HIT_EXIT:
		seen->exits++;
		return;
	case HIT_FORK:
		seen->forks++;
		return;
	}
	if (seen->address[hit->function] &&
	    seen->address[hit->function] != hit->address)
		seen->address_varies = true;
	seen->address[hit->function] = hit->address;
}

static void on_mapping(void *context, const struct mapping *mapping)
{
	struct seen *seen = context;

	ck_assert_uint_gt(mapping->length, 0);
	seen->maps++;
}

static void on_comm(void *context, uint32_t pid, uint32_t tid,
		    const char *name, bool exec)
{
	struct seen *seen = context;

	(void)pid;
	(void)tid;
	(void)exec;
	ck_assert_ptr_nonnull(name);
	seen->comms++;
}

static void on_round(void *context)
{
	((struct seen *)context)->rounds++;
}

void watch_for(struct seen *seen, pid_t pid)
{
	note_runner();
	memset(seen, 0, sizeof *seen);
	seen->pid = pid;
	seen->sized = calloc(TIDS_MAX, sizeof *seen->sized);
	seen->returned = calloc(TIDS_MAX, sizeof *seen->returned);
	ck_assert(seen->sized && seen->returned);
	seen->sink = (struct sink){
		.context = seen,
		.hit = on_hit,
		.mapping = on_mapping,
		.comm = on_comm,
		.round = on_round,
	};
}

void forget(struct seen *seen)
{
	free(seen->sized);
	free(seen->returned);
	free(seen->result);
}

/* Of capture's threads and the rest of the test nothing is known, so the counts
   are forgotten in between.  */
void forget_counts(struct seen *seen)
{
	memset(seen->calls, 0, sizeof seen->calls);
	memset(seen->returns, 0, sizeof seen->returns);
	memset(seen->sized, 0, TIDS_MAX * sizeof *seen->sized);
	seen->sized_all = seen->all_frees = 0;
	seen->chains = seen->bare_returns = seen->call_chains = 0;
	seen->exits = 0;
}

struct capture *begin_with(struct seen *seen, pid_t pid,
			   struct capture_options options)
{
	struct error error = { "" };
	struct capture *capture;

	watch_for(seen, pid);
	options.pid = pid;
	capture = capture_open(&options, &seen->sink, &error);
	ck_assert_msg(capture != NULL, "%s", error.text);
	return capture;
}

struct capture *begin(struct seen *seen, pid_t pid)
{
	/* A busy machine may let us wait long.  */
	return begin_with(seen, pid,
			  (struct capture_options){ .ring_kib = 16384 });
}

enum capture_status poll_once(struct capture *capture, struct seen *seen,
			      int timeout)
{
	enum capture_status status;
	struct error error = { "" };

	ck_assert_msg(!capture_poll(capture, timeout, -1, &seen->sink,
				    &status, &error), "%s", error.text);
	return status;
}

void poll_to_end(struct capture *capture, struct seen *seen)
{
	double end = seconds() + 60;

	while (poll_once(capture, seen, 100) != CAPTURE_EXITED)
		ck_assert_msg(seconds() < end, "its end is not seen");
}

int poll_answer(struct capture *capture, struct seen *seen,
		struct caller *caller)
{
	struct pollfd fd = { .fd = caller->fd, .events = POLLIN };
	struct error error;
	enum capture_status status;

	while (!poll(&fd, 1, 0))
		ck_assert(!capture_poll(capture, 1000, caller->fd,
					&seen->sink, &status, &error));
	return answer(caller);
}

int run(struct capture *capture, struct seen *seen, struct caller *caller,
	const char *command, int number)
{
	int result;

	tell(caller, command, number);
	result = poll_answer(capture, seen, caller);
	poll_once(capture, seen, 0);
	return result;
}

void set_mode(struct capture *capture, struct seen *seen,
	      enum capture_mode mode)
{
	struct error error = { "" };

	forget_counts(seen);
	ck_assert_msg(!capture_set_mode(capture, mode, &seen->sink, &error),
		      "%s", error.text);
}

void expect_refused(pid_t pid, const char *word)
{
	struct capture_options options = { .pid = pid };
	struct sink sink = { 0 };
	struct error error = { "" };

	ck_assert_int_eq(capture_check(&options, &error), -1);
	ck_assert_msg(strstr(error.text, word) != NULL,
		      "\"%s\" without \"%s\"", error.text, word);
	ck_assert_ptr_null(strchr(error.text, '\n'));
	ck_assert_ptr_null(capture_open(&options, &sink, &error));
	ck_assert_uint_eq(probes_left(), 0);
}

void check_rounds(const struct seen *seen, unsigned long n)
{
	ck_assert_uint_eq(seen->lost, 0);
	ck_assert_uint_eq(seen->calls[ALLOC_MALLOC], 2 * n);
	ck_assert_uint_eq(seen->calls[ALLOC_CALLOC], n);
	/* One is reallocarray's.  */
	ck_assert_uint_eq(seen->calls[ALLOC_REALLOC], 2 * n);
	ck_assert_uint_eq(seen->calls[ALLOC_REALLOCARRAY], n);
	ck_assert_uint_eq(seen->calls[ALLOC_ALIGNED_ALLOC] +
			  seen->calls[ALLOC_MEMALIGN], 2 * n);
	ck_assert_uint_eq(seen->calls[ALLOC_POSIX_MEMALIGN], n);
	ck_assert_uint_eq(seen->calls[ALLOC_VALLOC], n);
	ck_assert_uint_eq(seen->calls[ALLOC_FREE], 8 * n);
	for (int id = 0; id < ALLOC_FREE; id++)
		ck_assert_uint_eq(seen->returns[id], seen->calls[id]);
	ck_assert_uint_eq(seen->returns[ALLOC_FREE], 0);
}

void check_threads(const struct seen *seen, unsigned n, unsigned count)
{
	unsigned found = 0;

	ck_assert_uint_eq(seen->lost, 0);
	for (unsigned tid = 0; tid < TIDS_MAX; tid++) {
		if (!seen->sized[tid])
			continue;
		ck_assert_msg(seen->sized[tid] == n,
			      "thread %u: %u calls instead of %u", tid,
			      seen->sized[tid], n);
		found++;
	}
	ck_assert_uint_eq(found, count);
}
