/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/transcript.h"
#include "launch/launch.h"
#include "testing.h"

/* Commands that are started, without watching them: no privileges needed.  */

static char directory[] = "/tmp/test_launch.XXXXXX";
static struct launch_signals signals_before;

static void set_up(void)
{
	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	/* Shells can't trap what was ignored before them.  */
	signal(SIGHUP, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	launch_note_signals(&signals_before);
}

static void tear_down(void)
{
	char command[sizeof(directory) + 16];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}

static const char *path_of(const char *name)
{
	static char path[sizeof(directory) + 64];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static int at_once(void *context, pid_t pid, struct error *error)
{
	(void)error;
	if (context)
		*(pid_t *)context = pid;
	return 1;
}

static struct launch *start_with(struct launch_options options, int *status,
				 struct error *error)
{
	error->text[0] = '\0';
	options.signals = &signals_before;
	if (!options.ready)
		options.ready = at_once;
	return launch_start(&options, status, error);
}

static struct launch *start(const char *const *command)
{
	struct error error;
	int status;
	struct launch *launch = start_with(
		(struct launch_options){ .command = (char *const *)command }, &status, &error);

	ck_assert_msg(launch != NULL, "%s", error.text);
	return launch;
}

static struct launch *start_shell(const char *script)
{
	const char *command[] = { "sh", "-c", script, NULL };

	return start(command);
}

/* Waits for its end; the status.  */
static int end_of(struct launch *launch)
{
	int status = -1;
	siginfo_t info;

	ck_assert_int_eq(waitid(P_PID, (id_t)launch_pid(launch), &info,
				WEXITED | WNOWAIT), 0);
	launch_flush(launch);
	ck_assert(launch_ended(launch, &status));
	return status;
}

/* All lines there are, each with a newline; malloc'ed.  */
static char *text_of(struct transcript *transcript)
{
	char line[TRANSCRIPT_LINE + 1], *text;
	uint64_t first, end;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	transcript_range(transcript, &first, &end);
	for (; first < end; first++) {
		ck_assert(transcript_line(transcript, first, line,
					  sizeof(line)));
		fprintf(out, "%s\n", line);
	}
	fclose(out);
	return text;
}

static void ck_prints(const char *script, const char *expected)
{
	struct launch *launch = start_shell(script);
	char *text;

	launch_go(launch);
	ck_assert_int_eq(end_of(launch), 0);
	text = text_of(launch_transcript(launch));
	ck_assert_str_eq(text, expected);
	free(text);
	launch_free(launch);
}

static void ck_fails(const char *command, int status_expected, const char *message)
{
	const char *const words[] = { command, NULL };
	struct error error;
	int status;

	ck_assert_ptr_null(start_with(
		(struct launch_options){ .command = (char *const *)words }, &status, &error));
	ck_assert_int_eq(status, status_expected);
	ck_assert_msg(strstr(error.text, message) != NULL, "%s", error.text);
	ck_assert_ptr_null(strchr(error.text, '\n'));
	/* Nothing of it is left.  */
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_EXCL, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(close(fd), 0);
}

START_TEST(what_is_no_command)
{
	char *before = strdup(getenv("PATH")), path[3 * sizeof(directory) + 32];

	ck_fails("", LAUNCH_NOT_FOUND, "no such command");
	ck_fails("no-such-command", LAUNCH_NOT_FOUND, "no such command");
	ck_fails("/no/such/command", LAUNCH_NOT_FOUND, "No such file");
	ck_fails("/", LAUNCH_NOT_EXECUTABLE, "Is a directory");
	ck_fails("/dev/null", LAUNCH_NOT_EXECUTABLE, "Permission denied");
	write_file("plain", "exit 0\n", 0644);
	ck_fails(path_of("plain"), LAUNCH_NOT_EXECUTABLE,
		 "Permission denied");
	ck_fails("no\nsuch\033command", LAUNCH_NOT_FOUND, "no?such?command");
	/* Where the search finds only what can't be executed, or may not look.  */
	snprintf(path, sizeof(path), "%s:/nowhere:%s/closed", directory,
		 directory);
	ck_assert_int_eq(mkdir(path_of("closed"), 0), 0);
	setenv("PATH", path, 1);
	ck_fails("plain", LAUNCH_NOT_EXECUTABLE, "Permission denied");
	ck_fails("closed", LAUNCH_NOT_FOUND, "no such command");
	ck_fails("other", LAUNCH_NOT_FOUND, "no such command");
	setenv("PATH", before, 1);
	write_file("orphan", "#!/no/such/interpreter\n", 0755);
	ck_fails(path_of("orphan"), LAUNCH_NOT_FOUND, "interpreter");
	free(before);
}
END_TEST

START_TEST(scripts)
{
	const char *command[] = { NULL, "a", NULL };
	char *text;

	write_file("with", "#!/bin/sh\necho with $1\n", 0755);
	write_file("without", "echo without $1\n", 0755);
	for (int i = 0; i < 2; i++) {
		struct launch *launch;

		command[0] = path_of(i ? "without" : "with");
		launch = start(command);
		launch_go(launch);
		ck_assert_int_eq(end_of(launch), 0);
		text = text_of(launch_transcript(launch));
		ck_assert_str_eq(text, i ? "without a\n" : "with a\n");
		free(text);
		launch_free(launch);
	}
}
END_TEST

START_TEST(statuses)
{
	static const struct {
		const char *script;
		int status;
	} cases[] = {
		{ "exit 0", 0 }, { "exit 7", 7 }, { "exit 255", 255 },
		{ "kill -TERM $$", 128 + SIGTERM },
		{ "kill -KILL $$", 128 + SIGKILL },
		{ "kill -TRAP $$", 128 + SIGTRAP },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct launch *launch = start_shell(cases[i].script);

		launch_go(launch);
		launch_go(launch);
		ck_assert_int_eq(end_of(launch), cases[i].status);
		launch_free(launch);
	}
}
END_TEST

/* Arguments, environment, directory and umask are those that leaktop has.  */
START_TEST(nothing_is_touched)
{
	const char *command[] = {
		"sh", "-c", "for i; do echo \"<$i>\"; done; pwd; umask; "
		"env -u _ -u PWD -u OLDPWD -u SHLVL | LC_ALL=C sort",
		"name", "", "two words", "*", "--", NULL
	};
	char expected[65536], environment[60000];
	struct launch *launch;
	char *text;
	FILE *file;
	size_t size;

	ck_assert_int_eq(setenv("TEST_LAUNCH", " a  b ", 1), 0);
	ck_assert_int_eq(chdir(directory), 0);
	umask(0123);
	file = popen("env -u _ -u PWD -u OLDPWD -u SHLVL | LC_ALL=C sort", "r");
	size = fread(environment, 1, sizeof(environment) - 1, file);
	environment[size] = '\0';
	pclose(file);
	ck_assert_ptr_nonnull(strstr(environment, "TEST_LAUNCH= a  b \n"));
	snprintf(expected, sizeof(expected),
		 "<>\n<two words>\n<*>\n<-->\n%s\n0123\n%s", directory,
		 environment);
	launch = start(command);
	launch_go(launch);
	ck_assert_int_eq(end_of(launch), 0);
	text = text_of(launch_transcript(launch));
	ck_assert_str_eq(text, expected);
	free(text);
	launch_free(launch);
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

/* A session and a terminal of its own, in the foreground there.  */
START_TEST(own_terminal)
{
	ck_prints("set -- $(cut -d' ' -f1,5,6,8 /proc/$$/stat); "
		  "test $1 = $$ && test $2 = $$ && test $3 = $$ && "
		  "test $4 = $$ && test -t 0 && test -t 1 && test -t 2 && "
		  "test \"$(tty)\" = \"$(readlink /proc/$$/fd/1)\" && "
		  "stty size </dev/tty >/dev/null && echo good", "good\n");
	/* Nothing of leaktop's own: its end of the terminal, eventfds.  */
	ck_prints("ls -l /proc/$$/fd | grep -c 'ptmx\\|anon_inode'; :",
		  "0\n");
}
END_TEST

START_TEST(reads_the_end)
{
	ck_prints("cat; cat; cat </dev/tty; read line || echo end", "end\n");
}
END_TEST

static void take_usr1(int number)
{
	(void)number;
}

/* What TEXT, of /proc/PID/status, has in its line NAME: bits of signals, without
   those above 31, some of which the C library uses itself.  */
static unsigned long long signals_in(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	ck_assert_ptr_nonnull(at);
	return strtoull(at + strlen(name), NULL, 16) & 0x7fffffff;
}

static char *read_status(void)
{
	char *text = calloc(1, 8192);
	FILE *file = fopen("/proc/self/status", "r");

	ck_assert_uint_gt(fread(text, 1, 8191, file), 0);
	fclose(file);
	return text;
}

/* What leaktop was started with, not what it does to signals itself.  */
START_TEST(signals_restored)
{
	char *before, *changed, *restored;
	struct launch *launch;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	launch_note_signals(&signals_before);
	before = read_status();
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR1, take_usr1);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_SETMASK, &set, NULL);
	changed = read_status();
	launch = start_shell("exec cat /proc/self/status");
	launch_go(launch);
	ck_assert_int_eq(end_of(launch), 0);
	restored = text_of(launch_transcript(launch));
	launch_free(launch);
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "SigBlk:" : "SigIgn:";

		ck_assert_uint_ne(signals_in(before, name),
				  signals_in(changed, name));
		ck_assert_uint_eq(signals_in(before, name),
				  signals_in(restored, name));
	}
	free(before);
	free(changed);
	free(restored);
}
END_TEST

