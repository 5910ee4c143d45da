/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/snapshot.h"

#include <stdatomic.h>
#include <stdlib.h>

const char *const anomaly_names[ANOMALY_COUNT] = {
	[ANOMALY_UNALLOCATED_FREE] = "unallocated_free",
	[ANOMALY_DOUBLE_FREE] = "double_free",
	[ANOMALY_DOUBLE_ALLOC] = "double_alloc",
};

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	atomic_fetch_add(&snapshot->references, 1);
	return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
	if (!snapshot || atomic_fetch_sub(&snapshot->references, 1) != 1)
		return;
	free(snapshot->groups);
	chains_unref(snapshot->chains);
	log_view_unref(snapshot->log);
	free(snapshot);
}
