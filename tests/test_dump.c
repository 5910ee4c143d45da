/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Registers and stacks in samples: read from records, and unwound when the
 * hits they belong to have their turn.
 */
#include "config.h"

#include "testing.h"

#include <elf.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "perfdata_builder.h"
#include "session/session.h"
#include "trace/records.h"

#define ID_MALLOC 11
#define ID_MALLOC_RET 12

#define USUAL (PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | \
	       PERF_SAMPLE_TIME | PERF_SAMPLE_RAW)
#define DUMPED (USUAL | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER)

#define X86_MASK 0xff0fffu
#define X86_COUNT 20
#define ARM64_MASK ((UINT64_C(1) << 33) - 1)

/* All that can stand behind the raw data, up to the stack.  */
struct behind {
	uint64_t branches;
	uint64_t branch_type;   /* PERF_SAMPLE_BRANCH_…; has they none: no branches */
	uint64_t abi;
	uint64_t mask;
	uint64_t room;          /* bytes for the stack */
	uint64_t size;          /* of them in use */
};

static const struct behind usual = {
	.abi = PERF_SAMPLE_REGS_ABI_64, .mask = X86_MASK,
	.room = 256, .size = 200,
};

static struct bytes out;

/* What the sink was told: a dump, and whether its hit came next.  */
static struct {
	unsigned dumps;
	unsigned hits;
	bool pending;
	struct hit hit;
	struct dump dump;
	uint64_t registers[64];
	uint8_t stack[4096];
} seen_dump;

static void on_dump(void *context, const struct hit *hit,
		    const struct dump *dump)
{
	(void)context;
	ck_assert(!seen_dump.pending);
	seen_dump.dumps++;
	seen_dump.pending = true;
	seen_dump.hit = *hit;
	seen_dump.dump = *dump;
	memcpy(seen_dump.registers, dump->registers,
	       8 * (size_t)__builtin_popcountll(dump->mask));
	ck_assert_uint_le(dump->size, sizeof(seen_dump.stack));
	memcpy(seen_dump.stack, dump->stack, dump->size);
}

static void on_hit(void *context, struct hit *hit, const uint64_t *chain,
		   size_t size)
{
	(void)context;
	(void)chain;
	(void)size;
	if (seen_dump.pending) {
		ck_assert_uint_eq(hit->time, seen_dump.hit.time);
		ck_assert_uint_eq(hit->tid, seen_dump.hit.tid);
		ck_assert_uint_eq(hit->argument[0], seen_dump.hit.argument[0]);
	}
	seen_dump.pending = false;
	seen_dump.hits++;
}

static void add_behind(struct bytes *to, const struct behind *behind,
		       const uint64_t *registers, const uint8_t *stack)
{
	if (behind->branch_type) {
		bytes_u64(to, behind->branches);
		if (behind->branch_type & PERF_SAMPLE_BRANCH_HW_INDEX)
			bytes_u64(to, 0);
		bytes_zeros(to, 24 * behind->branches);
		if (behind->branch_type & UINT64_C(1) << 19)
			bytes_zeros(to, 8 * behind->branches);
	}
	bytes_u64(to, behind->abi);
	if (behind->abi)
		bytes_add(to, registers,
			  8 * (size_t)__builtin_popcountll(behind->mask));
	bytes_u64(to, behind->room);
	if (!behind->room)
		return;
	bytes_add(to, stack, behind->size);
	bytes_zeros(to, behind->room - behind->size);
	bytes_u64(to, behind->size);
}

