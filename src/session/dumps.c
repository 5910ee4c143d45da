/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "session/internal.h"

/* Of dumps that wait: some rounds of a recorder's buffers.  */
#define HELD_MAX (64u << 20)

/* Which HIT_NOTE it is.  */
#define NOTE_DUMP 1

/* A dump means something only in its turn, when the mappings are known that
   came before it, maybe by another CPU's buffer.  */
struct held {
	struct dump dump;
	size_t bytes;           /* in all */
	bool at_entry;          /* of a function, see struct hit */
	uint64_t data[];        /* registers, then the stack */
};

bool dump_is_note(const struct hit *hit)
{
	return hit->argument[1] == NOTE_DUMP;
}

/* Unwinds DUMP as of now.  What a chain leaves out at a function's entry, see
   feeder.c, it does here as well.  */
static void unwind_into(struct session *session, uint32_t space,
			const struct dump *dump, bool at_entry,
			struct deep *deep)
{
	uint64_t room[CHAIN_DEPTH_MAX + 1];
	uint32_t skipped = at_entry ? 1 : 0;
	uint32_t count;

	deep->count = 0;
	if (!session->unwinder)
		session->unwinder = unwinder_new(session->symbols);
	if (!session->unwinder)
		return;
	count = unwind(session->unwinder, space, dump, room,
		       CHAIN_DEPTH_MAX + skipped);
	if (count <= skipped)
		return;
	deep->count = count - skipped;
	memcpy(deep->addresses, room + skipped,
	       deep->count * sizeof(*deep->addresses));
}

/* NULL: there is no memory for it.  */
static struct held *hold(const struct session *session, const struct hit *hit,
			 const struct dump *dump)
{
	size_t registers = (size_t)__builtin_popcountll(dump->mask) *
			   sizeof(uint64_t);
	size_t bytes;
	struct held *held;

	if (dump->size > HELD_MAX - sizeof(*held) - registers ||
	    session->dumps_held > HELD_MAX - sizeof(*held) - registers -
				  dump->size)
		return NULL;
	bytes = sizeof(*held) + registers + (size_t)dump->size;
	held = malloc(bytes);
	if (!held)
		return NULL;
	held->dump = *dump;
	held->bytes = bytes;
	held->at_entry = hit->kind == HIT_CALL;
	held->dump.registers = held->data;
	held->dump.stack = (const uint8_t *)held->data + registers;
	memcpy(held->data, dump->registers, registers);
	memcpy((uint8_t *)held->data + registers, dump->stack,
	       (size_t)dump->size);
	return held;
}

void dump_arrived(struct session *session, const struct hit *hit,
		  const struct dump *dump)
{
	struct hit note = {
		.time = hit->time, .pid = hit->pid, .tid = hit->tid,
		.kind = HIT_NOTE,
	};
	struct held *held = hold(session, hit, dump);

	if (held) {
		note.argument[0] = (uintptr_t)held;
		note.argument[1] = NOTE_DUMP;
		session->dumps_held += held->bytes;
		if (heap_hit(session->heap, &note, 0, NULL, 0) == 0)
			return;
		session->dumps_held -= held->bytes;
		free(held);
	}
	unwind_into(session, symbols_space(session->symbols, hit->pid), dump,
		    hit->kind == HIT_CALL, &session->early);
}

void dump_in_turn(struct session *session, const struct hit *hit)
{
	struct held *held = (struct held *)(uintptr_t)hit->argument[0];
	uint32_t space = symbols_space(session->symbols, hit->pid);
	struct deep deep;

	unwind_into(session, space, &held->dump, held->at_entry, &deep);
	if (deep.count)
		heap_deepen(session->heap, hit, space, deep.addresses,
			    deep.count);
	session->dumps_held -= held->bytes;
	free(held);
}
