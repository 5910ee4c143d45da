/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/points.h"

#include <stdlib.h>
#include <string.h>

#include "base/seed.h"

/* Libraries that probes are put into are smaller than this; another one may
   have a function of the same name beyond.  */
#define OBJECT_SIZE (UINT64_C(16) << 20)
#define PROGRAM_POINTS_MAX 256

static uint64_t distance(const struct point *a, const struct point *b)
{
	return a->address > b->address ? a->address - b->address :
	       b->address - a->address;
}

void points_clear(struct points *points)
{
	for (size_t i = 0; i < points->size; i++)
		free(points->table[i]);
	free(points->table);
	memset(points, 0, sizeof(*points));
}

static size_t slot_of(const struct points *points, uint64_t address,
		      uint64_t image)
{
	uint64_t hash = seed_hash(points->seed, address);
	size_t slot = seed_mix(points->seed, hash, image) & (points->size - 1);

	while (points->table[slot] &&
	       (points->table[slot]->address != address ||
		points->table[slot]->image != image))
		slot = (slot + 1) & (points->size - 1);
	return slot;
}

static int grow(struct points *points)
{
	struct points old = *points;

	if (!old.size)
		points->seed = seed_new();
	points->size = old.size ? old.size * 2 : 64;
	points->table = calloc(points->size, sizeof(*points->table));
	if (!points->table) {
		*points = old;
		return -1;
	}
	for (size_t i = 0; i < old.size; i++) {
		struct point *point = old.table[i];

		if (point)
			points->table[slot_of(points, point->address,
					      point->image)] = point;
	}
	free(old.table);
	return 0;
}

static struct point *add(struct points *points, uint64_t address,
			 uint64_t image, uint32_t space, uint8_t function)
{
	struct point *point;
	int stub;

	if (points->count * 2 >= points->size && grow(points) < 0)
		return NULL;
	point = calloc(1, sizeof(*point));
	if (!point)
		return NULL;
	stub = points->query ?
	       points->query(points->context, address, space) : -1;
	point->address = address;
	point->image = image;
	point->function = function;
	point->stub = stub > 0;
	point->known = stub >= 0;
	points->table[slot_of(points, address, image)] = point;
	points->count++;
	return point;
}

struct point *points_find(struct points *points, uint64_t address,
			  uint64_t image, uint32_t space, uint8_t function)
{
	struct point *point = points->size ?
		points->table[slot_of(points, address, image)] : NULL;

	if (!point)
		point = add(points, address, image, space, function);
	points->recent[points_recent(address, image)] = point;
	return point;
}

/* OTHER is the function itself if POINT is a stub.  Where each always leads
   to a third address, nothing tells which of them is the stub.  */
static bool proves_stub(const struct point *point, const struct point *other)
{
	if (other == point || other->stub ||
	    other->function != point->function)
		return false;
	return other->reached < other->calls || !other->calls ||
	       point->last_reached == other->address;
}

/* No two functions of one name are in one object.  */
static bool are_rivals(const struct point *a, const struct point *b)
{
	return a != b && a->function == b->function &&
	       distance(a, b) < OBJECT_SIZE;
}

/* The points of one program.  */
struct program {
	struct point **point;
	size_t count;
};

static bool has_rival(const struct program *program, const struct point *point)
{
	for (size_t i = 0; i < program->count; i++) {
		if (are_rivals(point, program->point[i]))
			return true;
	}
	return false;
}

/* How far POINT lies from the nearest function of which there is no doubt.  */
static uint64_t isolation(const struct program *program,
			  const struct point *point)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < program->count; i++) {
		const struct point *other = program->point[i];

		if (other->function == point->function || other->stub ||
		    has_rival(program, other))
			continue;
		if (distance(point, other) < least)
			least = distance(point, other);
	}
	return least;
}

static bool is_stub(const struct program *program, const struct point *point)
{
	bool proven = point->calls && point->reached == point->calls;

	if (point->known)
		return false;
	for (size_t i = 0; i < program->count; i++) {
		const struct point *other = program->point[i];

		if (proven && proves_stub(point, other))
			return true;
		if (are_rivals(point, other) && !other->stub &&
		    isolation(program, other) < isolation(program, point))
			return true;
	}
	return false;
}

static bool find_in_program(const struct program *program)
{
	bool found = false;

	/* A program has a few points for each function; hostile files that
	   have more are not worth the time.  */
	if (program->count > PROGRAM_POINTS_MAX)
		return false;
	for (size_t i = 0; i < program->count; i++) {
		struct point *point = program->point[i];

		if (is_stub(program, point)) {
			point->stub = true;
			point->known = true;
			found = true;
		}
	}
	return found;
}

static int compare_images(const void *a, const void *b)
{
	const struct point *left = *(struct point *const *)a;
	const struct point *right = *(struct point *const *)b;

	if (left->image != right->image)
		return left->image < right->image ? -1 : 1;
	return left->address < right->address ? -1 :
	       left->address > right->address;
}

bool points_find_stubs(struct points *points)
{
	struct point **all = malloc((points->count + 1) * sizeof(*all));
	size_t count = 0;
	bool found = false;

	if (!all)
		return false;
	for (size_t i = 0; i < points->size; i++) {
		if (points->table[i])
			all[count++] = points->table[i];
	}
	qsort(all, count, sizeof(*all), compare_images);
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count; to++) {
			if (all[to]->image != all[from]->image)
				break;
		}
		found |= find_in_program(&(struct program) {
			all + from, to - from });
	}
	free(all);
	return found;
}
