/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "testing.h"

#include <sys/mman.h>

#include "perfdata/cursor.h"
#include "perfdata_builder.h"
#include "trace/records.h"

#define ID_MALLOC 11
#define ID_MALLOC_RET 12
#define ID_OTHER 13

#define USUAL (PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | \
	       PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | \
	       PERF_SAMPLE_RAW)

static struct decoder *decoder;
static struct decoder *swapped_decoder; /* of a machine of the other byte order */
static struct records *records;
static struct seen seen;
static struct sink sink;
static struct bytes raw;
static struct bytes out;
static struct error error;

static void add_format(const char *name, unsigned id, const char *fields)
{
	char text[2048];

	make_format(text, sizeof(text), name, id, fields);
	ck_assert_int_eq(decoder_add_format(decoder, "probe_libc", text,
					    strlen(text), &error), 0);
}

static void setup(void)
{
	static const uint64_t size = 3072;
	char text[2048];

	decoder = decoder_new();
	add_format("malloc", ID_MALLOC, FIELD_IP FIELD_U64("bytes", 16));
	add_format("malloc_ret", ID_MALLOC_RET, FIELD_FUNC FIELD_U64("arg1", 24));
	add_format("puts", ID_OTHER, FIELD_IP);
	records = records_new(decoder);
	swapped_decoder = decoder_new();
	decoder_set_machine(swapped_decoder,
			    __BYTE_ORDER__ != __ORDER_BIG_ENDIAN__, 8, 4096);
	make_format(text, sizeof(text), "malloc", ID_MALLOC,
		    FIELD_IP FIELD_U64("bytes", 16));
	ck_assert_int_eq(decoder_add_format(swapped_decoder, "probe_libc", text,
					    strlen(text), &error), 0);
	sink = seen_sink(&seen);
	make_raw(&raw, false, ID_MALLOC, 0x7f00aa00, &size, 1);
}

static void teardown(void)
{
	records_free(records);
	decoder_free(decoder);
	decoder_free(swapped_decoder);
	bytes_free(&raw);
	bytes_free(&out);
}

static struct perf_event_attr event(uint64_t config, uint64_t sample_type)
{
	return (struct perf_event_attr){
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(struct perf_event_attr),
		.config = config,
		.sample_type = sample_type,
		.sample_id_all = 1,
	};
}

static void add_event(const struct perf_event_attr *attr, uint64_t id)
{
	ck_assert_msg(!records_add_event(records, attr, &id, 1, &error), "%s",
		      error.text);
}

/* Reads the record at AT of OUT from memory of exactly its size.  */
static enum record_status read_at(size_t at)
{
	struct perf_event_header header;
	struct perf_event_header *copy;
	enum record_status status;

	memcpy(&header, out.data + at, sizeof(header));
	copy = malloc(header.size);
	memcpy(copy, out.data + at, header.size);
	status = records_read(records, copy, header.size, &sink);
	free(copy);
	return status;
}

static const uint64_t chain[] = {
	(uint64_t)PERF_CONTEXT_KERNEL, 0xffffffff81000000,
	(uint64_t)PERF_CONTEXT_USER, 0x7f00aa00, 0x400123, 0x400456
};

static const struct sample sample = {
	.id = 7, .time = 123456789, .pid = 42, .tid = 43,
	.chain = chain, .chain_size = 6, .raw = &raw
};

static void check_sample(uint64_t type)
{
	ck_assert_uint_eq(seen.hit_count, 1);
	ck_assert_int_eq(seen.hits[0].kind, HIT_CALL);
	ck_assert_int_eq(seen.hits[0].function, ALLOC_MALLOC);
	ck_assert_uint_eq(seen.hits[0].address, 0x7f00aa00);
	ck_assert_uint_eq(seen.hits[0].argument[0], 3072);
	ck_assert_uint_eq(seen.hits[0].pid, 42);
	ck_assert_uint_eq(seen.hits[0].tid, 43);
	ck_assert_uint_eq(seen.hits[0].time,
			  type & PERF_SAMPLE_TIME ? 123456789 : 0);
	ck_assert_uint_eq(seen.sizes[0], type & PERF_SAMPLE_CALLCHAIN ? 3 : 0);
	if (type & PERF_SAMPLE_CALLCHAIN) {
		ck_assert_uint_eq(seen.frames[0][0], 0x7f00aa00);
		ck_assert_uint_eq(seen.frames[0][2], 0x400456);
	}
}

