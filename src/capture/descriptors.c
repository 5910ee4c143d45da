/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/descriptors.h"

#include <stdatomic.h>
#include <sys/resource.h>

/* What the rest of the program may need.  */
#define SPARE_FILES 128

/* Of events, in this process: its limit is one for all captures.  */
static atomic_long held;

void descriptors_hold(long count)
{
	atomic_fetch_add(&held, count);
}

static void raise_limit(struct rlimit *limit, rlim_t wanted)
{
	struct rlimit more = {
		.rlim_cur = wanted,
		.rlim_max = wanted > limit->rlim_max ? wanted : limit->rlim_max,
	};

	if (setrlimit(RLIMIT_NOFILE, &more)) {
		/* Not allowed: then to what is.  */
		more = *limit;
		more.rlim_cur = limit->rlim_max < wanted ? limit->rlim_max :
			wanted;
		setrlimit(RLIMIT_NOFILE, &more);
	}
	getrlimit(RLIMIT_NOFILE, limit);
}

unsigned long descriptors_room(unsigned long needed)
{
	unsigned long used = SPARE_FILES + (unsigned long)atomic_load(&held);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return needed;
	if (limit.rlim_cur < needed + used)
		raise_limit(&limit, needed + used);
	return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}
