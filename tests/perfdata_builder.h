/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Makes event formats, perf's records and whole perf.data files, byte by
 * byte, for the tests of what reads them; and keeps what a sink is told.
 */
#ifndef LEAKTOP_TESTS_PERFDATA_BUILDER_H
#define LEAKTOP_TESTS_PERFDATA_BUILDER_H

#include <byteswap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/perf_event.h>

#include "heap/allocators.h"
#include "trace/sink.h"

#define B_ATTRS 8
#define B_IDS 4
#define B_FEATURES 64

/* Bytes that grow.  */
struct bytes {
	uint8_t *data;
	size_t size;
	size_t room;
	bool swapped;           /* numbers get the other byte order */
};

static inline void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
	if (bytes->size + size > bytes->room) {
		bytes->room = (bytes->size + size) * 2;
		bytes->data = realloc(bytes->data, bytes->room);
		if (!bytes->data)
			abort();
	}
	if (size)
		memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
}

static inline void bytes_u16(struct bytes *bytes, uint16_t value)
{
	if (bytes->swapped)
		value = bswap_16(value);
	bytes_add(bytes, &value, sizeof(value));
}

static inline void bytes_u32(struct bytes *bytes, uint32_t value)
{
	if (bytes->swapped)
		value = bswap_32(value);
	bytes_add(bytes, &value, sizeof(value));
}

static inline void bytes_u64(struct bytes *bytes, uint64_t value)
{
	if (bytes->swapped)
		value = bswap_64(value);
	bytes_add(bytes, &value, sizeof(value));
}

static inline void bytes_zeros(struct bytes *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes_add(bytes, "", 1);
}

/* A string with its NUL, padded to a multiple of ALIGN.  */
static inline void bytes_string(struct bytes *bytes, const char *string,
				size_t align)
{
	size_t size = strlen(string) + 1;

	bytes_add(bytes, string, size);
	bytes_zeros(bytes, (align - size % align) % align);
}

static inline void bytes_free(struct bytes *bytes)
{
	free(bytes->data);
	memset(bytes, 0, sizeof(*bytes));
}

/* The first ATTR->size bytes of an attr, of which what the tests use is put into
   the other byte order: the flags are bit fields, which compilers for big-endian
   machines begin with the highest bit.  */
static inline void bytes_attr(struct bytes *bytes,
			      const struct perf_event_attr *attr)
{
	size_t flags_at = offsetof(struct perf_event_attr, read_format) + 8;
	struct bytes swapped = { .swapped = true };
	uint8_t *flags;
	uint64_t bits;

	if (!bytes->swapped) {
		bytes_add(bytes, attr, attr->size);
		return;
	}
	bytes_u32(&swapped, attr->type);
	bytes_u32(&swapped, attr->size);
	bytes_u64(&swapped, attr->config);
	bytes_u64(&swapped, attr->sample_period);
	bytes_u64(&swapped, attr->sample_type);
	bytes_u64(&swapped, attr->read_format);
	bytes_zeros(&swapped, sizeof(*attr) - swapped.size);
	memcpy(&bits, (const uint8_t *)attr + flags_at, sizeof(bits));
	flags = swapped.data + flags_at;
	for (unsigned i = 0; i < 64; i++) {
		if (bits >> i & 1)
			flags[i / 8] |= (uint8_t)(0x80 >> i % 8);
	}
	bytes_add(bytes, swapped.data, attr->size);
	bytes_free(&swapped);
}

/* The text of a "format" file.  FIELDS: lines as the kernel writes them after
   the common ones.  */
static inline void make_format(char *text, size_t size, const char *name,
			       unsigned id, const char *fields)
{
	snprintf(text, size, "name: %s\nID: %u\nformat:\n"
		 "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		 "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
		 "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
		 "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
		 "\n%s\n"
		 "print fmt: \"(%%lx) x=0x%%Lx\", REC->__probe_ip, REC->x\n",
		 name, id, fields);
}

#define FIELD_IP "\tfield:unsigned long __probe_ip;\toffset:8;\tsize:8;\tsigned:0;\n"
#define FIELD_FUNC							\
	"\tfield:unsigned long __probe_func;\toffset:8;\tsize:8;\tsigned:0;\n" \
	"\tfield:unsigned long __probe_ret_ip;\toffset:16;\tsize:8;\tsigned:0;\n"
