/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/capture.h"
#include "capture/libc.h"
#include "capture/owner.h"
#include "capture/probes.h"
#include "capture/watch.h"
#include "heap/heap.h"
#include "testing.h"

/* As in targets/caller.c.  */
#define SIZE 4242

#define TIDS_MAX 4194304

/* The process that is watched.  */
struct caller {
	pid_t pid;
	int fd;                 /* its stdin and stdout */
};

static void start_program(struct caller *caller, const char *path,
			  const char *libraries)
{
	int pair[2];

	ck_assert(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	caller->pid = fork();
	if (!caller->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pair[1], 0);
		dup2(pair[1], 1);
		close(pair[0]);
		close(pair[1]);
		if (libraries)
			setenv("LD_LIBRARY_PATH", libraries, 1);
		execl(path, "caller", (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	caller->fd = pair[0];
}

/* LIBRARIES, if not NULL, is where its libraries are looked for first.  */
static void start(struct caller *caller, const char *libraries)
{
	const char *dir = getenv("abs_top_builddir");
	char path[4096];

	snprintf(path, sizeof path, "%s/tests/targets/caller",
		 dir ? dir : ".");
	start_program(caller, path, libraries);
}

static bool get(struct caller *caller, void *data, size_t size)
{
	return recv(caller->fd, data, size, MSG_WAITALL) == (ssize_t)size;
}

static int answer(struct caller *caller)
{
	char line[32];
	size_t n = 0;

	while (n < sizeof line - 1 && get(caller, line + n, 1) &&
	       line[n] != '\n')
		n++;
	line[n] = '\0';
	ck_assert_msg(n > 0, "the target does not answer");
	return atoi(line);
}

static void tell(struct caller *caller, const char *command, int number)
{
	char line[64];
	int n = snprintf(line, sizeof line, "%s %d\n", command, number);

	ck_assert_int_eq(send(caller->fd, line, n, MSG_NOSIGNAL), n);
}

static int ask(struct caller *caller, const char *command, int number)
{
	tell(caller, command, number);
	return answer(caller);
}

static void end(struct caller *caller)
{
	kill(caller->pid, SIGKILL);
	waitpid(caller->pid, NULL, 0);
	close(caller->fd);
}

static void launch(struct caller *caller)
{
	start(caller, NULL);
	ck_assert_int_eq(answer(caller), caller->pid);
}

/* The processes that ran tests: one that fails ends without taking its probes
   away, so the first process does.  */
static struct runners {
	int count;
	pid_t pid[64];
} *runners;

static void note_runner(void)
{
	int i = __atomic_fetch_add(&runners->count, 1, __ATOMIC_RELAXED);

	if (i < (int)(sizeof runners->pid / sizeof *runners->pid))
		runners->pid[i] = getpid();
}

static bool is_leftover(const char *group)
{
	int owner = atoi(group + strlen("leaktop_"));

	for (int i = 0; i < runners->count && i < 64; i++) {
		if (runners->pid[i] == owner)
			return true;
	}
	return false;
}

static void remove_leftovers(void)
{
	const char *directory = probes_directory(NULL);
	char path[4096], line[1024], group[64], name[64];
	FILE *in, *out;

	if (!directory)
		return;
	snprintf(path, sizeof path, "%s/uprobe_events", directory);
	in = fopen(path, "r");
	while (in && fgets(line, sizeof line, in)) {
		if (sscanf(line, "%*1s:%63[^/]/%63s", group, name) != 2 ||
		    strncmp(group, "leaktop_", 8) || !is_leftover(group))
			continue;
		out = fopen(path, "a");
		if (out) {
			fprintf(out, "-:%s/%s\n", group, name);
			fclose(out);
		}
	}
	if (in)
		fclose(in);
}

/* What came of it.  */
struct seen {
	pid_t pid;
	/* Of the first thread.  */
	unsigned long calls[ALLOC_COUNT], returns[ALLOC_COUNT];
	unsigned long all_frees;        /* of all threads */
	/* Of all threads, by thread: mallocs of SIZE, and malloc returns.  */
	unsigned *sized, *returned;
	unsigned long sized_all, chains, bare_returns, strangers;
	unsigned long call_chains;
	/* HIT_MODE's, in order.  */
	unsigned modes, mode[16];
	uint64_t mode_time;
	unsigned long lost, execs, exits, forks, rounds, maps, comms;
	uint64_t address[ALLOC_COUNT];
	bool address_varies;
	/* posix_memalign's.  */
	struct result {
		pid_t tid;
		uint64_t time;
		uint64_t pointer;
		uint64_t status;
		bool has_pointer;
	} *result;
	size_t results, room;
	struct sink sink;
};

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

static void on_nothing(void *context, struct hit *hit, const uint64_t *chain,
		       size_t size)
{
	(void)context;
	(void)hit;
	(void)chain;
	(void)size;
}

static void no_mapping(void *context, const struct mapping *mapping)
{
	(void)context;
	(void)mapping;
}

static void no_comm(void *context, uint32_t pid, uint32_t tid,
		    const char *name, bool exec)
{
	(void)context;
	(void)pid;
	(void)tid;
	(void)name;
	(void)exec;
}

static void no_round(void *context)
{
	(void)context;
}

static void watch_for(struct seen *seen, pid_t pid)
{
	note_runner();
	memset(seen, 0, sizeof *seen);
	seen->pid = pid;
	seen->sized = calloc(TIDS_MAX, sizeof *seen->sized);
	seen->returned = calloc(TIDS_MAX, sizeof *seen->returned);
	ck_assert(seen->sized && seen->returned);
	seen->sink = (struct sink){ seen, on_hit, on_mapping, on_comm,
		on_round };
}

static void forget(struct seen *seen)
{
	free(seen->sized);
	free(seen->returned);
	free(seen->result);
}

static struct capture *begin(struct seen *seen, pid_t pid)
{
	/* A busy machine may let us wait long.  */
	struct capture_options options = { .pid = pid, .ring_kib = 16384 };
	struct error error = { "" };
	struct capture *capture;

	watch_for(seen, pid);
	capture = capture_open(&options, &seen->sink, &error);
	ck_assert_msg(capture != NULL, "%s", error.text);
	return capture;
}

static enum capture_status poll_once(struct capture *capture,
				     struct seen *seen, int timeout)
{
	enum capture_status status;
	struct error error = { "" };

	ck_assert_msg(!capture_poll(capture, timeout, -1, &seen->sink,
				    &status, &error), "%s", error.text);
	return status;
}

/* Polls until the target has answered.  */
static int poll_answer(struct capture *capture, struct seen *seen,
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

static int run(struct capture *capture, struct seen *seen,
	       struct caller *caller, const char *command, int number)
{
	int result;

	tell(caller, command, number);
	result = poll_answer(capture, seen, caller);
	poll_once(capture, seen, 0);
	return result;
}

/* How many probes process PID has made.  */
static unsigned probes_of(pid_t pid)
{
	struct error error;
	const char *directory = probes_directory(&error);
	char path[4096], group[64], line[1024];
	unsigned count = 0;
	FILE *file;

	ck_assert_ptr_nonnull(directory);
	snprintf(path, sizeof path, "%s/uprobe_events", directory);
	snprintf(group, sizeof group, ":leaktop_%d_", (int)pid);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof line, file))
		count += strstr(line, group) != NULL;
	fclose(file);
	return count;
}

static unsigned probes_left(void)
{
	return probes_of(getpid());
}

static void check_rounds(const struct seen *seen, unsigned long n)
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
	end(&caller);
}
END_TEST

/* As capture_open() does, with the probes where OFFSETS says.  */
static struct watch *begin_at_entry(struct seen *seen, pid_t pid,
				    struct probes *probes,
				    struct libc *libc,
				    struct decoder *decoder)
{
	struct rings_options options = { 1 << 22, 8, ~0u, true, false };
	struct error error = { "" };
	struct watch *watch;
	bool no_files;

	watch_for(seen, pid);
	ck_assert_msg(!libc_find(libc, pid, &error), "%s", error.text);
	for (int id = 0; id < ALLOC_COUNT; id++)
		libc->function[id].point.offset = 0;
	ck_assert_msg(!probes_make(probes, libc, &error), "%s", error.text);
	decoder_set_machine(decoder, false, sizeof(long), 4096);
	for (unsigned i = 0; i < probes->count; i++) {
		int size;
		char *text = probes_format(probes, &probes->probe[i], &size);

		ck_assert_ptr_nonnull(text);
		ck_assert(!decoder_add_format(decoder, probes->group, text,
					      size, &error));
		free(text);
	}
	watch = watch_open(pid, probes, libc, decoder, &options, &seen->sink,
			   &no_files, &error);
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
	struct watch *watch;

	launch(&caller);
	capture = begin(&chosen, caller.pid);
	watch = begin_at_entry(&entry, caller.pid, &probes, libc, decoder);
	for (int i = 0; i < 10; i++) {
		run(capture, &chosen, &caller, "run", 100);
		watch_pass(watch, &entry.sink);
	}
	check_rounds(&chosen, 1000);
	check_rounds(&entry, 1000);
	for (int id = 0; id < ALLOC_COUNT; id++)
		ck_assert_uint_eq(chosen.address[id], entry.address[id]);
	watch_close(watch);
	ck_assert_uint_eq(probes_remove(&probes), 0);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	decoder_free(decoder);
	free(libc);
	forget(&chosen);
	forget(&entry);
	end(&caller);
}
END_TEST

/* Every thread with calls of ours made exactly N, none was counted twice, and
   there are COUNT such threads.  */
static void check_threads(const struct seen *seen, unsigned n, unsigned count)
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
	end(&caller);
}
END_TEST