static bool maps_c_library(pid_t pid)
{
	char path[64], line[4096];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		found |= strstr(line, " r-xp ") &&
			 (strstr(line, "/libc.so.6") || strstr(line, "/ld-musl"));
	fclose(file);
	return found;
}

struct asked {
	unsigned often;
	int answer;             /* for ever, unless 1; 2: takes its time */
	pid_t pid;
};

static int when_mapped(void *context, pid_t pid, struct error *error)
{
	struct asked *asked = context;

	asked->often++;
	asked->pid = pid;
	if (asked->answer == 2)
		usleep(400000);
	if (asked->answer < 0)
		return error_set(error, "of a bad kind");
	return asked->answer == 1 && maps_c_library(pid);
}

static char state_of(pid_t pid)
{
	char path[64], text[512] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), file));
	fclose(file);
	return strrchr(text, ')')[2];
}

/* It stands still with the library mapped, and before anything was printed;
   and goes on when told to.  */
START_TEST(stops_early)
{
	const char *command[] = { "echo", "word", NULL };
	struct asked asked = { .answer = 1 };
	struct launch_options options = {
		.command = (char *const *)command, .ready = when_mapped, .context = &asked,
	};
	uint64_t first, end;
	struct error error;
	int status;
	struct launch *launch = start_with(options, &status, &error);

	ck_assert_msg(launch != NULL, "%s", error.text);
	ck_assert_uint_ge(asked.often, 1);
	ck_assert_int_eq(asked.pid, launch_pid(launch));
	ck_assert(maps_c_library(asked.pid));
	ck_assert_int_eq(state_of(asked.pid), 't');
	usleep(50000);
	ck_assert_int_eq(state_of(asked.pid), 't');
	transcript_range(launch_transcript(launch), &first, &end);
	ck_assert_uint_eq(end, 0);
	ck_assert(!launch_ended(launch, &status));
	launch_go(launch);
	ck_assert_int_eq(end_of(launch), 0);
	transcript_range(launch_transcript(launch), &first, &end);
	ck_assert_uint_eq(end, 1);
	launch_free(launch);
}
END_TEST

