/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/below.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From <linux/openat2.h>, which older systems do not have.  */
struct how {
	uint64_t flags;
	uint64_t mode;
	uint64_t resolve;
};

#define IN_ROOT 0x10            /* RESOLVE_IN_ROOT */

#ifndef SYS_openat2
#define SYS_openat2 437         /* on all architectures but alpha */
#endif

int open_below(int directory, const char *path, int flags)
{
	/* Not to wait for the writer of a pipe that has taken its place.  */
	const struct how how = {
		.flags = (uint64_t)(O_RDONLY | O_CLOEXEC | O_NONBLOCK |
				    O_NOCTTY | flags),
		.resolve = IN_ROOT,
	};
	long fd;

	path += strspn(path, "/");
	/* Ten times: something else was renamed meanwhile.  */
	for (int i = 0; i < 10; i++) {
		fd = syscall(SYS_openat2, directory, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return openat(directory, path, (int)how.flags);
	return (int)fd;
}
