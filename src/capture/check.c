/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/intl.h"
#include "capture/libc.h"
#include "capture/probes.h"
#include "capture/runtime.h"

/* Return probes of these kernels use a system call that no seccomp filter
   knows, and the filter kills the process: 6.11 up to, not including,
   6.14.  */
bool check_return_probes_kill(void)
{
	struct utsname name;
	unsigned major, minor;

	return !uname(&name) &&
		sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
		major == 6 && minor >= 11 && minor <= 13;
}

int check_target(const struct target *target, struct error *error)
{
	int pid = target->pid;

	if (target->trouble & TARGET_THREAD)
		return error_set(error, _("%d is a thread of process %d: give that"),
				 pid, (int)target->process);
	if (target->trouble & TARGET_KERNEL_THREAD)
		return error_set(error, _("%d (%s) is a kernel thread; leaktop watches programs"),
				 pid, target->comm);
	if (target->trouble & TARGET_ZOMBIE)
		return error_set(error, _("process %d (%s) has ended already (a zombie)"),
				 pid, target->comm);
	if (target->trouble & TARGET_32BIT)
		return error_set(error, _("process %d (%s) is a 32-bit program; this leaktop watches 64-bit ones"),
				 pid, target->comm);
	return 0;
}

int check_hazards(const struct target *target, struct error *error)
{
	const char *runtime = runtime_name(target->pid);

	if (target->trouble & TARGET_SECCOMP && check_return_probes_kill())
		return error_set(error, _("process %d (%s) runs under a seccomp filter, which would kill it when watched on this kernel (return probes of Linux 6.11 to 6.13)"),
				 (int)target->pid, target->comm);
	if (runtime)
		return error_set(error, _("process %d (%s) is %s: return probes may crash it (--force watches it all the same)"),
				 (int)target->pid, target->comm, _(runtime));
	return 0;
}

int check_paranoid_level(void)
{
	FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	int level = 2;

	if (file) {
		if (fscanf(file, "%d", &level) != 1)
			level = 2;
		fclose(file);
	}
	return level;
}

static bool seen_map(void *context, const struct target_map *map)
{
	(void)map;
	*(bool *)context = true;
	return false;
}

int check_permission(const struct target *target, struct error *error)
{
	bool seen = false;

	if (!target_maps(target->pid, seen_map, &seen) && seen)
		return 0;
	if (errno == EACCES || errno == EPERM)
		return error_set(error, _("not permitted to watch process %d (%s): run leaktop as root, or with CAP_SYS_PTRACE, CAP_PERFMON and access to tracefs (kernel.perf_event_paranoid is %d)"),
				 (int)target->pid, target->comm,
				 check_paranoid_level());
	return error_set(error, _("can't read the mappings of process %d (%s): %s"),
			 (int)target->pid, target->comm, strerror(errno));
}

int check_options(const struct capture_options *options,
			 struct error *error)
{
	unsigned kib = options->ring_kib;

	if (kib & (kib - 1) || (kib && kib < 64) || kib > 1024 * 1024)
		return error_set(error, _("the ring size must be a power of two of 64 KiB or more, at most 1 GiB"));
	if (options->chain_depth > 127)
		return error_set(error, _("call chains have at most 127 frames"));
	return 0;
}

int capture_check(const struct capture_options *options, struct error *error)
{
	struct target target;
	struct libc *libc;
	int result;

	if (check_options(options, error))
		return -1;
	if (options->pid == getpid())
		return error_set(error, _("%d is leaktop itself"),
				 (int)options->pid);
	if (target_read(&target, options->pid, error) ||
	    check_target(&target, error) ||
	    check_permission(&target, error) || probes_check(error) ||
	    (!options->force && check_hazards(&target, error)))
		return -1;
	libc = malloc(sizeof *libc);
	if (!libc)
		return error_set(error, _("out of memory"));
	result = libc_find(libc, options->pid, error);
	free(libc);
	return result;
}

int capture_is_loaded(pid_t pid, struct error *error)
{
	struct target target;

	if (target_read(&target, pid, error) || check_target(&target, error))
		return -1;
	return libc_is_mapped(pid);
}