/* Reads one sample of an event like ATTR, swapped to the other byte order and
   back where SWAPPED.  */
static void check_type(const struct perf_event_attr *attr, bool swapped)
{
	struct sample mixed = sample;
	static struct bytes swapped_raw;
	static const uint64_t size = 3072;

	sink = seen_sink(&seen);
	records_free(records);
	records = records_new(swapped ? swapped_decoder : decoder);
	if (swapped) {
		swapped_raw.size = 0;
		swapped_raw.swapped = true;
		make_raw(&swapped_raw, false, ID_MALLOC, 0x7f00aa00, &size, 1);
		mixed.raw = &swapped_raw;
		records_set_swapped(records);
	}
	add_event(attr, 7);
	out.size = 0;
	out.swapped = swapped;
	add_sample(&out, attr, &mixed);
	if (swapped) {
		struct perf_event_header *record = (void *)out.data;

		swap_header(record);
		ck_assert_int_eq(records_swap(records, record), 0);
	}
	ck_assert_int_eq(read_at(0), RECORD_OK);
	check_sample(attr->sample_type);
	ck_assert_uint_eq(records_hits(records), 1);
	ck_assert_uint_eq(records_time(records, (void *)out.data),
			  seen.hits[0].time);
}

/* All mixes of the parts that come before the raw data, with all formats of
   READ; and with each all, none, or a few of those that come after, so that every
   pair of parts is there and is missing.  */
START_TEST(sample_types)
{
	const uint64_t before = (PERF_SAMPLE_RAW - 1) | PERF_SAMPLE_IDENTIFIER;
	const uint64_t after = (PERF_SAMPLE_MAX - 1) & ~before;
	uint64_t state = 1;

	/* The eleven bits before, but for TID, which has to be there.  */
	for (uint64_t mix = 0; mix < 1 << 11; mix++) {
		uint64_t type = (mix & (PERF_SAMPLE_RAW - 1)) |
			(mix & PERF_SAMPLE_TID ? PERF_SAMPLE_IDENTIFIER : 0) |
			PERF_SAMPLE_TID | PERF_SAMPLE_RAW;
		unsigned formats = mix & PERF_SAMPLE_READ ? 32 : 1;

		for (unsigned format = 0; format < formats; format++) {
			uint64_t more[] = {
				0, after, next_random(&state) & after,
				next_random(&state) & after
			};

			for (size_t i = 0; i < 4; i++) {
				struct perf_event_attr attr =
					event(ID_MALLOC, type | more[i]);

				attr.sample_regs_user = 0xff0fff;
				attr.sample_regs_intr = 0xff;
				attr.branch_sample_type = i % 2 ?
					PERF_SAMPLE_BRANCH_HW_INDEX : 0;
				attr.read_format = format;
				check_type(&attr, false);
				check_type(&attr, true);
			}
		}
	}
}
END_TEST

