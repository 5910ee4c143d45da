/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "launch/launch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/thread.h"
#include "launch/internal.h"

/* How often is looked whether a terminal that nobody has open is open again,
   and whether a signal ends the waiting for the start, ms.  */
#define LOOK_MS 100

/* A terminal holds far less than so many reads take.  */
#define LAST_READS 256

/* At the end standard error has so long to take what is left, ms.  */
#define LAST_ECHO_MS 200

void launch_note_signals(struct launch_signals *signals)
{
	pthread_sigmask(SIG_SETMASK, NULL, &signals->mask);
	sigaction(SIGPIPE, NULL, &signals->pipe);
	sigaction(SIGCHLD, NULL, &signals->child);
}

static void send_signal(const struct launch *launch, int number)
{
	syscall(SYS_pidfd_send_signal, launch->pidfd, number, NULL, 0);
}

static void set_phase(struct launch *launch, enum phase phase)
{
	pthread_mutex_lock(&launch->lock);
	launch->phase = phase;
	pthread_cond_broadcast(&launch->changed);
	pthread_mutex_unlock(&launch->lock);
}

/* What the command printed tells more about its end than leaktop can.  */
static void show_last_words(struct launch *launch)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
	bool more = true;

	launch->console.echo = true;
	while (more || console_is_pending(&launch->console)) {
		more = console_read(&launch->console);
		console_echo(&launch->console);
		if (console_is_pending(&launch->console) &&
		    poll(&ready, 1, LAST_ECHO_MS) <= 0)
			return;
	}
}

/* Returns the status to exit with.  */
static int explain_interruption(const struct launch *launch, struct error *error)
{
	error_set(error, _("interrupted by signal %d"), launch->interrupted);
	return 128 + launch->interrupted;
}

/* Returns 0 with the command stopped and ready; else nothing is left of it.  */
static int start_command(struct launch *launch)
{
	bool gone = false;
	int status = EXIT_FAILURE;
	pid_t pid = child_start(&launch->options, &launch->console,
				&launch->pidfd, &status, &launch->error);

	if (pid >= 0 && trace_until_ready(&launch->options, &launch->console,
					  pid, &gone, &status,
					  &launch->error) == 0) {
		launch->pid = pid;
		return 0;
	}
	if (gone)
		show_last_words(launch);
	if (pid >= 0 && !gone) {
		send_signal(launch, SIGKILL);
		child_reap(pid);
	}
	if (launch->interrupted)
		status = explain_interruption(launch, &launch->error);
	launch->status = status;
	return -1;
}

static bool is_ended(struct launch *launch)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PID, (id_t)launch->pid, &info,
		   WEXITED | WNOHANG | WNOWAIT) || !info.si_pid)
		return false;
	launch->status = info.si_code == CLD_EXITED ? info.si_status :
			 128 + info.si_status;
	return true;
}

static void take_wake(struct launch *launch)
{
	eventfd_t ignored;

	eventfd_read(launch->wake, &ignored);
	if (launch->go && launch->phase == PHASE_STOPPED) {
		ptrace(PTRACE_DETACH, launch->pid, NULL, NULL);
		set_phase(launch, PHASE_RUNNING);
	}
}

/* The command has ended: what it printed last is there, and no more of it
   will come.  What others print there must not keep it from its end.  */
static void finish_output(struct launch *launch)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
	struct console *console = &launch->console;

	for (int reads = 0; reads < LAST_READS;) {
		if (console_read(console))
			reads++;
		else if (console_has_room(console) || launch->stop)
			break;
		else
			poll(&ready, 1, LOOK_MS);
		console_echo(console);
	}
}

static void set_flushed(struct launch *launch)
{
	if (launch->phase != PHASE_ENDED || launch->flushed ||
	    console_is_pending(&launch->console))
		return;
	pthread_mutex_lock(&launch->lock);
	launch->flushed = true;
	pthread_cond_broadcast(&launch->changed);
	pthread_mutex_unlock(&launch->lock);
}

/* One turn of the thread while the command runs, and after.  */
static void turn(struct launch *launch)
{
	struct console *console = &launch->console;
	bool looks = console->hung_up && launch->phase != PHASE_ENDED;
	bool reads = !console->hung_up && console_has_room(console);
	struct pollfd fds[] = {
		{ .fd = launch->wake, .events = POLLIN },
		{ .fd = launch->phase == PHASE_ENDED ? -1 : launch->pidfd,
		  .events = POLLIN },
		{ .fd = reads ? console->master : -1, .events = POLLIN },
		{ .fd = console_is_pending(console) ? STDERR_FILENO : -1,
		  .events = POLLOUT },
	};

	if (poll(fds, sizeof(fds) / sizeof(*fds), looks ? LOOK_MS : -1) < 0)
		return;
	if (fds[0].revents)
		take_wake(launch);
	console_read(console);
	console_echo(console);
	if (fds[1].revents && is_ended(launch)) {
		finish_output(launch);
		set_phase(launch, PHASE_ENDED);
	}
	set_flushed(launch);
}