static void add_dump_sample(struct bytes *to, unsigned id, uint64_t time,
			    uint64_t value, const struct behind *behind,
			    const uint64_t *registers, const uint8_t *stack)
{
	size_t at = begin_record(to, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
	bool is_return = id == ID_MALLOC_RET;
	struct bytes raw = { .data = NULL };

	make_raw(&raw, is_return, id, 0x7f00aa00, &value, 1);
	bytes_u64(to, is_return ? 200 : 100);   /* the event's id */
	bytes_u64(to, 0x1111);
	bytes_u32(to, 42);
	bytes_u32(to, 43);
	bytes_u64(to, time);
	bytes_u32(to, (uint32_t)raw.size);
	bytes_add(to, raw.data, raw.size);
	add_behind(to, behind, registers, stack);
	end_record(to, at);
	bytes_free(&raw);
}

static void add_formats(struct decoder *decoder)
{
	struct error error;
	char text[2048];

	make_format(text, sizeof(text), "malloc", ID_MALLOC,
		    FIELD_IP FIELD_U64("bytes", 16));
	ck_assert_int_eq(decoder_add_format(decoder, "probe_libc", text,
					    strlen(text), &error), 0);
}

/* Reads what OUT begins with, of SIZE bytes, as one that records BEHIND.  */
static enum record_status read_sample(const struct behind *behind, size_t size,
				      bool wanted)
{
	struct decoder *decoder = decoder_new();
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr),
		.config = ID_MALLOC, .sample_type = DUMPED,
		.sample_regs_user = behind->mask,
		.branch_sample_type = behind->branch_type,
	};
	const struct sink sink = {
		.hit = on_hit, .dump = wanted ? on_dump : NULL,
	};
	struct perf_event_header *copy = malloc(size);
	const uint64_t id = 100;
	struct records *records;
	enum record_status status;
	struct error error;

	if (behind->branch_type)
		attr.sample_type |= PERF_SAMPLE_BRANCH_STACK;
	add_formats(decoder);
	records = records_new(decoder);
	ck_assert_int_eq(records_add_event(records, &attr, &id, 1, &error), 0);
	memset(&seen_dump, 0, sizeof(seen_dump));
	memcpy(copy, out.data, size);
	copy->size = (uint16_t)size;
	status = records_read(records, copy, size, &sink);
	free(copy);
	records_free(records);
	decoder_free(decoder);
	return status;
}

static void make_sample(const struct behind *behind)
{
	uint64_t registers[64];
	uint8_t stack[512];

	for (unsigned i = 0; i < 64; i++)
		registers[i] = 1000 + i;
	for (unsigned i = 0; i < sizeof(stack); i++)
		stack[i] = (uint8_t)(i * 7);
	out.size = 0;
	add_dump_sample(&out, ID_MALLOC, 5, 3072, behind, registers, stack);
}

static void check_delivered(const struct behind *behind, uint16_t machine)
{
	unsigned count = (unsigned)__builtin_popcountll(behind->mask);

	ck_assert_int_eq(read_sample(behind, out.size, true), RECORD_OK);
	ck_assert_uint_eq(seen_dump.hits, 1);
	ck_assert_uint_eq(seen_dump.dumps, 1);
	ck_assert_uint_eq(seen_dump.hit.argument[0], 3072);
	ck_assert_uint_eq(seen_dump.hit.tid, 43);
	ck_assert_uint_eq(seen_dump.dump.mask, behind->mask);
	ck_assert_uint_eq(seen_dump.dump.machine, machine);
	ck_assert(!seen_dump.dump.narrow);
	for (unsigned i = 0; i < count; i++)
		ck_assert_uint_eq(seen_dump.registers[i], 1000 + i);
	ck_assert_uint_eq(seen_dump.dump.size, behind->size);
	for (unsigned i = 0; i < behind->size; i++)
		ck_assert_uint_eq(seen_dump.stack[i], (uint8_t)(i * 7));
}

START_TEST(delivered)
{
	static const uint64_t branch_types[] = {
		0, PERF_SAMPLE_BRANCH_ANY,
		PERF_SAMPLE_BRANCH_ANY | PERF_SAMPLE_BRANCH_HW_INDEX,
		PERF_SAMPLE_BRANCH_ANY | UINT64_C(1) << 19,
		PERF_SAMPLE_BRANCH_ANY | PERF_SAMPLE_BRANCH_HW_INDEX |
			UINT64_C(1) << 19,
	};

	for (size_t i = 0; i < sizeof(branch_types) / 8; i++) {
		for (uint64_t branches = 0; branches < 4; branches++) {
			struct behind behind = usual;

			behind.branch_type = branch_types[i];
			behind.branches = branches;
			make_sample(&behind);
			check_delivered(&behind, EM_X86_64);
		}
	}
}
END_TEST

