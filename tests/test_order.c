/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "heap/order.h"
#include "testing.h"

#define MAX 200000

struct collected {
	uint64_t time[MAX];
	uint32_t tid[MAX];
	size_t count;
};

static void collect(void *context, struct hit *hit)
{
	struct collected *collected = context;

	/* Not one of Check's for each: they cost a system call.  */
	if (collected->count == MAX)
		ck_abort();
	collected->time[collected->count] = hit->time;
	collected->tid[collected->count++] = hit->tid;
}

static void add(struct order *order, uint64_t time, uint32_t tid)
{
	const struct hit hit = { .time = time, .tid = tid };

	if (order_add(order, &hit) < 0)
		ck_abort();
}

START_TEST(nothing)
{
	struct order order = { 0 };
	static struct collected collected;

	order_round(&order, collect, &collected);
	order_finish(&order, collect, &collected);
	ck_assert_uint_eq(collected.count, 0);
	order_clear(&order);
}
END_TEST

/* What is younger than the round before has to wait: another CPU may still
   bring what is older.  */
START_TEST(holds_back_a_round)
{
	struct order order = { 0 };
	static struct collected collected;
	static const uint64_t expected[] = { 10, 15, 20, 25, 30, 40 };

	collected.count = 0;
	add(&order, 10, 1);
	add(&order, 20, 1);
	order_round(&order, collect, &collected);
	ck_assert_uint_eq(collected.count, 0);
	add(&order, 30, 1);
	add(&order, 15, 2);
	add(&order, 25, 2);
	order_round(&order, collect, &collected);
	ck_assert_uint_eq(collected.count, 3);
	add(&order, 40, 1);
	order_finish(&order, collect, &collected);
	ck_assert_uint_eq(collected.count, 6);
	for (unsigned i = 0; i < 6; i++)
		ck_assert_uint_eq(collected.time[i], expected[i]);
	ck_assert_uint_eq(order.late, 0);
	order_clear(&order);
}
END_TEST

START_TEST(equal_times_keep_their_order)
{
	struct order order = { 0 };
	static struct collected collected;

	collected.count = 0;
	for (uint32_t run = 0; run < 7; run++) {
		for (uint32_t i = 0; i < 3; i++)
			add(&order, 5 + i, run);
	}
	order_finish(&order, collect, &collected);
	for (uint32_t i = 0; i < 21; i++) {
		ck_assert_uint_eq(collected.time[i], 5 + i / 7);
		ck_assert_uint_eq(collected.tid[i], i % 7);
	}
	order_clear(&order);
}
END_TEST

START_TEST(late_ones_are_counted_and_passed_on)
{
	struct order order = { 0 };
	static struct collected collected;

	collected.count = 0;
	add(&order, 100, 1);
	order_round(&order, collect, &collected);
	order_round(&order, collect, &collected);
	add(&order, 50, 1);
	order_finish(&order, collect, &collected);
	ck_assert_uint_eq(collected.count, 2);
	ck_assert_uint_eq(order.late, 1);
	order_clear(&order);
}
END_TEST

/* Eight CPUs, rounds of any length: all comes out once, sorted.  */
START_TEST(many_cpus)
{
	enum { CPUS = 8, PER_CPU = 20000 };
	struct order order = { 0 };
	static struct collected collected;
	uint64_t sent[CPUS] = { 0 }, seed = 7, until = 0;
	size_t left = (size_t)CPUS * PER_CPU;

	collected.count = 0;
	while (left) {
		/* A round begins after the one before has ended.  */
		seed = seed * UINT64_C(6364136223846793005) + 1;
		until += CPUS * 3 + (seed >> 40) % 500;
		for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
			/* Each drained a little later than the one before.  */
			uint64_t limit = until + cpu * 3;

			while (sent[cpu] < PER_CPU && sent[cpu] <= limit) {
				add(&order, 1 + sent[cpu] * CPUS + cpu, cpu);
				sent[cpu]++;
				left--;
			}
		}
		order_round(&order, collect, &collected);
	}
	order_finish(&order, collect, &collected);
	ck_assert_uint_eq(collected.count, (size_t)CPUS * PER_CPU);
	for (size_t i = 0; i < collected.count; i++) {
		if (collected.time[i] != i + 1)
			ck_abort_msg("%zu: wrong time", i);
	}
	ck_assert_uint_eq(order.late, 0);
	order_clear(&order);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("order");
	TCase *tests = tcase_create("order");

	tcase_add_test(tests, nothing);
	tcase_add_test(tests, holds_back_a_round);
	tcase_add_test(tests, equal_times_keep_their_order);
	tcase_add_test(tests, late_ones_are_counted_and_passed_on);
	tcase_add_test(tests, many_cpus);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