/* The same, but for threads that were being created while the probes came: of
   these the kernel may have copied a part of the probes only, which nothing
   tells (README-dev, CAPTURE).  How many depends on how busy the machine is;
   none is counted twice.  */
static void check_most_threads(const struct seen *seen, unsigned n,
			       unsigned count)
{
	unsigned complete = 0;

	ck_assert_uint_eq(seen->lost, 0);
	for (unsigned tid = 0; tid < TIDS_MAX; tid++) {
		ck_assert_msg(seen->sized[tid] <= n,
			      "thread %u: %u calls instead of %u", tid,
			      seen->sized[tid], n);
		complete += seen->sized[tid] == n;
	}
	ck_assert_uint_le(complete, count);
	ck_assert_uint_ge(complete, count / 2);
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
	check_most_threads(&seen, 20, 2 * crowd);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end(&caller);
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
	end(&caller);
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

		ck_assert(get(&caller, &tid, sizeof tid));
		ck_assert(get(&caller, real, sizeof real));
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
	end(&caller);
}
END_TEST

START_TEST(target_exits)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	enum capture_status status = CAPTURE_RUNNING;

	launch(&caller);
	capture = begin(&seen, caller.pid);
	tell(&caller, "run", 100);
	tell(&caller, "exit", 0);
	for (int i = 0; i < 100 && status == CAPTURE_RUNNING; i++)
		status = poll_once(capture, &seen, 100);
	ck_assert_int_eq(status, CAPTURE_EXITED);
	/* All of it has been delivered, and nothing comes twice.  */
	check_rounds(&seen, 100);
	ck_assert_uint_gt(seen.exits, 0);
	ck_assert_int_eq(poll_once(capture, &seen, 100), CAPTURE_EXITED);
	check_rounds(&seen, 100);
	ck_assert_uint_eq(capture_rss(capture), 0);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end(&caller);
}
END_TEST

