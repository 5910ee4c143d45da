/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Keys that whoever writes a recording chose so that they collide in tables whose
 * hash function is known: it must not take longer than with others. With a list
 * or a cluster of all that collide each of these tests takes minutes.
 */
#include "config.h"

#include "testing.h"

#include "heap/heap.h"

#define COUNT 400000u

/* What turns the multiplier of the usual hash functions back into 1. */
#define INVERSE UINT64_C(0xf1de83e19937733d)

static struct heap *heap;
static uint64_t now;

static void setup(void)
{
	static const struct heap_options options;

	heap = heap_new(&options);
	ck_assert_ptr_nonnull(heap);
	now = 0;
}

static void teardown(void)
{
	heap_free(heap);
}

static void hit(struct hit hit, const uint64_t *chain, uint32_t count)
{
	hit.time = ++now;
	/* Check takes long to note what holds. */
	if (heap_hit(heap, &hit, 1, chain, count) < 0)
		ck_abort_msg("out of memory");
	if (now % 10000 == 0)
		heap_round(heap);
}

/* A malloc of SIZE, with the call chain CHAIN. */
static void allocate_at(uint32_t pid, uint32_t tid, uint64_t address, uint64_t size,
			const uint64_t *chain, uint32_t count)
{
	struct hit call = {
		.kind = HIT_CALL,
		.pid = pid,
		.tid = tid,
		.function = ALLOC_MALLOC,
		.address = 0x1000,
		.argument = {size},
	};

	hit(call, NULL, 0);
	call.kind = HIT_RETURN;
	call.argument[0] = address;
	hit(call, chain, count);
}

static void allocate(uint32_t pid, uint32_t tid, uint64_t address, uint64_t size, uint64_t chain)
{
	allocate_at(pid, tid, address, size, &chain, 1);
}

static void ck_live(uint64_t count)
{
	struct snapshot *snapshot;

	heap_finish(heap);
	snapshot = heap_snapshot(heap);
	ck_assert_ptr_nonnull(snapshot);
	ck_assert_uint_eq(snapshot->live_blocks, count);
	ck_assert_uint_eq(snapshot->lost, 0);
	snapshot_unref(snapshot);
}

/* Bits from which on keys differ, before they are multiplied. */
static const int bits[] = {0, 20, 44};

#define WAYS ((int)(sizeof(bits) / sizeof(bits[0])))

static uint64_t key(uint64_t i, int way)
{
	return (i << bits[way]) * INVERSE;
}

START_TEST(addresses)
{
	for (uint64_t i = 1; i <= COUNT; i++)
		allocate(1, 1, key(i, _i), 16, 0x2000);
	ck_live(COUNT);
}
END_TEST

START_TEST(sizes)
{
	for (uint64_t i = 1; i <= COUNT; i++)
		allocate(1, 1, i * 16, key(i, _i), 0x2000);
	ck_live(COUNT);
}
END_TEST

START_TEST(chains)
{
	for (uint64_t i = 1; i <= COUNT; i++)
		allocate(1, 1, i * 16, 16, key(i, _i));
	ck_live(COUNT);
}
END_TEST

/* A change of one frame's highest bit can be taken back by the next frame, where a
 * step of the hash is a product and a shift: each pair is a bit that does not count. */
START_TEST(paired_chains)
{
	uint64_t chain[30];

	for (uint32_t i = 0; i < 1u << 15; i++) {
		for (uint32_t bit = 0; bit < 15; bit++) {
			uint64_t flipped = i >> bit & 1;

			chain[2 * bit] = 0x400000 ^ flipped << 63;
			chain[2 * bit + 1] = 0x500000 ^ flipped << 63 ^ flipped << 31;
		}
		allocate_at(1, 1, i * 16 + 16, 16, chain, 30);
	}
	ck_live(1u << 15);
}
END_TEST

/* They differ in the upper bits only. */
START_TEST(threads)
{
	for (uint32_t i = 1; i <= COUNT / 4; i++)
		allocate(1, i << 14 | i >> 18, i * 16, 16, 0x2000);
	ck_live(COUNT / 4);
}
END_TEST

START_TEST(processes)
{
	for (uint32_t i = 1; i <= COUNT / 4; i++)
		allocate(i << 8, i << 8, i * 16, 16, 0x2000);
	for (uint32_t i = 1; i <= COUNT / 4; i++) {
		struct hit end = {.kind = HIT_EXIT, .pid = i << 8, .tid = i << 8};

		hit(end, NULL, 0);
	}
	ck_live(COUNT / 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crowding");
	TCase *tests = tcase_create("crowding");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, addresses, 0, WAYS);
	tcase_add_loop_test(tests, sizes, 0, WAYS);
	tcase_add_loop_test(tests, chains, 0, WAYS);
	tcase_add_test(tests, paired_chains);
	tcase_add_test(tests, threads);
	tcase_add_test(tests, processes);
	tcase_set_timeout(tests, 30);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
