/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "heap/heap.h"
#include "present/rows.h"
#include "testing.h"

/* Heaps that are made up of the typical lives of blocks; what the table makes
   of them.  Time runs from START, WATCHED seconds of it.  */

#define SECOND UINT64_C(1000000000)
#define START (1000 * SECOND)
#define WATCHED 60
#define TICKS_PER_SECOND 100

struct maker {
	struct heap *heap;
	uint64_t time;
	uint64_t next_address;
	uint64_t outer;         /* caller of the caller */
};

static const struct heap_options no_log;

static void hit(struct maker *maker, enum hit_kind kind,
		enum allocator_id function, uint64_t argument, uint64_t caller)
{
	const struct hit made = {
		.time = maker->time++, .pid = 1, .tid = 1, .kind = kind,
		.function = function, .address = 0x1000 + function,
		.argument = { argument },
	};

	const uint64_t chain[] = { caller, 0x700000 + maker->outer };

	heap_hit(maker->heap, &made, 1, chain, kind == HIT_RETURN ? 2 : 0);
}

static uint64_t allocate(struct maker *maker, uint64_t size, uint64_t caller)
{
	uint64_t address = maker->next_address;

	maker->next_address += 16;
	hit(maker, HIT_CALL, ALLOC_MALLOC, size, 0);
	hit(maker, HIT_RETURN, ALLOC_MALLOC, address, caller);
	return address;
}

static void release(struct maker *maker, uint64_t address)
{
	hit(maker, HIT_CALL, ALLOC_FREE, address, 0);
}

/* What a program does at each tick.  */
typedef void (*behaviour)(struct maker *maker, unsigned tick);

enum {
	LEAK = 3072, LATE_LEAK = 3073, STARTUP = 100000, TRANSIENT = 64,
	CACHE = 500, RANDOM_CACHE = 501, RECENT = 90000, HALF_LEAK = 700
};

#define CALLER(size) (0x400000 + (uint64_t)(size))

static void one_of_each(struct maker *maker, unsigned tick)
{
	static uint64_t ring[200], random[200];
	static uint64_t seed;
	unsigned slot;

	if (!tick) {
		memset(ring, 0, sizeof(ring));
		memset(random, 0, sizeof(random));
		seed = 1;
		allocate(maker, STARTUP, CALLER(STARTUP));
	}
	if (tick % 50 == 0) {
		release(maker, allocate(maker, HALF_LEAK, CALLER(HALF_LEAK)));
		allocate(maker, HALF_LEAK, CALLER(HALF_LEAK));
		allocate(maker, LEAK, CALLER(LEAK));
		if (tick > TICKS_PER_SECOND * WATCHED / 2)
			allocate(maker, LATE_LEAK, CALLER(LATE_LEAK));
	}
	release(maker, allocate(maker, TRANSIENT, CALLER(TRANSIENT)));
	slot = tick % 200;
	if (ring[slot])
		release(maker, ring[slot]);
	ring[slot] = allocate(maker, CACHE, CALLER(CACHE));
	seed = seed * UINT64_C(6364136223846793005) + 1;
	slot = (unsigned)(seed >> 40) % 200;
	if (random[slot])
		release(maker, random[slot]);
	random[slot] = allocate(maker, RANDOM_CACHE, CALLER(RANDOM_CACHE));
	if (tick > TICKS_PER_SECOND * WATCHED - 20)
		allocate(maker, RECENT, CALLER(RECENT));
}

static struct snapshot *make_for(behaviour behave, unsigned seconds)
{
	struct maker maker = {
		.heap = heap_new(&no_log), .time = START,
		.next_address = 0x10000,
	};
	struct snapshot *snapshot;

	for (unsigned tick = 0; tick < seconds * TICKS_PER_SECOND; tick++) {
		maker.time = START + tick * (SECOND / TICKS_PER_SECOND);
		behave(&maker, tick);
	}
	heap_finish(maker.heap);
	snapshot = heap_snapshot(maker.heap);
	heap_free(maker.heap);
	return snapshot;
}

static struct snapshot *make(behaviour behave)
{
	return make_for(behave, WATCHED);
}

