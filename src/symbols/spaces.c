/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/spaces.h"

#include <stdlib.h>
#include <string.h>

#include "base/seed.h"

/* More than the kernel allows to a process unless told to.  */
#define MAPS_MAX 65536

struct map {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	struct object *object;
};

/* Shared by the spaces that a fork made, until one of them changes.  */
struct maps {
	size_t users;
	size_t count;
	size_t size;
	struct map map[];       /* disjoint, ascending */
};

struct space {
	uint32_t pid;
	bool begun;             /* by a fork or an exec; else it was there */
	uint32_t next;          /* the one of the same pid after it; 0: none */
	struct maps *maps;      /* NULL: none */
	const struct root *root;
};

/* pid → its present space.  */
struct present {
	uint32_t pid;
	uint32_t space;         /* 0: none, since spaces_forget() */
	uint32_t first;         /* of its spaces; 0: the slot is free */
	uint32_t newest;
};

struct spaces {
	struct space *space;    /* [number - 1] */
	uint32_t count;
	uint32_t size;
	struct present *present;
	size_t present_size;    /* a power of two */
	uint64_t seed;          /* of its hash, see base/seed.h */
	size_t present_count;
	uint32_t last_pid;      /* of spaces_of */
	uint32_t last;          /* its space; 0: none */
};

struct spaces *spaces_new(void)
{
	struct spaces *spaces = calloc(1, sizeof(*spaces));

	if (!spaces)
		return NULL;
	spaces->seed = seed_new();
	spaces->present_size = 64;
	spaces->present = calloc(spaces->present_size,
				 sizeof(*spaces->present));
	if (!spaces->present) {
		free(spaces);
		return NULL;
	}
	return spaces;
}

static void maps_drop(struct maps *maps)
{
	if (maps && !--maps->users)
		free(maps);
}

void spaces_free(struct spaces *spaces)
{
	if (!spaces)
		return;
	for (uint32_t i = 0; i < spaces->count; i++)
		maps_drop(spaces->space[i].maps);
	free(spaces->space);
	free(spaces->present);
	free(spaces);
}

static struct present *present_of(const struct spaces *spaces,
				  struct present *present, size_t size,
				  uint32_t pid)
{
	size_t i = (size_t)seed_hash(spaces->seed, pid) & (size - 1);

	while (present[i].first && present[i].pid != pid)
		i = (i + 1) & (size - 1);
	return &present[i];
}

static bool grow_present(struct spaces *spaces)
{
	size_t size = spaces->present_size * 2;
	struct present *present;

	if (spaces->present_count < spaces->present_size / 2)
		return true;
	present = calloc(size, sizeof(*present));
	if (!present)
		return false;
	for (size_t i = 0; i < spaces->present_size; i++) {
		if (spaces->present[i].first)
			*present_of(spaces, present, size, spaces->present[i].pid) =
				spaces->present[i];
	}
	free(spaces->present);
	spaces->present = present;
	spaces->present_size = size;
	return true;
}

/* The present space of PID, or NULL.  */
static struct space *find(const struct spaces *spaces, uint32_t pid)
{
	const struct present *present =
		present_of(spaces, spaces->present, spaces->present_size, pid);

	return present->space ? &spaces->space[present->space - 1] : NULL;
}

/* The space that PRESENT's process comes to next, as it did before
   spaces_forget(); 0: none.  */
static uint32_t next_again(const struct spaces *spaces,
			   const struct present *present, bool begun)
{
	uint32_t number = present->space ?
		spaces->space[present->space - 1].next : present->first;

	while (number && spaces->space[number - 1].begun != begun)
		number = spaces->space[number - 1].next;
	return number;
}

/* Adds an empty space.  Returns its number, or 0.  */
static uint32_t add_space(struct spaces *spaces, uint32_t pid, bool begun)
{
	if (spaces->count == spaces->size) {
		uint32_t size = spaces->size ? spaces->size * 2 : 16;
		struct space *larger = size <= spaces->size ? NULL :
			reallocarray(spaces->space, size, sizeof(*larger));

		if (!larger)
			return 0;
		spaces->space = larger;
		spaces->size = size;
	}
	spaces->space[spaces->count++] = (struct space){
		.pid = pid, .begun = begun
	};
	return spaces->count;
}

/* The space that is PID's from now on: a new, empty one, but for what has been
   before.  BEGUN: by a fork or an exec.  */
static struct space *make(struct spaces *spaces, uint32_t pid, bool begun)
{
	struct present *present;
	uint32_t number;

	if (!grow_present(spaces))
		return NULL;
	present = present_of(spaces, spaces->present, spaces->present_size, pid);
	number = present->first ? next_again(spaces, present, begun) : 0;
	if (!number) {
		number = add_space(spaces, pid, begun);
		if (!number)
			return NULL;
		if (present->first) {
			spaces->space[present->newest - 1].next = number;
		} else {
			present->pid = pid;
			present->first = number;
			spaces->present_count++;
		}
		present->newest = number;
	}
	present->space = number;
	spaces->last = 0;
	return &spaces->space[number - 1];
}

uint32_t spaces_of(struct spaces *spaces, uint32_t pid)
{
	struct space *space;

	if (spaces->last && spaces->last_pid == pid)
		return spaces->last;
	space = find(spaces, pid);
	if (!space)
		space = make(spaces, pid, false);
	if (!space)
		return 0;
	spaces->last_pid = pid;
	spaces->last = (uint32_t)(space - spaces->space) + 1;
	return spaces->last;
}

