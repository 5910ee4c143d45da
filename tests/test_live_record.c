/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "live_fixture.h"

#include <inttypes.h>
#include <poll.h>
#include <unistd.h>

#include "heap/heap.h"
#include "perfdata/perfdata.h"
#include "perfdata/writer.h"

/* What capture delivers and what it hands to be recorded come to the same
   heap.  */

struct taken {
	struct caller caller;
	struct capture *capture;
	struct heap *heap;
	struct sink sink;
	struct writer *writer;
	struct tap tap;
	char directory[32], path[48];
};

static void take_hit(void *context, struct hit *hit, const uint64_t *chain,
		     size_t size)
{
	ck_assert(!heap_hit(context, hit, 0, chain, size));
}

static void take_round(void *context)
{
	heap_round(context);
}

static struct heap *new_heap(struct sink *sink)
{
	const struct heap_options none = { 0 };
	struct heap *heap = heap_new(&none);

	ck_assert_ptr_nonnull(heap);
	*sink = sink_ignoring(heap);
	sink->hit = take_hit;
	sink->round = take_round;
	return heap;
}

/* Watches and records, with rings of KIB.  */
static void begin_taking(struct taken *taken, unsigned kib)
{
	const struct writer_options writing = { 0 };
	struct capture_options options = {
		.pid = taken->caller.pid, .ring_kib = kib, .tap = &taken->tap,
	};
	struct error error = { "" };

	note_runner();
	strcpy(taken->directory, "/tmp/leaktop-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(taken->directory));
	snprintf(taken->path, sizeof taken->path, "%s/data", taken->directory);
	taken->writer = writer_open(taken->path, &writing, &error);
	ck_assert_msg(taken->writer != NULL, "%s", error.text);
	taken->tap = writer_tap(taken->writer);
	taken->heap = new_heap(&taken->sink);
	taken->capture = capture_open(&options, &taken->sink, &error);
	ck_assert_msg(taken->capture != NULL, "%s", error.text);
}

/* As ask() does, reading the rings all the while.  */
static int do_it(struct taken *taken, const char *command, int number)
{
	struct pollfd fd = { .fd = taken->caller.fd, .events = POLLIN };
	enum capture_status status;
	struct error error = { "" };

	tell(&taken->caller, command, number);
	while (!poll(&fd, 1, 0))
		ck_assert(!capture_poll(taken->capture, 20, fd.fd, &taken->sink,
					&status, &error));
	return answer(&taken->caller);
}

static void be(struct taken *taken, enum capture_mode mode)
{
	struct error error = { "" };

	ck_assert_msg(!capture_set_mode(taken->capture, mode, &taken->sink,
					&error), "%s", error.text);
}

/* Blocks that stay, so that there is something to doubt.  */
static void leave_blocks(struct taken *taken, int count)
{
	static uint64_t addresses[20000];
	pid_t tid;
	int threads = do_it(taken, "pointers", count);

	for (int i = 0; i < threads; i++) {
		ck_assert(get_bytes(&taken->caller, &tid, sizeof tid));
		ck_assert(get_bytes(&taken->caller, addresses,
				    count * sizeof *addresses));
	}
}

/* Of all groups of one size: they are in no order, and their chains have other
   numbers.  */
struct sum {
	uint64_t size, live, doubtful, allocated, freed;
};

static int by_size(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return x->size < y->size ? -1 : x->size > y->size;
}

static struct sum *sums_of(const struct snapshot *snapshot, size_t *count)
{
	struct sum *sum = calloc(snapshot->group_count + 1, sizeof *sum);
	size_t n = 0;

	ck_assert_ptr_nonnull(sum);
	for (uint32_t i = 0; i < snapshot->group_count; i++)
		sum[i] = (struct sum){
			snapshot->groups[i].size, snapshot->groups[i].live,
			snapshot->groups[i].doubtful,
			snapshot->groups[i].allocated,
			snapshot->groups[i].freed
		};
	qsort(sum, snapshot->group_count, sizeof *sum, by_size);
	for (uint32_t i = 0; i < snapshot->group_count; i++) {
		if (n && sum[n - 1].size == sum[i].size) {
			sum[n - 1].live += sum[i].live;
			sum[n - 1].doubtful += sum[i].doubtful;
			sum[n - 1].allocated += sum[i].allocated;
			sum[n - 1].freed += sum[i].freed;
		} else {
			sum[n++] = sum[i];
		}
	}
	*count = n;
	return sum;
}

#define SAME(field) ck_assert_uint_eq(live->field, file->field)

/* Returns how many blocks are doubtful.  */
static uint64_t check_same(const struct snapshot *live,
			   const struct snapshot *file)
{
	size_t count, others;
	struct sum *a = sums_of(live, &count), *b = sums_of(file, &others);
	uint64_t doubtful = 0;

	SAME(hits);
	SAME(lost);
	SAME(last_lost);
	SAME(missed_frees);
	SAME(unpaired);
	SAME(live_blocks);
	SAME(live_bytes);
	SAME(allocated);
	SAME(freed);
	SAME(group_count);
	for (int i = 0; i < ALLOC_COUNT; i++)
		SAME(operations[i]);
	for (int i = 0; i < ANOMALY_COUNT; i++)
		SAME(anomalies[i]);
	ck_assert_uint_eq(live->late, 0);
	ck_assert_uint_eq(file->late, 0);
	ck_assert_uint_eq(count, others);
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_eq(a[i].size, b[i].size);
		ck_assert_uint_eq(a[i].live, b[i].live);
		ck_assert_uint_eq(a[i].doubtful, b[i].doubtful);
		ck_assert_uint_eq(a[i].allocated, b[i].allocated);
		ck_assert_uint_eq(a[i].freed, b[i].freed);
		doubtful += a[i].doubtful;
	}
	/* The time that was watched is that of the recording.  */
	ck_assert_uint_ge(file->end, live->end);
	ck_assert_uint_le(file->start, live->start);
	free(a);
	free(b);
	return doubtful;
}

