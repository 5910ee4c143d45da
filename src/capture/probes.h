/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_PROBES_H
#define LEAKTOP_CAPTURE_PROBES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "capture/libc.h"
#include "capture/owner.h"
#include "heap/allocators.h"

/* The uprobes, as events in a tracefs group of leaktop's own, see owner.h:
   lt_malloc, lt_malloc_ret, …  */

struct tracefs_dynevent;

struct probe {
	struct tracefs_dynevent *event;
	char name[48];
	enum allocator_id function;
	bool is_return;
	bool made;
	uint64_t id;            /* perf_event_attr.config */
};

struct probes {
	char group[OWNER_NAME];
	unsigned count;
	struct probe probe[2 * ALLOC_COUNT];
};

/* Where the tracing files are, or NULL with a message.  Does not mount
   anything.  */
const char *probes_directory(struct error *error);

/* Whether the kernel has uprobes and they may be made.  Returns 0 or -1.  */
int probes_check(struct error *error);

/* Lists the probes that LIBC's functions get, without making them.  */
void probes_list(struct probes *probes, const struct libc *libc);

/* Makes the probes for all functions of LIBC.  CALLERS: those of functions
   without a result fetch the address that they return to, which a call chain
   taken at the entry lacks; see HIT_HAS_CALLER.  Returns 0; -1 with none left
   behind.  */
int probes_make(struct probes *probes, const struct libc *libc, bool callers,
		struct error *error);

/* Whether none has been removed by another program.  */
bool probes_are_there(const struct probes *probes);

/* The text of a probe's format file, malloc'ed for the caller; its length in
   *SIZE, bytes.  NULL when it can't be read.  */
char *probes_format(const struct probes *probes, const struct probe *probe,
		    int *size);

/* Takes them all away; those that are still in use are waited for, up to 2 s in
   all.  Returns how many could not be removed, as another program uses them or
   tracefs may not be written any more; owner_cleanup() does it when this process
   has ended.  */
unsigned probes_remove(struct probes *probes);

#endif