/* perf's numbers of registers tell of whose they are.  */
START_TEST(machines)
{
	static const struct {
		uint64_t mask;
		uint16_t machine;
	} cases[] = {
		{ X86_MASK, EM_X86_64 },
		{ X86_MASK | UINT64_C(0xff) << 32, EM_X86_64 }, /* vectors */
		{ 1u << 7 | 1u << 8 | 1u << 16, EM_X86_64 },
		{ ARM64_MASK, EM_AARCH64 },
		{ ARM64_MASK | UINT64_C(1) << 46, EM_AARCH64 },
		{ 0x0fff, EM_NONE },            /* 32-bit x86 */
		{ 0xffff, EM_NONE },            /* 32-bit ARM */
		{ 0xffffffff, EM_NONE },        /* RISC-V */
		{ (UINT64_C(1) << 34) - 1, EM_NONE }, /* s390 */
		{ (UINT64_C(1) << 44) - 1, EM_NONE }, /* PowerPC */
	};
	struct behind behind = usual;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		behind.mask = cases[i].mask;
		make_sample(&behind);
		check_delivered(&behind, cases[i].machine);
	}
}
END_TEST

START_TEST(none)
{
	struct behind behind = usual;

	make_sample(&behind);
	ck_assert_int_eq(read_sample(&behind, out.size, false), RECORD_OK);
	ck_assert_uint_eq(seen_dump.hits, 1);
	ck_assert_uint_eq(seen_dump.dumps, 0);
	/* A thread of the kernel has none of the user's registers.  */
	behind.abi = PERF_SAMPLE_REGS_ABI_NONE;
	make_sample(&behind);
	ck_assert_int_eq(read_sample(&behind, out.size, true), RECORD_OK);
	ck_assert_uint_eq(seen_dump.hits, 1);
	ck_assert_uint_eq(seen_dump.dumps, 0);
	behind = usual;
	behind.room = behind.size = 0;
	make_sample(&behind);
	ck_assert_int_eq(read_sample(&behind, out.size, true), RECORD_OK);
	ck_assert_uint_eq(seen_dump.hits, 1);
	ck_assert_uint_eq(seen_dump.dumps, 0);
	behind = usual;
	behind.abi = PERF_SAMPLE_REGS_ABI_32;
	make_sample(&behind);
	ck_assert_int_eq(read_sample(&behind, out.size, true), RECORD_OK);
	ck_assert(seen_dump.dump.narrow);
}
END_TEST

/* A length that does not fit is no dump, and no hit.  */
START_TEST(bad_lengths)
{
	static const uint64_t bad[] = {
		1, 255, 257, 264, 4096, UINT64_MAX, UINT64_MAX / 8,
		UINT64_C(1) << 61, UINT64_C(1) << 63,
	};
	struct behind behind = usual;
	/* Where the number of branches stands.  */
	const size_t before_end = 8 + behind.room + 8 + 8 * X86_COUNT + 8 + 8;
	size_t room_at, size_at;

	make_sample(&behind);
	size_at = out.size - 8;
	room_at = size_at - behind.room - 8;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make_sample(&behind);
		memcpy(out.data + room_at, &bad[i], 8);
		ck_assert_int_eq(read_sample(&behind, out.size, true),
				 RECORD_BAD);
		ck_assert_uint_eq(seen_dump.dumps + seen_dump.hits, 0);
		make_sample(&behind);
		memcpy(out.data + size_at, &bad[i], 8);
		ck_assert_int_eq(read_sample(&behind, out.size, true),
				 bad[i] <= behind.room ? RECORD_OK :
				 RECORD_BAD);
	}
	behind.branch_type = PERF_SAMPLE_BRANCH_ANY;
	for (size_t i = 2; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make_sample(&behind);
		memcpy(out.data + out.size - before_end, &bad[i], 8);
		ck_assert_int_eq(read_sample(&behind, out.size, true),
				 RECORD_BAD);
	}
}
END_TEST

