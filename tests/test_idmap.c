/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Numbers for ids, of which some lie close together and some don't.
 */
#include "config.h"

#include "testing.h"

#include "base/idmap.h"

#define COUNT 5000

/* The GAP tells how far apart they are. */
static const uint64_t gaps[] = {1, 7, 16, 4096, UINT64_C(0x0003a00000000001)};

#define GAPS ((int)(sizeof(gaps) / sizeof(gaps[0])))
#define FIRST UINT64_C(0xfffffff0)

static void ck_all_there(const struct idmap *map, uint64_t gap, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		ck_assert_uint_eq(idmap_find(map, FIRST + i * gap), i);
	ck_assert_uint_eq(idmap_find(map, FIRST - 1), IDMAP_NONE);
	ck_assert_uint_eq(idmap_find(map, 0), IDMAP_NONE);
	ck_assert_uint_eq(idmap_find(map, UINT64_MAX), IDMAP_NONE);
	ck_assert_uint_eq(idmap_find(map, FIRST + count * gap), IDMAP_NONE);
	if (gap > 1)
		ck_assert_uint_eq(idmap_find(map, FIRST + 1), IDMAP_NONE);
}

START_TEST(finds_what_was_added)
{
	struct idmap map = {0};
	uint64_t gap = gaps[_i];

	ck_assert_uint_eq(idmap_find(&map, FIRST), IDMAP_NONE);
	idmap_settle(&map);
	for (uint32_t i = 0; i < COUNT; i++) {
		ck_assert_int_eq(idmap_reserve(&map, 1), 0);
		ck_assert_uint_eq(idmap_add(&map, FIRST + i * gap, i), i);
		ck_assert_uint_eq(idmap_add(&map, FIRST + i * gap, i + 1), i);
		/* More may come after it was settled. */
		if (i == COUNT / 2)
			idmap_settle(&map);
	}
	ck_assert_uint_eq(map.count, COUNT);
	ck_all_there(&map, gap, COUNT);
	idmap_settle(&map);
	ck_all_there(&map, gap, COUNT);
	idmap_free(&map);
}
END_TEST

START_TEST(takes_no_room_for_what_lies_apart)
{
	struct idmap map = {0};

	ck_assert_int_eq(idmap_reserve(&map, 2), 0);
	idmap_add(&map, 0, 0);
	idmap_add(&map, UINT64_MAX, 1);
	idmap_settle(&map);
	ck_assert_uint_eq(map.near_count, 0);
	ck_assert_uint_eq(idmap_find(&map, 0), 0);
	ck_assert_uint_eq(idmap_find(&map, UINT64_MAX), 1);
	idmap_free(&map);
	ck_assert_int_eq(idmap_reserve(&map, 2), 0);
	idmap_add(&map, 100, 0);
	idmap_add(&map, 110, 1);
	idmap_settle(&map);
	ck_assert_uint_eq(map.near_count, 11);
	idmap_free(&map);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("idmap");
	TCase *idmap = tcase_create("idmap");

	tcase_add_loop_test(idmap, finds_what_was_added, 0, GAPS);
	tcase_add_test(idmap, takes_no_room_for_what_lies_apart);
	suite_add_tcase(suite, idmap);
	return run_suite(suite);
}