/* The other records, with every trailer, which may be the second event's.  */
START_TEST(trailers)
{
	const uint64_t parts[] = {
		PERF_SAMPLE_TIME, PERF_SAMPLE_ID, PERF_SAMPLE_STREAM_ID,
		PERF_SAMPLE_CPU, PERF_SAMPLE_IDENTIFIER
	};

	for (unsigned mix = 0; mix < 1 << 7; mix++) {
		uint64_t type = PERF_SAMPLE_TID | PERF_SAMPLE_RAW;
		struct perf_event_attr first, second;
		bool has_id, swapped = mix & 1 << 6;

		for (unsigned i = 0; i < 5; i++)
			type |= mix >> i & 1 ? parts[i] : 0;
		first = event(ID_MALLOC, type);
		second = event(ID_MALLOC_RET, type | PERF_SAMPLE_CALLCHAIN);
		first.sample_id_all = second.sample_id_all = !(mix & 1 << 5);
		has_id = type & (PERF_SAMPLE_ID | PERF_SAMPLE_IDENTIFIER);
		sink = seen_sink(&seen);
		records_free(records);
		records = records_new(decoder);
		if (swapped)
			records_set_swapped(records);
		add_event(&first, 7);
		if (has_id)
			add_event(&second, 8);
		out.size = 0;
		out.swapped = swapped;
		begin_record(&out, PERF_RECORD_COMM, 0);
		bytes_u32(&out, 5);
		bytes_u32(&out, 6);
		bytes_string(&out, "seven", 8);
		add_trailer(&out, &first, has_id ? 8 : 0, 99);
		end_record(&out, 0);
		if (swapped) {
			swap_header((void *)out.data);
			ck_assert_int_eq(records_swap(records, (void *)out.data),
					 0);
		}
		ck_assert_int_eq(read_at(0), RECORD_OK);
		ck_assert_str_eq(seen.comm, "seven");
		ck_assert_uint_eq(seen.comm_pid, 5);
		ck_assert_uint_eq(seen.comm_tid, 6);
		ck_assert_uint_eq(records_time(records, (void *)out.data),
				  type & PERF_SAMPLE_TIME &&
				  first.sample_id_all ? 99 : 0);
	}
}
END_TEST

START_TEST(read_formats)
{
	for (uint64_t format = 0; format < 32; format++) {
		struct perf_event_attr attr = event(ID_MALLOC, USUAL |
						    PERF_SAMPLE_READ |
						    PERF_SAMPLE_CALLCHAIN);

		attr.read_format = format;
		sink = seen_sink(&seen);
		records_free(records);
		records = records_new(decoder);
		add_event(&attr, 7);
		out.size = 0;
		add_sample(&out, &attr, &sample);
		ck_assert_int_eq(read_at(0), RECORD_OK);
		check_sample(attr.sample_type);
	}
}
END_TEST

START_TEST(several_events)
{
	struct perf_event_attr first = event(ID_OTHER, USUAL);
	struct perf_event_attr second = event(ID_MALLOC, USUAL |
					      PERF_SAMPLE_CALLCHAIN);
	struct sample other = sample;

	first.type = PERF_TYPE_HARDWARE;
	add_event(&first, 5);
	add_event(&second, 7);
	other.id = 5;
	add_sample(&out, &first, &other);
	ck_assert_int_eq(read_at(0), RECORD_IGNORED);
	out.size = 0;
	add_sample(&out, &second, &sample);
	ck_assert_int_eq(read_at(0), RECORD_OK);
	check_sample(second.sample_type);
	/* An id that nobody has.  */
	out.size = 0;
	other.id = 6;
	add_sample(&out, &second, &other);
	ck_assert_int_eq(read_at(0), RECORD_IGNORED);
	ck_assert_uint_eq(records_hits(records), 1);
}
END_TEST

/* Without IDENTIFIER the id stands behind what both have alike.  */
START_TEST(id_in_the_middle)
{
	uint64_t type = (USUAL & ~(uint64_t)PERF_SAMPLE_IDENTIFIER) |
		PERF_SAMPLE_ID;
	struct perf_event_attr first = event(ID_OTHER, type);
	struct perf_event_attr second = event(ID_MALLOC, type |
					      PERF_SAMPLE_CALLCHAIN);
	struct perf_event_attr third = event(ID_MALLOC_RET, type |
					     PERF_SAMPLE_ADDR);
	uint64_t id = 9;

	add_event(&first, 5);
	add_event(&second, 7);
	add_sample(&out, &second, &sample);
	ck_assert_int_eq(read_at(0), RECORD_OK);
	check_sample(second.sample_type);
	/* Here it would stand elsewhere.  */
	ck_assert_int_eq(records_add_event(records, &third, &id, 1, &error), -1);
	ck_assert_str_eq(error.text,
			 "the samples of different events cannot be told apart");
}
END_TEST

