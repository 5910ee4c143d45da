/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/coverage.h"

#include <stdlib.h>
#include <string.h>

/* No thread has a higher id (PID_MAX_LIMIT).  */
#define TIDS_MAX (1u << 22)

struct kept {
	struct kept *next;
	struct hit hit;
	int set;
	uint64_t pass;
	size_t size;
	struct perf_event_header *record;       /* behind the chain, or NULL */
	uint64_t chain[];
};

struct coverage {
	struct kept *first, **last;
	size_t count;
	uint64_t since[COVERAGE_SETS];
	/* The sets that have all of a thread from when they were opened, and
	   from its beginning: the set's index, or what stands in its place, and
	   1, so that what was never touched is 0 and takes no memory.  */
	int8_t opened[TIDS_MAX];
	int8_t proved[TIDS_MAX];
	bool told[TIDS_MAX];    /* what was done with hits went by OPENED */
};

struct coverage *coverage_new(void)
{
	struct coverage *coverage = calloc(1, sizeof *coverage);

	if (coverage)
		coverage->last = &coverage->first;
	return coverage;
}

static void forget(struct coverage *coverage, struct kept **link)
{
	struct kept *kept = *link;

	*link = kept->next;
	free(kept);
	coverage->count--;
}

void coverage_free(struct coverage *coverage)
{
	if (!coverage)
		return;
	while (coverage->first)
		forget(coverage, &coverage->first);
	free(coverage);
}

int coverage_of(const struct coverage *coverage, uint32_t tid, uint64_t time)
{
	int opened, proved;

	if (tid >= TIDS_MAX)
		return COVERED_NEVER;
	opened = coverage->opened[tid] - 1;
	if (opened >= 0 && time >= coverage->since[opened])
		return opened;
	proved = coverage->proved[tid] - 1;
	if (proved >= 0)
		return proved;
	return opened >= 0 ? COVERED_BY_NONE : opened;
}

void coverage_set(struct coverage *coverage, uint32_t tid, int set)
{
	if (tid >= TIDS_MAX)
		return;
	coverage->told[tid] = false;
	coverage->opened[tid] = (set >= 0 ? COVERED_BY_NONE : set) + 1;
	coverage->proved[tid] = (set >= 0 ? set : COVERED_BY_NONE) + 1;
}

void coverage_open(struct coverage *coverage, uint32_t tid, int set)
{
	if (tid < TIDS_MAX)
		coverage->opened[tid] = set + 1;
}

void coverage_prove(struct coverage *coverage, uint32_t tid, int set)
{
	if (tid >= TIDS_MAX || coverage->opened[tid] - 1 == set ||
	    coverage->proved[tid] - 1 != COVERED_BY_NONE)
		return;
	coverage->proved[tid] = set + 1;
	/* One hit has a time of its own in each set, so where one takes over from the
	   other a hit may be neither's.  That can be spared most often.  */
	if (!coverage->told[tid])
		coverage->opened[tid] = COVERED_BY_NONE + 1;
}

void coverage_since(struct coverage *coverage, int set, uint64_t time)
{
	coverage->since[set] = time;
}

enum coverage_answer coverage_ask(struct coverage *coverage,
				  const struct hit *hit, int set)
{
	int by = coverage_of(coverage, hit->tid, hit->time);

	if (by == COVERED_BY_NONE || by == COVERED_ENDED)
		return COVERAGE_KEEP;
	if (by == COVERED_NEVER)
		return COVERAGE_MISSED;
	if (coverage->opened[hit->tid] - 1 == by)
		coverage->told[hit->tid] = true;
	return by == set ? COVERAGE_DELIVER : COVERAGE_DROP;
}

int coverage_keep(struct coverage *coverage, const struct hit *hit, int set,
		  uint64_t pass, const uint64_t *chain, size_t size,
		  const struct perf_event_header *record)
{
	struct kept *kept = malloc(sizeof *kept + size * sizeof *chain +
				   (record ? record->size : 0));

	if (!kept)
		return -1;
	kept->next = NULL;
	kept->hit = *hit;
	kept->set = set;
	kept->pass = pass;
	kept->size = size;
	if (size)
		memcpy(kept->chain, chain, size * sizeof *chain);
	kept->record = NULL;
	if (record) {
		kept->record = (void *)(kept->chain + size);
		memcpy(kept->record, record, record->size);
	}
	*coverage->last = kept;
	coverage->last = &kept->next;
	coverage->count++;
	return 0;
}

size_t coverage_kept(const struct coverage *coverage)
{
	return coverage->count;
}

size_t coverage_settle(struct coverage *coverage, uint64_t until, int fallback,
		       coverage_deliver *deliver, void *context)
{
	struct kept **link = &coverage->first;
	size_t missed = 0;

	while (*link) {
		struct kept *kept = *link;
		enum coverage_answer answer = coverage_ask(coverage, &kept->hit,
							   kept->set);

		if (answer == COVERAGE_KEEP && kept->pass >= until) {
			link = &kept->next;
			continue;
		}
		if (answer == COVERAGE_DELIVER ||
		    (answer == COVERAGE_KEEP && kept->set == fallback))
			deliver(context, &kept->hit, kept->chain, kept->size,
				kept->record);
		else if (answer != COVERAGE_DROP)
			missed++;
		forget(coverage, link);
	}
	coverage->last = link;
	return missed;
}
