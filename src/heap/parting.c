/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/parting.h"

/* The index of the thread; count if it is not held.  */
static unsigned find(const struct parting *parting, uint32_t pid, uint32_t tid)
{
	unsigned i = 0;

	while (i < parting->count && (parting->thread[i].tid != tid ||
				      parting->thread[i].pid != pid))
		i++;
	return i;
}

static uint64_t take(struct parting *parting, unsigned i)
{
	uint64_t doubles = parting->thread[i].doubles;

	parting->held[parting->thread[i].tid % 256]--;
	parting->thread[i] = parting->thread[--parting->count];
	return doubles;
}

/* Which one has to make room: one without doubles loses nothing.  Else the one
   that has been held longest.  */
static unsigned least_likely(const struct parting *parting)
{
	unsigned oldest = 0;

	for (unsigned i = 0; i < parting->count; i++) {
		if (!parting->thread[i].doubles)
			return i;
		if (parting->thread[i].number < parting->thread[oldest].number)
			oldest = i;
	}
	return oldest;
}

uint64_t parting_free(struct parting *parting, uint32_t pid, uint32_t tid,
		      bool is_double)
{
	unsigned i = find(parting, pid, tid);
	uint64_t real = 0;

	if (i == parting->count) {
		if (parting->count == PARTING_MAX)
			real = take(parting, least_likely(parting));
		i = parting->count++;
		parting->thread[i].pid = pid;
		parting->thread[i].tid = tid;
		parting->thread[i].frees = 0;
		parting->thread[i].doubles = 0;
		parting->thread[i].number = parting->next++;
		parting->held[tid % 256]++;
	}
	parting->thread[i].frees++;
	parting->thread[i].doubles += is_double;
	return real;
}

uint64_t parting_other(struct parting *parting, uint32_t pid, uint32_t tid)
{
	unsigned i = find(parting, pid, tid);

	return i < parting->count ? take(parting, i) : 0;
}

uint64_t parting_exit(struct parting *parting, uint32_t pid, uint32_t tid)
{
	unsigned i = find(parting, pid, tid);
	bool alone = i < parting->count && parting->thread[i].frees == 1;
	uint64_t doubles = parting_other(parting, pid, tid);

	/* A single one is what glibc aborts the program for.  */
	return alone ? doubles : 0;
}

uint64_t parting_end(struct parting *parting)
{
	uint64_t real = 0;

	while (parting->count)
		real += take(parting, 0);
	return real;
}
