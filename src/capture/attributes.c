/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/attributes.h"

#include <string.h>
#include <time.h>

static void common_attr(struct perf_event_attr *attr, size_t ring_size,
			unsigned features)
{
	memset(attr, 0, sizeof *attr);
	attr->size = sizeof *attr;
	/* The ids let samples of all events share a ring.  */
	attr->sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID |
		PERF_SAMPLE_TIME;
	attr->read_format = PERF_FORMAT_ID |
		(features & FEATURE_LOST ? PERF_FORMAT_LOST : 0);
	/* Not disabled at first: to enable events for threads that exist races
	   with clone() in threads that are copies, so that some of a new
	   thread's events would stay off (inherit_event() takes the state of
	   its parent's before it joins the list of what is enabled).  */
	attr->inherit = 1;
	attr->inherit_thread = !!(features & FEATURE_INHERIT_THREAD);
	attr->sample_id_all = 1;
	attr->use_clockid = 1;
	attr->clockid = CLOCK_MONOTONIC;
	attr->watermark = 1;
	attr->wakeup_watermark = ring_size / 8;
}

void attributes_of_probe(struct perf_event_attr *attr,
			 const struct probe *probe,
			 const struct rings_options *options, unsigned features)
{
	common_attr(attr, options->ring_size, features);
	attr->type = PERF_TYPE_TRACEPOINT;
	attr->config = probe->id;
	attr->sample_period = 1;
	attr->sample_type |= PERF_SAMPLE_RAW;
	if (options->ip)
		attr->sample_type |= PERF_SAMPLE_IP;
	if (options->dump_bytes) {
		/* perf shows what it unwinds only where there is a chain, even
		   if that is empty.  */
		attr->sample_type |= PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN |
			PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
		attr->exclude_callchain_kernel = 1;
		attr->exclude_callchain_user = 1;
		attr->sample_regs_user = DUMP_REGISTERS;
		attr->sample_stack_user = options->dump_bytes;
	} else if (probe->is_return ?
	    /* At the entry the chain lacks the immediate caller.  */
	    options->chains && allocators[probe->function].acquires :
	    options->free_chains &&
	    allocators[probe->function].result == RESULT_NONE) {
		attr->sample_type |= PERF_SAMPLE_CALLCHAIN;
		attr->exclude_callchain_kernel = 1;
		attr->sample_max_stack = options->chain_depth;
	}
}

void attributes_of_tracking(struct perf_event_attr *attr,
			    const struct rings_options *options,
			    unsigned features)
{
	common_attr(attr, options->ring_size, features);
	attr->type = PERF_TYPE_SOFTWARE;
	attr->config = PERF_COUNT_SW_DUMMY;
	attr->exclude_kernel = 1;
	attr->mmap = 1;
	attr->mmap2 = 1;
	attr->mmap_data = options->ip;
	attr->comm = 1;
	attr->comm_exec = 1;
	attr->task = 1;
	/* There are no samples, but with such an event in their contexts the
	   kernel does not swap those of two tasks when it switches from one to
	   the other (perf_event_context_sched_out()).  A uprobe's event does
	   not know of that (hw.target): when a child ends that had its
	   parent's events at last, the breakpoints go from its parent.  */
	if (options->follow_forks && features & FEATURE_INHERIT_READ)
		attr->sample_type |= PERF_SAMPLE_READ;
}

void attributes_of_proof(struct perf_event_attr *attr,
			 const struct rings_options *options,
			 unsigned features)
{
	common_attr(attr, options->ring_size, features);
	attr->type = PERF_TYPE_SOFTWARE;
	attr->config = PERF_COUNT_SW_DUMMY;
	attr->exclude_kernel = 1;
	attr->context_switch = 1;
}
