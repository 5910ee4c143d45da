/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/probes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <tracefs.h>

#include "base/clock.h"
#include "base/intl.h"
#include "capture/internal.h"
#include "capture/x86.h"

/* Groups of one thread are told apart by a number.  */
#define GROUPS_MAX 1000

/* How long probes that are in use are waited for, all together, and the pause
   between two looks, ns.  */
#define REMOVE_NS 2000000000
#define REMOVE_PAUSE_NS 10000000

/* The kernel's names of the registers of the first integer arguments.  */
static const char *const argument_registers[] = {
#if defined __x86_64__
	"%di", "%si", "%dx", "%cx", "%r8", "%r9"
#define RETURN_ADDRESS "$stack0"
#elif defined __aarch64__
	"%x0", "%x1", "%x2", "%x3", "%x4", "%x5"
#define RETURN_ADDRESS "%x30"
#else
#error "leaktop does not know this machine's calling convention"
#endif
};

const char *probes_directory(struct error *error)
{
	const char *path = NULL;

	/* Every other call of libtracefs would mount it.  */
	if (tracefs_tracing_dir_is_mounted(false, &path) > 0 && path)
		return path;
	error_set(error, _("tracefs is not mounted (or not for you to see); as root: mount -t tracefs nodev /sys/kernel/tracing"));
	return NULL;
}

int probes_check(struct error *error)
{
	const char *directory = probes_directory(error);
	char path[PATH_MAX];
	int fd;

	if (!directory)
		return -1;
	snprintf(path, sizeof path, "%s/uprobe_events", directory);
	/* Only opening asks all that may forbid it.  Not with O_TRUNC: that takes
	   everybody's probes away.  */
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	switch (errno) {
	case ENOENT:
		return error_set(error, _("this kernel has no uprobes (no %s): it needs CONFIG_UPROBE_EVENTS"),
				 path);
	case EROFS:
		return error_set(error, _("%s is mounted read-only; as root: mount -o remount,rw %s"),
				 directory, directory);
	case EACCES:
	case EPERM:
		return error_set(error, _("not permitted to make uprobes: run leaktop as root, or with CAP_PERFMON and write access to %s"),
				 path);
	default:
		return error_set(error, _("can't write to %s: %s"), path,
				 strerror(errno));
	}
}

/* Writes a probe's fetch arguments, no more than the table asks for.  */
static void fetch_arguments(const struct libc_function *function,
			    const struct probe *probe, bool callers,
			    char *text, size_t size)
{
	const struct allocator *allocator = &allocators[probe->function];
	size_t used = 0;

	text[0] = '\0';
	if (probe->is_return) {
		used = snprintf(text, size, "arg1=$retval:x64");
		if (function->stored_register >= 0)
			snprintf(text + used, size - used, " ptr=%%%s:x64",
				 x86_kernel_name(function->stored_register));
		return;
	}
	for (int i = 0; i < ALLOCATOR_ARGUMENTS; i++) {
		const char *names = allocator->argument[i].names;

		if (allocator->argument[i].role == ROLE_NONE || used >= size)
			continue;
		used += snprintf(text + used, size - used, "%s%.*s=%s:x64",
				 used ? " " : "", (int)strcspn(names, " "),
				 names, argument_registers[i]);
	}
	if (callers && allocator->result == RESULT_NONE &&
	    function->point.caller_on_top && used < size)
		snprintf(text + used, size - used, " caller=%s:x64",
			 RETURN_ADDRESS);
}

static int read_id(const struct probes *probes, struct probe *probe)
{
	char *text = tracefs_event_file_read(NULL, probes->group, probe->name,
					     "id", NULL);

	if (!text)
		return -1;
	probe->id = strtoull(text, NULL, 10);
	free(text);
	return probe->id ? 0 : -1;
}

/* Returns 0; -1 with errno.  */
static int make_probe(struct probes *probes, const struct libc *libc,
		      bool callers, struct probe *probe)
{
	const struct libc_function *function =
		&libc->function[probe->function];
	uint64_t offset = function->offset + function->point.offset;
	char arguments[160];

	fetch_arguments(function, probe, callers, arguments, sizeof arguments);
	/* The return probe takes the return address from the stack at the same
	   instruction: one trap for both.  */
	probe->event = (probe->is_return ? tracefs_uretprobe_alloc :
			tracefs_uprobe_alloc)(probes->group, probe->name,
					      libc->path, offset, arguments);
	if (!probe->event)
		return -1;
	errno = 0;
	if (tracefs_dynevent_create(probe->event)) {
		if (!errno)
			errno = EIO;
		return -1;
	}
	probe->made = true;
	return read_id(probes, probe);
}