/* Nothing that can be watched: it does not run.  */
START_TEST(never_ready)
{
	static const struct {
		int answer;
		const char *message;
	} cases[] = {
		{ 0, "no C library that leaktop knows" },
		{ -1, "of a bad kind" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *command[] = { "touch", path_of("ran"), NULL };
		struct asked asked = { .answer = cases[i].answer };
		struct launch_options options = {
			.command = (char *const *)command, .ready = when_mapped,
			.context = &asked,
		};
		struct error error;
		int status = 0;

		ck_assert_ptr_null(start_with(options, &status, &error));
		ck_assert_int_eq(status, EXIT_FAILURE);
		ck_assert_msg(strstr(error.text, cases[i].message) != NULL,
			      "%s", error.text);
		ck_assert_int_eq(kill(asked.pid, 0), -1);
		ck_assert_int_ne(access(path_of("ran"), F_OK), 0);
	}
}
END_TEST

START_TEST(never_let_go)
{
	const char *command[] = { "touch", path_of("ran"), NULL };
	struct launch *launch = start(command);
	pid_t pid = launch_pid(launch);

	launch_free(launch);
	ck_assert_int_eq(kill(pid, 0), -1);
	ck_assert_int_ne(access(path_of("ran"), F_OK), 0);
}
END_TEST

/* A signal that waits for leaktop, while the program does not get on.  */
START_TEST(interrupted)
{
	const char *command[] = { "touch", path_of("ran"), NULL };
	struct asked asked = { .answer = 2 };
	struct launch_options options = {
		.command = (char *const *)command, .ready = when_mapped,
		.context = &asked,
	};
	struct error error;
	sigset_t set;
	int status;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGTERM);
	ck_assert_ptr_null(start_with(options, &status, &error));
	ck_assert_int_eq(status, 128 + SIGTERM);
	ck_assert_msg(strstr(error.text, "interrupted") != NULL, "%s",
		      error.text);
	ck_assert_int_eq(kill(asked.pid, 0), -1);
	ck_assert_int_ne(access(path_of("ran"), F_OK), 0);
}
END_TEST

