/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "launch/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/text.h"

/* What the child was about when it failed.  */
enum step {
	STEP_TERMINAL,
	STEP_TRACE,
	STEP_EXECUTE
};

/* Goes from the child to its parent, when it could not become the command.  */
struct failure {
	enum step step;
	int number;             /* errno */
};

int child_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) :
	       WEXITSTATUS(wait_status);
}

void child_reap(pid_t pid)
{
	int wait_status;

	while (waitpid(pid, &wait_status, __WALL) == pid ?
	       WIFSTOPPED(wait_status) : errno == EINTR)
		;
}

static int take_terminal(int slave)
{
	if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0))
		return -1;
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (dup2(slave, fd) < 0)
			return -1;
	}
	return 0;
}

static void restore_signals(const struct launch_signals *signals)
{
	sigaction(SIGPIPE, &signals->pipe, NULL);
	sigaction(SIGCHLD, &signals->child, NULL);
	sigprocmask(SIG_SETMASK, &signals->mask, NULL);
}

/* In the child of a process that has threads: nothing that takes a lock.  */
static _Noreturn void become(const struct launch_options *options, int slave,
			     int report)
{
	struct failure failure = { .step = STEP_TERMINAL };

	if (take_terminal(slave) == 0) {
		failure.step = STEP_TRACE;
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0) {
			failure.step = STEP_EXECUTE;
			restore_signals(options->signals);
			execvp(options->command[0], options->command);
		}
	}
	failure.number = errno;
	while (write(report, &failure, sizeof(failure)) < 0 && errno == EINTR)
		;
	_exit(LAUNCH_NOT_EXECUTABLE);
}

/* Whether COMMAND is a file in a directory of PATH, whatever its permissions:
   execvp() says EACCES too where it may not look into one of these.  */
static bool is_in_path(const char *command)
{
	const char *at = getenv("PATH");
	struct stat file;
	char path[PATH_MAX];

	while (at && *at) {
		size_t length = strcspn(at, ":");

		if (snprintf(path, sizeof(path), "%.*s/%s",
			     length ? (int)length : 1, length ? at : ".",
			     command) < (int)sizeof(path) &&
		    stat(path, &file) == 0 && S_ISREG(file.st_mode))
			return true;
		at += length + (at[length] == ':');
	}
	return false;
}

static int not_executable(const char *command, int number, int *status,
			  struct error *error)
{
	bool searched = !strchr(command, '/');
	struct stat file;
	char name[256];

	text_clean(name, sizeof(name), command);
	if (number == ENOENT ||
	    (searched && number == EACCES && !is_in_path(command))) {
		*status = LAUNCH_NOT_FOUND;
		if (searched)
			return error_set(error, _("can't run '%s': there is no "
				"such command in PATH"), name);
		/* A script's interpreter, or the dynamic loader.  */
		if (stat(command, &file) == 0)
			return error_set(error, _("can't run %s: it needs an "
				"interpreter that is not there"), name);
	} else {
		*status = LAUNCH_NOT_EXECUTABLE;
		if (!searched && stat(command, &file) == 0 &&
		    S_ISDIR(file.st_mode))
			number = EISDIR;
	}
	return error_set(error, _("can't run %s: %s"), name, strerror(number));
}

static int explain(const char *command, const struct failure *failure,
		   int *status, struct error *error)
{
	const char *reason = strerror(failure->number);

	switch (failure->step) {
	case STEP_TERMINAL:
		return error_set(error, _("can't give the command a terminal: "
			"%s"), reason);
	case STEP_TRACE:
		return error_set(error, _("can't trace the command to stop it "
			"before it allocates: %s"), reason);
	default:
		return not_executable(command, failure->number, status, error);
	}
}

/* Waits for the stop behind the exec, or the end.  Returns 0 when it is there;
   signals that come before get their turn.  */
static int wait_for_exec(pid_t pid, int *wait_status)
{
	for (;;) {
		if (waitpid(pid, wait_status, __WALL) < 0) {
			if (errno != EINTR)
				return -1;
		} else if (!WIFSTOPPED(*wait_status)) {
			return -1;
		} else if (WSTOPSIG(*wait_status) == SIGTRAP) {
			return 0;
		} else {
			ptrace(PTRACE_CONT, pid, NULL,
			       (void *)(long)WSTOPSIG(*wait_status));
		}
	}
}

static pid_t adopt(const struct launch_options *options, pid_t pid,
		   int pidfd, int report, int *status,
		   struct error *error)
{
	struct failure failure;
	int wait_status = 0;
	char name[256];

	if (pidfd < 0) {
		kill(pid, SIGKILL);
		child_reap(pid);
		return error_set(error, _("can't watch for the end of the "
			"command: %s"), strerror(errno));
	}
	if (wait_for_exec(pid, &wait_status) == 0)
		return pid;
	if (read(report, &failure, sizeof(failure)) == sizeof(failure))
		return explain(options->command[0], &failure, status, error);
	*status = child_status(wait_status);
	text_clean(name, sizeof(name), options->command[0]);
	return error_set(error, _("%s was ended before it began"), name);
}

pid_t child_start(const struct launch_options *options,
		  struct console *console, atomic_int *pidfd, int *status,
		  struct error *error)
{
	int report[2];
	pid_t pid;

	if (pipe2(report, O_CLOEXEC))
		return error_set(error, _("can't start the command: %s"),
				 strerror(errno));
	pid = fork();
	if (!pid)
		become(options, console->slave, report[1]);
	close(report[1]);
	if (pid < 0) {
		error_set(error, _("can't start the command: %s"),
			  strerror(errno));
	} else {
		*pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		pid = adopt(options, pid, *pidfd, report[0], status,
			    error);
	}
	close(report[0]);
	console_given(console);
	return pid;
}