START_TEST(refused_events)
{
	struct perf_event_attr attr = event(ID_MALLOC, USUAL);
	uint64_t id = 7;

	attr.sample_type &= ~(uint64_t)PERF_SAMPLE_RAW;
	ck_assert_int_eq(records_add_event(records, &attr, &id, 1, &error), -1);
	attr.sample_type = USUAL & ~(uint64_t)PERF_SAMPLE_TID;
	ck_assert_int_eq(records_add_event(records, &attr, &id, 1, &error), -1);
	attr.sample_type = USUAL;
	add_event(&attr, 7);
	ck_assert_int_eq(records_add_event(records, &attr, &id, 1, &error), -1);
	/* No id at all is nothing to go by.  */
	attr.sample_type = USUAL & ~(uint64_t)PERF_SAMPLE_IDENTIFIER;
	ck_assert_int_eq(records_add_event(records, &attr, &id, 0, &error), -1);
}
END_TEST

START_TEST(chains)
{
	static const struct {
		uint64_t entry[6];
		size_t count, first, size;
	} cases[] = {
		{ { 0 }, 0, 0, 0 },
		{ { (uint64_t)PERF_CONTEXT_USER }, 1, 0, 0 },
		{ { (uint64_t)PERF_CONTEXT_KERNEL, 1, 2 }, 3, 0, 0 },
		{ { (uint64_t)PERF_CONTEXT_USER, 1, 2 }, 3, 1, 2 },
		{ { 1, 2, 3 }, 3, 0, 3 },
		{ { 1, (uint64_t)PERF_CONTEXT_KERNEL, 3 }, 3, 0, 1 },
		{ { (uint64_t)PERF_CONTEXT_GUEST_USER, 1, (uint64_t)PERF_CONTEXT_USER, 5 },
		  4, 3, 1 },
		/* What the kernel will tell later ("deferred").  */
		{ { (uint64_t)PERF_CONTEXT_USER, 1, (uint64_t)-640, 77 }, 4, 1, 1 },
	};
	struct perf_event_attr attr = event(ID_MALLOC, USUAL |
					    PERF_SAMPLE_CALLCHAIN);

	add_event(&attr, 7);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sample with = sample;

		with.chain = cases[i].entry;
		with.chain_size = cases[i].count;
		out.size = 0;
		add_sample(&out, &attr, &with);
		ck_assert_int_eq(read_at(0), RECORD_OK);
		ck_assert_uint_eq(seen.sizes[i], cases[i].size);
		for (size_t j = 0; j < cases[i].size; j++)
			ck_assert_uint_eq(seen.frames[i][j],
					  cases[i].entry[cases[i].first + j]);
	}
}
END_TEST

static void add_mmap2(uint16_t misc, uint32_t prot, const char *path,
		      const struct perf_event_attr *attr)
{
	size_t at;

	out.size = 0;
	at = begin_record(&out, PERF_RECORD_MMAP2, misc);
	bytes_u32(&out, 42);
	bytes_u32(&out, 43);
	bytes_u64(&out, 0x7f0000000000);
	bytes_u64(&out, 0x156000);
	bytes_u64(&out, 0x26000);
	if (misc & PERF_RECORD_MISC_MMAP_BUILD_ID) {
		bytes_u32(&out, 20);
		for (uint8_t i = 0; i < 20; i++)
			bytes_add(&out, &i, 1);
	} else {
		bytes_zeros(&out, 24);
	}
	bytes_u32(&out, prot);
	bytes_u32(&out, MAP_PRIVATE);
	bytes_string(&out, path, 8);
	add_trailer(&out, attr, 7, 1000);
	end_record(&out, at);
}

static void check_mapping(void)
{
	ck_assert_uint_eq(seen.mapping.pid, 42);
	ck_assert_uint_eq(seen.mapping.time, 1000);
	ck_assert_uint_eq(seen.mapping.start, 0x7f0000000000);
	ck_assert_uint_eq(seen.mapping.length, 0x156000);
	ck_assert_uint_eq(seen.mapping.offset, 0x26000);
	ck_assert_str_eq(seen.path, "/lib/libc.so.6");
}

static void find_build_id(void *context, struct mapping *mapping)
{
	(void)context;
	if (!strcmp(mapping->path, "/lib/libc.so.6")) {
		mapping->build_id_size = 3;
		memcpy(mapping->build_id, "xyz", 3);
	}
}