/* The loader says a lot before it has the library.  */
START_TEST(loader_talks)
{
	const char *command[] = { "true", NULL };
	struct asked asked = { .answer = 1 };
	struct launch_options options = {
		.command = (char *const *)command, .ready = when_mapped,
		.context = &asked,
	};
	uint64_t first, end;
	struct error error;
	int status;
	struct launch *launch;

	setenv("LD_DEBUG", "all", 1);
	launch = start_with(options, &status, &error);
	unsetenv("LD_DEBUG");
	ck_assert_msg(launch != NULL, "%s", error.text);
	launch_go(launch);
	ck_assert_int_eq(end_of(launch), 0);
	/* Not all loaders know the variable; where they do, much is said.  */
	transcript_range(launch_transcript(launch), &first, &end);
	ck_assert(end == 0 || end > 100);
	launch_free(launch);
}
END_TEST

static void wait_for_line(struct launch *launch, const char *line)
{
	for (int i = 0; i < 2000; i++) {
		char *text = text_of(launch_transcript(launch));
		bool found = strstr(text, line) != NULL;

		free(text);
		if (found)
			return;
		usleep(10000);
	}
	ck_abort_msg("no line '%s'", line);
}

/* To all of its group; and nobody when it has ended.  */
START_TEST(passes_signals)
{
	struct launch *launch = start_shell(
		"trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done");

	launch_go(launch);
	wait_for_line(launch, "ready\n");
	launch_signal(launch, SIGTERM);
	ck_assert_int_eq(end_of(launch), 5);
	launch_signal(launch, SIGKILL);
	launch_free(launch);
}
END_TEST

/* As from any terminal that closes.  */
START_TEST(hangs_up)
{
	char script[400];
	struct launch *launch;
	pid_t pid;

	snprintf(script, sizeof(script), "trap 'echo hup >%s; exit' HUP; "
		 "echo ready; while :; do sleep 0.01; done", path_of("hup"));
	launch = start_shell(script);
	pid = launch_pid(launch);
	launch_go(launch);
	wait_for_line(launch, "ready\n");
	launch_free(launch);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(access(path_of("hup"), F_OK), 0);
}
END_TEST

static char *read_file(const char *name, size_t *size)
{
	FILE *file = fopen(path_of(name), "r");
	char *text = malloc(1 << 20);

	ck_assert_ptr_nonnull(file);
	*size = fread(text, 1, (1 << 20) - 1, file);
	text[*size] = '\0';
	fclose(file);
	return text;
}

/* More than is kept, up to the last byte, as it was written; while somebody
   else has the terminal as well.  */
START_TEST(keeps_output)
{
	const char *command[] = {
		"sh", "-c", "sleep 100 & seq 100000; printf 'a\\tb\\r'",
		NULL
	};
	char *log_name = strdup(path_of("log"));
	struct launch_options options = { .command = (char *const *)command, .log = log_name };
	char *log, *text, *expected;
	size_t size, expected_size;
	uint64_t first, end;
	struct error error;
	struct stat status_of;
	int status;
	struct launch *launch = start_with(options, &status, &error);
	FILE *out = open_memstream(&expected, &expected_size);

	ck_assert_msg(launch != NULL, "%s", error.text);
	launch_go(launch);
	ck_assert_int_eq(end_of(launch), 0);
	ck_assert_ptr_null(launch_log_trouble(launch));
	transcript_range(launch_transcript(launch), &first, &end);
	ck_assert_uint_eq(end, 100001);
	ck_assert_uint_gt(first, 0);
	text = text_of(launch_transcript(launch));
	ck_assert_uint_le(strlen(text), 2 * TRANSCRIPT_BYTES);
	ck_assert_ptr_nonnull(strstr(text, "\n99999\n100000\na       b\n"));
	free(text);
	launch_free(launch);
	for (int i = 1; i <= 100000; i++)
		fprintf(out, "%d\n", i);
	fprintf(out, "a\tb\r");
	fclose(out);
	log = read_file("log", &size);
	ck_assert_uint_eq(size, expected_size);
	ck_assert_int_eq(memcmp(log, expected, size), 0);
	ck_assert_int_eq(stat(log_name, &status_of), 0);
	ck_assert_int_eq(status_of.st_mode & 0777, 0600);
	free(log);
	free(expected);
	free(log_name);
}
END_TEST

