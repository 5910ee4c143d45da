/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "launch/internal.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/text.h"

/* From the exec on, the program stops at each system call.  The dynamic
   loader maps the C library with some of them, and none of the library's code
   has run by then, nor any constructor's.  The search ends with the first
   system call that does not come from the loader: then that is done.  */

/* Added to SIGTRAP at a system call, with PTRACE_O_TRACESYSGOOD.  */
#define SYSCALL_STOP (SIGTRAP | 0x80)

struct trace {
	const struct launch_options *options;
	struct console *console;
	pid_t pid;
	uint64_t loader;        /* where it is; both 0: there is none */
	uint64_t loader_end;
	bool maps;              /* the system call under way is an mmap */
	int wait_status;
};

/* Finds where the kernel has mapped the loader, 0 for none.  False when it does
   not tell, as of a program that has been killed.  */
static bool find_loader(struct trace *trace)
{
	unsigned long pair[2] = { 0, 0 };
	bool found = false;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/auxv", (int)trace->pid);
	file = fopen(path, "re");
	while (file && fread(pair, sizeof(pair), 1, file) == 1) {
		if (pair[0] == AT_BASE) {
			trace->loader = pair[1];
			found = true;
		}
	}
	if (file)
		fclose(file);
	return found;
}

/* The mappings of the file that is mapped at trace->loader.  */
static void measure_loader(struct trace *trace)
{
	char path[64], *line = NULL, name[32], loader[32] = "";
	uint64_t start, end;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)trace->pid);
	file = fopen(path, "re");
	while (file && getline(&line, &room, file) > 0) {
		/* The device and the inode name the file.  */
		int at = 0;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %n", &start,
			   &end, &at) < 2 || !at)
			continue;
		snprintf(name, sizeof(name), "%.31s", line + at);
		if (start == trace->loader)
			memcpy(loader, name, sizeof(loader));
		if (*loader && !strcmp(loader, name))
			trace->loader_end = end;
	}
	free(line);
	if (file)
		fclose(file);
}

/* Waits for the next stop.  Returns -1 when the program has ended.  */
static int wait_for_stop(struct trace *trace)
{
	while (waitpid(trace->pid, &trace->wait_status, __WALL) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return WIFSTOPPED(trace->wait_status) ? 0 : -1;
}

/* Runs it to the next system call's beginning or end.  A loader that has much to
   say (LD_DEBUG) does so in between, and must not wait for a reader.  */
static int next_call(struct trace *trace)
{
	long number = 0;

	do {
		/* It fails only where the program has been killed.  */
		ptrace(PTRACE_SYSCALL, trace->pid, NULL, (void *)number);
		if (wait_for_stop(trace) < 0)
			return -1;
		while (console_read(trace->console))
			console_echo(trace->console);
		/* Signals on the way get their turn.  */
		number = WSTOPSIG(trace->wait_status);
	} while (number != SYSCALL_STOP);
	return 0;
}

static bool is_mmap(uint64_t number)
{
#ifdef SYS_mmap2
	if (number == SYS_mmap2)
		return true;
#endif
	return number == SYS_mmap;
}

/* Looks at the system call that it is stopped at.  Returns what
   launch_ready() does.  */
static int look(struct trace *trace, struct error *error)
{
	struct __ptrace_syscall_info info;
	char name[256];

	if (ptrace(PTRACE_GET_SYSCALL_INFO, trace->pid, (void *)sizeof(info),
		   &info) <= 0)
		return error_set(error, _("can't trace the command: %s"),
				 strerror(errno));
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && trace->maps)
		return trace->options->ready(trace->options->context,
					     trace->pid, error);
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return 0;
	trace->maps = is_mmap(info.entry.nr);
	if (info.instruction_pointer >= trace->loader &&
	    info.instruction_pointer < trace->loader_end)
		return 0;
	text_clean(name, sizeof(name), trace->options->command[0]);
	return error_set(error, _("%s has no C library that leaktop knows "
		"(glibc or musl)"), name);
}

static int ended(struct trace *trace, bool *gone, int *status,
		 struct error *error)
{
	char name[256];

	text_clean(name, sizeof(name), trace->options->command[0]);
	*gone = true;
	*status = child_status(trace->wait_status);
	return error_set(error, WIFSIGNALED(trace->wait_status) ?
		_("signal %2$d ended %1$s while it was loaded") :
		_("%1$s ended with status %2$d while it was loaded"), name,
		WIFSIGNALED(trace->wait_status) ?
		WTERMSIG(trace->wait_status) : *status);
}

int trace_until_ready(const struct launch_options *options,
		      struct console *console, pid_t pid, bool *gone,
		      int *status, struct error *error)
{
	struct trace trace = {
		.options = options, .console = console, .pid = pid,
	};
	int ready = options->ready(options->context, pid, error);

	if (ready || (find_loader(&trace) && !trace.loader))
		return ready < 0 ? -1 : 0;
	measure_loader(&trace);
	ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD);
	do {
		if (next_call(&trace) < 0)
			return ended(&trace, gone, status, error);
		ready = look(&trace, error);
	} while (!ready);
	return ready < 0 ? -1 : 0;
}
