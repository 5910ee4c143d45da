/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "testing.h"

#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "perfdata/perfdata.h"
#include "perfdata_builder.h"
#include "session/session.h"

/* The second reading of a recording for the life of one size has to bring what a log
   of everything would have.  */

#define ID_MALLOC 64001
#define ID_MALLOC_RET 64002
#define ID_FREE 64003
#define ID_REALLOC 64004
#define ID_REALLOC_RET 64005

enum { MALLOC, MALLOC_RET, FREE, REALLOC, REALLOC_RET };

#define THREADS 3
#define SIZES 300
#define BLOCKS 2000
#define PID 42
#define CHILD 77
/* Blocks of this size come up in one place only.  */
#define RARE 100003
#define RARE_FROM 40000
#define RARE_TO 40200
#define STEPS 60000

static struct builder builder;
static struct bytes file;
static char path[] = "/tmp/leaktop-test-XXXXXX";
static uint64_t now, state;

static const uint64_t functions[] = {
	[MALLOC] = 0x7000, [MALLOC_RET] = 0x7000, [FREE] = 0x7100,
	[REALLOC] = 0x7200, [REALLOC_RET] = 0x7200,
};

static void setup(void)
{
	static const char *const names[] = {
		"malloc", "malloc_ret__return", "free", "realloc",
		"realloc_ret__return",
	};
	static const char *const fields[] = {
		FIELD_IP FIELD_U64("bytes", 16), FIELD_FUNC FIELD_U64("arg1", 24),
		FIELD_IP FIELD_U64("mem", 16),
		FIELD_IP FIELD_U64("oldmem", 16) FIELD_U64("bytes", 24),
		FIELD_FUNC FIELD_U64("arg1", 24),
	};
	char text[2048];
	int fd;

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	memset(&builder, 0, sizeof(builder));
	now = 1000;
	state = 1;
	for (unsigned i = 0; i < 5; i++) {
		make_format(text, sizeof(text), names[i], ID_MALLOC + i, fields[i]);
		builder_format(&builder, text);
		builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC + i,
			      PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID |
			      PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN |
			      PERF_SAMPLE_RAW);
	}
}

static void teardown(void)
{
	unlink(path);
	builder_free(&builder);
	bytes_free(&file);
}

static void finish(void)
{
	FILE *stream = fopen(path, "w");

	builder_finish(&builder, &file);
	ck_assert_ptr_nonnull(stream);
	ck_assert_uint_eq(fwrite(file.data, 1, file.size, stream), file.size);
	ck_assert_int_eq(fclose(stream), 0);
}

static void add_hit_of(uint32_t pid, unsigned event, uint32_t tid, uint64_t first,
		       uint64_t second)
{
	const uint64_t chain[] = {
		(uint64_t)PERF_CONTEXT_USER, functions[event],
		0x401000 + (first ^ second) % 5 * 16,
	};
	const uint64_t values[] = { first, second };
	struct bytes raw = { 0 };
	struct sample sample = {
		.id = builder.ids[event][1], .time = now += 1000, .pid = pid,
		.tid = tid, .chain = chain, .chain_size = 3, .raw = &raw
	};

	make_raw(&raw, event == MALLOC_RET || event == REALLOC_RET,
		 ID_MALLOC + event, functions[event], values, event == REALLOC ? 2 : 1);
	add_sample(&builder.data, &builder.attrs[event], &sample);
	bytes_free(&raw);
}

static void add_hit(unsigned event, uint32_t tid, uint64_t first, uint64_t second)
{
	add_hit_of(PID, event, tid, first, second);
}

