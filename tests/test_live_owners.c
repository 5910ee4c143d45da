/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "live_fixture.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/libc.h"
#include "capture/owner.h"
#include "capture/probes.h"

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
		const struct sink sink = sink_ignoring(NULL);
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

	/* What a test that failed has left.  */
	capture_cleanup(&error);
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
	end_caller(&caller);
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
	end_caller(&caller[0]);
	end_caller(&caller[1]);
}
END_TEST

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
	waitid(P_PID, zombie, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	expect_refused(zombie, "zombie");
	waitpid(zombie, NULL, 0);
	launch(&caller);
	struct capture_options options = { .pid = caller.pid, .ring_kib = 100 };
	struct error error;

	ck_assert_int_eq(capture_check(&options, &error), -1);
	options.ring_kib = 0;
	options.chain_depth = 128;
	ck_assert_int_eq(capture_check(&options, &error), -1);
	end_caller(&caller);
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
	end_caller(&caller);
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
	ck_assert_msg(strstr(answers.text,
			     "1 other tracers: also watched by leaktop "),
		      "%s", answers.text);
	capture_close(capture);
	limit_files(100);
	ck_assert(ask_all(&answers, caller.pid, false));
	ck_assert_msg(strstr(answers.text, "1 file descriptors: "), "%s",
		      answers.text);
	forget(&seen);
	end_caller(&caller);
}
END_TEST

/* For this process alone.  */
static void make_tracefs_read_only(void)
{
	const char *directory = probes_directory(NULL);

	ck_assert_ptr_nonnull(directory);
	ck_assert(!unshare(CLONE_NEWNS));
	ck_assert(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ck_assert(!mount(directory, directory, NULL, MS_BIND, NULL));
	ck_assert(!mount(NULL, directory, NULL,
			 MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
}

START_TEST(read_only_tracefs)
{
	struct caller caller;
	struct answers answers;
	struct error error = { "" };

	setenv("LC_ALL", "C", 1);
	capture_cleanup(&error);
	launch(&caller);
	make_tracefs_read_only();
	expect_refused(caller.pid, "read-only");
	ck_assert(!ask_all(&answers, caller.pid, false));
	ck_assert_uint_eq(answers.bad, 1);
	ck_assert_msg(strstr(answers.text, "read-only") &&
		      strstr(answers.text, "remount"), "%s", answers.text);
	ck_assert_int_eq(capture_cleanup(&error), 0);
	ck_assert_int_eq(ask(&caller, "run", 1), 0);
	end_caller(&caller);
}
END_TEST

/* Then the probes can't be removed; closing does not wait for that, and the
   next leaktop that can does it.  */
START_TEST(read_only_meanwhile)
{
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	struct error error = { "" };
	unsigned left;
	double begun;
	pid_t pid;
	int status;

	launch(&caller);
	pid = fork();
	if (!pid) {
		capture = begin(&seen, caller.pid);
		make_tracefs_read_only();
		run(capture, &seen, &caller, "run", 10);
		check_rounds(&seen, 10);
		begun = seconds();
		capture_close(capture);
		ck_assert_double_lt(seconds() - begun, 5);
		ck_assert_uint_eq(breakpoints(caller.pid), 0);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	left = probes_of(pid);
	ck_assert_uint_gt(left, 5);
	ck_assert_int_ge(capture_cleanup(&error), (int)left);
	ck_assert_uint_eq(probes_of(pid), 0);
	end_caller(&caller);
}
END_TEST

/* Adds a line to uprobe_events.  Not by stdio, which would seek there.  */
static void add_line(const char *line)
{
	char path[PATH_MAX];
	ssize_t n = strlen(line);
	int fd;

	snprintf(path, sizeof path, "%s/uprobe_events", probes_directory(NULL));
	fd = open(path, O_WRONLY | O_APPEND);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, line, n), n);
	close(fd);
}

static int open_event(uint64_t id)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof attr,
		.config = id,
		.disabled = 1,
	};

	return syscall(SYS_perf_event_open, &attr, getpid(), -1, -1,
		       PERF_FLAG_FD_CLOEXEC);
}

