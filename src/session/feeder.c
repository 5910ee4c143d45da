/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "session/internal.h"

/* Looking at the clock for each hit would cost more than the hit.  */
#define HITS_PER_LOOK 4096

/* At a function's entry the first frame is the function itself: not a return
   address, and nothing new.  The one who called it comes next, but not where
   the function has made no frame yet, unless the kernel has seen that it is an
   entry: its frame pointer is still its caller's.  Returns the chain without
   the one, and with the other where it is known; it may be in ROOM.  */
static const uint64_t *callers(const struct hit *hit, const uint64_t *chain,
			       size_t *size, uint64_t room[CHAIN_DEPTH_MAX])
{
	uint64_t caller = hit->argument[1];

	chain++;
	--*size;
	if (!(hit->flags & HIT_HAS_CALLER) || (*size && *chain == caller))
		return chain;
	if (*size >= CHAIN_DEPTH_MAX)
		*size = CHAIN_DEPTH_MAX - 1;
	room[0] = caller;
	memcpy(room + 1, chain, *size * sizeof(*chain));
	++*size;
	return room;
}

/* Whether nobody will ask for the call chain of HIT, a call.  */
static bool is_spare_chain(const struct session *session, const struct hit *hit)
{
	uint8_t spare = session->sink.spare_chains;

	return (spare & SPARE_FOLLOWED && hit->flags & HIT_CHAIN_FOLLOWS) ||
	       (spare & SPARE_RELEASES &&
		allocators[hit->function].result == RESULT_NONE);
}

/* For what watching costs.  A hit that was lost has cost as much as others.  */
static void count_cost(struct session *session, const struct hit *hit)
{
	if (hit->kind == HIT_CALL) {
		session->calls++;
		session->single_calls +=
			allocators[hit->function].result == RESULT_NONE;
	} else if (hit->kind == HIT_RETURN) {
		session->returns++;
	} else if (hit->kind == HIT_LOST && hit->flags & HIT_LOST_TOTAL) {
		session->calls += hit->argument[0];
	}
}

void end_relay(struct session *session)
{
	relay_free(session->relay);
	session->relay = NULL;
}

/* The address space of PID, as far as is known before the hit has its turn.  */
static uint32_t space_of(struct session *session, uint32_t pid)
{
	if (!session->space || session->space_pid != pid) {
		session->space = symbols_space(session->symbols, pid);
		session->space_pid = pid;
	}
	return session->space;
}

/* Apart from on_hit(), as most hits have no chain, and to make the room takes
   time.  */
static __attribute__((noinline)) void
on_chained_hit(struct session *session, const struct hit *hit,
	       const uint64_t *chain, size_t size)
{
	uint64_t room[CHAIN_DEPTH_MAX];

	if (size && hit->kind == HIT_CALL) {
		if (is_spare_chain(session, hit))
			size = 0;
		else
			chain = callers(hit, chain, &size, room);
	}
	if (size > CHAIN_DEPTH_MAX)
		size = CHAIN_DEPTH_MAX;
	if (session->early.count) {
		if (session->early.count > size) {
			chain = session->early.addresses;
			size = session->early.count;
		}
		session->early.count = 0;
	}
	heap_hit(session->heap, hit, size ? space_of(session, hit->pid) : 0,
		 chain, (uint32_t)size);
}

static void on_hit(void *context, struct hit *hit, const uint64_t *chain,
		   size_t size)
{
	struct session *session = context;

	if (!session->perfdata)
		count_cost(session, hit);
	if (size || session->early.count)
		on_chained_hit(session, hit, chain, size);
	else
		heap_hit(session->heap, hit, 0, NULL, 0);
	if (session->perfdata && ++session->hits_to_look == HITS_PER_LOOK) {
		session->hits_to_look = 0;
		publish_progress(session);
	}
}

static void on_dump(void *context, const struct hit *hit,
		    const struct dump *dump)
{
	struct session *session = context;

	/* To unwind takes longer than all else, and is done by one thread.  */
	end_relay(session);
	/* The hit may lie in another segment.  */
	if (hit->flags & HIT_DUMP_ONLY)
		heap_need_segment(session->heap);
	if (session->options.path)
		dump_arrived(session, hit, dump);
	else
		live_dump_arrived(session, hit, dump);
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
	heap_need_segment(session->heap);
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
		if (dump_is_note(hit)) {
			dump_in_turn(session, hit);
			break;
		}
		if (live_dump_is_note(hit)) {
			live_dump_in_turn(session, hit);
			break;
		}
		note = (struct note *)(uintptr_t)hit->argument[0];
		symbols_map(session->symbols, &note->mapping);
		free(note);
		break;
	}
}

static void on_told(void *context, const struct told *told)
{
	symbols_told(((struct session *)context)->symbols, told);
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
	struct session *session = context;

	if (!live_dumps_are_behind(session))
		heap_round(session->heap);
	/* Forks and execs may have had their turn.  */
	session->space = 0;
	/* What comes slowly through a pipe is shown as it comes.  */
	if (session->perfdata)
		publish_progress(session);
}

static void on_segment(void *context, uint64_t place)
{
	heap_segment(((struct session *)context)->heap, place);
}

static int on_stub_query(void *context, uint64_t address, uint32_t space)
{
	return symbols_is_stub(((struct session *)context)->symbols, space,
			       address);
}

void feeder_connect(struct session *session)
{
	/* Of a release only the log tells the call chain.  */
	const uint8_t spare = SPARE_FOLLOWED |
		(session->options.heap.log ? 0 : SPARE_RELEASES);
	/* Where leaktop puts the probes itself there are no stubs.  */
	const struct heap_host host = {
		.context = session,
		.event = on_event,
		.space = on_space,
		.is_stub = session->options.path ? on_stub_query : NULL,
	};

	session->sink = (struct sink) {
		.context = session,
		.spare_chains = spare,
		.hit = on_hit,
		.dump = on_dump,
		.mapping = on_mapping,
		.told = on_told,
		.comm = on_comm,
		.round = on_round,
		.segment = on_segment,
	};
	heap_set_host(session->heap, &host);
}

void begin_relay(struct session *session)
{
	session->relay = relay_new(session->heap);
}