static void add_mapping(uint32_t pid, const char *name)
{
	size_t at = begin_record(&builder.data, PERF_RECORD_MMAP2,
				 PERF_RECORD_MISC_USER);

	bytes_u32(&builder.data, pid);
	bytes_u32(&builder.data, pid);
	bytes_u64(&builder.data, 0x400000);
	bytes_u64(&builder.data, 0x10000);
	bytes_u64(&builder.data, 0);
	bytes_zeros(&builder.data, 24);
	bytes_u32(&builder.data, PROT_EXEC);
	bytes_u32(&builder.data, 0);
	bytes_string(&builder.data, name, 8);
	add_trailer(&builder.data, &builder.attrs[0], 0, now += 1000);
	end_record(&builder.data, at);
}

static void add_round(void)
{
	end_record(&builder.data, begin_record(&builder.data, 68, 0));
}

/* A new process, which runs another program.  */
static void add_fork_and_exec(uint32_t child)
{
	size_t at = begin_record(&builder.data, PERF_RECORD_FORK, 0);

	bytes_u32(&builder.data, child);
	bytes_u32(&builder.data, PID);
	bytes_u32(&builder.data, child);
	bytes_u32(&builder.data, PID);
	bytes_u64(&builder.data, now += 1000);
	add_trailer(&builder.data, &builder.attrs[0], 0, now);
	end_record(&builder.data, at);
	at = begin_record(&builder.data, PERF_RECORD_COMM,
			  PERF_RECORD_MISC_COMM_EXEC);
	bytes_u32(&builder.data, child);
	bytes_u32(&builder.data, child);
	bytes_string(&builder.data, "other", 8);
	add_trailer(&builder.data, &builder.attrs[0], 0, now += 1000);
	end_record(&builder.data, at);
}

static uint64_t any_size(unsigned step)
{
	uint32_t number = next_random(&state);

	if (step >= RARE_FROM && step < RARE_TO && number % 8 == 0)
		return RARE;
	return 16 + number % SIZES * 8;
}

/* What some threads do at once: their calls are interleaved.  */
static void make_recording(void)
{
	static uint64_t live[BLOCKS];
	struct {
		unsigned open;          /* event of the call, or FREE */
		uint64_t block;         /* that it returns */
		unsigned slot;
	} threads[THREADS] = { { FREE, 0, 0 }, { FREE, 0, 0 }, { FREE, 0, 0 } };
	uint64_t next = 0x10000;

	memset(live, 0, sizeof(live));
	add_mapping(PID, "/bin/x");
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned i = next_random(&state) % THREADS;
		uint32_t tid = PID + i;
		unsigned slot = next_random(&state) % BLOCKS;

		if (step % 500 == 0)
			add_round();
		if (step == STEPS / 2) {
			add_fork_and_exec(CHILD);
			add_mapping(CHILD, "/bin/other");
		}
		if (step > STEPS / 2 && step % 7 == 0) {
			add_hit_of(CHILD, MALLOC, CHILD, 16, 0);
			add_hit_of(CHILD, MALLOC_RET, CHILD, 0x9000 + step * 16, 0);
		}
		if (threads[i].open != FREE) {
			/* Now and then one takes long.  */
			if (next_random(&state) % 1000 == 0)
				i = (i + 1) % THREADS;
			tid = PID + i;
			if (threads[i].open == FREE)
				continue;
			add_hit(threads[i].open + 1, tid, threads[i].block, 0);
			live[threads[i].slot] = threads[i].block;
			threads[i].open = FREE;
		} else if (live[slot] == UINT64_MAX) {
			continue;
		} else if (!live[slot] || next_random(&state) % 4 == 0) {
			threads[i].open = live[slot] ? REALLOC : MALLOC;
			threads[i].block = next += 0x1000;
			threads[i].slot = slot;
			if (live[slot])
				add_hit(REALLOC, tid, live[slot], any_size(step));
			else
				add_hit(MALLOC, tid, any_size(step), 0);
			live[slot] = UINT64_MAX;
		} else {
			add_hit(FREE, tid, live[slot], 0);
			live[slot] = 0;
		}
	}
	finish();
}

static struct session *open_session(uint64_t limit)
{
	struct session_options options = {
		.path = path,
		.heap = { .log = true, .log_limit = limit },
	};
	struct error error = { "" };
	struct session *session = session_new(&options, &error);

