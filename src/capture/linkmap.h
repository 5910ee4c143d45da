/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_LINKMAP_H
#define LEAKTOP_CAPTURE_LINKMAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a process's dynamic loader has loaded, in the order in which it looks
   for symbols: the executable, what was preloaded, what these need.  It stands
   in the process's memory in the form that debuggers read (<link.h>: struct
   r_debug and struct link_map).  */

struct linkmap {
	uint64_t entry;         /* an address in the executable's code; 0: not
	                           known */
	uint64_t *dynamic;      /* the address of each object's dynamic section */
	size_t count;           /* 0: there is no loader, or its list can't be read */
};

/* Reads that of process PID, of leaktop's own word size.  While the process is
   being loaded the list has what is there so far.  linkmap_free() frees what
   MAP holds.  */
void linkmap_read(struct linkmap *map, pid_t pid);
void linkmap_free(struct linkmap *map);

#endif
