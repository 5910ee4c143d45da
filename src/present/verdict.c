/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "base/intl.h"
#include "present/rows.h"

/* What tells a leak from other live blocks: it grows in each part of the
   watched time, by about as much; what it leaves is spread over that time; and
   its oldest block has been the oldest for long.  What was made at start-up,
   or once, does not grow; what is in a cache grows until the cache is full,
   and its oldest block is ever a new one.  */

/* Evidence needed before anything is said to accumulate, blocks.  */
#define FEW 3
/* Growth in two parts of the time that differs by more is uneven.  */
#define UNEVEN 3
/* Growth of less than this part of all there is may be chance.  */
#define NOTABLE 6
/* Before, anything with a life of a few seconds looks like a leak.  */
#define WATCHED_ENOUGH UINT64_C(5000000000)

#define PARTS 3

/* Of the time before its newest eighth: what is young may be gone in a moment,
   and a program that ends frees things.  */
struct growth {
	int64_t part[PARTS];    /* survivors born in it: what turns over at the same
	                           call site is not among them for long */
	int64_t live[PARTS];    /* live blocks more at its end than at its begin */
	int64_t least;
	int64_t most;
	uint64_t old;           /* all these survivors */
	unsigned spread;        /* slices in which any of them were born */
};

static struct growth measure(const struct row *row, unsigned slices)
{
	struct growth growth = { .least = INT64_MAX, .most = INT64_MIN };
	unsigned newest = slices / 8 ? slices / 8 : 1;
	unsigned count = slices > newest ? slices - newest : 0;
	int64_t before = 0;

	for (unsigned i = 0; i < PARTS; i++) {
		unsigned begin = count * i / PARTS;
		unsigned end = count * (i + 1) / PARTS;
		int64_t live = end ? (int64_t)row->live_at[end - 1] : 0;

		for (unsigned k = begin; k < end; k++) {
			growth.part[i] += row->born[k];
			growth.spread += row->born[k] != 0;
		}
		growth.live[i] = live - before;
		before = live;
		growth.old += (uint64_t)growth.part[i];
		if (growth.part[i] < growth.least)
			growth.least = growth.part[i];
		if (growth.part[i] > growth.most)
			growth.most = growth.part[i];
	}
	return growth;
}

/* Whether what survives of the last PARTS_BACK parts has been added to what was
   there, rather than taken the place of others.  */
static bool adds(const struct growth *growth, unsigned parts_back)
{
	int64_t born = 0, live = 0;

	for (unsigned i = PARTS - parts_back; i < PARTS; i++) {
		born += growth->part[i];
		live += growth->live[i];
	}
	return born > 0 && live * 2 >= born;
}

/* Where blocks turn over, as in a cache, the oldest is the oldest since a
   short time only, compared to its age.  */
static bool turns_over(const struct row *row, uint64_t end)
{
	return end - row->oldest_since < (end - row->oldest) / 2;
}

static enum verdict judge(const struct row *row, const struct growth *growth,
			  const struct snapshot *snapshot)
{
	bool enough = growth->old >= FEW && growth->spread >= FEW;

	if (!row->blocks)
		return VERDICT_UNKNOWN;
	if (!growth->old || turns_over(row, snapshot->end))
		return VERDICT_FRESH;
	if (enough && growth->least > 0 && adds(growth, PARTS - 1) &&
	    growth->most <= growth->least * UNEVEN)
		return snapshot->end - snapshot->start < WATCHED_ENOUGH ?
		       VERDICT_GROWING : VERDICT_STEADY;
	if (enough && adds(growth, 1) &&
	    growth->part[PARTS - 1] * NOTABLE > (int64_t)growth->old)
		return VERDICT_GROWING;
	return VERDICT_STILL;
}

/* By verdict; within what accumulates, and within what does not, by
   bytes.  */
static const struct {
	const char *name;
	const char *help;
	bool accumulates;
	double weight;
} verdicts[] = {
	[VERDICT_STEADY] = { N_("leaking"),
		N_("grows all along: this is what a leak looks like"), true, 1 },
	[VERDICT_GROWING] = { N_("growing"),
		N_("grows, but unevenly or not for long"), true, 0.25 },
	[VERDICT_STILL] = { N_("still"),
		N_("there for long and does not grow"), false, 1 },
	[VERDICT_FRESH] = { N_("fresh"),
		N_("allocated an instant ago, or turns over"), false, 0.5 },
	[VERDICT_UNKNOWN] = { N_("unknown"),
		N_("only the calls were recorded, not what became of the blocks"),
		false, 0.25 },
};

void row_judge(struct row *row, const struct snapshot *snapshot)
{
	struct growth growth = measure(row, snapshot->slices);

	row->verdict = judge(row, &growth, snapshot);
	row->score = (double)(row->blocks ? row->bytes :
			      row->alone * row->size) * verdicts[row->verdict].weight;
	/* More than any number of bytes, and few enough that they still
	   count in a double.  */
	if (verdicts[row->verdict].accumulates)
		row->score += 0x1p48;
}

const char *verdict_name(enum verdict verdict)
{
	return _(verdicts[verdict].name);
}

const char *verdict_id(enum verdict verdict)
{
	return verdicts[verdict].name;
}

const char *verdict_help(enum verdict verdict)
{
	return _(verdicts[verdict].help);
}