	ck_assert_msg(session != NULL, "%s", error.text);
	ck_assert_int_eq(session_start(session, &error), 0);
	return session;
}

static struct picture *next_picture(const struct feed *feed)
{
	struct pollfd wait = { .fd = feed->fd, .events = POLLIN };
	eventfd_t ignored;

	ck_assert_int_eq(poll(&wait, 1, 30000), 1);
	eventfd_read(feed->fd, &ignored);
	return feed->picture(feed->context);
}

static struct picture *loaded(struct session *session)
{
	const struct feed *feed = session_feed(session);
	struct picture *picture = next_picture(feed);

	while (picture->state == STATE_STARTING ||
	       picture->state == STATE_LOADING) {
		picture_unref(picture);
		picture = next_picture(feed);
	}
	ck_assert_int_eq(picture->state, STATE_COMPLETE);
	return picture;
}

/* The picture with the life of SIZE.  */
static struct picture *read_life(struct session *session, uint64_t size)
{
	const struct feed *feed = session_feed(session);
	struct picture *picture;

	feed->life(feed->context, size);
	for (;;) {
		picture = next_picture(feed);
		if (picture->life_asked && picture->life_size == size &&
		    (picture->life || picture->life_trouble))
			return picture;
		picture_unref(picture);
	}
}

static bool equal_entries(const struct log_entry *a, const struct log_entry *b)
{
	return a->time == b->time && a->address == b->address &&
	       a->size == b->size && a->live == b->live && a->tid == b->tid &&
	       a->enter == b->enter;
}

/* CHAIN is of session A, OTHER of B.  */
static void check_chains(const struct picture *a, uint32_t chain,
			 const struct picture *b, uint32_t other)
{
	struct chain one = chains_get(a->heap->chains, chain);
	struct chain two = chains_get(b->heap->chains, other);

	ck_assert_uint_eq(one.count, two.count);
	ck_assert_mem_eq(one.addresses, two.addresses,
			 one.count * sizeof(*one.addresses));
	ck_assert_uint_eq(one.space, two.space);
}

/* LIFE is what ALL has of SIZE.  */
static uint64_t check_life(const struct picture *all, const struct picture *some,
			   uint64_t size)
{
	const struct log_view *log = all->heap->log;
	uint64_t at = log_view_first(some->life);

	for (uint64_t i = log_view_first(log); i < log_view_end(log); i++) {
		const struct log_entry *entry = log_view_get(log, i), *other;

		if (entry->size != size)
			continue;
		ck_assert_uint_lt(at, log_view_end(some->life));
		other = log_view_get(some->life, at++);
		ck_assert(equal_entries(entry, other));
		check_chains(all, entry->chain, some, other->chain);
	}
	ck_assert_uint_eq(at, log_view_end(some->life));
	return at;
}

/* Each size, in whatever order; and what was counted at first stays.  */
START_TEST(brings_what_a_log_has)
{
	static const uint64_t sizes[] = { RARE, 16, 1024, RARE, 2408 };
	struct session *whole, *bounded;
	struct picture *all, *some, *before;
	uint32_t chains;

	make_recording();
	whole = open_session(0);
	all = loaded(whole);
	ck_assert_uint_eq(log_view_first(all->heap->log), 0);
	bounded = open_session(1);
	before = loaded(bounded);
	ck_assert_uint_gt(log_view_first(before->heap->log), 0);
	chains = before->heap->chain_limit;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		some = read_life(bounded, sizes[i]);
		ck_assert(!some->life_trouble);
		ck_assert_uint_gt(check_life(all, some, sizes[i]), 10);
		ck_assert_uint_eq(some->heap->hits, all->heap->hits);
		ck_assert_uint_eq(some->heap->live_bytes, all->heap->live_bytes);
		ck_assert_int_eq(some->state, STATE_COMPLETE);
		/* Nothing is kept twice.  */
		ck_assert_uint_eq(chains_limit(some->heap->chains), chains);
		picture_unref(some);
	}
	picture_unref(before);
	picture_unref(all);
	session_free(whole);
	session_free(bounded);
}
END_TEST