START_TEST(cut_short)
{
	struct behind behind = usual;
	size_t whole;

	behind.branch_type = PERF_SAMPLE_BRANCH_ANY;
	behind.branches = 2;
	make_sample(&behind);
	whole = out.size;
	for (size_t size = 8; size < whole; size++) {
		ck_assert_int_eq(read_sample(&behind, size, true),
				 RECORD_BAD);
		ck_assert_uint_eq(seen_dump.dumps + seen_dump.hits, 0);
	}
}
END_TEST

/* A recording of two allocations whose stacks lead by frame pointers from
   CODE on, while at CODE nothing is mapped, or a file that is not at hand.  */
#define CODE UINT64_C(0x7f0000001000)
#define STACK UINT64_C(0x7ffc00000000)

static void add_allocation(struct builder *builder, uint64_t time,
			   uint64_t size)
{
	const uint64_t registers[X86_COUNT] = {
		[6] = STACK, [7] = STACK, [8] = CODE,
	};
	const uint64_t stack[] = {
		STACK + 16, CODE + 1, STACK + 32, CODE + 2, 0, CODE + 3,
	};
	struct behind behind = usual;

	behind.room = behind.size = sizeof(stack);
	add_dump_sample(&builder->data, ID_MALLOC, time, size, &behind,
			registers, (const uint8_t *)stack);
	add_dump_sample(&builder->data, ID_MALLOC_RET, time + 1,
			0x10000 * size, &behind, registers,
			(const uint8_t *)stack);
}

static void add_mapping(struct builder *builder, uint64_t time)
{
	static const char path[] = "/nonexistent/libnothing.so";
	size_t at = begin_record(&builder->data, PERF_RECORD_MMAP,
				 PERF_RECORD_MISC_USER);

	bytes_u32(&builder->data, 42);
	bytes_u32(&builder->data, 42);
	bytes_u64(&builder->data, CODE);
	bytes_u64(&builder->data, 0x1000);
	bytes_u64(&builder->data, 0);
	bytes_string(&builder->data, path, 8);
	add_trailer(&builder->data, &builder->attrs[0], 100, time);
	end_record(&builder->data, at);
}

static void add_round(struct builder *builder)
{
	end_record(&builder->data, begin_record(&builder->data, 68, 0));
}

static struct picture *read_recording(const char *path)
{
	struct session_options options = { .path = path };
	struct error error = { "" };
	struct session *session = session_new(&options, &error);
	const struct feed *feed;
	struct picture *picture;

	ck_assert_msg(session != NULL, "%s", error.text);
	feed = session_feed(session);
	picture = feed->picture(feed->context);
	ck_assert_int_eq(session_start(session, &error), 0);
	while (picture->state == STATE_STARTING ||
	       picture->state == STATE_LOADING) {
		struct pollfd wait = { .fd = feed->fd, .events = POLLIN };
		eventfd_t ignored;

		ck_assert_int_eq(poll(&wait, 1, 30000), 1);
		eventfd_read(feed->fd, &ignored);
		picture_unref(picture);
		picture = feed->picture(feed->context);
	}
	ck_assert_int_eq(picture->state, STATE_COMPLETE);
	session_free(session);
	return picture;
}

static void start_recording(struct builder *builder)
{
	char text[2048];

	memset(builder, 0, sizeof(*builder));
	make_format(text, sizeof(text), "malloc", ID_MALLOC,
		    FIELD_IP FIELD_U64("bytes", 16));
	builder_format(builder, text);
	make_format(text, sizeof(text), "malloc_ret", ID_MALLOC_RET,
		    FIELD_FUNC FIELD_U64("arg1", 24));
	builder_format(builder, text);
	builder_event(builder, PERF_TYPE_TRACEPOINT, ID_MALLOC, DUMPED);
	builder_event(builder, PERF_TYPE_TRACEPOINT, ID_MALLOC_RET, DUMPED);
	for (size_t i = 0; i < builder->count; i++)
		builder->attrs[i].sample_regs_user = X86_MASK;
}

