/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_LOG_H
#define LEAKTOP_HEAP_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/sizespec.h"

/* The life of the blocks: every allocation and release in order.  Kept in
   chunks that never change once full, so that a view of it costs a reference
   per chunk and is read without locks.  */

struct log_entry {
	uint64_t time;          /* ns */
	uint64_t address;
	uint64_t size;          /* bytes */
	uint32_t live;          /* blocks of this size alive after this event */
	uint32_t tid;
	uint32_t chain;         /* of the call; 0: not known */
	uint32_t enter;         /* 1: allocated, 0: released */
};

struct log;
struct log_view;

/* Keeps at most LIMIT entries (rounded up to whole chunks; 0: all), and only
   those of sizes that FILTER accepts (NULL: all; copied).  */
struct log *log_new(uint64_t limit, const struct sizespec *filter);
void log_free(struct log *log);
int log_add(struct log *log, const struct log_entry *entry);

/* What is in the log at this moment.  Outlives the log.  */
struct log_view *log_view_new(struct log *log);
void log_view_unref(struct log_view *view);

/* Entries are numbered from the first ever added; those before
   log_view_first() were dropped to stay within the limit.  */
uint64_t log_view_first(const struct log_view *view);
uint64_t log_view_end(const struct log_view *view);
const struct log_entry *log_view_get(const struct log_view *view,
				     uint64_t number);

#endif
