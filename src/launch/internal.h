/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_LAUNCH_INTERNAL_H
#define LEAKTOP_LAUNCH_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "launch/launch.h"

/* What the files of this room share.  */

/* Output on its way to standard error.  */
#define ECHO_BYTES 65536

enum phase {
	PHASE_STARTING,
	PHASE_FAILED,           /* see error and status */
	PHASE_STOPPED,          /* ready to be watched */
	PHASE_RUNNING,
	PHASE_ENDED             /* not reaped before launch_free() */
};

/* Its terminal, seen from the master's side; of the launch's thread alone.  */
struct console {
	int master;             /* non-blocking; -1: closed */
	int slave;              /* until the command has it; -1: closed */
	char slave_name[64];
	bool hung_up;           /* nobody has it open on the other side */
	int log;                /* -1: none */
	const char *log_name;
	bool echo;
	struct transcript *transcript;
	char pending[ECHO_BYTES];       /* for standard error */
	size_t pending_at, pending_end;
	struct error trouble;   /* of the log; written before has_trouble */
	atomic_bool has_trouble;
};

struct launch {
	struct launch_options options;
	struct console console;
	pthread_t thread;
	int wake;               /* eventfd: go, or stop */
	atomic_bool stop;
	atomic_bool go;
	pid_t pid;              /* from PHASE_STOPPED on */
	atomic_int pidfd;       /* -1: there is no child yet */
	atomic_int interrupted; /* by this signal while it was started; 0: no */

	pthread_mutex_t lock;
	pthread_cond_t changed; /* of CLOCK_MONOTONIC */
	/* Under lock.  */
	enum phase phase;
	int status;
	bool flushed;           /* the output of a command that ended */
	struct error error;
};

/* console.c: opens terminal and log.  */
int console_open(struct console *console, const struct launch_options *options,
		 struct error *error);
/* The command has its side now.  */
void console_given(struct console *console);
/* Takes what has been printed so far, as far as there is room for it; returns
   whether there may be more.  */
bool console_read(struct console *console);
/* Passes on what standard error takes without blocking.  */
void console_echo(struct console *console);
/* Whether there is room to read, and something to echo.  */
bool console_has_room(const struct console *console);
bool console_is_pending(const struct console *console);
void console_close(struct console *console);

/* child.c: forks and executes the command.  Returns its id, stopped by ptrace
   behind a successful exec; -1 with *STATUS and ERROR, then nothing is left of
   it.  *PIDFD is set as soon as there is a child.  */
pid_t child_start(const struct launch_options *options,
		  struct console *console, atomic_int *pidfd, int *status,
		  struct error *error);
/* Waits until PID, which was killed, is gone.  */
void child_reap(pid_t pid);
/* The status as a shell tells it, of a wait status.  */
int child_status(int wait_status);

/* trace.c: runs the stopped program PID up to where it can be watched.  Returns
   0, with it stopped; -1 with *STATUS and ERROR.  It may have ended then, and
   been reaped (*GONE), or not.  */
int trace_until_ready(const struct launch_options *options,
		      struct console *console, pid_t pid, bool *gone,
		      int *status, struct error *error);

#endif