/* Reads the recording and frees it.  */
static struct picture *finish_recording(struct builder *builder)
{
	char path[] = "/tmp/leaktop-dump-XXXXXX";
	int fd = mkstemp(path);
	struct picture *picture;

	out.size = 0;
	builder_finish(builder, &out);
	ck_assert_int_eq(write(fd, out.data, out.size), (ssize_t)out.size);
	close(fd);
	picture = read_recording(path);
	unlink(path);
	builder_free(builder);
	return picture;
}

static void check_chain(const struct snapshot *heap, uint64_t size,
			const uint64_t *expected, uint32_t count)
{
	for (uint32_t i = 0; i < heap->group_count; i++) {
		struct chain chain;

		if (heap->groups[i].size != size)
			continue;
		chain = chains_get(heap->chains, heap->groups[i].chain);
		ck_assert_uint_eq(chain.count, count);
		for (uint32_t j = 0; j < count; j++)
			ck_assert_uint_eq(chain.addresses[j], expected[j]);
		return;
	}
	ck_abort_msg("no block of %u bytes", (unsigned)size);
}

static const uint64_t chain[] = { CODE, CODE + 1, CODE + 2, CODE + 3 };

/* By what was mapped at that time, whatever the recorder wrote first.  */
START_TEST(in_turn)
{
	struct builder builder;
	struct picture *picture;

	start_recording(&builder);
	add_allocation(&builder, 300, 3);
	add_mapping(&builder, 200);
	add_allocation(&builder, 100, 1);
	add_round(&builder);
	add_round(&builder);
	picture = finish_recording(&builder);
	ck_assert_uint_eq(picture->heap->hits, 4);
	ck_assert_uint_eq(picture->heap->live_blocks, 2);
	check_chain(picture->heap, 1, chain, 4);
	check_chain(picture->heap, 3, chain, 1);
	picture_unref(picture);
}
END_TEST

/* More than is held waits for nothing.  */
START_TEST(without_rounds)
{
	struct builder builder;
	struct picture *picture;
	static uint8_t stack[63488];
	const uint64_t registers[X86_COUNT] = {
		[6] = STACK, [7] = STACK, [8] = CODE,
	};
	const uint64_t words[] = {
		STACK + 16, CODE + 1, STACK + 32, CODE + 2, 0, CODE + 3,
	};
	struct behind behind = usual;
	const unsigned count = 1500;

	memcpy(stack, words, sizeof(words));
	behind.room = behind.size = sizeof(stack);
	start_recording(&builder);
	for (unsigned i = 0; i < count; i++)
		add_dump_sample(&builder.data, ID_MALLOC_RET, 100 + i,
				0x10000 + 16 * i, &behind, registers, stack);
	add_allocation(&builder, 10000, 1);
	picture = finish_recording(&builder);
	ck_assert_uint_eq(picture->heap->hits, count + 2);
	ck_assert_uint_eq(picture->heap->live_blocks, 1);
	check_chain(picture->heap, 1, chain, 4);
	picture_unref(picture);
}
END_TEST

static void free_out(void)
{
	bytes_free(&out);
}

static Suite *make_suite(void)
{
	Suite *suite = suite_create("dump");
	TCase *records = tcase_create("records");
	TCase *session = tcase_create("session");

	tcase_add_checked_fixture(records, NULL, free_out);
	tcase_add_test(records, delivered);
	tcase_add_test(records, machines);
	tcase_add_test(records, none);
	tcase_add_test(records, bad_lengths);
	tcase_add_test(records, cut_short);
	suite_add_tcase(suite, records);
	tcase_add_checked_fixture(session, NULL, free_out);
	tcase_add_test(session, in_turn);
	tcase_add_test(session, without_rounds);
	suite_add_tcase(suite, session);
	return suite;
}

int main(void)
{
	return run_suite(make_suite());
}
