/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_LAUNCH_LAUNCH_H
#define LEAKTOP_LAUNCH_LAUNCH_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/transcript.h"

/* A command that leaktop starts: stopped before its first allocation, in a
   session and on a terminal of its own, whose output is kept.  A thread of
   its own traces it up to there and reads the terminal from then on, so that
   the functions below may be called by any thread.

   The command reads nothing but the end of the input.  When leaktop ends, in
   whatever way, the terminal closes, and what still runs there gets SIGHUP as
   from any terminal that closes.  */
struct launch;

/* The signal mask and the dispositions that leaktop was started with, for the
   command to have them too.  */
struct launch_signals {
	sigset_t mask;
	struct sigaction pipe;          /* SIGPIPE */
	struct sigaction child;         /* SIGCHLD */
};

/* Asked while the program is stopped in its early life: 1 when it can be watched
   from now on, 0 when what it takes is not mapped yet, -1 when it never can,
   with ERROR.  A program without a dynamic loader is not asked again.  */
typedef int (*launch_ready)(void *context, pid_t pid, struct error *error);

struct launch_options {
	char *const *command;           /* and its arguments; ends with NULL */
	const char *log;                /* file that gets all output as it is, or NULL */
	bool echo;                      /* all output to standard error, too */
	const struct launch_signals *signals;
	launch_ready ready;
	void *context;                  /* of READY */
};

/* The exit statuses by which shells tell that nothing was run.  */
enum { LAUNCH_NOT_EXECUTABLE = 126, LAUNCH_NOT_FOUND = 127 };

/* Notes what launch_start() restores.  */
void launch_note_signals(struct launch_signals *signals);

/* Starts the command and returns when it is stopped and READY.  SIGCHLD must
   not be ignored.  A pending SIGINT, SIGTERM, SIGHUP or SIGQUIT ends the
   waiting.  On errors NULL, with *STATUS for leaktop to exit with: one of the
   above, the command's own if it ended before, else 1; nothing of it is left
   running then.  */
struct launch *launch_start(const struct launch_options *options, int *status,
			    struct error *error);

pid_t launch_pid(const struct launch *launch);

/* Lets the command run; the second time nothing happens.  */
void launch_go(struct launch *launch);

/* Sends signal NUMBER to those of the command's process group that still run.  */
void launch_signal(struct launch *launch, int number);

/* Whether the command has ended; then *STATUS is as a shell tells it, 128 + N if
   signal N ended it.  Its id is not used again before launch_free().  */
bool launch_ended(struct launch *launch, int *status);

/* Waits, if the command has ended, until all its output is where it has to
   go.  */
void launch_flush(struct launch *launch);

/* Why a part of the output is not in the log: a text that is valid as long as
   LAUNCH, or NULL.  */
const char *launch_log_trouble(struct launch *launch);

/* What it printed; valid as long as LAUNCH.  */
struct transcript *launch_transcript(struct launch *launch);

/* Closes the terminal.  A command that was never let go is killed.  NULL is
   allowed.  */
void launch_free(struct launch *launch);

#endif