START_TEST(mappings)
{
	struct perf_event_attr attr = event(ID_MALLOC, USUAL);
	size_t at;

	add_event(&attr, 7);
	add_mmap2(PERF_RECORD_MISC_USER, PROT_READ | PROT_EXEC,
		  "/lib/libc.so.6", &attr);
	ck_assert_int_eq(read_at(0), RECORD_OK);
	check_mapping();
	ck_assert_uint_eq(seen.mapping.build_id_size, 0);

	/* Where it comes from elsewhere.  */
	records_set_build_ids(records, find_build_id, NULL);
	ck_assert_int_eq(read_at(0), RECORD_OK);
	ck_assert_uint_eq(seen.mapping.build_id_size, 3);
	add_mmap2(PERF_RECORD_MISC_USER | PERF_RECORD_MISC_MMAP_BUILD_ID,
		  PROT_EXEC, "/lib/libc.so.6", &attr);
	ck_assert_int_eq(read_at(0), RECORD_OK);
	check_mapping();
	ck_assert_uint_eq(seen.mapping.build_id_size, 20);
	ck_assert_uint_eq(seen.mapping.build_id[19], 19);

	/* Neither data nor the kernel.  */
	ck_assert_uint_eq(seen.mapping_count, 3);
	add_mmap2(PERF_RECORD_MISC_USER, PROT_READ, "x", &attr);
	ck_assert_int_eq(read_at(0), RECORD_IGNORED);
	add_mmap2(PERF_RECORD_MISC_USER | PERF_RECORD_MISC_MMAP_DATA, PROT_EXEC,
		  "x", &attr);
	ck_assert_int_eq(read_at(0), RECORD_IGNORED);
	add_mmap2(PERF_RECORD_MISC_KERNEL, PROT_EXEC, "x", &attr);
	ck_assert_int_eq(read_at(0), RECORD_IGNORED);
	ck_assert_uint_eq(seen.mapping_count, 3);

	/* The old kind.  */
	out.size = 0;
	at = begin_record(&out, PERF_RECORD_MMAP, PERF_RECORD_MISC_USER);
	bytes_u32(&out, 42);
	bytes_u32(&out, 43);
	bytes_u64(&out, 0x7f0000000000);
	bytes_u64(&out, 0x156000);
	bytes_u64(&out, 0x26000);
	bytes_string(&out, "/lib/libc.so.6", 8);
	add_trailer(&out, &attr, 7, 1000);
	end_record(&out, at);
	ck_assert_int_eq(read_at(0), RECORD_OK);
	ck_assert_uint_eq(seen.mapping_count, 4);
	check_mapping();
}
END_TEST

/* A name that only what follows it would end.  */
START_TEST(endless_path)
{
	struct perf_event_attr attr = event(ID_MALLOC, USUAL);
	size_t path = 8 + 32 + 32;

	add_event(&attr, 7);
	add_mmap2(PERF_RECORD_MISC_USER, PROT_EXEC, "1234567", &attr);
	ck_assert_int_eq(read_at(0), RECORD_OK);
	ck_assert_uint_eq(out.data[path + 7], 0);
	out.data[path + 7] = 'x';
	ck_assert_int_eq(read_at(0), RECORD_BAD);
	ck_assert_uint_eq(seen.mapping_count, 1);
}
END_TEST

static void add_comm(uint16_t misc, const struct perf_event_attr *attr)
{
	size_t at;

	out.size = 0;
	at = begin_record(&out, PERF_RECORD_COMM, misc);
	bytes_u32(&out, 42);
	bytes_u32(&out, 43);
	bytes_string(&out, "emacs tst", 8);
	add_trailer(&out, attr, 7, 5000);
	end_record(&out, at);
}

static void add_task(uint32_t type, uint16_t misc,
		     const struct perf_event_attr *attr)
{
	size_t at;

	out.size = 0;
	at = begin_record(&out, type, misc);
	bytes_u32(&out, 42);
	bytes_u32(&out, 1);
	bytes_u32(&out, 43);
	bytes_u32(&out, 2);
	bytes_u64(&out, 6000);
	add_trailer(&out, attr, 7, 6001);
	end_record(&out, at);
}

