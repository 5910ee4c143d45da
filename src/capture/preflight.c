/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/intl.h"
#include "capture/check.h"
#include "capture/descriptors.h"
#include "capture/internal.h"
#include "capture/others.h"
#include "capture/runtime.h"

/* CAP_PERFMON of newer headers.  */
#define PERFMON 38

struct preflight {
	const struct capture_options *options;
	capture_report report;
	void *context;
	bool bad;
	struct target target;
	struct libc libc;
	char line[512];
};

static void say(struct preflight *flight, enum check_verdict verdict,
		const char *question, const char *answer, const char *advice)
{
	if (verdict == CHECK_BAD)
		flight->bad = true;
	flight->report(flight->context, verdict, question, answer, advice);
}

static const char *print(struct preflight *flight, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static const char *print(struct preflight *flight, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(flight->line, sizeof flight->line, format, arguments);
	va_end(arguments);
	return flight->line;
}

static uint64_t capabilities(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	uint64_t mask = 0;

	while (file && fgets(line, sizeof line, file)) {
		if (sscanf(line, "CapEff: %" SCNx64, &mask) == 1)
			break;
	}
	if (file)
		fclose(file);
	return mask;
}

static bool has(uint64_t mask, int capability)
{
	return mask & (uint64_t)1 << capability;
}

static void ask_privileges(struct preflight *flight)
{
	uint64_t mask = capabilities();
	bool perf = has(mask, PERFMON) || has(mask, CAP_SYS_ADMIN);
	bool ptrace = has(mask, CAP_SYS_PTRACE);
	int level = check_paranoid_level();
	const char *advice = _("run leaktop as root, or with CAP_PERFMON and CAP_SYS_PTRACE");

	if (perf && ptrace)
		say(flight, CHECK_GOOD, _("privileges"), geteuid() ?
		    _("CAP_PERFMON and CAP_SYS_PTRACE") : _("root"), "");
	else if (perf)
		say(flight, CHECK_WARNING, _("privileges"),
		    _("no CAP_SYS_PTRACE: other users' processes can't be watched"),
		    advice);
	else
		say(flight, level > -1 ? CHECK_BAD : CHECK_WARNING,
		    _("privileges"), _("neither root nor CAP_PERFMON"), advice);
	print(flight, "%d", level);
	say(flight, perf || level < 0 ? CHECK_GOOD : CHECK_BAD,
	    "kernel.perf_event_paranoid", flight->line,
	    perf || level < 0 ? "" : advice);
}

static void ask_tracefs(struct preflight *flight)
{
	struct error error;
	const char *directory = probes_directory(&error);

	if (!directory) {
		say(flight, CHECK_BAD, "tracefs", _("not mounted, or not for you to see"),
		    _("as root: mount -t tracefs nodev /sys/kernel/tracing"));
		return;
	}
	say(flight, CHECK_GOOD, "tracefs", directory, "");
	if (probes_check(&error))
		say(flight, CHECK_BAD, _("uprobes"), error.text,
		    _("without uprobes leaktop can read recordings only"));
	else
		say(flight, CHECK_GOOD, _("uprobes"), _("can be made"), "");
}

static void ask_kernel(struct preflight *flight)
{
	struct utsname name;

	if (uname(&name))
		return;
	if (check_return_probes_kill())
		say(flight, CHECK_WARNING, _("kernel"),
		    print(flight, _("%s: return probes kill processes under a seccomp filter"),
			  name.release),
		    _("don't watch such processes; Linux 6.14 is good again"));
	else
		say(flight, CHECK_GOOD, _("kernel"), name.release, "");
}

static long read_number(const char *path, long otherwise)
{
	FILE *file = fopen(path, "re");
	long number;

	if (!file)
		return otherwise;
	if (fscanf(file, "%ld", &number) != 1)
		number = otherwise;
	fclose(file);
	return number;
}

static void ask_memory(struct preflight *flight)
{
	unsigned long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned long kib = flight->options->ring_kib ?
		flight->options->ring_kib : RING_KIB;
	unsigned long allowed = cpus *
		read_number("/proc/sys/kernel/perf_event_mlock_kb", 516);
	struct rlimit limit;

	print(flight, _("%lu KiB of ring for each of %lu CPUs"), kib, cpus);
	if (has(capabilities(), CAP_IPC_LOCK) || check_paranoid_level() < 0 ||
	    getrlimit(RLIMIT_MEMLOCK, &limit) ||
	    limit.rlim_cur == RLIM_INFINITY ||
	    kib * cpus <= allowed + limit.rlim_cur / 1024)
		say(flight, CHECK_GOOD, _("locked memory"), flight->line, "");
	else
		say(flight, CHECK_BAD, _("locked memory"), flight->line,
		    _("more than may be locked: use smaller rings (--ring-size), or raise RLIMIT_MEMLOCK (ulimit -l) or kernel.perf_event_mlock_kb"));
}

/* Returns whether there is a process to ask more about.  */
static bool ask_process(struct preflight *flight)
{
	struct error error;
	pid_t pid = flight->options->pid;

	if (pid == getpid()) {
		say(flight, CHECK_BAD, _("process"), _("leaktop itself"),
		    _("give another process"));
		return false;
	}
	if (target_read(&flight->target, pid, &error) ||
	    check_target(&flight->target, &error)) {
		say(flight, CHECK_BAD, _("process"), error.text,
		    _("give another process"));
		return false;
	}
	say(flight, CHECK_GOOD, _("process"),
	    print(flight, "%d (%s)", (int)pid, flight->target.comm), "");
	if (check_permission(&flight->target, &error)) {
		say(flight, CHECK_BAD, _("permission"), error.text,
		    _("run leaktop as root, or with CAP_SYS_PTRACE"));
		return false;
	}
	say(flight, CHECK_GOOD, _("permission"), _("may be watched"), "");
	return true;
}

static void ask_hazards(struct preflight *flight)
{
	bool force = flight->options->force;
	enum check_verdict danger = force ? CHECK_WARNING : CHECK_BAD;
	const char *runtime = runtime_name(flight->target.pid);

	if (!(flight->target.trouble & TARGET_SECCOMP))
		say(flight, CHECK_GOOD, _("system call filter"), _("none"), "");
	else if (check_return_probes_kill())
		say(flight, danger, _("system call filter"),
		    _("seccomp, which kills the process when watched on this kernel"),
		    _("use Linux 6.14 or newer, or a run without the filter"));
	else
		say(flight, CHECK_GOOD, _("system call filter"),
		    _("seccomp, which does no harm on this kernel"), "");
	if (runtime)
		say(flight, danger, _("stack switching"),
		    print(flight, _("%s: return probes may crash it"),
			  _(runtime)),
		    _("its own profiler shows its heap; --force watches what it takes from C"));
	else
		say(flight, CHECK_GOOD, _("stack switching"),
		    _("no mark of Go's runtime or of split stacks; others are not looked for"),
		    "");
}

/* What takes the C library's place.  */
static void ask_allocator(struct preflight *flight)
{
	const struct libc *libc = &flight->libc;
	char names[256];

	say(flight, CHECK_GOOD, _("allocation functions"),
	    print(flight, _("%s, in place of the C library's (%s)"),
		  libc->name, libc->replaces), "");
	libc_left_out(libc, names, sizeof names);
	if (*names)
		say(flight, CHECK_WARNING, _("allocation functions"),
		    print(flight, _("not watched: %s"),
			  names),
		    _("leaks of their blocks don't show"));
}

/* Returns whether there is one.  */
static bool ask_library(struct preflight *flight)
{
	const struct libc *libc = &flight->libc;
	struct error error;

	if (libc_find(&flight->libc, flight->target.pid, &error)) {
		say(flight, CHECK_BAD, _("C library"), error.text,
		    _("leaktop watches programs that use glibc or musl, or have malloc and free in their symbol table"));
		return false;
	}
	if (*libc->replaces)
		ask_allocator(flight);
	if (!*libc->replaces || libc->is_replaced)
		say(flight, CHECK_GOOD, *libc->replaces ?
		    _("allocation functions") : _("C library"),
		    libc->is_replaced ?
		    print(flight, _("%s, as it was mapped: it is no longer there, or another file"),
			  libc->name) : libc->name, "");
	return true;
}

static void ask_others(struct preflight *flight)
{
	struct others others;
	char list[4 * OTHERS_SIZE];

	if (others_find(&others, flight->target.pid, &flight->libc))
		return;
	if (!*others.leaktops && !*others.groups)
		say(flight, CHECK_GOOD, _("other tracers"),
		    _("none on these functions"), "");
	if (*others.leaktops)
		say(flight, CHECK_WARNING, _("other tracers"),
		    print(flight, _("also watched by leaktop %s"),
			  others.leaktops),
		    _("they don't disturb each other, but the process pays for both"));
	if (!*others.groups)
		return;
	snprintf(list, sizeof list,
		 _("whose they are can't be known, and they may cost; if nothing uses them: perf probe -d 'GROUP:*', or echo '-:GROUP/EVENT' >>%s/uprobe_events"),
		 others.directory);
	say(flight, CHECK_WARNING, _("other tracers"),
	    print(flight, _("probes on the same functions, in the groups %s"),
		  others.groups), list);
}

static void ask_files(struct preflight *flight)
{
	struct probes probes;
	unsigned long needed, room;
	pid_t *tids;
	long threads = target_threads(flight->target.pid, &tids);

	if (threads >= 0)
		free(tids);
	probes_list(&probes, &flight->libc);
	needed = rings_files(&probes, ~0u, threads > 0 ? threads : 1);
	room = descriptors_room(needed);
	print(flight, _("%lu needed, %lu left"), needed, room);
	if (needed <= room)
		say(flight, CHECK_GOOD, _("file descriptors"), flight->line, "");
	else
		say(flight, CHECK_WARNING, _("file descriptors"), flight->line,
		    _("the rarer functions will be left out: raise the limit (ulimit -n)"));
}

bool capture_preflight(const struct capture_options *options,
		       capture_report report, void *context)
{
	struct preflight *flight = calloc(1, sizeof *flight);
	struct error error;
	bool bad;

	if (!flight)
		return false;
	flight->options = options;
	flight->report = report;
	flight->context = context;
	if (check_options(options, &error))
		say(flight, CHECK_BAD, _("options"), error.text,
		    _("give other values"));
	ask_privileges(flight);
	ask_tracefs(flight);
	ask_kernel(flight);
	ask_memory(flight);
	if (options->pid && ask_process(flight)) {
		ask_hazards(flight);
		if (ask_library(flight)) {
			ask_others(flight);
			ask_files(flight);
		}
	}
	bad = flight->bad;
	free(flight);
	return !bad;
}