/* What the file says; *PID: of whom.  */
static struct snapshot *read_back(const char *path, uint32_t *pid)
{
	struct error error = { "" };
	struct perfdata *perfdata = perfdata_open(path, &error);
	struct snapshot *snapshot;
	struct heap *heap;
	struct sink sink;

	ck_assert_msg(perfdata != NULL, "%s", error.text);
	ck_assert(!perfdata_unfinished(perfdata));
	heap = new_heap(&sink);
	ck_assert_msg(!perfdata_read(perfdata, &sink, NULL, NULL, &error), "%s",
		      error.text);
	heap_finish(heap);
	ck_assert(!heap_found_stubs(heap));
	snapshot = heap_snapshot(heap);
	ck_assert_ptr_nonnull(snapshot);
	*pid = perfdata_pid(perfdata);
	heap_free(heap);
	perfdata_close(perfdata);
	return snapshot;
}

/* Ends all.  *DOUBTFUL: blocks.  Returns what live and file agree in, to be given
   back.  */
static struct snapshot *end_taking(struct taken *taken, uint64_t *doubtful)
{
	struct error error = { "" };
	struct snapshot *live, *file;
	uint32_t pid;

	capture_stop(taken->capture, &taken->sink);
	capture_close(taken->capture);
	heap_finish(taken->heap);
	live = heap_snapshot(taken->heap);
	ck_assert_ptr_nonnull(live);
	ck_assert_uint_eq(writer_lost(taken->writer), 0);
	ck_assert_msg(!writer_close(taken->writer, &error), "%s", error.text);
	file = read_back(taken->path, &pid);
	ck_assert_uint_eq(pid, taken->caller.pid);
	*doubtful = check_same(live, file);
	snapshot_unref(file);
	heap_free(taken->heap);
	ck_assert(!unlink(taken->path));
	ck_assert(!rmdir(taken->directory));
	end_caller(&taken->caller);
	return live;
}