void spaces_fork(struct spaces *spaces, uint32_t parent, uint32_t child)
{
	uint32_t before = spaces->count;
	const struct space *from;
	struct space *to;

	/* A thread.  */
	if (parent == child)
		return;
	to = make(spaces, child, true);
	from = find(spaces, parent);
	/* One of before has its mappings.  */
	if (!to || !from || spaces->count == before)
		return;
	to->root = from->root;
	to->maps = from->maps;
	if (to->maps)
		to->maps->users++;
}

void spaces_exec(struct spaces *spaces, uint32_t pid)
{
	const struct space *old = find(spaces, pid);
	const struct root *root = old ? old->root : NULL;
	struct space *space = make(spaces, pid, true);

	if (space)
		space->root = root;
}

void spaces_forget(struct spaces *spaces)
{
	for (size_t i = 0; i < spaces->present_size; i++)
		spaces->present[i].space = 0;
	spaces->last = 0;
}

void spaces_set_root(struct spaces *spaces, uint32_t pid,
		     const struct root *root)
{
	uint32_t number = spaces_of(spaces, pid);

	if (number)
		spaces->space[number - 1].root = root;
}

const struct root *spaces_root(struct spaces *spaces, uint32_t pid)
{
	const struct space *space = find(spaces, pid);

	return space ? space->root : NULL;
}

bool spaces_process(const struct spaces *spaces, uint32_t space, uint32_t *pid,
		    const struct root **root)
{
	if (!space || space > spaces->count)
		return false;
	*pid = spaces->space[space - 1].pid;
	*root = spaces->space[space - 1].root;
	return true;
}

/* The index of the first map that ends behind ADDRESS.  */
static size_t first_behind(const struct maps *maps, uint64_t address)
{
	size_t low = 0, high = maps->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (maps->map[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Makes the maps of SPACE its own, with room for two more.  */
static struct maps *own(struct space *space)
{
	struct maps *old = space->maps, *maps;
	size_t count = old ? old->count : 0;
	size_t size = old ? old->size : 0;

	if (old && old->users == 1 && count + 2 <= size)
		return old;
	if (count + 2 > size)
		size = count + 2 + count / 2 + 6;
	if (old && old->users == 1) {
		maps = realloc(old, sizeof(*maps) + size * sizeof(struct map));
		if (!maps)
			return NULL;
	} else {
		maps = malloc(sizeof(*maps) + size * sizeof(struct map));
		if (!maps)
			return NULL;
		maps->users = 1;
		maps->count = count;
		if (old)
			memcpy(maps->map, old->map,
			       count * sizeof(struct map));
		maps_drop(old);
	}
	maps->size = size;
	space->maps = maps;
	return maps;
}

static void move(struct maps *maps, size_t from, size_t to)
{
	memmove(&maps->map[to], &maps->map[from],
		(maps->count - from) * sizeof(struct map));
	maps->count = maps->count - from + to;
}

/* Takes START..END-1 out; there is room for one more.  Returns the index
   where a map of that range belongs.  */
static size_t cut(struct maps *maps, uint64_t start, uint64_t end)
{
	size_t i = first_behind(maps, start), j;

	if (i < maps->count && maps->map[i].start < start) {
		struct map *map = &maps->map[i];

		if (map->end > end && maps->count < MAPS_MAX) {
			/* A hole in its middle.  */
			move(maps, i, i + 1);
			map[1] = map[0];
			map[0].end = start;
			map[1].offset += end - map[1].start;
			map[1].start = end;
			return i + 1;
		}
		map->end = start;
		i++;
	}
	for (j = i; j < maps->count && maps->map[j].end <= end; j++)
		;
	if (j < maps->count && maps->map[j].start < end) {
		maps->map[j].offset += end - maps->map[j].start;
		maps->map[j].start = end;
	}
	if (j > i)
		move(maps, j, i);
	return i;
}

bool spaces_map(struct spaces *spaces, uint32_t pid, uint64_t start,
		uint64_t length, uint64_t offset, struct object *object)
{
	uint32_t number = spaces_of(spaces, pid);
	uint64_t end = length > UINT64_MAX - start ? UINT64_MAX
						   : start + length;
	struct space *space;
	struct maps *maps;
	size_t i;

	if (!number || start >= end)
		return false;
	space = &spaces->space[number - 1];
	maps = space->maps;
	/* What has no names only has to take the place of what has; so a JIT
	   compiler's thousands of areas need nothing.  */
	if (!object) {
		if (!maps)
			return false;
		i = first_behind(maps, start);
		if (i == maps->count || maps->map[i].start >= end)
			return false;
	} else if (maps) {
		/* Told twice, as by a recorder that starts while the process
		   maps.  */
		i = first_behind(maps, start);
		if (i < maps->count && maps->map[i].object == object &&
		    maps->map[i].start <= start && maps->map[i].end >= end &&
		    maps->map[i].offset + (start - maps->map[i].start) == offset)
			return false;
	}
	maps = own(space);
	if (!maps)
		return false;
	i = cut(maps, start, end);
	if (!object || maps->count >= MAPS_MAX)
		return true;
	move(maps, i, i + 1);
	maps->map[i] = (struct map){ start, end, offset, object };
	return true;
}

struct object *spaces_find(const struct spaces *spaces, uint32_t space,
			   uint64_t address, uint64_t *offset)
{
	const struct maps *maps;
	size_t i;

	if (!space || space > spaces->count)
		return NULL;
	maps = spaces->space[space - 1].maps;
	if (!maps)
		return NULL;
	i = first_behind(maps, address);
	if (i == maps->count || maps->map[i].start > address)
		return NULL;
	*offset = maps->map[i].offset + (address - maps->map[i].start);
	return maps->map[i].object;
}