#define FIELD_U64(name, offset)						\
	"\tfield:u64 " name ";\toffset:" #offset ";\tsize:8;\tsigned:0;\n"

/* The raw data of a call or return probe with COUNT values of 8 bytes.  */
static inline void make_raw(struct bytes *raw, bool is_return, unsigned id,
			    uint64_t address, const uint64_t *values,
			    size_t count)
{
	bytes_u16(raw, (uint16_t)id);
	bytes_u16(raw, 0);
	bytes_u32(raw, 4711);
	bytes_u64(raw, address);
	if (is_return)
		bytes_u64(raw, address + 0x1000);
	for (size_t i = 0; i < count; i++)
		bytes_u64(raw, values[i]);
	/* As the kernel does it: with the u32 that tells the size before it,
	   a multiple of 8.  */
	bytes_zeros(raw, (8 - (raw->size + 4) % 8) % 8);
}

/* What goes into a sample.  */
struct sample {
	uint64_t id, time;
	uint32_t pid, tid;
	const uint64_t *chain;
	size_t chain_size;
	const struct bytes *raw;
};

/* Begins a record; returns where.  */
static inline size_t begin_record(struct bytes *out, uint32_t type,
				  uint16_t misc)
{
	size_t at = out->size;

	bytes_u32(out, type);
	bytes_u16(out, misc);
	bytes_u16(out, 0);
	return at;
}

static inline void end_record(struct bytes *out, size_t at)
{
	uint16_t size = (uint16_t)(out->size - at);

	if (out->swapped)
		size = bswap_16(size);
	memcpy(out->data + at + 6, &size, sizeof(size));
}

static inline void add_read(struct bytes *out, uint64_t format)
{
	uint64_t values = 1;

	if (format & PERF_FORMAT_GROUP)
		bytes_u64(out, values = 3);
	else
		bytes_u64(out, 0xbad);
	bytes_zeros(out, format & PERF_FORMAT_TOTAL_TIME_ENABLED ? 8 : 0);
	bytes_zeros(out, format & PERF_FORMAT_TOTAL_TIME_RUNNING ? 8 : 0);
	for (uint64_t i = 0; i < values; i++) {
		bytes_zeros(out, format & PERF_FORMAT_GROUP ? 8 : 0);
		bytes_zeros(out, format & PERF_FORMAT_ID ? 8 : 0);
		bytes_zeros(out, format & PERF_FORMAT_LOST ? 8 : 0);
	}
}

/* What comes after the raw data.  */
static inline void add_rest(struct bytes *out, const struct perf_event_attr *attr)
{
	uint64_t type = attr->sample_type;

	if (type & PERF_SAMPLE_BRANCH_STACK) {
		bytes_u64(out, 2);
		bytes_zeros(out, attr->branch_sample_type &
			    PERF_SAMPLE_BRANCH_HW_INDEX ? 8 : 0);
		bytes_zeros(out, 2 * 24);
	}
	if (type & PERF_SAMPLE_REGS_USER) {
		bytes_u64(out, PERF_SAMPLE_REGS_ABI_64);
		bytes_zeros(out, 8 * (size_t)__builtin_popcountll(attr->sample_regs_user));
	}
	if (type & PERF_SAMPLE_STACK_USER) {
		bytes_u64(out, 64);
		bytes_zeros(out, 64);
		bytes_u64(out, 64);
	}
	for (uint64_t bit = PERF_SAMPLE_WEIGHT; bit < PERF_SAMPLE_MAX; bit <<= 1) {
		if (bit == PERF_SAMPLE_IDENTIFIER || !(type & bit))
			continue;
		bytes_u64(out, bit == PERF_SAMPLE_REGS_INTR ?
			  PERF_SAMPLE_REGS_ABI_64 : 0);
		if (bit == PERF_SAMPLE_REGS_INTR)
			bytes_zeros(out, 8 * (size_t)__builtin_popcountll(attr->sample_regs_intr));
	}
}

/* Adds a sample with all that ATTR's sample_type wants, in the kernel's
   order (perf_output_sample).  */