/* A size of which no block was ever seen has no life; the next one has.  */
START_TEST(tells_of_nothing)
{
	struct session *session;
	struct picture *picture;

	make_recording();
	session = open_session(1);
	picture_unref(loaded(session));
	picture = read_life(session, 999999999);
	ck_assert(picture->life_trouble);
	picture_unref(picture);
	picture = read_life(session, 16);
	ck_assert_ptr_nonnull(picture->life);
	picture_unref(picture);
	session_free(session);
}
END_TEST

/* One wish takes the place of another; the end may come at any time.  */
START_TEST(may_be_ended)
{
	struct session *session;
	const struct feed *feed;

	make_recording();
	for (unsigned i = 0; i < 10; i++) {
		session = open_session(1);
		feed = session_feed(session);
		picture_unref(loaded(session));
		feed->life(feed->context, 16);
		usleep(i * 300);
		feed->life(feed->context, 24);
		usleep(i * 300);
		session_free(session);
	}
}
END_TEST

/* Segments are passed over that have nothing of a size.  */
struct feeding {
	struct heap *heap;
	uint64_t hits;
};

static void feed_hit(void *context, struct hit *hit, const uint64_t *chain,
		     size_t size)
{
	struct feeding *feeding = context;

	feeding->hits++;
	heap_hit(feeding->heap, hit, 1, chain, (uint32_t)size);
}

static void feed_round(void *context)
{
	heap_round(((struct feeding *)context)->heap);
}

static void feed_segment(void *context, uint64_t place)
{
	heap_segment(((struct feeding *)context)->heap, place);
}

/* What came of a second reading for RARE.  */
struct again {
	uint64_t all;           /* hits of the first reading */
	uint64_t some;          /* of the second one */
	uint64_t events;
	unsigned stretches;
	bool same;
};

/* Reads what was made twice, the second time by the segments.  */
static struct again read_twice(void)
{
	const struct heap_options options = { .log = true };
	struct feeding feeding = { .heap = heap_new(&options) };
	struct sink sink = sink_ignoring(&feeding);
	struct again again = { .stretches = 0 };
	struct perfdata *perfdata;
	struct log_view *view;
	struct stretch stretch;
	struct error error;

	sink.hit = feed_hit;
	sink.round = feed_round;
	sink.segment = feed_segment;
	finish();
	perfdata = perfdata_open(path, &error);
	ck_assert_ptr_nonnull(perfdata);
	ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL, &error), 0);
	heap_finish(feeding.heap);
	again.all = feeding.hits;
	ck_assert_int_eq(heap_life_begin(feeding.heap, RARE), 0);
	ck_assert(heap_life_has_segments(feeding.heap));
	for (; heap_life_next(feeding.heap, &stretch); again.stretches++)
		ck_assert_int_eq(perfdata_read_stretch(perfdata, stretch.begin,
			stretch.end, &sink, NULL, NULL, &error), 0);
	heap_finish(feeding.heap);
	again.some = feeding.hits - again.all;
	view = heap_life_end(feeding.heap, &again.same);
	again.events = log_view_end(view);
	log_view_unref(view);
	perfdata_close(perfdata);
	heap_free(feeding.heap);
	return again;
}

START_TEST(passes_over)
{
	struct again again;

	for (unsigned i = 0; i < 50000; i++) {
		bool rare = i >= RARE_FROM && i < RARE_TO;

		if (i % 100 == 0)
			add_round();
		add_hit(MALLOC, PID, rare ? RARE : 48, 0);
		add_hit(MALLOC_RET, PID, 0x5000, 0);
		add_hit(FREE, PID, 0x5000, 0);
	}
	again = read_twice();
	ck_assert(again.same);
	ck_assert_uint_eq(again.events, 2 * (RARE_TO - RARE_FROM));
	/* Two segments at most.  */
	ck_assert_uint_le(again.some, 2 * 8192);
	ck_assert_uint_eq(again.all, 150000);
}
END_TEST

