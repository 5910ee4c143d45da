/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "session/internal.h"

/* Looking at the clock for each hit would cost more than the hit.  */
#define HITS_PER_LOOK 4096

static void on_hit(void *context, struct hit *hit, const uint64_t *chain,
		   size_t size)
{
	struct session *session = context;

	session->calls += hit->kind == HIT_CALL;
	session->returns += hit->kind == HIT_RETURN;
	/* At a function's entry the first frame is the function itself: not a
	   return address, and nothing new.  */
	if (size && hit->kind == HIT_CALL) {
		chain++;
		size--;
	}
	if (size > CHAIN_DEPTH_MAX)
		size = CHAIN_DEPTH_MAX;
	heap_hit(session->heap, hit,
		 size ? symbols_space(session->symbols, hit->pid) : 0,
		 chain, (uint32_t)size);
	if (session->perfdata && ++session->hits_to_look == HITS_PER_LOOK) {
		session->hits_to_look = 0;
		if (session_now() >= session->next_publish)
			publish(session, STATE_LOADING, "");
	}
}

/* A mapping means something only in its turn: an exec that came before it,
   or hits that come before it, may still be on their way from another CPU.  */
struct note {
	struct mapping mapping;
	char path[];
};

static void on_mapping(void *context, const struct mapping *mapping)
{
	struct session *session = context;
	size_t size = strlen(mapping->path) + 1;
	struct note *note = malloc(sizeof(*note) + size);
	struct hit hit = {
		.time = mapping->time, .pid = mapping->pid, .kind = HIT_NOTE,
		.argument = { (uintptr_t)note },
	};

	if (!note)
		return;
	note->mapping = *mapping;
	memcpy(note->path, mapping->path, size);
	note->mapping.path = note->path;
	if (heap_hit(session->heap, &hit, 0, NULL, 0) < 0)
		free(note);
}

static void on_event(void *context, const struct hit *hit)
{
	struct session *session = context;
	struct note *note;

	switch (hit->kind) {
	case HIT_FORK:
		symbols_fork(session->symbols, (uint32_t)hit->argument[0],
			     hit->pid);
		break;
	case HIT_EXEC:
		symbols_exec(session->symbols, hit->pid);
		break;
	default:
		note = (struct note *)(uintptr_t)hit->argument[0];
		symbols_map(session->symbols, &note->mapping);
		free(note);
		break;
	}
}

static uint32_t on_space(void *context, uint32_t pid)
{
	return symbols_space(((struct session *)context)->symbols, pid);
}

static void on_comm(void *context, uint32_t pid, uint32_t tid,
		    const char *name, bool exec)
{
	struct session *session = context;

	(void)exec;
	if (pid == session->source.pid && tid == pid)
		text_clean(session->command, sizeof(session->command), name);
}

static void on_round(void *context)
{
	heap_round(((struct session *)context)->heap);
}

static int on_stub_query(void *context, uint64_t address, uint32_t space)
{
	return symbols_is_stub(((struct session *)context)->symbols, space,
			       address);
}

void feeder_connect(struct session *session)
{
	/* Where leaktop puts the probes itself there are no stubs.  */
	const struct heap_host host = {
		.context = session,
		.event = on_event,
		.space = on_space,
		.is_stub = session->options.path ? on_stub_query : NULL,
	};

	session->sink = (struct sink) {
		.context = session,
		.hit = on_hit,
		.mapping = on_mapping,
		.comm = on_comm,
		.round = on_round,
	};
	heap_set_host(session->heap, &host);
}
