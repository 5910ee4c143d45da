/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/handover.h"

static unsigned find(const struct handover *handover, uint32_t tid)
{
	unsigned i = 0;

	while (i < handover->count && handover->thread[i].tid != tid)
		i++;
	return i;
}

void handover_note(struct handover *handover, const struct hit *hit)
{
	unsigned i;

	if (hit->time + HANDOVER_NS < handover->cut)
		return;
	i = find(handover, hit->tid);
	if (i == HANDOVER_THREADS) {
		handover->crowded = true;
		return;
	}
	if (i == handover->count) {
		handover->thread[i].tid = hit->tid;
		handover->thread[i].last = 0;
		handover->count++;
	}
	/* A hit that was kept for a while is delivered behind younger ones.  */
	if (hit->time > handover->thread[i].last)
		handover->thread[i].last = hit->time;
}

bool handover_takes(const struct handover *handover, const struct hit *hit)
{
	unsigned i;

	if (hit->time >= handover->cut + HANDOVER_NS || handover->crowded)
		return hit->time >= handover->cut;
	i = find(handover, hit->tid);
	if (i < handover->count)
		return hit->time > handover->thread[i].last;
	return hit->time + HANDOVER_NS >= handover->cut;
}