/* Two of the probes are used by somebody else: all others go, and closing takes
   no longer for two than for one.  */
START_TEST(probes_in_use)
{
	struct libc *libc = calloc(1, sizeof *libc);
	struct error error = { "" };
	struct probes probes;
	char line[2 * OWNER_NAME + 8];
	double begun;
	int fds[2];

	ck_assert_ptr_nonnull(libc);
	note_runner();
	ck_assert_msg(!libc_find(libc, getpid(), &error), "%s", error.text);
	ck_assert_msg(!probes_make(&probes, libc, false, &error), "%s",
		      error.text);
	ck_assert_uint_gt(probes.count, 5);
	for (int i = 0; i < 2; i++) {
		fds[i] = open_event(probes.probe[i].id);
		ck_assert_int_ge(fds[i], 0);
	}
	begun = seconds();
	ck_assert_uint_eq(probes_remove(&probes), 2);
	ck_assert_double_ge(seconds() - begun, 1.9);
	ck_assert_double_lt(seconds() - begun, 3.5);
	ck_assert_uint_eq(probes_left(), 2);
	for (int i = 0; i < 2; i++) {
		close(fds[i]);
		snprintf(line, sizeof line, "-:%s/%s\n", probes.group,
			 probes.probe[i].name);
		add_line(line);
	}
	ck_assert_uint_eq(probes_left(), 0);
	free(libc);
}
END_TEST

static void *make_probes(void *context)
{
	struct libc *libc = calloc(1, sizeof *libc);
	struct error error;

	ck_assert(libc && !libc_find(libc, getpid(), &error));
	ck_assert(!probes_make(context, libc, false, &error));
	free(libc);
	return NULL;
}

/* No two have a group in common, whatever thread makes them.  */
START_TEST(groups_of_threads)
{
	struct probes probes[4];
	pthread_t thread[2];
	unsigned sum = 0;

	note_runner();
	make_probes(&probes[0]);
	make_probes(&probes[1]);
	for (int i = 0; i < 2; i++)
		ck_assert(!pthread_create(&thread[i], NULL, make_probes,
					  &probes[2 + i]));
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < 4; i++) {
		sum += probes[i].count;
		ck_assert(!owner_is_dead(probes[i].group));
		ck_assert_int_eq(owner_pid(probes[i].group), getpid());
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(probes[i].group, probes[j].group);
	}
	ck_assert_uint_eq(probes_left(), sum);
	for (int i = 0; i < 4; i++)
		ck_assert_uint_eq(probes_remove(&probes[i]), 0);
	ck_assert_uint_eq(probes_left(), 0);
}
END_TEST

