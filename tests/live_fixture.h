/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * What the tests on live processes share: targets/caller, which makes the
 * calls it is told to, a sink that counts what was seen of them, and the look
 * at what stays behind. What fails here fails the test that calls it.
 */
#ifndef LEAKTOP_TESTS_LIVE_FIXTURE_H
#define LEAKTOP_TESTS_LIVE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "capture/capture.h"
#include "heap/allocators.h"
#include "testing.h"

/* The size of most of the target's blocks, as in targets/caller.c.  */
#define SIZE 4242

/* No thread has this id or a larger one.  */
#define TIDS_MAX 4194304

/* The process that is watched.  */
struct caller {
	pid_t pid;
	int fd;                 /* its stdin and stdout */
};

/* Starts the program at PATH, which may not be targets/caller itself.
   LIBRARIES, if not NULL, is where its libraries are looked for first.  */
void start_program(struct caller *caller, const char *path,
		   const char *libraries);

/* Starts targets/caller, which answers with its process id when it is ready;
   launch() waits for that.  */
void start(struct caller *caller, const char *libraries);
void launch(struct caller *caller);

/* A command with its number goes to the target, the number that it answers
   with comes back; ask() is both.  */
void tell(struct caller *caller, const char *command, int number);
int answer(struct caller *caller);
int ask(struct caller *caller, const char *command, int number);

/* The next SIZE bytes of what the target writes; false at its end.  */
bool get_bytes(struct caller *caller, void *data, size_t size);

/* Kills the target if it still runs.  */
void end_caller(struct caller *caller);

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

/* Gives SEEN a sink that counts what is seen of process PID, all 0 so far;
   forget() frees what it holds.  */
void watch_for(struct seen *seen, pid_t pid);
void forget(struct seen *seen);

/* The counts begin at 0 again; what was lost, the modes, execs and forks are
   not forgotten.  */
void forget_counts(struct seen *seen);

/* watch_for() and capture_open(), with rings large enough for a busy machine,
   or with OPTIONS, whose PID is filled in.  */
struct capture *begin(struct seen *seen, pid_t pid);
struct capture *begin_with(struct seen *seen, pid_t pid,
			   struct capture_options options);

/* capture_poll() once, up to TIMEOUT ms.  */
enum capture_status poll_once(struct capture *capture, struct seen *seen,
			      int timeout);

/* Polls until the target has ended; fails after a minute.  */
void poll_to_end(struct capture *capture, struct seen *seen);

/* Polls until the target has answered, and returns what.  */
int poll_answer(struct capture *capture, struct seen *seen,
		struct caller *caller);

/* As ask(), and all hits of it have been delivered.  */
int run(struct capture *capture, struct seen *seen, struct caller *caller,
	const char *command, int number);

/* Changes the mode.  The counts begin at 0 again before that.  */
void set_mode(struct capture *capture, struct seen *seen,
	      enum capture_mode mode);

/* capture_open() and capture_check() refuse PID in one line with WORD in it,
   and leave nothing behind.  */
void expect_refused(pid_t pid, const char *word);

/* How many probes process PID has made; and this one.  */
unsigned probes_of(pid_t pid);
unsigned probes_left(void);

/* How many functions of PID have a breakpoint at their probes' place.  */
unsigned breakpoints(pid_t pid);

/* The first thread's calls and returns are those of N of the target's rounds,
   nothing was lost.  */
void check_rounds(const struct seen *seen, unsigned long n);

/* Every thread with mallocs of SIZE made exactly N, none was counted twice,
   there are COUNT such threads, nothing was lost.  */
void check_threads(const struct seen *seen, unsigned n, unsigned count);

/* From here on this process has LIMIT descriptors, and no way to raise
   that.  */
void limit_files(rlim_t limit);

/* Takes CAPABILITY (linux/capability.h) from this process for good.  */
void drop_capability(unsigned capability);

/* CLOCK_MONOTONIC.  */
double seconds(void);

/* Called by a process that makes probes and that the test may not see the end
   of; begin() and watch_for() do so.  When all tests have run, what is left of
   its probes goes.  */
void note_runner(void);

/* For main(): runs TESTS, up to a NULL, each as a case of its own, which
   CK_RUN_CASE chooses by its name.  Returns the exit status; skips them where
   there are no uprobes.  */
int run_live(const char *suite, const TTest *const tests[]);

#endif