static const struct row *row_of(const struct rows *rows, uint64_t size)
{
	for (size_t i = 0; i < rows->count; i++) {
		if (rows->row[i].size == size)
			return &rows->row[i];
	}
	ck_abort_msg("no row of size %llu", (unsigned long long)size);
	return NULL;
}

/* Allocations whose returns were not recorded.  */
static void calls_only(struct maker *maker, unsigned tick)
{
	const struct hit made = {
		.time = maker->time++, .pid = 1, .tid = 1, .kind = HIT_CALL,
		.address = 0x1000, .argument = { tick % 4 ? 64 : LEAK },
		.flags = HIT_ALONE,
	};
	const uint64_t chain[] = { CALLER(tick % 4 ? 64 : LEAK) };

	heap_hit(maker->heap, &made, 1, chain, 1);
	if (tick % 100 == 0)
		allocate(maker, STARTUP, CALLER(STARTUP));
}

START_TEST(unknown)
{
	struct snapshot *snapshot = make(calls_only);
	struct symbols *symbols = symbols_new();
	struct sizespec all = { 0 };
	struct rows rows = { 0 };

	ck_assert_int_eq(rows_build(&rows, snapshot, symbols, &all), 0);
	ck_assert_uint_eq(rows.count, 3);
	ck_assert_int_eq(row_of(&rows, LEAK)->verdict, VERDICT_UNKNOWN);
	ck_assert_uint_eq(row_of(&rows, LEAK)->blocks, 0);
	ck_assert_uint_eq(row_of(&rows, LEAK)->bytes, 0);
	ck_assert_uint_eq(row_of(&rows, LEAK)->alone,
			  row_of(&rows, LEAK)->allocated);
	ck_assert_int_eq(row_of(&rows, 64)->verdict, VERDICT_UNKNOWN);
	ck_assert_uint_eq(row_of(&rows, 64)->allocated,
			  3 * row_of(&rows, LEAK)->allocated);
	ck_assert_int_eq(row_of(&rows, STARTUP)->verdict, VERDICT_STEADY);
	/* What is known to leak, then what has most bytes.  */
	ck_assert_uint_eq(rows.row[0].size, STARTUP);
	ck_assert_uint_eq(rows.row[1].size, LEAK);
	rows_clear(&rows);
	snapshot_unref(snapshot);
	symbols_free(symbols);
}
END_TEST

START_TEST(verdicts)
{
	struct snapshot *snapshot = make(one_of_each);
	struct symbols *symbols = symbols_new();
	struct sizespec all = { 0 };
	struct rows rows = { 0 };

	ck_assert_int_eq(rows_build(&rows, snapshot, symbols, &all), 0);
	ck_assert_int_eq(row_of(&rows, LEAK)->verdict, VERDICT_STEADY);
	ck_assert_int_eq(row_of(&rows, HALF_LEAK)->verdict, VERDICT_STEADY);
	ck_assert_int_eq(row_of(&rows, LATE_LEAK)->verdict, VERDICT_GROWING);
	ck_assert_int_eq(row_of(&rows, STARTUP)->verdict, VERDICT_STILL);
	ck_assert_int_eq(row_of(&rows, CACHE)->verdict, VERDICT_FRESH);
	ck_assert_int_eq(row_of(&rows, RANDOM_CACHE)->verdict, VERDICT_FRESH);
	ck_assert_int_eq(row_of(&rows, RECENT)->verdict, VERDICT_FRESH);
	/* The leaks first, though others hold more bytes.  */
	ck_assert_uint_eq(rows.row[0].size, LEAK);
	ck_assert_uint_eq(rows.row[1].size, HALF_LEAK);
	ck_assert_uint_eq(rows.row[2].size, LATE_LEAK);
	/* What lives no more is no suspect.  */
	for (size_t i = 0; i < rows.count; i++)
		ck_assert_uint_ne(rows.row[i].size, TRANSIENT);
	rows_clear(&rows);
	symbols_free(symbols);
	snapshot_unref(snapshot);
}
END_TEST

/* At one call site: every 50th block is never freed, the others when as many
   more have come as the cache has room for; in the end the cache is freed.  */
