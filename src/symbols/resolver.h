/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_RESOLVER_H
#define LEAKTOP_SYMBOLS_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "symbols/objects.h"

/* A thread that reads what takes long, for one who can't wait.  What was asked
   for last comes first, as that is what is on the screen; and servers are asked
   when there is nothing else to do.  */
struct resolver;
struct symbols;

enum resolve {
	RESOLVE_NAMES,          /* of an object */
	RESOLVE_LINE,           /* of an address in an object's file */
	RESOLVE_PROCESS,        /* perf-PID.map of a space */
	RESOLVE_FETCH           /* an object's names, from a server */
};

struct request {
	enum resolve what;
	uint32_t space;         /* for RESOLVE_PROCESS; else 0 */
	struct object *object;  /* for the others; else NULL */
	uint64_t address;       /* for RESOLVE_LINE; else 0 */
};

/* Works on SYMBOLS, which outlives it, but for what resolver_free says.  NULL
   when out of memory, or there can be no thread.  */
struct resolver *resolver_new(struct symbols *symbols);

/* Ends it, and then SYMBOLS with DISPOSE, at once if it is idle or nearly so;
   else the thread does that when it has read to the end what it is at, and the
   caller need not wait.  */
void resolver_free(struct resolver *resolver,
		   void (*dispose)(struct symbols *symbols));

/* Any thread; never waits.  A request that waits already only gets to the
   front.  Where too many wait, the oldest is dropped: what is still on the
   screen is asked for again.  */
void resolver_ask(struct resolver *resolver, struct request request);

/* eventfd: readable when something was found; read it.  */
int resolver_fd(const struct resolver *resolver);

#endif