START_TEST(tasks)
{
	struct perf_event_attr attr = event(ID_MALLOC, USUAL);

	add_event(&attr, 7);
	add_comm(0, &attr);
	ck_assert_int_eq(read_at(0), RECORD_OK);
	ck_assert_str_eq(seen.comm, "emacs tst");
	ck_assert_uint_eq(seen.comm_pid, 42);
	ck_assert_uint_eq(seen.comm_tid, 43);
	ck_assert(!seen.comm_exec);
	ck_assert_uint_eq(seen.hit_count, 0);
	add_comm(PERF_RECORD_MISC_COMM_EXEC, &attr);
	ck_assert_int_eq(read_at(0), RECORD_OK);
	ck_assert(seen.comm_exec);
	ck_assert_int_eq(seen.hits[0].kind, HIT_EXEC);
	ck_assert_uint_eq(seen.hits[0].pid, 42);
	ck_assert_uint_eq(seen.hits[0].time, 5000);

	add_task(PERF_RECORD_FORK, 0, &attr);
	ck_assert_int_eq(read_at(0), RECORD_OK);
	ck_assert_int_eq(seen.hits[1].kind, HIT_FORK);
	ck_assert_uint_eq(seen.hits[1].pid, 42);
	ck_assert_uint_eq(seen.hits[1].tid, 43);
	ck_assert_uint_eq(seen.hits[1].argument[0], 1);
	ck_assert_uint_eq(seen.hits[1].argument[1], 2);
	ck_assert_uint_eq(seen.hits[1].time, 6000);
	/* perf tells of what was there before.  */
	add_task(PERF_RECORD_FORK, 1 << 13, &attr);
	ck_assert_int_eq(read_at(0), RECORD_IGNORED);
	add_task(PERF_RECORD_EXIT, 0, &attr);
	ck_assert_int_eq(read_at(0), RECORD_OK);
	ck_assert_int_eq(seen.hits[2].kind, HIT_EXIT);
	ck_assert_uint_eq(seen.hits[2].pid, 42);
	ck_assert_uint_eq(seen.hits[2].tid, 43);
	ck_assert_uint_eq(seen.hit_count, 3);
	ck_assert_uint_eq(records_hits(records), 0);
}
END_TEST

static void add_lost(uint32_t type, uint16_t misc, uint64_t id, uint64_t time,
		     const struct perf_event_attr *attr)
{
	size_t at;

	out.size = 0;
	at = begin_record(&out, type, misc);
	if (type == PERF_RECORD_LOST)
		bytes_u64(&out, 7);
	bytes_u64(&out, 99);
	add_trailer(&out, attr, id, time);
	end_record(&out, at);
}

START_TEST(losses)
{
	struct perf_event_attr attr = event(ID_MALLOC, USUAL);
	struct perf_event_attr other = event(ID_OTHER, USUAL);

	add_event(&attr, 7);
	add_event(&other, 5);
	add_lost(PERF_RECORD_LOST, 0, 5, 8000, &attr);
	ck_assert_int_eq(read_at(0), RECORD_OK);
	ck_assert_int_eq(seen.hits[0].kind, HIT_LOST);
	ck_assert_uint_eq(seen.hits[0].argument[0], 99);
	ck_assert_uint_eq(seen.hits[0].time, 8000);
	ck_assert_uint_eq(seen.hits[0].flags, 0);

	/* At the end, without time.  */
	out.size = 0;
	add_sample(&out, &attr, &sample);
	read_at(0);
	add_lost(PERF_RECORD_LOST_SAMPLES, 0, 7, 0, &attr);
	ck_assert_int_eq(read_at(0), RECORD_OK);
	ck_assert_int_eq(seen.hits[2].kind, HIT_LOST);
	ck_assert_uint_eq(seen.hits[2].argument[0], 99);
	ck_assert_uint_eq(seen.hits[2].time, 123456789);
	ck_assert_uint_eq(seen.hits[2].flags, HIT_LOST_TOTAL);

	/* Of another event; or not lost but filtered.  */
	add_lost(PERF_RECORD_LOST_SAMPLES, 0, 5, 0, &attr);
	ck_assert_int_eq(read_at(0), RECORD_IGNORED);
	add_lost(PERF_RECORD_LOST_SAMPLES, 1 << 15, 7, 0, &attr);
	ck_assert_int_eq(read_at(0), RECORD_IGNORED);
	ck_assert_uint_eq(seen.hit_count, 3);
}
END_TEST