/* What the segments tell of is enough where each has calls that the gap before it
   cuts off, and where a block of the size is the first thing in it.  */
START_TEST(stretches_suffice)
{
	struct again again;
	unsigned rare = 0;

	for (unsigned i = 0, count = 0; i < 50000; i++) {
		/* Just behind where a segment begins, in every third one.  */
		bool is_rare = count % (3 * 8192) < 40 && count > 8192;
		uint32_t tid = PID + i % 2;

		rare += is_rare;
		add_hit(MALLOC, tid, is_rare ? RARE : 48, 0);
		add_hit(MALLOC_RET, tid, 0x5000 + tid * 16, 0);
		add_hit(FREE, tid, 0x5000 + tid * 16, 0);
		count += 3;
		if (i % 1000 == 0) {
			add_round();
			count++;
		}
	}
	again = read_twice();
	ck_assert(again.same);
	ck_assert_uint_eq(again.events, 2 * rare);
	ck_assert_uint_gt(again.stretches, 3);
	ck_assert_uint_lt(again.some, again.all / 2);
}
END_TEST

/* The call of a realloc lies in a segment that tells of nothing, as its block's
   address is given to another thread far behind that: what the segments bring is
   not what was seen, and all is read.  */
START_TEST(notices_what_segments_lack)
{
	struct session *whole, *bounded;
	struct picture *all, *some;

	add_hit(MALLOC, PID, RARE, 0);
	add_hit(MALLOC_RET, PID, 0x5000, 0);
	for (unsigned i = 0; i < 30000; i++) {
		if (i == 10000)
			add_hit(REALLOC, PID, 0x5000, 64);
		if (i == 20000) {
			add_hit(MALLOC, PID + 1, 32, 0);
			add_hit(MALLOC_RET, PID + 1, 0x5000, 0);
		}
		if (i % 1000 == 0)
			add_round();
		add_hit(MALLOC, PID + 2, 48, 0);
		add_hit(MALLOC_RET, PID + 2, 0x100000 + i * 64, 0);
	}
	add_hit(REALLOC_RET, PID, 0x6000, 0);
	finish();
	whole = open_session(0);
	all = loaded(whole);
	bounded = open_session(1);
	picture_unref(loaded(bounded));
	some = read_life(bounded, RARE);
	ck_assert(!some->life_trouble);
	ck_assert_uint_eq(check_life(all, some, RARE), 2);
	picture_unref(some);
	picture_unref(all);
	session_free(whole);
	session_free(bounded);
}
END_TEST

/* A call of malloc at TIME, as a second event tells of it that takes stack dumps:
   three frames, by frame pointer.  */
static void add_dump(uint64_t time, uint64_t size)
{
	enum { BP = 6, SP, IP, R8 = 16 };
	const uint64_t at = 0x7fff0000;
	const uint64_t stack[] = {
		at + 16, 0x402000, at + 32, 0x403000, 0, 0x404000,
	};
	struct perf_event_attr *attr = &builder.attrs[builder.count];
	struct bytes *out = &builder.data, raw = { 0 };
	size_t record;

	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC,
		      builder.attrs[MALLOC].sample_type |
		      PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER);
	attr->sample_regs_user = 1u << BP | 1u << SP | 1u << IP | 1u << R8;
	make_raw(&raw, false, ID_MALLOC, functions[MALLOC], &size, 1);
	record = begin_record(out, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
	bytes_u64(out, builder.ids[builder.count - 1][1]);
	bytes_u32(out, PID);
	bytes_u32(out, PID);
	bytes_u64(out, time);
	bytes_u64(out, 0);
	bytes_u32(out, (uint32_t)raw.size);
	bytes_add(out, raw.data, raw.size);
	bytes_zeros(out, (8 - out->size % 8) % 8);
	bytes_u64(out, PERF_SAMPLE_REGS_ABI_64);
	bytes_u64(out, at);
	bytes_u64(out, at);
	bytes_u64(out, functions[MALLOC]);
	bytes_u64(out, 0);
	bytes_u64(out, sizeof(stack));
	bytes_add(out, stack, sizeof(stack));
	bytes_u64(out, sizeof(stack));
	end_record(out, record);
	bytes_free(&raw);
}

