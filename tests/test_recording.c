/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "capture/coverage.h"
#include "testing.h"
#include "trace/mode_record.h"
#include "trace/records.h"
#include "trace/synthesize.h"

/* What a live source keeps for its recording, and what it says there that perf
   has no records for.  */

enum { COVERED = 7, UNCOVERED = 8 };

struct given {
	unsigned count;
	uint64_t times[4];
	uint64_t chains[4];             /* innermost frames; 0: none */
	uint64_t bodies[4];             /* of the records; 0: none */
};

static void take(void *context, struct hit *hit, const uint64_t *chain,
		 size_t size, const struct perf_event_header *record)
{
	struct given *given = context;

	ck_assert_uint_lt(given->count, 4);
	given->times[given->count] = hit->time;
	given->chains[given->count] = size ? chain[0] : 0;
	if (record) {
		ck_assert_uint_eq(record->size, sizeof(*record) + 8);
		memcpy(&given->bodies[given->count], record + 1, 8);
	}
	given->count++;
}

static void keep(struct coverage *coverage, uint32_t tid, uint64_t time,
		 const uint64_t *chain, size_t size, uint64_t body)
{
	const struct hit hit = { .kind = HIT_CALL, .tid = tid, .time = time };
	struct {
		struct perf_event_header header;
		uint64_t body;
	} record = {
		{ .type = PERF_RECORD_SAMPLE, .size = sizeof(record) }, body
	};

	ck_assert(!coverage_keep(coverage, &hit, 0, 1, chain, size,
				 body ? &record.header : NULL));
	/* It is not looked at again.  */
	memset(&record, 0xff, sizeof(record));
}

START_TEST(kept_hits_have_their_records)
{
	const uint64_t chain[] = { 11, 12, 13 };
	struct coverage *coverage = coverage_new();
	struct given given = { 0 };

	ck_assert_ptr_nonnull(coverage);
	keep(coverage, COVERED, 100, chain, 3, 1001);
	keep(coverage, UNCOVERED, 101, NULL, 0, 1002);
	keep(coverage, COVERED, 102, NULL, 0, 1003);
	keep(coverage, COVERED, 103, chain, 1, 0);
	ck_assert_uint_eq(coverage_kept(coverage), 4);
	coverage_set(coverage, COVERED, 0);
	ck_assert_uint_eq(coverage_settle(coverage, 2, COVERED_BY_NONE, take,
					  &given), 1);
	ck_assert_uint_eq(coverage_kept(coverage), 0);
	ck_assert_uint_eq(given.count, 3);
	ck_assert_uint_eq(given.times[0], 100);
	ck_assert_uint_eq(given.chains[0], 11);
	ck_assert_uint_eq(given.bodies[0], 1001);
	ck_assert_uint_eq(given.times[1], 102);
	ck_assert_uint_eq(given.chains[1], 0);
	ck_assert_uint_eq(given.bodies[1], 1003);
	ck_assert_uint_eq(given.times[2], 103);
	ck_assert_uint_eq(given.chains[2], 11);
	ck_assert_uint_eq(given.bodies[2], 0);
	/* What is left when it goes, goes too.  */
	keep(coverage, UNCOVERED, 104, chain, 3, 1004);
	coverage_free(coverage);
}
END_TEST

static void take_hit(void *context, struct hit *hit, const uint64_t *chain,
		     size_t size)
{
	struct hit *last = context;

	(void)chain;
	ck_assert_uint_eq(size, 0);
	*last = *hit;
}

/* What RECORD says, in *LAST.  SWAPPED: of the other byte order, but for its
   header.  */
static enum record_status read_as(const struct mode_record *record,
				  bool swapped, struct hit *last)
{
	const struct sink sink = { .context = last, .hit = take_hit };
	struct decoder *decoder = decoder_new();
	struct records *records = records_new(decoder);
	enum record_status status;

	ck_assert_ptr_nonnull(records);
	*last = (struct hit){ .kind = UINT8_MAX };
	if (swapped)
		records_set_swapped(records);
	status = records_read(records, &record->header, sizeof(*record), &sink);
	records_free(records);
	decoder_free(decoder);
	return status;
}

static enum record_status read_one(const struct mode_record *record,
				   struct hit *last)
{
	return read_as(record, false, last);
}

START_TEST(modes_of_the_other_byte_order)
{
	const struct perf_event_attr attr = { 0 };
	struct synthetic synthetic = { .attr = &attr };
	struct mode_record record;
	struct hit hit;

	memcpy(&record, synthesize_mode(&synthetic, 1000, MODE_RELEASES),
	       sizeof(record));
	record.magic = __builtin_bswap64(record.magic);
	record.time = __builtin_bswap64(record.time);
	record.mode = __builtin_bswap64(record.mode);
	ck_assert_int_eq(read_as(&record, true, &hit), RECORD_OK);
	ck_assert_uint_eq(hit.kind, HIT_MODE);
	ck_assert_uint_eq(hit.time, 1000);
	ck_assert_uint_eq(hit.argument[0], MODE_RELEASES);
	ck_assert_int_eq(read_as(&record, false, &hit), RECORD_IGNORED);
}
END_TEST

START_TEST(modes_come_back)
{
	const struct perf_event_attr attr = { 0 };
	struct synthetic synthetic = { .attr = &attr };

	for (int mode = MODE_ALL; mode <= MODE_NOTHING; mode++) {
		const struct perf_event_header *record =
			synthesize_mode(&synthetic, 1000 + (uint64_t)mode,
					(enum hit_mode)mode);
		struct hit hit;

		ck_assert_uint_eq(record->size, sizeof(struct mode_record));
		ck_assert_int_eq(read_one((const void *)record, &hit),
				 RECORD_OK);
		ck_assert_uint_eq(hit.kind, HIT_MODE);
		ck_assert_uint_eq(hit.time, 1000 + (uint64_t)mode);
		ck_assert_uint_eq(hit.argument[0], (uint64_t)mode);
	}
}
END_TEST

/* Old files of perf's, and leaktop's own, have others of this type.  */
START_TEST(other_records_are_no_modes)
{
	const struct mode_record good = {
		{ RECORD_MODE, MODE_MISC, sizeof(good) }, MODE_MAGIC, 5,
		MODE_NOTHING
	};
	struct mode_record bad = good;
	struct hit hit;

	ck_assert_int_eq(read_one(&good, &hit), RECORD_OK);
	bad.header.misc = UINT16_MAX;
	ck_assert_int_eq(read_one(&bad, &hit), RECORD_IGNORED);
	bad = good;
	bad.magic++;
	ck_assert_int_eq(read_one(&bad, &hit), RECORD_IGNORED);
	bad = good;
	bad.header.size = sizeof(bad.header);
	ck_assert_int_eq(read_one(&bad, &hit), RECORD_IGNORED);
	bad.header.size = sizeof(bad) - 8;
	ck_assert_int_eq(read_one(&bad, &hit), RECORD_IGNORED);
	bad = good;
	bad.mode = MODE_NOTHING + 1;
	ck_assert_int_eq(read_one(&bad, &hit), RECORD_BAD);
	ck_assert_uint_eq(hit.kind, UINT8_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recording");
	TCase *tcase = tcase_create("recording");

	tcase_add_test(tcase, kept_hits_have_their_records);
	tcase_add_test(tcase, modes_come_back);
	tcase_add_test(tcase, modes_of_the_other_byte_order);
	tcase_add_test(tcase, other_records_are_no_modes);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