START_TEST(target_is_killed)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	enum capture_status status = CAPTURE_RUNNING;

	launch(&caller);
	ask(&caller, "crowd", 10);
	capture = begin(&seen, caller.pid);
	tell(&caller, "pairs", 1000000000);
	poll_once(capture, &seen, 100);
	kill(caller.pid, SIGKILL);
	for (int i = 0; i < 100 && status == CAPTURE_RUNNING; i++)
		status = poll_once(capture, &seen, 100);
	ck_assert_int_eq(status, CAPTURE_EXITED);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end(&caller);
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
	end(&caller);
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
	end(&caller);
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
	end(&caller);
}
END_TEST

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
		killer = fork();
		if (!killer) {
			usleep(delay * 1000);
			kill(caller.pid, SIGKILL);
			_exit(0);
		}
		capture = capture_open(&options, &seen.sink, &error);
		if (!capture)
			ck_assert_str_ne(error.text, "");
		waitpid(killer, NULL, 0);
		if (capture) {
			int polls = 0;

			while (poll_once(capture, &seen, 100) !=
			       CAPTURE_EXITED)
				ck_assert_int_lt(++polls, 50);
		}
		capture_close(capture);
		ck_assert_uint_eq(probes_left(), 0);
		forget(&seen);
		end(&caller);
	}
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
	end(&caller);
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
	end(&caller);
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
	end(&caller);
}
END_TEST

