/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "base/intl.h"
#include "present/rows.h"

/* What tells a leak from other live blocks is when the survivors were born.
   A steady leak leaves as many in each part of the watched time; what was
   made at start-up or once stays in one part; what is short-lived, or in a
   cache that turns over, is in the newest.  */

/* Evidence needed before anything is said to accumulate, blocks.  */
#define FEW 3
/* Parts of the watched time that differ by more than this are uneven.  */
#define UNEVEN 4

struct survivors {
	uint64_t part[3];       /* born in each third of the time before the newest */
	uint64_t old;           /* their sum */
	unsigned spread;        /* slices in which any were born */
};

/* The newest eighth of the time says nothing yet.  */
static struct survivors count_survivors(const struct row *row, unsigned slices)
{
	struct survivors survivors = { 0 };
	unsigned newest = slices / 8 ? slices / 8 : 1;
	unsigned settled = slices > newest ? slices - newest : 0;

	for (unsigned i = 0; i < settled; i++) {
		survivors.part[i * 3 / settled] += row->born[i];
		survivors.old += row->born[i];
		survivors.spread += row->born[i] != 0;
	}
	return survivors;
}

static uint64_t smallest(const uint64_t part[3])
{
	uint64_t least = part[0] < part[1] ? part[0] : part[1];

	return least < part[2] ? least : part[2];
}

static uint64_t largest(const uint64_t part[3])
{
	uint64_t most = part[0] > part[1] ? part[0] : part[1];

	return most > part[2] ? most : part[2];
}

/* Where blocks turn over, as in a cache, the oldest is the oldest since a
   short time only, compared to its age; where they are kept, for all its
   life.  */
static bool turns_over(const struct row *row, uint64_t end)
{
	return end - row->oldest_since < (end - row->oldest) / 2;
}

static enum verdict judge(const struct row *row,
			  const struct survivors *survivors, uint64_t end)
{
	const uint64_t *part = survivors->part;

	if (!survivors->old)
		return VERDICT_FRESH;
	if (survivors->old < FEW || survivors->spread < FEW)
		return turns_over(row, end) ? VERDICT_FRESH : VERDICT_STILL;
	if (smallest(part) && largest(part) <= smallest(part) * UNEVEN)
		return VERDICT_STEADY;
	if (turns_over(row, end))
		return VERDICT_FRESH;
	return part[2] ? VERDICT_GROWING : VERDICT_STILL;
}

/* By verdict; within what accumulates, and within what does not, by
   bytes.  */
static const struct {
	const char *name;
	bool accumulates;
	double weight;
} verdicts[] = {
	[VERDICT_STEADY] = { N_("leaking"), true, 1 },
	[VERDICT_GROWING] = { N_("growing"), true, 0.25 },
	[VERDICT_STILL] = { N_("still"), false, 1 },
	[VERDICT_FRESH] = { N_("fresh"), false, 0.5 },
};

void row_judge(struct row *row, const struct snapshot *snapshot)
{
	struct survivors survivors = count_survivors(row, snapshot->slices);

	row->verdict = judge(row, &survivors, snapshot->end);
	row->score = (double)row->bytes * verdicts[row->verdict].weight;
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