static inline void add_sample(struct bytes *out,
			      const struct perf_event_attr *attr,
			      const struct sample *sample)
{
	uint64_t type = attr->sample_type;
	size_t at = begin_record(out, PERF_RECORD_SAMPLE,
				 PERF_RECORD_MISC_USER);

	if (type & PERF_SAMPLE_IDENTIFIER)
		bytes_u64(out, sample->id);
	if (type & PERF_SAMPLE_IP)
		bytes_u64(out, 0x1111);
	if (type & PERF_SAMPLE_TID) {
		bytes_u32(out, sample->pid);
		bytes_u32(out, sample->tid);
	}
	if (type & PERF_SAMPLE_TIME)
		bytes_u64(out, sample->time);
	if (type & PERF_SAMPLE_ADDR)
		bytes_u64(out, 0x2222);
	if (type & PERF_SAMPLE_ID)
		bytes_u64(out, sample->id);
	if (type & PERF_SAMPLE_STREAM_ID)
		bytes_u64(out, 0x3333);
	if (type & PERF_SAMPLE_CPU) {
		bytes_u32(out, 1);
		bytes_u32(out, 0);
	}
	if (type & PERF_SAMPLE_PERIOD)
		bytes_u64(out, 1);
	if (type & PERF_SAMPLE_READ)
		add_read(out, attr->read_format);
	if (type & PERF_SAMPLE_CALLCHAIN) {
		bytes_u64(out, sample->chain_size);
		for (size_t i = 0; i < sample->chain_size; i++)
			bytes_u64(out, sample->chain[i]);
	}
	if (type & PERF_SAMPLE_RAW) {
		bytes_u32(out, (uint32_t)sample->raw->size);
		bytes_add(out, sample->raw->data, sample->raw->size);
		bytes_zeros(out, (8 - out->size % 8) % 8);
	}
	add_rest(out, attr);
	end_record(out, at);
}

/* Adds what sample_id_all appends.  */
static inline void add_trailer(struct bytes *out,
			       const struct perf_event_attr *attr, uint64_t id,
			       uint64_t time)
{
	uint64_t type = attr->sample_id_all ? attr->sample_type : 0;

	if (type & PERF_SAMPLE_TID)
		bytes_zeros(out, 8);
	if (type & PERF_SAMPLE_TIME)
		bytes_u64(out, time);
	if (type & PERF_SAMPLE_ID)
		bytes_u64(out, id);
	if (type & PERF_SAMPLE_STREAM_ID)
		bytes_u64(out, 0x3333);
	if (type & PERF_SAMPLE_CPU) {
		bytes_u32(out, 1);
		bytes_u32(out, 0);
	}
	if (type & PERF_SAMPLE_IDENTIFIER)
		bytes_u64(out, id);
}

/* A perf.data file in the making.  */
struct builder {
	struct perf_event_attr attrs[B_ATTRS]; /* all of one size */
	uint64_t ids[B_ATTRS][B_IDS];
	size_t count;           /* of attrs */
	struct bytes data;
	struct bytes features[B_FEATURES];
	bool has[B_FEATURES];
	bool unfinished;        /* the header says 0 bytes of data */
	struct bytes tracing;   /* formats of a system, "probe_libc" */
	uint32_t formats;
	struct bytes other_tracing;     /* of another one, "probe_other" */
	uint32_t other_formats;
	bool narrow;            /* the machine's longs have 4 bytes */
};

/* What is written by a machine of the other byte order; call first.  */
static inline void builder_swap(struct builder *builder)
{
	builder->data.swapped = true;
	builder->tracing.swapped = true;
	builder->other_tracing.swapped = true;
	for (int i = 0; i < B_FEATURES; i++)
		builder->features[i].swapped = true;
}

static inline void builder_event(struct builder *builder, uint32_t type,
				 uint64_t config, uint64_t sample_type)
{
	struct perf_event_attr *attr = &builder->attrs[builder->count];

	attr->type = type;
	attr->size = sizeof(*attr);
	attr->config = config;
	attr->sample_type = sample_type;
	attr->sample_id_all = 1;
	for (uint64_t i = 0; i < B_IDS; i++)
		builder->ids[builder->count][i] = 100 * (builder->count + 1) + i;
	builder->count++;
}

static inline void builder_format(struct builder *builder, const char *text)
{
	bytes_u64(&builder->tracing, strlen(text));
	bytes_add(&builder->tracing, text, strlen(text));
	builder->formats++;
}

static inline void builder_other_format(struct builder *builder, const char *text)
{
	bytes_u64(&builder->other_tracing, strlen(text));
	bytes_add(&builder->other_tracing, text, strlen(text));
	builder->other_formats++;
}