START_TEST(losses_are_told)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	struct capture_options options = { .ring_kib = 64 };
	struct error error = { "" };
	unsigned long hits;

	launch(&caller);
	watch_for(&seen, caller.pid);
	options.pid = caller.pid;
	capture = capture_open(&options, &seen.sink, &error);
	ck_assert_msg(capture != NULL, "%s", error.text);
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
	end(&caller);
}
END_TEST

static void expect_refused(pid_t pid, const char *word)
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

static pid_t kernel_thread(void)
{
	char comm[32] = "";
	FILE *file = fopen("/proc/2/comm", "r");

	if (file) {
		if (!fgets(comm, sizeof comm, file))
			comm[0] = '\0';
		fclose(file);
	}
	return strcmp(comm, "kthreadd\n") ? 0 : 2;
}

START_TEST(refusals)
{
	struct caller caller;
	pid_t zombie;

	setenv("LC_ALL", "C", 1);
	expect_refused(0, "no process 0");
	expect_refused(TIDS_MAX + 1, "no process");
	expect_refused(getpid(), "itself");
	if (kernel_thread())
		expect_refused(kernel_thread(), "kernel thread");
	zombie = fork();
	if (!zombie)
		_exit(0);
	usleep(100000);
	expect_refused(zombie, "zombie");
	waitpid(zombie, NULL, 0);
	launch(&caller);
	struct capture_options options = { .pid = caller.pid, .ring_kib = 100 };
	struct error error;

	ck_assert_int_eq(capture_check(&options, &error), -1);
	options.ring_kib = 0;
	options.chain_depth = 128;
	ck_assert_int_eq(capture_check(&options, &error), -1);
	end(&caller);
}
END_TEST