/* The dump comes out of another ring, segments before the hit that it belongs
   to.  */
START_TEST(dumps_are_found)
{
	const uint64_t time = now + 60000000;
	struct session *whole, *bounded;
	struct picture *all, *some;

	add_dump(time - 10, RARE);
	for (unsigned i = 0; i < 20000; i++) {
		if (i == 10000) {
			now = time - 1000;
			add_hit(MALLOC, PID, RARE, 0);
			add_hit(MALLOC_RET, PID, 0x5000, 0);
		}
		add_hit(MALLOC, PID + 2, 48, 0);
		add_hit(MALLOC_RET, PID + 2, 0x6000, 0);
		add_hit(FREE, PID + 2, 0x6000, 0);
	}
	finish();
	whole = open_session(0);
	all = loaded(whole);
	bounded = open_session(1);
	picture_unref(loaded(bounded));
	some = read_life(bounded, RARE);
	ck_assert(!some->life_trouble);
	ck_assert_uint_eq(check_life(all, some, RARE), 1);
	ck_assert_uint_eq(chains_get(some->heap->chains,
				     log_view_get(some->life, 0)->chain).count, 3);
	picture_unref(some);
	picture_unref(all);
	session_free(whole);
	session_free(bounded);
}
END_TEST

/* With one processor there is one thread, which brings the same.  */
START_TEST(one_processor_or_two)
{
	struct session *one, *two;
	struct picture *a, *b;
	cpu_set_t all, first;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	if (CPU_COUNT(&all) < 2)
		return;
	CPU_ZERO(&first);
	for (size_t i = 0; i < CPU_SETSIZE && !CPU_COUNT(&first); i++) {
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &first);
	}
	make_recording();
	two = open_session(0);
	a = loaded(two);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(first), &first), 0);
	one = open_session(0);
	b = loaded(one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(all), &all), 0);
	ck_assert_uint_eq(a->heap->hits, b->heap->hits);
	ck_assert_uint_eq(a->heap->unpaired, b->heap->unpaired);
	ck_assert_uint_eq(a->heap->live_bytes, b->heap->live_bytes);
	ck_assert_uint_eq(a->heap->group_count, b->heap->group_count);
	for (uint32_t i = 0; i < a->heap->group_count; i++) {
		struct group left = a->heap->groups[i];
		struct group right = b->heap->groups[i];

		check_chains(a, left.chain, b, right.chain);
		left.chain = right.chain;
		ck_assert_mem_eq(&left, &right, sizeof(left));
	}
	ck_assert_uint_eq(log_view_end(a->heap->log), log_view_end(b->heap->log));
	for (uint64_t i = 0; i < log_view_end(a->heap->log); i++)
		ck_assert(equal_entries(log_view_get(a->heap->log, i),
					log_view_get(b->heap->log, i)));
	picture_unref(a);
	picture_unref(b);
	session_free(one);
	session_free(two);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("life");
	TCase *tests = tcase_create("life");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, brings_what_a_log_has);
	tcase_add_test(tests, tells_of_nothing);
	tcase_add_test(tests, may_be_ended);
	tcase_add_test(tests, passes_over);
	tcase_add_test(tests, stretches_suffice);
	tcase_add_test(tests, notices_what_segments_lack);
	tcase_add_test(tests, dumps_are_found);
	tcase_add_test(tests, one_processor_or_two);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