static void leak_in_a_cache(struct maker *maker, unsigned tick)
{
	static uint64_t slot[64];
	uint64_t address;

	if (!tick)
		memset(slot, 0, sizeof(slot));
	if (tick >= TICKS_PER_SECOND * (WATCHED - 1)) {
		if (slot[tick % 64])
			release(maker, slot[tick % 64]);
		slot[tick % 64] = 0;
		return;
	}
	address = allocate(maker, LEAK, CALLER(LEAK));
	if (tick % 50 == 0)
		return;
	if (slot[tick % 64])
		release(maker, slot[tick % 64]);
	slot[tick % 64] = address;
}

START_TEST(leaks_beside_a_cache)
{
	struct snapshot *snapshot = make(leak_in_a_cache);
	struct symbols *symbols = symbols_new();
	struct sizespec all = { 0 };
	struct rows rows = { 0 };

	ck_assert_int_eq(rows_build(&rows, snapshot, symbols, &all), 0);
	ck_assert_uint_eq(rows.row[0].blocks, TICKS_PER_SECOND * (WATCHED - 1) / 50);
	ck_assert_int_eq(rows.row[0].verdict, VERDICT_STEADY);
	rows_clear(&rows);
	snapshot_unref(snapshot);
	symbols_free(symbols);
}
END_TEST

START_TEST(counts)
{
	struct snapshot *snapshot = make(one_of_each);
	struct symbols *symbols = symbols_new();
	struct sizespec only;
	struct rows rows = { 0 };

	only = sizespec_only(HALF_LEAK);
	ck_assert_int_eq(rows_build(&rows, snapshot, symbols, &only), 0);
	ck_assert_uint_eq(rows.count, 1);
	ck_assert_uint_eq(rows.row[0].blocks, 120);
	ck_assert_uint_eq(rows.row[0].bytes, 120 * HALF_LEAK);
	ck_assert_uint_eq(rows.row[0].allocated, 240);
	ck_assert_uint_eq(rows.row[0].freed, 120);
	ck_assert_uint_ge(rows.row[0].first, START);
	ck_assert_uint_lt(rows.row[0].first, START + SECOND / 100);
	ck_assert_uint_ge(rows.row[0].last, START + 59 * SECOND);
	/* Built again it is the same; with nothing accepted it is empty.  */
	ck_assert_int_eq(rows_build(&rows, snapshot, symbols, &only), 0);
	ck_assert_uint_eq(rows.count, 1);
	only = sizespec_only(1);
	ck_assert_int_eq(rows_build(&rows, snapshot, symbols, &only), 0);
	ck_assert_uint_eq(rows.count, 0);
	rows_clear(&rows);
	symbols_free(symbols);
	snapshot_unref(snapshot);
}
END_TEST

/* A cache of 1000 entries that live for 10 s each: on average, as one of them
   is replaced at random; or exactly, the oldest, through many call chains.  */
static void slow_caches(struct maker *maker, unsigned tick)
{
	static uint64_t ring[1000], random[1000];
	static uint64_t seed;
	unsigned slot = tick % 1000;

	if (!tick) {
		memset(ring, 0, sizeof(ring));
		memset(random, 0, sizeof(random));
		seed = 1;
	}
	maker->outer = tick % 700;
	if (ring[slot])
		release(maker, ring[slot]);
	ring[slot] = allocate(maker, CACHE, CALLER(CACHE));
	maker->outer = 0;
	seed = seed * UINT64_C(6364136223846793005) + 1;
	slot = (unsigned)(seed >> 40) % 1000;
	if (random[slot])
		release(maker, random[slot]);
	random[slot] = allocate(maker, RANDOM_CACHE, CALLER(RANDOM_CACHE));
}

static enum verdict verdict_after(behaviour behave, unsigned seconds,
				  uint64_t size)
{
	struct snapshot *snapshot = make_for(behave, seconds);
	struct symbols *symbols = symbols_new();
	struct sizespec all = { 0 };
	struct rows rows = { 0 };
	enum verdict verdict;

	ck_assert_int_eq(rows_build(&rows, snapshot, symbols, &all), 0);
	verdict = row_of(&rows, size)->verdict;
	rows_clear(&rows);
	symbols_free(symbols);
	snapshot_unref(snapshot);
	return verdict;
}

