/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/shrunken.h"
#include "options.h"
#include "present/lacking.h"
#include "ui/ui.h"

enum { EXIT_USAGE = 2 };

/* Prints the one line that says why, and gives the exit status.  */
static int fail(const char *message)
{
	fprintf(stderr, "leaktop: %s\n", message);
	return EXIT_FAILURE;
}

static int fail_usage(const char *message)
{
	fail(message);
	fputs(_("Try 'leaktop --help' for more information.\n"), stderr);
	return EXIT_USAGE;
}

static bool is_over(enum source_state state)
{
	return state != STATE_STARTING && state != STATE_LOADING &&
	       state != STATE_WATCHING;
}

static void show_progress(const struct picture *picture)
{
	fputc('\r', stderr);
	if (picture->state == STATE_LOADING)
		fprintf(stderr, _("loading %3.0f %%"), picture->done * 100);
	else if (picture->state == STATE_WATCHING)
		fprintf(stderr, _("watching, %.0f s, %llu hits"),
			(double)(picture->heap->end - picture->heap->start) /
			1e9, (unsigned long long)picture->heap->hits);
}

static void clear_progress(void)
{
	fputs("\r\033[K", stderr);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Milliseconds until END, for poll(); -1 when there is no end.  */
static int until(double end)
{
	double left = end - now();

	if (end <= 0)
		return -1;
	return left <= 0 ? 0 : left > 1000 ? 1000 : (int)(left * 1000) + 1;
}

/* Waits until the source ends, DURATION seconds of watching have passed, or
   a signal comes; the first one is for the command that LAUNCH is, if it is.
   The first ^C is for the recorder, if there is one before this in a
   pipeline.  Returns the signal's number, or 0.  */
static int wait_for_end(const struct feed *feed, double duration, int signals,
			struct launch *launch, bool pipeline)
{
	struct pollfd fds[2] = {
		{ .fd = feed->fd, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	/* Not in between what a command prints.  */
	bool progress = !launch && isatty(STDERR_FILENO);
	struct signalfd_siginfo info;
	double end = 0;
	int number = 0;
	bool over = false;

	while (!over && !(end > 0 && now() >= end)) {
		struct picture *picture = feed->picture(feed->context);
		eventfd_t ignored;

		over = is_over(picture->state);
		if (duration > 0 && end <= 0 && picture->state == STATE_WATCHING)
			end = now() + duration;
		if (progress)
			show_progress(picture);
		picture_unref(picture);
		if (over || poll(fds, 2, until(end)) < 0)
			continue;
		if (fds[0].revents)
			eventfd_read(feed->fd, &ignored);
		if (fds[1].revents &&
		    read(signals, &info, sizeof(info)) == sizeof(info)) {
			if (launch) {
				launch_signal(launch, (int)info.ssi_signo);
				launch = NULL;
				continue;
			}
			if (pipeline && info.ssi_signo == SIGINT) {
				pipeline = false;
				continue;
			}
			number = (int)info.ssi_signo;
			break;
		}
	}
	if (progress)
		clear_progress();
	return number;
}

/* Whether all that was printed has reached stdout.  */
static int finish_output(void)
{
	struct error error;

	if (fflush(stdout) != EOF && !ferror(stdout))
		return EXIT_SUCCESS;
	error_set(&error, _("can't write to standard output: %s"),
		  strerror(errno));
	return fail(error.text);
}

static int write_report(const struct options *options, const struct feed *feed,
			const struct picture *picture)
{
	const struct report report = {
		.source = feed->source,
		.picture = picture,
		.symbols = feed->symbols,
		.sizes = options->sizes,
		.sort = options->sort,
		.top = options->top,
		.follow = options->follow,
		.follow_size = options->follow_size,
		.ascii = options->ascii,
	};
	struct error error;

	if (options->format->write(&report, stdout, &error) < 0)
		return fail(error.text);
	return finish_output();
}

/* Of the probes and the recording; returns STATUS, or what takes its place.  */
static int tell_trouble(struct session *session, int status)
{
	unsigned left = session_probes_left(session);
	struct error error;
	bool failed;
	const char *trouble = session_record_trouble(session, &failed);

	if (left) {
		error_set(&error, ngettext("%u probe could not be removed, as another program uses it: leaktop --cleanup removes it later",
					   "%u probes could not be removed, as another program uses them: leaktop --cleanup removes them later",
					   left), left);
		fail(error.text);
	}
	if (*trouble)
		fail(trouble);
	return failed && status == EXIT_SUCCESS ? EXIT_FAILURE : status;
}

/* Whether it is what tell_trouble() tells, too.  */
static bool is_trouble(struct session *session, const char *notice)
{
	bool failed;

	return !strcmp(notice, session_record_trouble(session, &failed));
}

/* Of files whose names would have been needed.  */
static void tell_lacking(const struct feed *feed)
{
	struct error error;

	for (enum lacking why = 0; why < LACKING_KINDS; why++) {
		if (lacking_words(error.text, sizeof(error.text), feed->source,
				  feed->symbols, why))
			fail(error.text);
	}
}

static int report_picture(const struct options *options,
			  struct session *session,
			  const struct picture *picture)
{
	const struct feed *feed = session_feed(session);
	bool broken = picture->state == STATE_FAILED ||
		      picture->state == STATE_DAMAGED;
	int status = EXIT_SUCCESS;

	/* What was seen until it went wrong is still worth a report.  */
	if (!broken || picture->heap->hits)
		status = write_report(options, feed, picture);
	tell_lacking(feed);
	if (broken)
		status = fail(picture->notice);
	else if (*picture->notice && !is_trouble(session, picture->notice))
		fail(picture->notice);
	return tell_trouble(session, status);
}

/* The exit status of a batch on a command: the command's, unless leaktop itself
   has failed, or was ended before it by signal NUMBER.  */
static int pass_status(struct launch *launch, int number, int status)
{
	int own;

	if (status != EXIT_SUCCESS)
		return status;
	if (launch_ended(launch, &own))
		return own;
	return number ? 128 + number : EXIT_SUCCESS;
}

/* Signals that came while it ended: that is what they asked for.  */
static void drop_signals(int signals)
{
	struct pollfd fd = { .fd = signals, .events = POLLIN };
	struct signalfd_siginfo info;

	while (poll(&fd, 1, 0) > 0 &&
	       read(signals, &info, sizeof(info)) == sizeof(info))
		;
}

/* The target is rid of the probes and the terminal is given back: what blocks for
   ever from now on, such as a reader that does not read, may be interrupted.  */
static void allow_interrupts(const sigset_t *ending, int signals)
{
	signal(SIGPIPE, SIG_DFL);
	drop_signals(signals);
	pthread_sigmask(SIG_UNBLOCK, ending, NULL);
}

static int run_batch(const struct options *options, struct session *session,
		     const sigset_t *ending, int signals)
{
	const struct feed *feed = session_feed(session);
	struct launch *launch = options->session.launch;
	int number = wait_for_end(feed, options->duration, signals, launch,
				  session_is_stream(session));
	struct picture *picture;
	int status;

	/* First of all: the target gets rid of the probes.  */
	session_stop(session);
	/* A half-read recording is no answer.  */
	if (number && options->session.path)
		return 128 + number;
	allow_interrupts(ending, signals);
	if (launch)
		launch_flush(launch);
	picture = feed->picture(feed->context);
	if (options->verbose && picture->details)
		fprintf(stderr, "%s\n", picture->details);
	status = report_picture(options, session, picture);
	picture_unref(picture);
	if (launch)
		return pass_status(launch, number, status);
	/* ^C is how one ends the watching.  */
	if (number && number != SIGINT)
		status = 128 + number;
	return status;
}

static int run_screen(const struct options *options, struct session *session,
		      const sigset_t *ending, int signals)
{
	const struct feed *feed = session_feed(session);
	const struct ui_options ui = {
		.ascii = options->ascii,
		.monochrome = options->monochrome,
		.sizes = options->sizes,
		.sort = options->sort ? options->sort->name : NULL,
	};
	struct picture *picture;
	struct error error;
	enum ui_end end;
	int number = 0;
	int status = EXIT_SUCCESS;

	if (ui_run(&ui, feed, &end, &number, &error) < 0)
		return fail(error.text);
	/* The recording ends now.  */
	session_stop(session);
	allow_interrupts(ending, signals);
	status = tell_trouble(session, status);
	if (end == UI_SIGNAL)
		return 128 + number;
	if (end == UI_FAILED) {
		picture = feed->picture(feed->context);
		status = fail(picture->notice);
		picture_unref(picture);
	}
	return status;
}

/* The signals that end leaktop.  nohup has the hang-up ignored, and means it;
   a shell has the others ignored for what it starts in the background, where
   kill -INT is still the way to ask for the report.  */
static void ending_signals(sigset_t *set)
{
	struct sigaction action;

	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGQUIT);
	if (sigaction(SIGHUP, NULL, &action) == 0 &&
	    action.sa_handler != SIG_IGN)
		sigaddset(set, SIGHUP);
}

static int run_session(const struct options *options, const sigset_t *ending,
		       int signals)
{
	struct session *session;
	struct error error;
	int status;

	session = session_new(&options->session, &error);
	if (!session)
		return fail(error.text);
	/* Before others ask for names.  Where there can be no thread for it they
	   are worth the wait.  */
	if (options->mode == RUN_SCREEN)
		symbols_background(session_feed(session)->symbols);
	if (session_start(session, &error) < 0)
		status = fail(error.text);
	else if (options->mode == RUN_BATCH)
		status = run_batch(options, session, ending, signals);
	else
		status = run_screen(options, session, ending, signals);
	session_free(session);
	return status;
}

/* Starts the command, runs the session, and hangs up.  */
static int run_command(struct options *options, const sigset_t *ending,
		       int signals)
{
	struct error error;
	const char *trouble;
	int status;

	options->launch.echo = options->mode == RUN_BATCH;
	if (session_launch(&options->session, &options->launch, &status,
			   &error) < 0) {
		fail(error.text);
		return status;
	}
	status = run_session(options, ending, signals);
	trouble = launch_log_trouble(options->session.launch);
	if (trouble)
		status = fail(trouble);
	launch_free(options->session.launch);
	return status;
}

static int run(struct options *options)
{
	struct launch_signals before;
	sigset_t ending;
	int signals, status;

	launch_note_signals(&before);
	options->launch.signals = &before;
	ending_signals(&ending);
	pthread_sigmask(SIG_BLOCK, &ending, NULL);
	/* A pipe that closes is an error of the write, not a death with
	   probes left behind.  */
	signal(SIGPIPE, SIG_IGN);
	shrunken_read_zeros();
	/* Or the end of a child could not be waited for.  */
	signal(SIGCHLD, SIG_DFL);
	signals = signalfd(-1, &ending, SFD_CLOEXEC);
	if (signals < 0)
		return fail(strerror(errno));
	status = options->launch.command ?
		 run_command(options, &ending, signals) :
		 run_session(options, &ending, signals);
	close(signals);
	return status;
}

/* Were one of the standard descriptors closed, the next file that is opened
   would take its place, and get what is meant for it.  */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY :
			     O_RDONLY);
	}
}

