/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/intl.h"
#include "session/unwinding.h"

/* The dumps of a live process, of the sizes that are in focus.  A thread
   unwinds them while they wait for their turn with the hits; no round ends
   before it is done with those that came before, unless it is too slow.  */

/* Dumps at a time: with 8 KiB each, 32 MiB.  */
#define DUMPS_MAX 4096

/* How long rounds wait for the thread, ns.  */
#define PATIENCE (NS_PER_SECOND / 4)

/* Stacks without an end before that is said.  */
#define STUCK_MIN 8

/* Which HIT_NOTE it is, see dumps.c.  */
#define NOTE_LIVE_DUMP 2

static struct live_dump *copy_dump(const struct hit *hit,
				   const struct dump *dump)
{
	struct live_dump *copy = malloc(sizeof(*copy) + dump_bytes(dump));

	if (!copy)
		return NULL;
	copy->at_entry = hit->kind == HIT_CALL;
	dump_copy(&copy->taken, dump, copy->data);
	return copy;
}

void live_dump_arrived(struct session *session, const struct hit *hit,
		       const struct dump *dump)
{
	struct hit note = {
		.time = hit->time, .pid = hit->pid, .tid = hit->tid,
		.kind = HIT_NOTE, .function = hit->function,
		.argument = { 0, NOTE_LIVE_DUMP },
	};
	struct live_dump *copy;

	if (!session->unwinding)
		session->unwinding = unwinding_new(session->symbols);
	/* One that was too slow for its turn is still in the queue.  */
	if (!session->unwinding || session->live_dumps >= DUMPS_MAX ||
	    unwinding_queued(session->unwinding) >= DUMPS_MAX)
		return;
	copy = copy_dump(hit, dump);
	if (!copy)
		return;
	copy->space = symbols_space(session->symbols, hit->pid);
	copy->changes = symbols_changes(session->symbols);
	note.argument[0] = (uintptr_t)copy;
	if (heap_hit(session->heap, &note, 0, NULL, 0) < 0) {
		free(copy);
		return;
	}
	session->live_dumps++;
	if (!unwinding_queued(session->unwinding))
		session->unwinding_since = clock_now();
	unwinding_push(session->unwinding, copy);
}

bool live_dump_is_note(const struct hit *hit)
{
	return hit->argument[1] == NOTE_LIVE_DUMP;
}

/* Whether DUMP was unwound too early: it lies in another program by now, or its
   chain ends in what was only mapped later.  */
static bool is_outdated(struct session *session, uint32_t space,
			const struct live_dump *dump)
{
	const struct deep *deep = &dump->deep;

	if (dump->changes == symbols_changes(session->symbols))
		return false;
	return dump->space != space || !deep->count ||
		!symbols_place(session->symbols, space,
			       deep->addresses[deep->count - 1]).object;
}

/* Where most stacks end in code without unwind tables one has to know why.  */
static void note_stuck(struct session *session, const char *object)
{
	struct error *trouble = &session->focus_trouble;

	session->unwound++;
	session->stuck += !!object;
	if (object && !trouble->text[0] && session->stuck >= STUCK_MIN &&
	    session->stuck > session->unwound / 2)
		error_set(trouble, _("the stacks end in %s, which has no unwind tables"),
			  object);
}

void live_dump_in_turn(struct session *session, const struct hit *hit)
{
	struct live_dump *dump = (struct live_dump *)(uintptr_t)hit->argument[0];
	uint32_t space = symbols_space(session->symbols, hit->pid);

	session->live_dumps--;
	if (!unwinding_take(dump))
		return;
	note_stuck(session, dump->stuck_in);
	if (is_outdated(session, space, dump)) {
		if (!session->unwinder)
			session->unwinder = unwinder_new(session->symbols, false);
		dump->deep.count = 0;
		if (session->unwinder)
			dump_unwind(session->unwinder, space, &dump->taken,
				    dump->at_entry, &dump->deep);
	}
	if (dump->deep.count)
		heap_deepen(session->heap, hit, space, dump->deep.addresses,
			    dump->deep.count);
	free(dump);
}

bool live_dumps_are_behind(const struct session *session)
{
	return unwinding_queued(session->unwinding) &&
		clock_now() - session->unwinding_since < PATIENCE;
}

void live_dumps_settle(struct session *session)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	session->unwinding_since = clock_now();
	while (live_dumps_are_behind(session))
		nanosleep(&pause, NULL);
}