START_TEST(full_caches_are_no_leaks)
{
	static const unsigned seconds[] = { 20, 25, 30, 40, 60 };

	for (size_t i = 0; i < sizeof(seconds) / sizeof(*seconds); i++) {
		ck_assert_int_ne(verdict_after(slow_caches, seconds[i],
					       RANDOM_CACHE), VERDICT_STEADY);
		ck_assert_int_eq(verdict_after(slow_caches, seconds[i], CACHE),
				 VERDICT_FRESH);
	}
}
END_TEST

/* What lives a few seconds looks like a leak at first.  */
START_TEST(no_verdict_too_soon)
{
	ck_assert_int_eq(verdict_after(one_of_each, 3, LEAK), VERDICT_GROWING);
	ck_assert_int_eq(verdict_after(one_of_each, 6, LEAK), VERDICT_STEADY);
}
END_TEST

/* Two chains through one caller are one row; two callers are two.  */
static void two_callers(struct maker *maker, unsigned tick)
{
	if (tick % 600 == 0) {
		allocate(maker, 10, 0x500000);
		allocate(maker, 10, 0x500010);
		allocate(maker, 20, 0x500000);
	}
}

START_TEST(rows_join_by_size_and_site)
{
	struct snapshot *snapshot = make(two_callers);
	struct symbols *symbols = symbols_new();
	struct sizespec all = { 0 };
	struct rows rows = { 0 };

	ck_assert_int_eq(rows_build(&rows, snapshot, symbols, &all), 0);
	ck_assert_uint_eq(rows.count, 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_uint_eq(rows.row[i].blocks, 10);
	rows_clear(&rows);
	symbols_free(symbols);
	snapshot_unref(snapshot);
}
END_TEST

static void lossy_caller(struct maker *maker, unsigned tick)
{
	const struct hit loss = {
		.kind = HIT_LOST, .time = maker->time, .argument = { 1 },
	};

	if (tick == 10)
		heap_hit(maker->heap, &loss, 0, NULL, 0);
	maker->outer = tick % 3;
	if (tick < 20)
		allocate(maker, 10, 0x500000);
}

START_TEST(doubt_is_summed)
{
	struct snapshot *snapshot = make(lossy_caller);
	struct symbols *symbols = symbols_new();
	struct sizespec all = { 0 };
	struct rows rows = { 0 };

	ck_assert_int_eq(rows_build(&rows, snapshot, symbols, &all), 0);
	ck_assert_uint_eq(snapshot->group_count, 3);
	ck_assert_uint_eq(rows.count, 1);
	ck_assert_uint_eq(rows.row[0].blocks, 20);
	ck_assert_uint_eq(rows.row[0].doubtful, 10);
	rows_clear(&rows);
	symbols_free(symbols);
	snapshot_unref(snapshot);
}
END_TEST

START_TEST(totals_by_size)
{
	struct snapshot *snapshot = make(two_callers);
	struct sizespec all = { 0 };
	size_t count;
	struct size_total *totals = size_totals(snapshot, &all, &count);

	/* As many bytes each: the smaller size first.  */
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(totals[0].size, 10);
	ck_assert_uint_eq(totals[0].blocks, 20);
	ck_assert_uint_eq(totals[0].bytes, 200);
	ck_assert_uint_eq(totals[0].allocated, 20);
	ck_assert_uint_eq(totals[1].size, 20);
	ck_assert_uint_eq(totals[1].bytes, 200);
	free(totals);
	snapshot_unref(snapshot);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rows");
	TCase *tests = tcase_create("rows");

	tcase_add_test(tests, verdicts);
	tcase_add_test(tests, unknown);
	tcase_add_test(tests, full_caches_are_no_leaks);
	tcase_add_test(tests, no_verdict_too_soon);
	tcase_add_test(tests, leaks_beside_a_cache);
	tcase_add_test(tests, counts);
	tcase_add_test(tests, rows_join_by_size_and_site);
	tcase_add_test(tests, doubt_is_summed);
	tcase_add_test(tests, totals_by_size);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
