/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_TEXT_TASKS_H
#define LEAKTOP_PERFDATA_TEXT_TASKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/idmap.h"

/* Which process a thread belongs to, where the text does not say it with every
   hit: as perf script prints by itself.  */
struct text_tasks {
	struct idmap threads;   /* indexes of pid by tid */
	struct idmap places;    /* indexes of pid by where its library lies */
	uint32_t *pid;
	uint32_t guessed;       /* threads that were given another's process */
	uint32_t count;
	uint32_t room;
};

void text_tasks_free(struct text_tasks *tasks);

/* The text says so.  */
void text_tasks_set(struct text_tasks *tasks, uint32_t tid, uint32_t pid);

/* The process of TID, which has a hit at ADDRESS: what the text has said of it,
   else the one that has had a hit near there before (libraries lie elsewhere in
   another process), else one that is called by TID.  A child that has not called
   exec is not told from its parent.  */
uint32_t text_tasks_find(struct text_tasks *tasks, uint32_t tid,
			 uint64_t address);

#endif