START_TEST(others)
{
	size_t at;

	at = begin_record(&out, 68, 0);
	end_record(&out, at);
	ck_assert_int_eq(read_at(0), RECORD_OK);
	ck_assert_uint_eq(seen.rounds, 1);
	for (uint32_t type = 12; type < 128; type++) {
		if (type == PERF_RECORD_LOST_SAMPLES || type == 68)
			continue;
		memcpy(out.data, &type, sizeof(type));
		ck_assert_int_eq(read_at(0), RECORD_IGNORED);
	}
}
END_TEST

/* Every kind of record, cut to every length: bad, or whatever is left makes
   sense; never read beyond.  */
START_TEST(truncated)
{
	struct perf_event_attr attr = event(ID_MALLOC, USUAL |
					    PERF_SAMPLE_CALLCHAIN |
					    PERF_SAMPLE_READ);

	attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID;
	add_event(&attr, 7);
	for (int kind = 0; kind < 8; kind++) {
		size_t full;

		out.size = 0;
		if (kind == 0)
			add_sample(&out, &attr, &sample);
		else if (kind == 1)
			add_mmap2(PERF_RECORD_MISC_USER, PROT_EXEC, "/lib/x", &attr);
		else if (kind == 2)
			add_comm(PERF_RECORD_MISC_COMM_EXEC, &attr);
		else if (kind < 5)
			add_task(kind == 3 ? PERF_RECORD_FORK : PERF_RECORD_EXIT, 0, &attr);
		else
			add_lost(kind == 5 ? PERF_RECORD_LOST :
				 PERF_RECORD_LOST_SAMPLES, 0, 7, 1, &attr);
		full = out.size;
		for (size_t size = 0; size < full; size++) {
			uint64_t *copy = malloc(size ? size : 1);

			memcpy(copy, out.data, size);
			/* Less at hand than the header says.  */
			ck_assert_int_eq(records_read(records, (void *)copy,
						      size, &sink), RECORD_BAD);
			/* The header says so, too.  */
			if (size >= 8) {
				((struct perf_event_header *)copy)->size = (uint16_t)size;
				records_read(records, (void *)copy, size, &sink);
			}
			free(copy);
		}
		ck_assert_int_eq(read_at(0), RECORD_OK);
	}
}
END_TEST

START_TEST(corrupted)
{
	struct perf_event_attr attr = event(ID_MALLOC, USUAL |
					    PERF_SAMPLE_CALLCHAIN |
					    PERF_SAMPLE_READ);
	struct perf_event_attr other = event(ID_MALLOC_RET, USUAL);
	uint64_t state = 2;

	attr.read_format = 31;
	add_event(&attr, 7);
	add_event(&other, 5);
	for (int i = 0; i < 100000; i++) {
		unsigned changes = 1 + next_random(&state) % 4;

		out.size = 0;
		switch (next_random(&state) % 5) {
		case 0:
			add_mmap2(PERF_RECORD_MISC_USER, PROT_EXEC, "/lib/x", &attr);
			break;
		case 1:
			add_comm(PERF_RECORD_MISC_COMM_EXEC, &attr);
			break;
		default:
			add_sample(&out, &attr, &sample);
		}
		while (changes--) {
			size_t at = next_random(&state) % out.size;

			/* Neither the type nor the size in the header.  */
			if (at != 0 && at != 6 && at != 7)
				out.data[at] = next_random(&state) % 2 ? 0xff :
					(uint8_t)next_random(&state);
		}
		read_at(0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("records");
	TCase *tcase = tcase_create("records");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, sample_types);
	tcase_add_test(tcase, trailers);
	tcase_add_test(tcase, read_formats);
	tcase_add_test(tcase, several_events);
	tcase_add_test(tcase, id_in_the_middle);
	tcase_add_test(tcase, refused_events);
	tcase_add_test(tcase, chains);
	tcase_add_test(tcase, mappings);
	tcase_add_test(tcase, endless_path);
	tcase_add_test(tcase, tasks);
	tcase_add_test(tcase, losses);
	tcase_add_test(tcase, others);
	tcase_add_test(tcase, truncated);
	tcase_add_test(tcase, corrupted);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