static inline void builder_tracing(struct builder *builder, struct bytes *out)
{
	static const char page[] =
		"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
		"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
		"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
		"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n";
	bool big_endian = (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) !=
		out->swapped;

	bytes_add(out, "\x17\x08\x44tracing0.6", 14);
	bytes_add(out, big_endian ? "\1" : "\0", 1);
	bytes_add(out, builder->narrow ? "\4" : "\10", 1);
	bytes_u32(out, 4096);
	bytes_add(out, "header_page", 12);
	bytes_u64(out, sizeof(page) - 1);
	bytes_add(out, page, sizeof(page) - 1);
	bytes_add(out, "header_event", 13);
	bytes_u64(out, 6);
	bytes_add(out, "event\n", 6);
	bytes_u32(out, 0);              /* ftrace's own */
	bytes_u32(out, builder->other_formats ? 2 : 1); /* systems */
	bytes_add(out, "probe_libc", 11);
	bytes_u32(out, builder->formats);
	bytes_add(out, builder->tracing.data, builder->tracing.size);
	if (builder->other_formats) {
		bytes_add(out, "probe_other", 12);
		bytes_u32(out, builder->other_formats);
		bytes_add(out, builder->other_tracing.data,
			  builder->other_tracing.size);
	}
	bytes_u32(out, 0);              /* kallsyms */
	bytes_u32(out, 0);              /* printk */
	bytes_u64(out, 0);              /* cmdlines */
}

/* Writes the table of features and the features.  */
static inline void builder_features(struct builder *builder, struct bytes *out)
{
	uint64_t at = out->size;

	for (int i = 0; i < B_FEATURES; i++)
		at += builder->has[i] ? 16 : 0;
	for (int i = 0; i < B_FEATURES; i++) {
		if (!builder->has[i])
			continue;
		bytes_u64(out, at);
		bytes_u64(out, builder->features[i].size);
		at += builder->features[i].size;
	}
	for (int i = 0; i < B_FEATURES; i++) {
		if (builder->has[i])
			bytes_add(out, builder->features[i].data,
				  builder->features[i].size);
	}
}

static inline void builder_ids(struct builder *builder, size_t event,
			       struct bytes *out)
{
	for (size_t i = 0; i < B_IDS; i++)
		bytes_u64(out, builder->ids[event][i]);
}

/* The whole of it into OUT, in the format for pipes: what a file has around
   the data comes before it, as records.  */
static inline void builder_finish_pipe(struct builder *builder,
				       struct bytes *out)
{
	struct bytes tracing = { .swapped = out->swapped };
	size_t at;

	bytes_u64(out, UINT64_C(0x32454c4946524550));
	bytes_u64(out, 16);
	for (size_t i = 0; i < builder->count; i++) {
		at = begin_record(out, 64, 0);
		bytes_attr(out, &builder->attrs[i]);
		builder_ids(builder, i, out);
		end_record(out, at);
	}
	/* What older perfs said of each, and newer ones do: its name.  */
	for (uint32_t type = 65; builder->count && type <= 78; type += 13) {
		at = begin_record(out, type, 0);
		bytes_u64(out, builder->attrs[0].config);
		bytes_string(out, "probe_libc:malloc", 64);
		end_record(out, at);
	}
	for (uint64_t i = 0; i < B_FEATURES; i++) {
		if (!builder->has[i] || i == 2)
			continue;
		at = begin_record(out, 80, 0);
		bytes_u64(out, i);
		bytes_add(out, builder->features[i].data,
			  builder->features[i].size);
		bytes_zeros(out, (8 - out->size % 8) % 8);
		end_record(out, at);
	}
	if (builder->formats) {
		builder_tracing(builder, &tracing);
		bytes_zeros(&tracing, (8 - tracing.size % 8) % 8);
		at = begin_record(out, 66, 0);
		bytes_u32(out, (uint32_t)tracing.size);
		bytes_u32(out, 0);
		end_record(out, at);
		bytes_add(out, tracing.data, tracing.size);
		bytes_free(&tracing);
	}
	/* Entries of that table are records already.  */
	for (size_t i = 0; builder->has[2] && i < builder->features[2].size;) {
		uint16_t size;

		memcpy(&size, builder->features[2].data + i + 6, 2);
		size = out->swapped ? bswap_16(size) : size;
		at = out->size;
		bytes_add(out, builder->features[2].data + i, size);
		out->data[at] = out->swapped ? 0 : 67;
		out->data[at + 3] = out->swapped ? 67 : 0;
		i += size;
	}
	bytes_add(out, builder->data.data, builder->data.size);
}