static void *run(void *context)
{
	struct launch *launch = context;

	if (start_command(launch) < 0) {
		set_phase(launch, PHASE_FAILED);
		return NULL;
	}
	set_phase(launch, PHASE_STOPPED);
	while (!launch->stop)
		turn(launch);
	/* A tracer that ends lets the command go.  */
	if (launch->phase == PHASE_STOPPED)
		send_signal(launch, SIGKILL);
	return NULL;
}

/* A signal that is to end leaktop; 0: none.  */
static int pending_signal(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t pending;

	sigpending(&pending);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		if (sigismember(&pending, signals[i]))
			return signals[i];
	}
	return 0;
}

static void wait_for_start(struct launch *launch)
{
	pthread_mutex_lock(&launch->lock);
	while (launch->phase == PHASE_STARTING) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += LOOK_MS * 1000000l;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (pthread_cond_timedwait(&launch->changed, &launch->lock,
					   &until) == ETIMEDOUT)
			launch->interrupted = pending_signal();
		if (launch->interrupted)
			send_signal(launch, SIGKILL);
	}
	pthread_mutex_unlock(&launch->lock);
}

static int start_thread(struct launch *launch, struct error *error)
{
	int status = thread_start(&launch->thread, run, launch);

	return status ? error_set(error, _("can't start a thread: %s"),
				  strerror(status)) : 0;
}

static struct launch *launch_new(const struct launch_options *options)
{
	struct launch *launch = calloc(1, sizeof(*launch));
	pthread_condattr_t attributes;

	if (!launch)
		return NULL;
	launch->options = *options;
	launch->pidfd = -1;
	launch->console.master = launch->console.slave = -1;
	launch->console.log = -1;
	pthread_mutex_init(&launch->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&launch->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	launch->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return launch;
}

/* The thread does not run, or no more.  */
static void dispose(struct launch *launch)
{
	console_close(&launch->console);
	transcript_free(launch->console.transcript);
	if (launch->wake >= 0)
		close(launch->wake);
	if (launch->pidfd >= 0)
		close(launch->pidfd);
	pthread_cond_destroy(&launch->changed);
	pthread_mutex_destroy(&launch->lock);
	free(launch);
}

struct launch *launch_start(const struct launch_options *options, int *status,
			    struct error *error)
{
	struct launch *launch = launch_new(options);

	*status = EXIT_FAILURE;
	if (!launch) {
		error_set(error, _("out of memory"));
		return NULL;
	}
	if (launch->wake < 0) {
		error_set(error, _("can't start: %s"), strerror(errno));
	} else if (console_open(&launch->console, options, error) == 0 &&
		   start_thread(launch, error) == 0) {
		wait_for_start(launch);
		if (launch->phase != PHASE_FAILED && !launch->interrupted)
			return launch;
		/* It was killed when it had just become ready.  */
		if (launch->phase != PHASE_FAILED) {
			*status = explain_interruption(launch, error);
			launch_free(launch);
			return NULL;
		}
		pthread_join(launch->thread, NULL);
		*status = launch->status;
		*error = launch->error;
	}
	dispose(launch);
	return NULL;
}

pid_t launch_pid(const struct launch *launch)
{
	return launch->pid;
}

void launch_go(struct launch *launch)
{
	launch->go = true;
	eventfd_write(launch->wake, 1);
}

void launch_signal(struct launch *launch, int number)
{
	/* Its id is its group's, and is not used again while this is here.  */
	kill(-launch->pid, number);
}

bool launch_ended(struct launch *launch, int *status)
{
	bool ended;

	pthread_mutex_lock(&launch->lock);
	ended = launch->phase == PHASE_ENDED;
	if (ended)
		*status = launch->status;
	pthread_mutex_unlock(&launch->lock);
	return ended;
}

void launch_flush(struct launch *launch)
{
	siginfo_t info;

	info.si_pid = 0;
	if (waitid(P_PID, (id_t)launch->pid, &info,
		   WEXITED | WNOHANG | WNOWAIT) || !info.si_pid)
		return;
	pthread_mutex_lock(&launch->lock);
	while (!launch->flushed)
		pthread_cond_wait(&launch->changed, &launch->lock);
	pthread_mutex_unlock(&launch->lock);
}

const char *launch_log_trouble(struct launch *launch)
{
	return launch->console.has_trouble ? launch->console.trouble.text :
	       NULL;
}

struct transcript *launch_transcript(struct launch *launch)
{
	return launch->console.transcript;
}

void launch_free(struct launch *launch)
{
	if (!launch)
		return;
	launch->stop = true;
	eventfd_write(launch->wake, 1);
	pthread_join(launch->thread, NULL);
	if (launch->phase == PHASE_STOPPED)
		waitpid(launch->pid, NULL, __WALL);
	/* Left to whom it is due, if it runs.  */
	else
		waitpid(launch->pid, NULL, WNOHANG | __WALL);
	dispose(launch);
}
