/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "trace/sink.h"

static void ignore_hit(void *context, struct hit *hit, const uint64_t *chain,
		       size_t size)
{
	(void)context;
	(void)hit;
	(void)chain;
	(void)size;
}

static void ignore_mapping(void *context, const struct mapping *mapping)
{
	(void)context;
	(void)mapping;
}

static void ignore_comm(void *context, uint32_t pid, uint32_t tid,
			const char *name, bool exec)
{
	(void)context;
	(void)pid;
	(void)tid;
	(void)name;
	(void)exec;
}

static void ignore_round(void *context)
{
	(void)context;
}

struct sink sink_ignoring(void *context)
{
	return (struct sink){
		.context = context,
		.hit = ignore_hit,
		.mapping = ignore_mapping,
		.comm = ignore_comm,
		.round = ignore_round,
	};
}