static void print_check(void *context, enum check_verdict verdict,
			const char *question, const char *answer,
			const char *advice)
{
	static const char *const words[] = {
		[CHECK_GOOD] = N_("good"),
		[CHECK_WARNING] = N_("warning"),
		[CHECK_BAD] = N_("bad"),
	};

	(void)context;
	printf("%-8s %s: %s\n", _(words[verdict]), question, answer);
	if (advice && *advice)
		printf("%-8s %s\n", "", advice);
}

static int run_check(const struct options *options)
{
	bool good = capture_preflight(&options->session.capture, print_check,
				      NULL);
	int status = finish_output();

	return good ? status : EXIT_FAILURE;
}

static int run_cleanup(void)
{
	struct error error;
	int count = capture_cleanup(&error);

	if (count < 0)
		return fail(error.text);
	printf(ngettext("%d probe removed\n", "%d probes removed\n",
			(unsigned long)count), count);
	return finish_output();
}

static int run_version(void)
{
	printf("leaktop %s\n", PACKAGE_VERSION);
	puts(_("License LGPLv3+: GNU LGPL version 3 or later.\n"
	       "There is NO WARRANTY, to the extent permitted by law."));
	return finish_output();
}

int main(int argc, char **argv)
{
	struct options options;
	struct error error;

	fill_standard_descriptors();
	setlocale(LC_ALL, "");
	bindtextdomain(PACKAGE, LOCALEDIR);
	textdomain(PACKAGE);
	if (options_read(&options, argc, argv, &error) < 0)
		return fail_usage(error.text);
	switch (options.mode) {
	case RUN_HELP:
		options_help(stdout);
		return finish_output();
	case RUN_VERSION:
		return run_version();
	case RUN_CHECK:
		return run_check(&options);
	case RUN_CLEANUP:
		return run_cleanup();
	default:
		return run(&options);
	}
}