START_TEST(log_fails)
{
	const char *command[] = { "echo", "word", NULL };
	struct launch_options options = {
		.command = (char *const *)command, .log = directory,
	};
	struct error error;
	int status;
	struct launch *launch;

	ck_assert_ptr_null(start_with(options, &status, &error));
	ck_assert_int_eq(status, EXIT_FAILURE);
	ck_assert_msg(strstr(error.text, "Is a directory") != NULL, "%s",
		      error.text);
	/* The disk is full: the command does not notice.  */
	options.log = "/dev/full";
	launch = start_with(options, &status, &error);
	ck_assert_msg(launch != NULL, "%s", error.text);
	launch_go(launch);
	ck_assert_int_eq(end_of(launch), 0);
	ck_assert_ptr_nonnull(launch_log_trouble(launch));
	ck_assert_ptr_nonnull(strstr(launch_log_trouble(launch), "No space"));
	wait_for_line(launch, "word\n");
	launch_free(launch);
}
END_TEST

/* It closes its terminal and goes on.  */
START_TEST(closes_its_terminal)
{
	struct launch *launch = start_shell(
		"echo one; exec <&- >&- 2>&-; sleep 0.3; "
		"echo two >/dev/tty; exit 4");
	char *text;

	launch_go(launch);
	ck_assert_int_eq(end_of(launch), 4);
	text = text_of(launch_transcript(launch));
	ck_assert_str_eq(text, "one\ntwo\n");
	free(text);
	launch_free(launch);
}
END_TEST

static void *read_slowly(void *context)
{
	int fd = *(int *)context;
	size_t *sum = malloc(sizeof(*sum));
	char text[65536];
	ssize_t n;

	*sum = 0;
	usleep(300000);
	while ((n = read(fd, text, sizeof(text))) > 0)
		*sum += (size_t)n;
	return sum;
}

/* Standard error takes its time: nothing is left out.  */
START_TEST(echoes_all)
{
	const char *command[] = { "seq", "100000", NULL };
	struct launch_options options = { .command = (char *const *)command, .echo = true };
	int ends[2], before = dup(STDERR_FILENO), status;
	struct launch *launch;
	struct error error;
	pthread_t thread;
	void *sum;

	ck_assert_int_eq(pipe(ends), 0);
	pthread_create(&thread, NULL, read_slowly, &ends[0]);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	launch = start_with(options, &status, &error);
	ck_assert_ptr_nonnull(launch);
	launch_go(launch);
	status = end_of(launch);
	launch_free(launch);
	dup2(before, STDERR_FILENO);
	pthread_join(thread, &sum);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(*(size_t *)sum, 588895);
	free(sum);
}
END_TEST

/* A reader that never reads, of a command that prints more than fits, does not
   keep leaktop from its end.  */