/* What counts is the effective user.  */
START_TEST(permitted_by_effective_user)
{
	struct error error = { "" };
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setresuid(65534, 0, 0))
			_exit(2);
		_exit(probes_check(&error) ? 1 : 0);
	}
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
	pid = fork();
	if (!pid) {
		if (setresuid(0, 65534, 0))
			_exit(2);
		_exit(probes_check(&error) ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* Only what concerns the process: a leaktop that watches it, and anybody's
   probes on its functions, with what to do about them.  */
START_TEST(other_tracers)
{
	struct libc *libc = calloc(1, sizeof *libc);
	struct caller caller[2];
	struct answers answers;
	struct error error;
	char line[PATH_MAX + 128], group[64], expected[64];
	pid_t other;
	int fd;

	setenv("LC_ALL", "C", 1);
	launch(&caller[0]);
	launch(&caller[1]);
	other = another(caller[1].pid, &fd);
	ck_assert(ask_all(&answers, caller[0].pid, false));
	ck_assert_msg(!strstr(answers.text, "leaktop_") &&
		      !strstr(answers.text, "also watched"), "%s",
		      answers.text);
	snprintf(expected, sizeof expected,
		 "1 other tracers: also watched by leaktop %d (", (int)other);
	ck_assert(ask_all(&answers, caller[1].pid, false));
	ck_assert_msg(strstr(answers.text, expected) &&
		      !strstr(answers.text, "perf probe -d"), "%s",
		      answers.text);
	end_another(other, fd);
	/* Of another tool, at the function's entry.  */
	ck_assert(libc && !libc_find(libc, caller[0].pid, &error));
	snprintf(group, sizeof group, "lttest_owners_%d", (int)getpid());
	snprintf(line, sizeof line, "p:%s/x %s:0x%" PRIx64 "\n", group, libc->path,
		 libc->function[ALLOC_MALLOC].offset);
	add_line(line);
	ask_all(&answers, caller[0].pid, false);
	snprintf(line, sizeof line, "-:%s/x\n", group);
	add_line(line);
	ck_assert_msg(strstr(answers.text, group) &&
		      strstr(answers.text, "perf probe -d"), "%s",
		      answers.text);
	ck_assert_int_ge(capture_cleanup(&error), 0);
	free(libc);
	end_caller(&caller[0]);
	end_caller(&caller[1]);
}
END_TEST

/* Makes DIRECTORY/merged an overlay, for this process alone, whose lib has a
   copy of FILE.  The parts are file systems of their own, as else stat() and the
   mappings agree.  Returns whether it can.  */
static bool make_overlay(const char *directory, const char *file)
{
	char command[3 * PATH_MAX], options[3 * PATH_MAX], path[PATH_MAX];

	ck_assert(!unshare(CLONE_NEWNS));
	ck_assert(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	/* An overlay on an overlay may be refused.  */
	if (mount("tmpfs", directory, "tmpfs", 0, NULL))
		return false;
	snprintf(command, sizeof command,
		 "cd '%s' && mkdir lower upper work merged && "
		 "mount -t tmpfs tmpfs lower && mkdir lower/lib && "
		 "cp -L '%s' lower/lib",
		 directory, file);
	ck_assert(!system(command));
	snprintf(options, sizeof options,
		 "xino=off,lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work",
		 directory, directory, directory);
	snprintf(path, sizeof path, "%s/merged", directory);
	return !mount("overlay", path, "overlay", 0, options);
}

/* A file system that tells other numbers by stat() than by the mappings.  The
   library there is the one that is mapped all the same.  */
START_TEST(library_on_an_overlay)
{
	struct libc *libc = calloc(1, sizeof *libc);
	char directory[] = "/tmp/leaktop-live-XXXXXX", path[PATH_MAX];
	struct error error = { "" };
	struct answers answers;
	struct caller caller;
	struct capture *capture;
	struct seen seen;
	bool able;

	setenv("LC_ALL", "C", 1);
	ck_assert(libc && mkdtemp(directory));
	ck_assert(!libc_find(libc, getpid(), &error));
	able = make_overlay(directory, libc->path);
	if (able) {
		snprintf(path, sizeof path, "%s/merged/lib", directory);
		start(&caller, path);
		ck_assert_int_eq(answer(&caller), caller.pid);
		ck_assert_msg(!libc_find(libc, caller.pid, &error), "%s",
			      error.text);
		ck_assert_msg(!strncmp(libc->path, path, strlen(path)), "%s",
			      libc->path);
		ck_assert(ask_all(&answers, caller.pid, false));
		ck_assert_ptr_null(strstr(answers.text, "no longer there"));
		capture = begin(&seen, caller.pid);
		run(capture, &seen, &caller, "run", 10);
		check_rounds(&seen, 10);
		capture_close(capture);
		/* Without the privilege that asks the mapping itself.  */
		drop_capability(CAP_SYS_ADMIN);
		drop_capability(CAP_CHECKPOINT_RESTORE);
		ck_assert_msg(!libc_find(libc, caller.pid, &error), "%s",
			      error.text);
		ck_assert_msg(!strncmp(libc->path, path, strlen(path)) &&
			      !libc->is_replaced, "%s", libc->path);
		forget(&seen);
		end_caller(&caller);
	} else {
		printf("no overlays here\n");
	}
	/* The mounts go with this process, what they hide is empty.  */
	umount2(directory, MNT_DETACH);
	rmdir(directory);
	free(libc);
}
END_TEST

START_TEST(rings_that_cannot_be_locked)
{
	/* More than kernel.perf_event_mlock_kb grants, unless it was raised.  */
	struct capture_options options = { .ring_kib = 1024 };
	rlim_t needed = (1024 + 8) * 1024 * sysconf(_SC_NPROCESSORS_CONF);
	struct rlimit limit, none;
	struct caller caller;
	struct seen seen;
	struct capture *capture;
	struct error error = { "" };

	setenv("LC_ALL", "C", 1);
	launch(&caller);
	ck_assert(!getrlimit(RLIMIT_MEMLOCK, &limit));
	none = (struct rlimit){ 0, limit.rlim_max };
	ck_assert(!setrlimit(RLIMIT_MEMLOCK, &none));
	drop_capability(CAP_IPC_LOCK);
	watch_for(&seen, caller.pid);
	options.pid = caller.pid;
	capture = capture_open(&options, &seen.sink, &error);
	/* It may be granted: kernel.perf_event_paranoid below 0.  */
	ck_assert_msg(capture || (strstr(error.text, "1024 KiB") &&
				  strstr(error.text, "RLIMIT_MEMLOCK") &&
				  strstr(error.text, "smaller rings") &&
				  !strchr(error.text, '\n')), "%s",
		      error.text);
	capture_close(capture);
	ck_assert_uint_eq(probes_left(), 0);
	ck_assert_uint_eq(breakpoints(caller.pid), 0);
	forget(&seen);
	/* What the message asks for helps, where the limit may be raised.  */
	limit.rlim_cur = limit.rlim_max;
	ck_assert(!setrlimit(RLIMIT_MEMLOCK, &limit));
	if (limit.rlim_max >= needed) {
		capture = begin_with(&seen, caller.pid, options);
		run(capture, &seen, &caller, "run", 10);
		check_rounds(&seen, 10);
		capture_close(capture);
		forget(&seen);
	}
	end_caller(&caller);
}
END_TEST

/* Those that only look like it: programs with a section or a symbol of that
   name.  */
static const struct mark {
	const char *options;    /* of objcopy */
	const char *word;       /* what they are taken for */
} marks[] = {
	{ "--add-section .go.buildinfo=/etc/passwd", "Go program, whose" },
	{ "--add-section .go_export=/etc/passwd", "Go program made by GCC" },
	{ "--add-section .note.GNU-split-stack=/etc/passwd", "split stacks" },
	{ "--add-symbol __morestack=.text:0,function,local", "split stacks" },
	{ "--add-symbol __go_init_main=.text:0,function,global "
	  "--add-symbol __morestack=.text:0,function,local",
	  "Go program made by GCC" },
};

START_TEST(stack_switchers_are_refused)
{
	char dir[] = "/tmp/leaktop-live-XXXXXX", command[8192], path[64];
	const char *build = getenv("abs_top_builddir");
	struct answers answers;
	struct caller caller;
	struct seen seen;
	struct capture *capture;

	setenv("LC_ALL", "C", 1);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/caller", dir);
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		snprintf(command, sizeof command,
			 "objcopy %s %s/tests/targets/caller %s",
			 marks[i].options, build ? build : ".", path);
		if (system(command))
			break;
		start_program(&caller, path, NULL);
		ck_assert_int_eq(answer(&caller), caller.pid);
		expect_refused(caller.pid, marks[i].word);
		ck_assert(!ask_all(&answers, caller.pid, false));
		ck_assert_uint_eq(answers.bad, 1);
		ck_assert_ptr_nonnull(strstr(answers.text, marks[i].word));
		ck_assert(ask_all(&answers, caller.pid, true));
		if (!i) {
			capture = begin_with(&seen, caller.pid,
				(struct capture_options){ .force = true });
			run(capture, &seen, &caller, "run", 10);
			check_rounds(&seen, 10);
			capture_close(capture);
			forget(&seen);
		}
		end_caller(&caller);
		unlink(path);
	}
	rmdir(dir);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		dead_leaktops_probes_go, owners, two_at_once, refusals,
		not_permitted, permitted_by_effective_user, preflight,
		other_tracers, stack_switchers_are_refused, read_only_tracefs,
		read_only_meanwhile, probes_in_use, groups_of_threads,
		library_on_an_overlay, rings_that_cannot_be_locked, NULL
	};

	return run_live("live_owners", tests);
}
