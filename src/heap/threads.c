/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/threads.h"

#include <stdlib.h>
#include <string.h>

#include "base/grown.h"
#include "base/seed.h"

#define FIRST_SIZE 256

int threads_init(struct threads *threads)
{
	memset(threads, 0, sizeof(*threads));
	threads->seed = seed_new();
	threads->size = FIRST_SIZE;
	threads->table = calloc(FIRST_SIZE, sizeof(*threads->table));
	return threads->table ? 0 : -1;
}

void threads_clear(struct threads *threads)
{
	for (size_t i = 0; i < threads->size; i++) {
		struct thread *thread, *next;

		for (thread = threads->table[i]; thread; thread = next) {
			next = thread->next;
			free(thread);
		}
	}
	free(threads->table);
	free(threads->first);
	idmap_free(&threads->pids);
	memset(threads, 0, sizeof(*threads));
}

/* Where the threads with this hash begin in a TABLE of SIZE.  */
static struct thread **bucket_of(const struct threads *threads, struct thread **table,
				 size_t size, uint32_t tid)
{
	return &table[seed_hash(threads->seed, tid) & (size - 1)];
}

static void grow(struct threads *threads)
{
	size_t size = threads->size * 2;
	struct thread **table = calloc(size, sizeof(*table));

	/* A crowded table still works.  */
	if (!table)
		return;
	for (size_t i = 0; i < threads->size; i++) {
		struct thread *thread, *next;

		for (thread = threads->table[i]; thread; thread = next) {
			struct thread **at = bucket_of(threads, table, size,
						       thread->tid);

			next = thread->next;
			thread->next = *at;
			*at = thread;
		}
	}
	free(threads->table);
	threads->table = table;
	threads->size = size;
}

/* The index of process PID; IDMAP_NONE when out of memory.  */
static uint32_t process_index(struct threads *threads, uint32_t pid)
{
	uint32_t index = idmap_find(&threads->pids, pid);
	size_t count = threads->pids.count;
	struct thread **first;

	if (index != IDMAP_NONE)
		return index;
	if (idmap_reserve(&threads->pids, 1) < 0)
		return IDMAP_NONE;
	first = grown(threads->first, count, sizeof(*first));
	if (!first)
		return IDMAP_NONE;
	threads->first = first;
	threads->first[count] = NULL;
	return idmap_add(&threads->pids, pid, (uint32_t)count);
}

static void link_thread(struct threads *threads, struct thread *thread)
{
	struct thread **at = bucket_of(threads, threads->table, threads->size,
				       thread->tid);

	thread->next = *at;
	*at = thread;
	thread->after = threads->first[thread->process];
	if (thread->after)
		thread->after->before = thread;
	threads->first[thread->process] = thread;
}

static void unlink_thread(struct threads *threads, struct thread *thread)
{
	struct thread **at = bucket_of(threads, threads->table, threads->size,
				       thread->tid);

	while (*at != thread)
		at = &(*at)->next;
	*at = thread->next;
	if (thread->after)
		thread->after->before = thread->before;
	if (thread->before)
		thread->before->after = thread->after;
	else
		threads->first[thread->process] = thread->after;
}

struct thread *threads_add(struct threads *threads, uint32_t pid, uint32_t tid)
{
	uint32_t process = process_index(threads, pid);
	struct thread *thread = process == IDMAP_NONE ? NULL :
				calloc(1, sizeof(*thread));

	if (!thread)
		return NULL;
	if (threads->count++ >= threads->size)
		grow(threads);
	thread->pid = pid;
	thread->tid = tid;
	thread->process = process;
	link_thread(threads, thread);
	threads->recent[tid % THREADS_RECENT] = thread;
	return thread;
}

struct thread *threads_find(struct threads *threads, uint32_t pid, uint32_t tid)
{
	struct thread *thread = *bucket_of(threads, threads->table,
					   threads->size, tid);

	while (thread && (thread->tid != tid || thread->pid != pid))
		thread = thread->next;
	if (thread)
		threads->recent[tid % THREADS_RECENT] = thread;
	return thread;
}

void threads_remove(struct threads *threads, struct thread *thread)
{
	struct thread **recent = &threads->recent[thread->tid % THREADS_RECENT];

	if (*recent == thread)
		*recent = NULL;
	unlink_thread(threads, thread);
	free(thread);
	threads->count--;
}

struct thread *threads_first(const struct threads *threads, uint32_t pid)
{
	uint32_t process = idmap_find(&threads->pids, pid);

	return process == IDMAP_NONE ? NULL : threads->first[process];
}
