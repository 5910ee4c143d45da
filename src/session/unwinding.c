/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "session/unwinding.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "symbols/symbols.h"
#include "symbols/unwind.h"

struct unwinding {
	struct symbols *symbols;
	struct unwinder *unwinder;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t news;
	/* Under the lock.  */
	struct live_dump *first, **last;
	bool stop;

	atomic_size_t queued;
};

static size_t register_bytes(const struct dump *dump)
{
	return (size_t)__builtin_popcountll(dump->mask) * sizeof(uint64_t);
}

size_t dump_bytes(const struct dump *dump)
{
	return register_bytes(dump) + (size_t)dump->size;
}

void dump_copy(struct dump *to, const struct dump *dump, uint64_t *room)
{
	uint8_t *stack = (uint8_t *)room + register_bytes(dump);

	memcpy(room, dump->registers, register_bytes(dump));
	memcpy(stack, dump->stack, (size_t)dump->size);
	*to = *dump;
	to->registers = room;
	to->stack = stack;
}

void dump_unwind(struct unwinder *unwinder, uint32_t space,
		 const struct dump *dump, bool at_entry, struct deep *deep)
{
	uint64_t room[CHAIN_DEPTH_MAX + 1];
	uint32_t skipped = at_entry ? 1 : 0;
	uint32_t count = unwind(unwinder, space, dump, room,
				CHAIN_DEPTH_MAX + skipped);

	deep->count = 0;
	if (count <= skipped)
		return;
	deep->count = count - skipped;
	memcpy(deep->addresses, room + skipped,
	       deep->count * sizeof(*deep->addresses));
}

/* The object whose code DUMP's chain ends in for want of tables, or NULL.  */
static const char *find_stuck(const struct unwinding *unwinding,
			      const struct live_dump *dump)
{
	const struct deep *deep = &dump->deep;

	if (!deep->count || !unwinder_lacked_tables(unwinding->unwinder))
		return NULL;
	return symbols_object(unwinding->symbols, dump->space,
			      deep->addresses[deep->count - 1]);
}

/* The next one; NULL: the end.  */
static struct live_dump *pop(struct unwinding *unwinding)
{
	struct live_dump *dump;

	pthread_mutex_lock(&unwinding->lock);
	while (!unwinding->first && !unwinding->stop)
		pthread_cond_wait(&unwinding->news, &unwinding->lock);
	dump = unwinding->first;
	if (dump) {
		unwinding->first = dump->next;
		if (!unwinding->first)
			unwinding->last = &unwinding->first;
	}
	pthread_mutex_unlock(&unwinding->lock);
	return dump;
}

static void unwind_queued(const struct unwinding *unwinding,
			  struct live_dump *dump)
{
	dump_unwind(unwinding->unwinder, dump->space, &dump->taken,
		    dump->at_entry, &dump->deep);
	dump->stuck_in = find_stuck(unwinding, dump);
}

static void *run(void *context)
{
	struct unwinding *unwinding = context;
	struct live_dump *dump;

	while ((dump = pop(unwinding))) {
		int queued = DUMP_QUEUED;

		if (atomic_load(&dump->state) == DUMP_QUEUED)
			unwind_queued(unwinding, dump);
		if (!atomic_compare_exchange_strong(&dump->state, &queued,
						    DUMP_DONE))
			free(dump);
		atomic_fetch_sub(&unwinding->queued, 1);
	}
	return NULL;
}

struct unwinding *unwinding_new(struct symbols *symbols)
{
	struct unwinding *unwinding = calloc(1, sizeof(*unwinding));

	if (!unwinding)
		return NULL;
	unwinding->symbols = symbols;
	unwinding->last = &unwinding->first;
	pthread_mutex_init(&unwinding->lock, NULL);
	pthread_cond_init(&unwinding->news, NULL);
	unwinding->unwinder = unwinder_new(symbols, false);
	if (unwinding->unwinder &&
	    !thread_start(&unwinding->thread, run, unwinding))
		return unwinding;
	unwinder_free(unwinding->unwinder);
	free(unwinding);
	return NULL;
}

void unwinding_free(struct unwinding *unwinding)
{
	if (!unwinding)
		return;
	pthread_mutex_lock(&unwinding->lock);
	unwinding->stop = true;
	pthread_cond_signal(&unwinding->news);
	pthread_mutex_unlock(&unwinding->lock);
	pthread_join(unwinding->thread, NULL);
	pthread_cond_destroy(&unwinding->news);
	pthread_mutex_destroy(&unwinding->lock);
	unwinder_free(unwinding->unwinder);
	free(unwinding);
}

void unwinding_push(struct unwinding *unwinding, struct live_dump *dump)
{
	dump->next = NULL;
	atomic_init(&dump->state, DUMP_QUEUED);
	atomic_fetch_add(&unwinding->queued, 1);
	pthread_mutex_lock(&unwinding->lock);
	*unwinding->last = dump;
	unwinding->last = &dump->next;
	pthread_cond_signal(&unwinding->news);
	pthread_mutex_unlock(&unwinding->lock);
}

bool unwinding_take(struct live_dump *dump)
{
	int queued = DUMP_QUEUED;

	return !atomic_compare_exchange_strong(&dump->state, &queued,
					       DUMP_ABANDONED);
}

size_t unwinding_queued(const struct unwinding *unwinding)
{
	return unwinding ? atomic_load(&unwinding->queued) : 0;
}