/* Another user's view: no tracefs, no access.  */
START_TEST(not_permitted)
{
	struct caller caller;
	pid_t pid;
	int status;

	launch(&caller);
	pid = fork();
	if (!pid) {
		struct capture_options options = { .pid = caller.pid };
		struct error error = { "" };

		if (setgid(65534) || setuid(65534))
			_exit(2);
		_exit(capture_check(&options, &error) == -1 &&
		      strstr(error.text, "root") ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
	end(&caller);
}
END_TEST

/* Of capture's threads and the rest of the test nothing is known, so the counts
   are forgotten in between.  */
static void forget_counts(struct seen *seen)
{
	memset(seen->calls, 0, sizeof seen->calls);
	memset(seen->returns, 0, sizeof seen->returns);
	memset(seen->sized, 0, TIDS_MAX * sizeof *seen->sized);
	seen->sized_all = seen->all_frees = 0;
	seen->chains = seen->bare_returns = seen->call_chains = 0;
	seen->exits = 0;
}

static void set_mode(struct capture *capture, struct seen *seen,
		     enum capture_mode mode)
{
	struct error error = { "" };

	forget_counts(seen);
	ck_assert_msg(!capture_set_mode(capture, mode, &seen->sink, &error),
		      "%s", error.text);
}

/* How many functions of PID have a breakpoint at their probes' place.  */
static unsigned breakpoints(pid_t pid)
{
	static struct libc libc;
	struct error error = { "" };
	char path[64], name[4096];
	uint64_t start, offset;
	unsigned count = 0, read = 0;
	char line[4608];
	int memory;
	FILE *maps;

	ck_assert_msg(!libc_find(&libc, pid, &error), "%s", error.text);
	snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	memory = open(path, O_RDONLY);
	snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
	maps = fopen(path, "r");
	ck_assert(memory >= 0 && maps);
	while (fgets(line, sizeof line, maps)) {
		if (sscanf(line, "%" SCNx64 "-%*x r-xp %" SCNx64
			   " %*s %*d %4095s", &start, &offset, name) != 3 ||
		    strcmp(name, libc.name))
			continue;
		for (int id = 0; id < ALLOC_COUNT; id++) {
			const struct libc_function *function =
				&libc.function[id];
			unsigned char byte;

			if (!function->present)
				continue;
			ck_assert_int_eq(pread(memory, &byte, 1, start +
					       function->offset - offset +
					       function->point.offset), 1);
			count += byte == 0xcc;
			read++;
		}
	}
	fclose(maps);
	close(memory);
	ck_assert_uint_gt(read, 5);
	return count;
}

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
	end(&caller);
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
	end(&caller);
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
		int polls = 0;

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
		while (poll_once(capture, &seen, 100) != CAPTURE_EXITED)
			ck_assert_int_lt(++polls, 50);
		capture_close(capture);
		ck_assert_uint_eq(probes_left(), 0);
		forget(&seen);
		end(&caller);
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
	end(&caller);
}
END_TEST

/* Lets this process have LIMIT descriptors, and no way to raise that.  */
static void limit_files(rlim_t limit)
{
	struct __user_cap_header_struct header = {
		_LINUX_CAPABILITY_VERSION_3, 0
	};
	struct __user_cap_data_struct data[2];
	const struct rlimit files = { limit, limit };

	ck_assert(!setrlimit(RLIMIT_NOFILE, &files));
	ck_assert(!syscall(SYS_capget, &header, data));
	data[0].effective &= ~(1u << CAP_SYS_RESOURCE);
	data[0].permitted &= ~(1u << CAP_SYS_RESOURCE);
	ck_assert(!syscall(SYS_capset, &header, data));
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
	ck_assert_uint_eq(seen.modes, 2);
	ck_assert_uint_eq(seen.mode[0], MODE_NOTHING);
	ck_assert_uint_eq(seen.mode[1], MODE_ALL);
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
	set_mode(capture, &seen, CAPTURE_FULL);
	run(capture, &seen, &caller, "run", 100);
	ck_assert_uint_eq(seen.calls[ALLOC_MALLOC], 200);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	forget(&seen);
	end(&caller);
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
	end(&caller);
}
END_TEST

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

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
	/* 1.5 s on a quiet machine.  The limit of descriptors may be too low for
	   all functions.  */
	ck_assert_double_lt(taken, 6);
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
	end(&caller);
}
END_TEST