START_TEST(every_mode_is_kept)
{
	struct taken taken;
	struct snapshot *snapshot;
	uint64_t doubtful;

	launch(&taken.caller);
	begin_taking(&taken, 4096);
	leave_blocks(&taken, 1000);
	do_it(&taken, "run", 100);
	be(&taken, CAPTURE_NO_CHAINS);
	do_it(&taken, "run", 100);
	be(&taken, CAPTURE_RELEASES);
	do_it(&taken, "run", 100);
	be(&taken, CAPTURE_FULL);
	leave_blocks(&taken, 500);
	be(&taken, CAPTURE_PAUSED);
	do_it(&taken, "run", 100);
	do_it(&taken, "crowd", 20);
	be(&taken, CAPTURE_FULL);
	do_it(&taken, "run", 100);
	ck_assert_int_eq(do_it(&taken, "go", 50), 20);
	leave_blocks(&taken, 100);
	snapshot = end_taking(&taken, &doubtful);
	ck_assert_uint_eq(snapshot->lost, 0);
	ck_assert_uint_gt(snapshot->last_lost, 0);
	ck_assert_uint_gt(doubtful, 1000);
	ck_assert_uint_lt(doubtful, snapshot->live_blocks);
	/* All but what was paused or drained.  */
	ck_assert_uint_ge(snapshot->operations[ALLOC_VALLOC], 300);
	ck_assert_uint_ge(snapshot->operations[ALLOC_FREE], 8 * 400);
	snapshot_unref(snapshot);
}
END_TEST

START_TEST(nothing_twice_under_load)
{
	static const enum capture_mode modes[] = {
		CAPTURE_NO_CHAINS, CAPTURE_FULL, CAPTURE_NO_CHAINS,
		CAPTURE_FULL
	};
	struct taken taken;
	struct snapshot *snapshot;
	uint64_t doubtful;
	int count;

	launch(&taken.caller);
	begin_taking(&taken, 16384);
	leave_blocks(&taken, 300);
	do_it(&taken, "load", 0);
	for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++)
		be(&taken, modes[i]);
	count = do_it(&taken, "unload", 0);
	snapshot = end_taking(&taken, &doubtful);
	ck_assert_uint_eq(snapshot->lost, 0);
	ck_assert_uint_eq(snapshot->unpaired, 0);
	ck_assert_uint_eq(doubtful, 0);
	ck_assert_uint_ge(snapshot->operations[ALLOC_MALLOC], count);
	snapshot_unref(snapshot);
}
END_TEST

/* The kernel's counts, and those in records.  */
START_TEST(losses_are_kept)
{
	struct taken taken;
	struct snapshot *snapshot;
	uint64_t doubtful;

	launch(&taken.caller);
	begin_taking(&taken, 64);
	leave_blocks(&taken, 30);
	/* Nobody reads meanwhile.  */
	ask(&taken.caller, "pairs", 10000);
	do_it(&taken, "run", 10);
	/* Long enough to be asked for by time, too.  */
	usleep(1100000);
	do_it(&taken, "run", 10);
	ask(&taken.caller, "pairs", 10000);
	snapshot = end_taking(&taken, &doubtful);
	ck_assert_uint_gt(snapshot->lost, 0);
	ck_assert_uint_gt(doubtful, 0);
	snapshot_unref(snapshot);
}
END_TEST

/* Also some that are being created while the events are opened.  */
START_TEST(threads_that_come_and_go)
{
	struct taken taken;
	struct snapshot *snapshot;
	uint64_t doubtful;
	int count;

	launch(&taken.caller);
	ask(&taken.caller, "churn", 0);
	begin_taking(&taken, 16384);
	do_it(&taken, "count", 0);
	for (int i = 0; i < 20; i++)
		do_it(&taken, "run", 10);
	usleep(300000);
	count = do_it(&taken, "churned", 0);
	ck_assert_int_gt(count, 0);
	snapshot = end_taking(&taken, &doubtful);
	ck_assert_uint_ge(snapshot->operations[ALLOC_MALLOC] + snapshot->lost,
			  3 * (uint64_t)count);
	snapshot_unref(snapshot);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		every_mode_is_kept, nothing_twice_under_load, losses_are_kept,
		threads_that_come_and_go, NULL
	};

	return run_live("record", tests);
}
