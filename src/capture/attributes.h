/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_ATTRIBUTES_H
#define LEAKTOP_CAPTURE_ATTRIBUTES_H

#include <stdint.h>

#include <linux/perf_event.h>

#include "capture/probes.h"
#include "capture/rings.h"

/* What the kernel is asked to record: the attributes of the events.  */

/* What older kernels don't have, newest first.  */
enum attributes_feature {
	FEATURE_LOST = 1 << 0,          /* 6.0 */
	FEATURE_INHERIT_THREAD = 1 << 1,        /* 5.13 */
	FEATURE_INHERIT_READ = 1 << 2   /* 6.12: PERF_SAMPLE_READ and inherit */
};

/* All that unwind tables speak of, and what perf's own unwinder wants (its
   registers without the segments').  */
#if defined __x86_64__
#define DUMP_REGISTERS UINT64_C(0xff0fff)
#elif defined __aarch64__
#define DUMP_REGISTERS ((UINT64_C(1) << 33) - 1)
#else
#define DUMP_REGISTERS 0
#endif

/* All with FEATURES, bits of enum attributes_feature.  Of a probe's hits; of
   mappings, names, new and ending threads; of context switches.  */
void attributes_of_probe(struct perf_event_attr *attr,
			 const struct probe *probe,
			 const struct rings_options *options,
			 unsigned features);
void attributes_of_tracking(struct perf_event_attr *attr,
			    const struct rings_options *options,
			    unsigned features);
void attributes_of_proof(struct perf_event_attr *attr,
			 const struct rings_options *options,
			 unsigned features);

#endif