START_TEST(echo_is_stuck)
{
	const char *command[] = { "yes", NULL };
	struct launch_options options = { .command = (char *const *)command, .echo = true };
	int ends[2], before = dup(STDERR_FILENO), status;
	struct launch *launch;
	struct error error;

	ck_assert_int_eq(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	launch = start_with(options, &status, &error);
	ck_assert_ptr_nonnull(launch);
	launch_go(launch);
	usleep(300000);
	launch_free(launch);
	dup2(before, STDERR_FILENO);
}
END_TEST

/* The transcript.  */

static void ck_shows(const char *text, const char *expected)
{
	size_t size = strlen(text);

	/* However the pieces are cut.  */
	for (size_t piece = 1; piece <= size; piece++) {
		struct transcript *transcript = transcript_new();
		char *shown;

		for (size_t at = 0; at < size; at += piece)
			transcript_add(transcript, text + at, size - at < piece ?
				       size - at : piece);
		shown = text_of(transcript);
		ck_assert_msg(!strcmp(shown, expected), "'%s' shows '%s'", text,
			      shown);
		free(shown);
		transcript_free(transcript);
	}
}

START_TEST(terminal_text)
{
	ck_shows("one\ntwo", "one\ntwo\n");
	ck_shows("one\r\n\r\ntwo\r\n", "one\n\ntwo\n");
	ck_shows(" 10 %\r 20 %\rdone\n", "done\n");
	ck_shows("longer\rno\n", "no\n");
	ck_shows("a\tb\n12345678\tc\n", "a       b\n12345678        c\n");
	ck_shows("n\bN\303\244\b\303\266\b\b\b\bx\n", "x\n");
	ck_shows("\033[1;31mred\033[0m \033[Kx\033(B\n", "red x\n");
	ck_shows("\033]0;title\adone\n\033]8;;http://x\033\\y\n", "done\ny\n");
	ck_shows("\033]never ends\nnext\n", "\nnext\n");
	ck_shows("\033Pq#0\033\\z\033=\033>\n", "z\n");
	ck_shows("bell\a nul \177del\n", "bell nul del\n");
	ck_shows("\303\244\342\202\254\xff\n", "\303\244\342\202\254?\n");
	/* Hidden characters.  */
	ck_shows("a\342\200\256b\302\233c\n", "a?b?c\n");
}
END_TEST

START_TEST(bounded)
{
	struct transcript *transcript = transcript_new();
	static char line[3 * TRANSCRIPT_LINE + 2];
	char text[TRANSCRIPT_LINE + 1];
	uint64_t first, end;

	/* Many short lines.  */
	for (int i = 0; i < 5 * TRANSCRIPT_LINES; i++)
		transcript_add(transcript, "\n", 1);
	transcript_range(transcript, &first, &end);
	ck_assert_uint_eq(end, 5 * TRANSCRIPT_LINES);
	ck_assert_uint_eq(end - first, TRANSCRIPT_LINES);
	/* Long ones: one becomes three; and the sums of bytes.  */
	memset(line, 'x', sizeof(line) - 2);
	line[sizeof(line) - 2] = '\n';
	for (int i = 0; i < 100; i++)
		transcript_add(transcript, line, sizeof(line) - 1);
	transcript_range(transcript, &first, &end);
	ck_assert_uint_eq(end, 5 * TRANSCRIPT_LINES + 300);
	ck_assert_uint_eq(end - first, TRANSCRIPT_BYTES / TRANSCRIPT_LINE);
	for (uint64_t i = first; i < end; i++) {
		ck_assert(transcript_line(transcript, i, text, sizeof(text)));
		ck_assert_uint_eq(strlen(text), TRANSCRIPT_LINE);
	}
	ck_assert(!transcript_line(transcript, first - 1, text, sizeof(text)));
	ck_assert_str_eq(text, "");
	ck_assert(!transcript_line(transcript, end, text, sizeof(text)));
	ck_assert(transcript_line(transcript, first, text, 5));
	ck_assert_str_eq(text, "xxxx");
	/* Characters stay whole.  */
	transcript_free(transcript);
	transcript = transcript_new();
	for (int i = 0; i < TRANSCRIPT_LINE; i++)
		transcript_add(transcript, "\342\202\254", 3);
	for (uint64_t i = 0; i < 3; i++) {
		ck_assert(transcript_line(transcript, i, text, sizeof(text)));
		ck_assert_uint_eq(strlen(text), TRANSCRIPT_LINE / 3 * 3);
		ck_assert_ptr_null(strchr(text, '?'));
	}
	transcript_free(transcript);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("launch");
	TCase *tests = tcase_create("launch");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, what_is_no_command);
	tcase_add_test(tests, scripts);
	tcase_add_test(tests, statuses);
	tcase_add_test(tests, nothing_is_touched);
	tcase_add_test(tests, own_terminal);
	tcase_add_test(tests, reads_the_end);
	tcase_add_test(tests, signals_restored);
	tcase_add_test(tests, stops_early);
	tcase_add_test(tests, never_ready);
	tcase_add_test(tests, never_let_go);
	tcase_add_test(tests, interrupted);
	tcase_add_test(tests, loader_talks);
	tcase_add_test(tests, passes_signals);
	tcase_add_test(tests, hangs_up);
	tcase_add_test(tests, keeps_output);
	tcase_add_test(tests, log_fails);
	tcase_add_test(tests, closes_its_terminal);
	tcase_add_test(tests, echoes_all);
	tcase_add_test(tests, echo_is_stuck);
	suite_add_tcase(suite, tests);
	tests = tcase_create("transcript");
	tcase_add_test(tests, terminal_text);
	tcase_add_test(tests, bounded);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
