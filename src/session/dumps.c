/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "session/internal.h"

/* Bytes of dumps that wait: some rounds of a recorder's buffers.  */
#define HELD_MAX (64u << 20)

/* Which HIT_NOTE it is.  */
#define NOTE_DUMP 1

/* A dump means something only in its turn, when the mappings are known that
   came before it, maybe by another CPU's buffer.  */
struct held {
	struct held *next;      /* while it is spare */
	struct dump dump;
	size_t room;            /* bytes in all */
	bool at_entry;          /* of a function, see struct hit */
	uint64_t data[];        /* registers, then the stack */
};

bool dump_is_note(const struct hit *hit)
{
	return hit->argument[1] == NOTE_DUMP;
}

/* Unwinds DUMP as of now.  */
static void unwind_into(struct session *session, uint32_t space,
			const struct dump *dump, bool at_entry,
			struct deep *deep)
{
	deep->count = 0;
	if (!session->unwinder)
		session->unwinder = unwinder_new(session->symbols, true);
	if (session->unwinder)
		dump_unwind(session->unwinder, space, dump, at_entry, deep);
}

/* BYTES for a dump.  What the ones before it left is used again, else malloc
   would return it to the kernel after each round.  NULL: there is no room.  */
static struct held *take_room(struct session *session, size_t bytes)
{
	struct held *held = session->spare_dumps;

	if (held) {
		session->spare_dumps = held->next;
		if (held->room >= bytes)
			return held;
		session->dumps_room -= held->room;
		free(held);
	}
	if (bytes > HELD_MAX || session->dumps_room > HELD_MAX - bytes)
		return NULL;
	held = malloc(bytes);
	if (!held)
		return NULL;
	held->room = bytes;
	session->dumps_room += bytes;
	return held;
}

static void give_back(struct session *session, struct held *held)
{
	held->next = session->spare_dumps;
	session->spare_dumps = held;
}

void dumps_clear(struct session *session)
{
	struct held *held, *next;

	for (held = session->spare_dumps; held; held = next) {
		next = held->next;
		free(held);
	}
	session->spare_dumps = NULL;
	unwinder_free(session->unwinder);
	session->unwinder = NULL;
}

/* NULL: there is no room for it.  */
static struct held *hold(struct session *session, const struct hit *hit,
			 const struct dump *dump)
{
	struct held *held;

	if (dump->size > HELD_MAX)
		return NULL;
	held = take_room(session, sizeof(*held) + dump_bytes(dump));
	if (!held)
		return NULL;
	held->at_entry = hit->kind == HIT_CALL;
	dump_copy(&held->dump, dump, held->data);
	return held;
}

void dump_arrived(struct session *session, const struct hit *hit,
		  const struct dump *dump)
{
	struct hit note = {
		.time = hit->time, .pid = hit->pid, .tid = hit->tid,
		.kind = HIT_NOTE, .function = hit->function,
	};
	struct held *held = hold(session, hit, dump);

	if (held) {
		note.argument[0] = (uintptr_t)held;
		note.argument[1] = NOTE_DUMP;
		if (heap_hit(session->heap, &note, 0, NULL, 0) == 0)
			return;
		give_back(session, held);
	}
	/* The hit that comes next is its own.  */
	if (!(hit->flags & HIT_DUMP_ONLY))
		unwind_into(session, symbols_space(session->symbols, hit->pid),
			    dump, hit->kind == HIT_CALL, &session->early);
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
	give_back(session, held);
}