/* A leaktop of its own that watches PID.  */
static pid_t another(pid_t pid, int *ready)
{
	int fds[2];
	pid_t child;
	char c;

	ck_assert(!pipe(fds));
	child = fork();
	if (!child) {
		struct capture_options options = { .pid = pid };
		struct sink sink = { NULL, on_nothing, no_mapping, no_comm,
			no_round };
		struct error error;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		note_runner();
		if (!capture_open(&options, &sink, &error) ||
		    write(fds[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	ck_assert_int_eq(read(fds[0], &c, 1), 1);
	*ready = fds[0];
	return child;
}

static void end_another(pid_t pid, int ready)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready);
}

START_TEST(dead_leaktops_probes_go)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	struct error error = { "" };
	pid_t dead, living;
	int dead_fd, living_fd;
	unsigned count;

	launch(&caller);
	dead = another(caller.pid, &dead_fd);
	living = another(caller.pid, &living_fd);
	count = probes_of(living);
	ck_assert_uint_gt(count, 5);
	ck_assert_uint_eq(probes_of(dead), count);
	kill(dead, SIGKILL);
	/* Dead, though nobody has asked for its status yet.  */
	waitid(P_PID, dead, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	ck_assert_int_eq(ask(&caller, "run", 1), 0);
	ck_assert_uint_eq(probes_of(dead), count);
	/* The next one to start removes what is left, ...  */
	capture = begin(&seen, caller.pid);
	ck_assert_uint_eq(probes_of(dead), 0);
	ck_assert_uint_eq(probes_of(living), count);
	ck_assert_int_eq(capture_cleanup(&error), 0);
	/* ... and both that live go on.  */
	run(capture, &seen, &caller, "run", 100);
	check_rounds(&seen, 100);
	end_another(dead, dead_fd);
	end_another(living, living_fd);
	ck_assert_uint_eq(probes_of(living), count);
	ck_assert_msg(capture_cleanup(&error) == (int)count, "%s", error.text);
	ck_assert_uint_eq(probes_of(living), 0);
	run(capture, &seen, &caller, "run", 100);
	check_rounds(&seen, 200);
	capture_close(capture);
	forget(&seen);
	end(&caller);
}
END_TEST

START_TEST(owners)
{
	char name[OWNER_NAME], other[OWNER_NAME];
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	owner_name(name, 0);
	ck_assert(!owner_is_dead(name));
	owner_name(other, 7);
	ck_assert_int_eq(strncmp(name, other, strlen(name)), 0);
	ck_assert(!owner_is_dead(other));
	snprintf(name, sizeof name, "leaktop_%d_1", (int)getpid());
	ck_assert_msg(owner_is_dead(name), "another start time");
	snprintf(name, sizeof name, "leaktop_%d", (int)getpid());
	ck_assert_msg(!owner_is_dead(name), "may be this process");
	snprintf(name, sizeof name, "leaktop_%d", (int)pid);
	ck_assert(owner_is_dead(name));
	snprintf(name, sizeof name, "leaktop_%d_12345", (int)pid);
	ck_assert(owner_is_dead(name));
	snprintf(name, sizeof name, "leaktop_%d_12345_3", (int)pid);
	ck_assert(owner_is_dead(name));
	/* What others made, or in another namespace.  */
	snprintf(name, sizeof name, "leaktop_%d_12345_ns1", (int)pid);
	ck_assert(!owner_is_dead(name));
	snprintf(name, sizeof name, "leaktop_%dx", (int)pid);
	ck_assert(!owner_is_dead(name));
	snprintf(name, sizeof name, "leaktop_%d_", (int)pid);
	ck_assert(!owner_is_dead(name));
	snprintf(name, sizeof name, "leaktops_%d", (int)pid);
	ck_assert(!owner_is_dead(name));
	ck_assert(!owner_is_dead("probe_libc"));
	ck_assert(!owner_is_dead("leaktop_"));
	ck_assert(!owner_is_dead("leaktop_0"));
	ck_assert(!owner_is_dead("leaktop_99999999999999999999999"));
}
END_TEST

START_TEST(two_at_once)
{
	struct caller caller[2];
	struct seen seen[3];
	struct capture *capture[3];

	launch(&caller[0]);
	launch(&caller[1]);
	capture[0] = begin(&seen[0], caller[0].pid);
	capture[1] = begin(&seen[1], caller[0].pid);
	capture[2] = begin(&seen[2], caller[1].pid);
	run(capture[0], &seen[0], &caller[0], "run", 50);
	run(capture[2], &seen[2], &caller[1], "run", 70);
	set_mode(capture[1], &seen[1], CAPTURE_PAUSED);
	run(capture[0], &seen[0], &caller[0], "run", 50);
	capture_close(capture[1]);
	run(capture[0], &seen[0], &caller[0], "run", 50);
	run(capture[2], &seen[2], &caller[1], "run", 70);
	check_rounds(&seen[0], 150);
	check_rounds(&seen[2], 140);
	capture_close(capture[0]);
	run(capture[2], &seen[2], &caller[1], "run", 60);
	check_rounds(&seen[2], 200);
	capture_close(capture[2]);
	ck_assert_uint_eq(probes_left(), 0);
	for (int i = 0; i < 3; i++)
		forget(&seen[i]);
	end(&caller[0]);
	end(&caller[1]);
}
END_TEST

START_TEST(chains_of_frees)
{
	struct capture_options options = { .free_chains = true };
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	struct error error = { "" };

	launch(&caller);
	watch_for(&seen, caller.pid);
	options.pid = caller.pid;
	capture = capture_open(&options, &seen.sink, &error);
	ck_assert_msg(capture != NULL, "%s", error.text);
	run(capture, &seen, &caller, "run", 100);
	check_rounds(&seen, 100);
	ck_assert_uint_eq(seen.call_chains, 800);
	set_mode(capture, &seen, CAPTURE_NO_CHAINS);
	run(capture, &seen, &caller, "run", 100);
	check_rounds(&seen, 100);
	ck_assert_uint_eq(seen.call_chains, 0);
	capture_close(capture);
	forget(&seen);
	end(&caller);
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
	end(&caller);
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
	end(&caller);
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
	struct sink sink = { heap, heap_takes_hit, no_mapping, no_comm,
		heap_takes_round };
	struct caller caller;
	struct capture *capture;
	enum capture_status status;
	struct error error = { "" };
	struct pollfd fd = { .events = POLLIN };
	struct snapshot *snapshot;

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
	end(&caller);
}
END_TEST

struct answers {
	unsigned count, bad, warnings;
	char text[8192];
};

static void take_answer(void *context, enum check_verdict verdict,
			const char *question, const char *answer,
			const char *advice)
{
	struct answers *answers = context;
	size_t used = strlen(answers->text);

	answers->count++;
	answers->bad += verdict == CHECK_BAD;
	answers->warnings += verdict == CHECK_WARNING;
	ck_assert_str_ne(question, "");
	ck_assert_str_ne(answer, "");
	ck_assert_msg(verdict == CHECK_GOOD || *advice, "%s", question);
	snprintf(answers->text + used, sizeof answers->text - used,
		 "%d %s: %s (%s)\n", verdict, question, answer, advice);
}

static bool ask_all(struct answers *answers, pid_t pid, bool force)
{
	struct capture_options options = { .pid = pid, .force = force };

	memset(answers, 0, sizeof *answers);
	return capture_preflight(&options, take_answer, answers);
}

START_TEST(preflight)
{
	struct caller caller;
	struct seen seen;
	struct answers answers;
	struct capture *capture;
	unsigned general;

	setenv("LC_ALL", "C", 1);
	ck_assert_msg(ask_all(&answers, 0, false), "%s", answers.text);
	general = answers.count;
	ck_assert(!ask_all(&answers, TIDS_MAX + 1, false));
	ck_assert_uint_eq(answers.bad, 1);
	ck_assert(!ask_all(&answers, getpid(), false));
	launch(&caller);
	ck_assert_msg(ask_all(&answers, caller.pid, false), "%s", answers.text);
	ck_assert_uint_gt(answers.count, general + 5);
	ck_assert_ptr_nonnull(strstr(answers.text, "libc"));
	/* Nothing is made by asking.  */
	ck_assert_uint_eq(probes_left(), 0);
	ck_assert_uint_eq(breakpoints(caller.pid), 0);
	capture = begin(&seen, caller.pid);
	ck_assert(ask_all(&answers, caller.pid, false));
	ck_assert_msg(strstr(answers.text, "1 other tracers: ") &&
		      strstr(answers.text, "leaktop_"), "%s", answers.text);
	capture_close(capture);
	limit_files(100);
	ck_assert(ask_all(&answers, caller.pid, false));
	ck_assert_msg(strstr(answers.text, "1 file descriptors: "), "%s",
		      answers.text);
	forget(&seen);
	end(&caller);
}
END_TEST

/* One that only looks like it: a program with a section of that name.  */
START_TEST(go_is_refused)
{
	char dir[] = "/tmp/leaktop-live-XXXXXX", command[8192], path[64];
	const char *build = getenv("abs_top_builddir");
	struct answers answers;
	struct caller caller;
	struct seen seen;
	struct capture_options options = { 0 };
	struct capture *capture;
	struct error error = { "" };

	setenv("LC_ALL", "C", 1);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/caller", dir);
	snprintf(command, sizeof command,
		 "objcopy --add-section .go.buildinfo=/etc/passwd %s/tests/targets/caller %s",
		 build ? build : ".", path);
	if (system(command)) {
		rmdir(dir);
		return;
	}
	start_program(&caller, path, NULL);
	ck_assert_int_eq(answer(&caller), caller.pid);
	expect_refused(caller.pid, "Go program");
	ck_assert(!ask_all(&answers, caller.pid, false));
	ck_assert_uint_eq(answers.bad, 1);
	ck_assert(ask_all(&answers, caller.pid, true));
	options.pid = caller.pid;
	options.force = true;
	watch_for(&seen, caller.pid);
	capture = capture_open(&options, &seen.sink, &error);
	ck_assert_msg(capture != NULL, "%s", error.text);
	run(capture, &seen, &caller, "run", 10);
	check_rounds(&seen, 10);
	capture_close(capture);
	unlink(path);
	rmdir(dir);
	forget(&seen);
	end(&caller);
}
END_TEST

/* Check's assertions need a running test, so there are none here.  */
static void can_run(void)
{
	struct capture_options options = { 0 };
	struct error error = { "" };
	int result;

	if (geteuid())
		skip_or_fail("uprobes need root");
	options.pid = fork();
	if (!options.pid) {
		pause();
		_exit(0);
	}
	result = capture_check(&options, &error);
	kill(options.pid, SIGKILL);
	waitpid(options.pid, NULL, 0);
	if (result)
		skip_or_fail(error.text);
}

static void add(Suite *suite, const char *name, const TTest *const tests[])
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, 120);
	while (*tests)
		tcase_add_test(tcase, *tests++);
	suite_add_tcase(suite, tcase);
}