void probes_list(struct probes *probes, const struct libc *libc)
{
	memset(probes, 0, sizeof *probes);
	for (int id = 0; id < ALLOC_COUNT; id++) {
		if (!libc->function[id].present)
			continue;
		for (int is_return = 0; is_return < 2; is_return++) {
			struct probe *probe;

			if (is_return && allocators[id].result == RESULT_NONE)
				continue;
			probe = &probes->probe[probes->count++];
			probe->function = id;
			probe->is_return = is_return;
			snprintf(probe->name, sizeof probe->name, "lt_%s%s",
				 allocators[id].symbol,
				 is_return ? "_ret" : "");
		}
	}
}

/* Gives PROBES a group that is not there.  An event that is would not be
   refused, but get the new probe in addition.  Another thread may look for a
   group at the same time, and does so among other numbers.  */
static int choose_group(struct probes *probes, struct error *error)
{
	const char *directory = probes_directory(error);
	pid_t tid = syscall(SYS_gettid);
	unsigned first = tid == getpid() ? 0 : (unsigned)tid * GROUPS_MAX;
	char path[PATH_MAX];
	struct stat st;

	if (!directory)
		return -1;
	for (unsigned n = first; n < first + GROUPS_MAX; n++) {
		owner_name(probes->group, n);
		snprintf(path, sizeof path, "%s/events/%s", directory,
			 probes->group);
		if (stat(path, &st) && errno == ENOENT)
			return 0;
	}
	return error_set(error, _("too many probes of leaktop's are left in %s: leaktop --cleanup removes them when it has ended"),
			 directory);
}

int probes_make(struct probes *probes, const struct libc *libc, bool callers,
		struct error *error)
{
	probes_list(probes, libc);
	if (choose_group(probes, error))
		return -1;
	for (unsigned i = 0; i < probes->count; i++) {
		struct probe *probe = &probes->probe[i];
		int saved;

		if (!make_probe(probes, libc, callers, probe))
			continue;
		saved = errno;
		probes_remove(probes);
		return error_set(error, _("can't make a uprobe on %s in %s: %s"),
				 allocators[probe->function].symbol,
				 libc->name, strerror(saved));
	}
	return 0;
}

bool probes_are_there(const struct probes *probes)
{
	for (unsigned i = 0; i < probes->count; i++) {
		struct probe probe = probes->probe[i];

		if (read_id(probes, &probe) || probe.id != probes->probe[i].id)
			return false;
	}
	return true;
}

char *probes_format(const struct probes *probes, const struct probe *probe,
		    int *size)
{
	return tracefs_event_file_read(NULL, probes->group, probe->name,
				       "format", size);
}

/* Tries to remove each that is still there.  Returns how many may go when it is
   tried again.  */
static unsigned remove_free_ones(struct probes *probes)
{
	unsigned busy = 0;

	for (unsigned i = 0; i < probes->count; i++) {
		struct probe *probe = &probes->probe[i];

		if (!probe->made)
			continue;
		errno = 0;
		if (!tracefs_dynevent_destroy(probe->event, false) ||
		    errno == ENOENT)
			probe->made = false;
		else
			busy += errno == EBUSY;
	}
	return busy;
}

unsigned probes_remove(struct probes *probes)
{
	const struct timespec pause = { .tv_nsec = REMOVE_PAUSE_NS };
	uint64_t deadline = clock_now() + REMOVE_NS;
	unsigned left = 0;

	/* A task of the target that is just ending can hold an event for a
	   moment after it was closed; whatever else forbids it will not
	   pass.  */
	while (remove_free_ones(probes) && clock_now() < deadline)
		nanosleep(&pause, NULL);
	for (unsigned i = 0; i < probes->count; i++) {
		left += probes->probe[i].made;
		if (probes->probe[i].event)
			tracefs_dynevent_free(probes->probe[i].event);
	}
	probes->count = 0;
	return left;
}
