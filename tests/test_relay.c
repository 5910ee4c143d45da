/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "heap/heap.h"
#include "session/relay.h"
#include "testing.h"

/* Two heaps are fed the same, one of them through a relay.  */

enum { THREADS = 4, SLOTS = 1000, ROUND = 5000, HITS = 400000 };

struct fed {
	struct heap *heap;
	struct relay *relay;
	uint64_t seed;
	uint64_t size_at[SLOTS];
	uint64_t time;
	uint64_t notes;         /* that had their turn */
};

static const struct heap_options with_log = { .log = true };

static void on_event(void *context, const struct hit *hit)
{
	if (hit->kind == HIT_NOTE)
		((struct fed *)context)->notes++;
}

static struct fed begin(bool relayed)
{
	struct fed fed = { .heap = heap_new(&with_log), .seed = 1 };

	ck_assert_ptr_nonnull(fed.heap);
	if (!relayed)
		return fed;
	fed.relay = relay_new(fed.heap);
	ck_assert_ptr_nonnull(fed.relay);
	return fed;
}

static void connect(struct fed *fed)
{
	const struct heap_host host = { .context = fed, .event = on_event };

	heap_set_host(fed->heap, &host);
}

static unsigned draw(struct fed *fed, unsigned below)
{
	fed->seed = fed->seed * UINT64_C(6364136223846793005) + 1;
	return (unsigned)(fed->seed >> 33) % below;
}

static void feed(struct fed *fed, struct hit hit, const uint64_t *chain,
		 uint32_t count)
{
	hit.time = ++fed->time;
	hit.pid = 1;
	if (heap_hit(fed->heap, &hit, 1, chain, count) < 0)
		ck_abort();
}

static void malloc_or_free(struct fed *fed)
{
	unsigned slot = draw(fed, SLOTS);
	uint64_t chain[3] = { 0x400000 + draw(fed, 50), 0x500000, 0x600000 };
	struct hit hit = { .tid = 1 + draw(fed, THREADS), .address = 0x1000 };

	if (fed->size_at[slot]) {
		fed->size_at[slot] = 0;
		hit.function = ALLOC_FREE;
		hit.argument[0] = 0x10000 + slot * 16;
		feed(fed, hit, NULL, 0);
		return;
	}
	fed->size_at[slot] = 8 * (1 + draw(fed, 100));
	hit.function = ALLOC_MALLOC;
	hit.argument[0] = fed->size_at[slot];
	feed(fed, hit, NULL, 0);
	/* So that not all of them become one hit with their returns.  */
	if (!draw(fed, 3))
		feed(fed, (struct hit){ .kind = HIT_NOTE }, NULL, 0);
	hit.kind = HIT_RETURN;
	hit.argument[0] = 0x10000 + slot * 16;
	feed(fed, hit, chain, 3);
}

static void feed_some(struct fed *fed, unsigned hits)
{
	for (unsigned i = 1; i <= hits; i++) {
		if (i % ROUND == 0) {
			heap_round(fed->heap);
			heap_segment(fed->heap, i);
		}
		if (i % (ROUND * 7) == 0)
			feed(fed, (struct hit){ .kind = HIT_LOST,
						.argument = { 3 } }, NULL, 0);
		malloc_or_free(fed);
	}
}

static void expect_same(struct heap *a, struct heap *b)
{
	struct snapshot *x = heap_snapshot(a), *y = heap_snapshot(b);

	ck_assert(x && y);
	ck_assert_uint_gt(x->group_count, 1000);
	ck_assert_uint_eq(x->group_count, y->group_count);
	ck_assert(!memcmp(x->groups, y->groups,
			  x->group_count * sizeof(*x->groups)));
	ck_assert_uint_eq(x->hits, y->hits);
	ck_assert_uint_eq(x->lost, y->lost);
	ck_assert_uint_eq(x->live_bytes, y->live_bytes);
	ck_assert_uint_eq(x->live_blocks, y->live_blocks);
	ck_assert_uint_eq(x->unpaired, y->unpaired);
	ck_assert_uint_eq(x->start, y->start);
	ck_assert_uint_eq(x->end, y->end);
	ck_assert_uint_eq(log_view_end(x->log), log_view_end(y->log));
	for (uint64_t i = log_view_first(x->log); i < log_view_end(x->log); i++) {
		if (memcmp(log_view_get(x->log, i), log_view_get(y->log, i),
			   sizeof(struct log_entry)))
			ck_abort_msg("entry %u differs", (unsigned)i);
	}
	snapshot_unref(x);
	snapshot_unref(y);
}

START_TEST(comes_to_the_same)
{
	struct fed plain = begin(false), relayed = begin(true);

	connect(&plain);
	connect(&relayed);
	feed_some(&plain, HITS);
	feed_some(&relayed, HITS);
	relay_drain(relayed.relay);
	expect_same(plain.heap, relayed.heap);
	/* And goes on.  */
	feed_some(&plain, HITS / 2);
	feed_some(&relayed, HITS / 2);
	heap_finish(plain.heap);
	heap_finish(relayed.heap);
	relay_free(relayed.relay);
	expect_same(plain.heap, relayed.heap);
	ck_assert_uint_gt(plain.notes, HITS / 10);
	ck_assert_uint_eq(plain.notes, relayed.notes);
	heap_free(plain.heap);
	heap_free(relayed.heap);
}
END_TEST

/* As where a dump comes: the rest goes on without.  */
START_TEST(ends_in_between)
{
	struct fed plain = begin(false), relayed = begin(true);

	connect(&plain);
	connect(&relayed);
	feed_some(&plain, HITS / 4);
	feed_some(&relayed, HITS / 4);
	relay_free(relayed.relay);
	feed_some(&plain, HITS / 4);
	feed_some(&relayed, HITS / 4);
	heap_finish(plain.heap);
	heap_finish(relayed.heap);
	expect_same(plain.heap, relayed.heap);
	heap_free(plain.heap);
	heap_free(relayed.heap);
}
END_TEST

START_TEST(nothing_comes)
{
	struct fed relayed = begin(true);

	relay_drain(relayed.relay);
	relay_drain(relayed.relay);
	relay_free(relayed.relay);
	relay_free(NULL);
	heap_free(relayed.heap);
}
END_TEST

static void need_two_processors(void)
{
	struct heap *heap = heap_new(&with_log);
	struct relay *relay = relay_new(heap);

	if (!relay)
		skip_or_fail("only one processor");
	relay_free(relay);
	heap_free(heap);
}

int main(void)
{
	Suite *suite = suite_create("relay");
	TCase *tests = tcase_create("relay");

	need_two_processors();
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, comes_to_the_same);
	tcase_add_test(tests, ends_in_between);
	tcase_add_test(tests, nothing_comes);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