int main(void)
{
	/* CK_RUN_CASE chooses one.  */
	const TTest *const calls[] = { every_call_once,
		chosen_points_equal_entries, posix_memalign_pointers,
		stop_delivers_the_rest, losses_are_told, deleted_library,
		chains_of_frees, details_tell_every_function, order_across_cpus,
		NULL };
	const TTest *const modes[] = { modes_show_what_they_say,
		modes_change_under_load, target_ends_while_modes_change,
		probes_removed_by_another, cost_is_measured, NULL };
	const TTest *const threads[] = { threads_before_and_after,
		threads_while_attaching, short_lived_threads, few_descriptors,
		no_descriptors, thousand_threads, NULL };
	const TTest *const ends[] = { target_exits, target_is_killed,
		dies_while_attaching, closed_under_load, stopped_target,
		exec_and_fork, NULL };
	const TTest *const checks[] = { refusals, not_permitted, preflight,
		go_is_refused, NULL };
	const TTest *const owning[] = { owners, dead_leaktops_probes_go,
		two_at_once, NULL };
	Suite *suite = suite_create("live");
	int result;

	can_run();
	runners = mmap(NULL, sizeof *runners, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (runners == MAP_FAILED)
		return EXIT_FAILURE;
	add(suite, "calls", calls);
	add(suite, "threads", threads);
	add(suite, "ends", ends);
	add(suite, "checks", checks);
	add(suite, "modes", modes);
	add(suite, "owners", owning);
	result = run_suite(suite);
	remove_leftovers();
	return result;
}
