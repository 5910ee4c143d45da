/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/text_tasks.h"

#include <stdlib.h>
#include <string.h>

/* More than Linux has room for; a file that claims more has its threads taken
   for processes.  */
#define TASKS_MAX (1u << 22)

/* The functions of one library lie in one place of so many bits, or in two: none
   is larger than 4 MiB of code.  */
#define PLACE_BITS 22

void text_tasks_free(struct text_tasks *tasks)
{
	idmap_free(&tasks->threads);
	idmap_free(&tasks->places);
	free(tasks->pid);
	memset(tasks, 0, sizeof(*tasks));
}

/* Makes PID the value of ID in MAP, which has none.  */
static void add(struct text_tasks *tasks, struct idmap *map, uint64_t id,
		uint32_t pid)
{
	if (tasks->count == TASKS_MAX || idmap_reserve(map, 1))
		return;
	if (tasks->count == tasks->room) {
		uint32_t room = tasks->room ? tasks->room * 2 : 64;
		uint32_t *grown = reallocarray(tasks->pid, room,
					       sizeof(*grown));

		if (!grown)
			return;
		tasks->pid = grown;
		tasks->room = room;
	}
	tasks->pid[tasks->count] = pid;
	idmap_add(map, id, tasks->count++);
}

void text_tasks_set(struct text_tasks *tasks, uint32_t tid, uint32_t pid)
{
	uint32_t index = idmap_find(&tasks->threads, tid);

	if (index != IDMAP_NONE)
		tasks->pid[index] = pid;
	else
		add(tasks, &tasks->threads, tid, pid);
}

/* The index of the pid whose library lies at PLACE, or beside it.  */
static uint32_t find_place(const struct text_tasks *tasks, uint64_t place)
{
	static const int beside[] = { 0, -1, 1 };
	uint32_t index = IDMAP_NONE;

	for (unsigned i = 0; i < 3 && index == IDMAP_NONE; i++)
		index = idmap_find(&tasks->places, place + (uint64_t)beside[i]);
	return index;
}

uint32_t text_tasks_find(struct text_tasks *tasks, uint32_t tid,
			 uint64_t address)
{
	uint64_t place = (address >> PLACE_BITS) + 1;
	uint32_t by_thread = idmap_find(&tasks->threads, tid);
	uint32_t by_place = find_place(tasks, place);
	uint32_t pid = tid;

	if (by_thread != IDMAP_NONE)
		pid = tasks->pid[by_thread];
	else if (by_place != IDMAP_NONE)
		pid = tasks->pid[by_place];
	if (by_thread == IDMAP_NONE) {
		tasks->guessed += by_place != IDMAP_NONE;
		add(tasks, &tasks->threads, tid, pid);
	}
	if (by_place == IDMAP_NONE)
		add(tasks, &tasks->places, place, pid);
	return pid;
}