/* The whole file into OUT.  */
static inline void builder_finish(struct builder *builder, struct bytes *out)
{
	uint64_t attr_size = (builder->count ? builder->attrs[0].size :
			      sizeof(struct perf_event_attr)) + 16;
	uint64_t ids_at = 104;
	uint64_t attrs_at = ids_at + builder->count * B_IDS * 8;
	uint64_t bits = 0;

	if (builder->formats && !builder->has[1]) {
		builder->has[1] = true;
		builder_tracing(builder, &builder->features[1]);
	}
	for (int i = 0; i < B_FEATURES; i++)
		bits |= (uint64_t)builder->has[i] << i;
	bytes_u64(out, UINT64_C(0x32454c4946524550));
	bytes_u64(out, 104);
	bytes_u64(out, attr_size);
	bytes_u64(out, attrs_at);
	bytes_u64(out, builder->count * attr_size);
	bytes_u64(out, attrs_at + builder->count * attr_size);
	bytes_u64(out, builder->unfinished ? 0 : builder->data.size);
	bytes_zeros(out, 16);
	/* Bits of longs.  */
	if (builder->narrow) {
		bytes_u32(out, (uint32_t)bits);
		bytes_u32(out, (uint32_t)(bits >> 32));
	} else {
		bytes_u64(out, bits);
	}
	bytes_zeros(out, 24);
	for (size_t i = 0; i < builder->count; i++)
		builder_ids(builder, i, out);
	for (size_t i = 0; i < builder->count; i++) {
		bytes_attr(out, &builder->attrs[i]);
		bytes_u64(out, ids_at + i * B_IDS * 8);
		bytes_u64(out, B_IDS * 8);
	}
	bytes_add(out, builder->data.data, builder->data.size);
	builder_features(builder, out);
}

static inline void builder_free(struct builder *builder)
{
	bytes_free(&builder->data);
	bytes_free(&builder->tracing);
	bytes_free(&builder->other_tracing);
	for (int i = 0; i < B_FEATURES; i++)
		bytes_free(&builder->features[i]);
}

/* What a sink was told.  */
#define SEEN_HITS 64
#define SEEN_FRAMES 8

struct seen {
	struct hit hits[SEEN_HITS];             /* the first ones */
	uint64_t frames[SEEN_HITS][SEEN_FRAMES];
	size_t sizes[SEEN_HITS];                /* of the chains */
	size_t hit_count;
	struct hit last;
	struct mapping mapping;                 /* the last; path in the next */
	char path[64];
	size_t mapping_count;
	char comm[64];                          /* the last */
	uint32_t comm_pid, comm_tid;
	bool comm_exec;
	size_t comm_count;
	size_t rounds;
	uint64_t sum;           /* of all that was seen, so that it is read */
};

static inline void seen_hit(void *context, struct hit *hit,
			    const uint64_t *chain, size_t size)
{
	struct seen *seen = context;
	size_t i = seen->hit_count++;

	for (size_t j = 0; j < size; j++)
		seen->sum += chain[j];
	seen->last = *hit;
	if (i >= SEEN_HITS)
		return;
	seen->hits[i] = *hit;
	seen->sizes[i] = size;
	for (size_t j = 0; j < size && j < SEEN_FRAMES; j++)
		seen->frames[i][j] = chain[j];
}

static inline void seen_mapping(void *context, const struct mapping *mapping)
{
	struct seen *seen = context;

	seen->mapping = *mapping;
	seen->sum += strlen(mapping->path);
	snprintf(seen->path, sizeof(seen->path), "%s", mapping->path);
	seen->mapping_count++;
}

static inline void seen_comm(void *context, uint32_t pid, uint32_t tid,
			     const char *name, bool exec)
{
	struct seen *seen = context;

	snprintf(seen->comm, sizeof(seen->comm), "%s", name);
	seen->comm_pid = pid;
	seen->comm_tid = tid;
	seen->comm_exec = exec;
	seen->comm_count++;
}

static inline void seen_round(void *context)
{
	((struct seen *)context)->rounds++;
}

static inline struct sink seen_sink(struct seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	return (struct sink){
		.context = seen,
		.hit = seen_hit,
		.mapping = seen_mapping,
		.comm = seen_comm,
		.round = seen_round,
	};
}

/* A number from a sequence that is always the same.  */
static inline uint32_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33);
}

#endif
