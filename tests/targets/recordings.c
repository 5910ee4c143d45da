/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Writes recordings that the perf of this machine can't make, to standard
 * output: tests/recordings/NAME.perf.data is what "recordings NAME" writes, on
 * any machine with little-endian byte order.
 *
 *   big         of a big-endian machine
 *   big-pipe    the same, in the format for pipes, as before perf 4.18, when
 *               that had no features
 *   big-narrow  of a big-endian machine with longs of 4 bytes
 *   narrow      of a little-endian one
 *   old         as perf 2.6.37 wrote them: events of the first form, ids in the
 *               middle of samples, no sample_id_all, MMAP without protection
 *
 * All tell the same: of 30 blocks of 16 to 64 bytes every third one stays.
 */
#include "config.h"

#include <sys/mman.h>

#include "../perfdata_builder.h"

enum { MALLOC, MALLOC_RET, FREE };

#define FIRST_ID 500
#define BLOCKS 30
#define ADDRESS UINT64_C(0x40011000)

static struct builder builder;

struct kind {
	const char *name;
	bool swapped, narrow, pipe, old;
};

static const struct kind kinds[] = {
	{ "big", true, false, false, false },
	{ "big-pipe", true, false, true, false },
	{ "big-narrow", true, true, false, false },
	{ "narrow", false, true, false, false },
	{ "old", false, false, false, true },
};

/* As the kernel writes them for longs of SIZE bytes.  */
static void add_format(const char *name, unsigned id, bool is_return,
		       const char *argument, unsigned size)
{
	char text[2048];
	int used;

	used = snprintf(text, sizeof(text), "name: %s\nID: %u\nformat:\n"
		"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
		"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
		"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n", name, id);
	used += snprintf(text + used, sizeof(text) - (size_t)used, is_return ?
		"\tfield:unsigned long __probe_func;\toffset:8;\tsize:%u;\tsigned:0;\n"
		"\tfield:unsigned long __probe_ret_ip;\toffset:%u;\tsize:%u;\tsigned:0;\n" :
		"\tfield:unsigned long __probe_ip;\toffset:8;\tsize:%u;\tsigned:0;\n",
		size, 8 + size, size);
	used += snprintf(text + used, sizeof(text) - (size_t)used,
		"\tfield:u%u %s;\toffset:%u;\tsize:%u;\tsigned:0;\n\n",
		8 * size, argument, 8 + size * (is_return ? 2 : 1), size);
	snprintf(text + used, sizeof(text) - (size_t)used, is_return ?
		"print fmt: \"(%%lx <- %%lx) %s=0x%%Lx\", REC->__probe_func, REC->__probe_ret_ip, REC->%s\n" :
		"print fmt: \"(%%lx) %s=0x%%Lx\", REC->__probe_ip, REC->%s\n",
		argument, argument);
	builder_format(&builder, text);
}

static void add_events(const struct kind *kind)
{
	uint64_t type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
		PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN |
		PERF_SAMPLE_RAW | (kind->old ? PERF_SAMPLE_ID :
				   PERF_SAMPLE_IDENTIFIER);
	unsigned size = kind->narrow ? 4 : 8;

	for (unsigned i = 0; i < 3; i++) {
		builder_event(&builder, PERF_TYPE_TRACEPOINT, FIRST_ID + i, type);
		builder.attrs[i].sample_period = 1;
		if (kind->old) {
			builder.attrs[i].sample_id_all = 0;
			builder.attrs[i].size = PERF_ATTR_SIZE_VER0;
		}
	}
	add_format("malloc", FIRST_ID, false, "bytes", size);
	add_format("malloc_ret", FIRST_ID + 1, true, "arg1", size);
	add_format("free", FIRST_ID + 2, false, "mem", size);
}

static void add_comm(void)
{
	size_t at = begin_record(&builder.data, PERF_RECORD_COMM, 0);

	bytes_u32(&builder.data, 42);
	bytes_u32(&builder.data, 42);
	bytes_string(&builder.data, "program", 8);
	add_trailer(&builder.data, &builder.attrs[0], 0, 0);
	end_record(&builder.data, at);
}

static void add_mapping(const struct kind *kind, uint64_t start,
			const char *name)
{
	struct bytes *out = &builder.data;
	size_t at = begin_record(out, kind->old ? PERF_RECORD_MMAP :
				 PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER);

	bytes_u32(out, 42);
	bytes_u32(out, 42);
	bytes_u64(out, start);
	bytes_u64(out, 0x100000);
	bytes_u64(out, 0);
	if (!kind->old) {
		bytes_u32(out, 8);      /* device */
		bytes_u32(out, 1);
		bytes_u64(out, 4711);   /* inode, its generation */
		bytes_u64(out, 0);
		bytes_u32(out, PROT_READ | PROT_EXEC);
		bytes_u32(out, MAP_PRIVATE);
	}
	bytes_string(out, name, 8);
	add_trailer(out, &builder.attrs[0], 0, 0);
	end_record(out, at);
}

static void add_hit(const struct kind *kind, unsigned event, uint64_t time,
		    uint64_t value)
{
	const uint64_t chain[] = {
		(uint64_t)PERF_CONTEXT_USER, 0x8000100 + value % 4 * 16,
		0x8000400
	};
	struct bytes raw = { .swapped = kind->swapped };
	struct sample sample = {
		.id = builder.ids[event][0], .time = time, .pid = 42, .tid = 42,
		.chain = chain, .chain_size = 3, .raw = &raw,
	};
	uint64_t address = event == FREE ? ADDRESS + 0x800 : ADDRESS;

	bytes_u16(&raw, (uint16_t)(FIRST_ID + event));
	bytes_u16(&raw, 0);
	bytes_u32(&raw, 42);
	if (kind->narrow) {
		bytes_u32(&raw, (uint32_t)address);
		if (event == MALLOC_RET)
			bytes_u32(&raw, 0x8000100);
		bytes_u32(&raw, (uint32_t)value);
	} else {
		bytes_u64(&raw, address);
		if (event == MALLOC_RET)
			bytes_u64(&raw, 0x8000100);
		bytes_u64(&raw, value);
	}
	bytes_zeros(&raw, (8 - (raw.size + 4) % 8) % 8);
	add_sample(&builder.data, &builder.attrs[event], &sample);
	bytes_free(&raw);
}

static void add_blocks(const struct kind *kind)
{
	for (uint64_t i = 0; i < BLOCKS; i++) {
		uint64_t time = UINT64_C(1000000000) + i * 1000000;
		uint64_t block = 0x9000000 + i * 64;

		add_hit(kind, MALLOC, time, 16 + i % 4 * 16);
		add_hit(kind, MALLOC_RET, time + 1000, block);
		if (i % 3)
			add_hit(kind, FREE, time + 2000, block);
		if (i % 10 == 9 && !kind->old)
			end_record(&builder.data,
				   begin_record(&builder.data, 68, 0));
	}
}

/* Strings as features have them.  */
static void add_strings(int feature, bool counted, const char *const *strings)
{
	struct bytes *out = &builder.features[feature];
	uint32_t count = 0;

	builder.has[feature] = true;
	while (strings[count])
		count++;
	if (counted)
		bytes_u32(out, count);
	for (uint32_t i = 0; i < count; i++) {
		bytes_u32(out, (uint32_t)(strlen(strings[i]) / 64 + 1) * 64);
		bytes_string(out, strings[i], 64);
	}
}

int main(int argc, char **argv)
{
	static const char *const host[] = { "host", NULL };
	static const char *const command[] = {
		"perf", "record", "-g", "-p", "42", NULL
	};
	const struct kind *kind = NULL;
	struct bytes out = { 0 };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (argc == 2 && !strcmp(argv[1], kinds[i].name))
			kind = &kinds[i];
	}
	if (!kind) {
		fputs("Usage: recordings NAME\n", stderr);
		return 2;
	}
	builder.narrow = kind->narrow;
	if (kind->swapped)
		builder_swap(&builder);
	out.swapped = kind->swapped;
	add_events(kind);
	if (!kind->pipe) {
		add_strings(3, false, host);
		add_strings(11, true, command);
	}
	add_comm();
	add_mapping(kind, 0x8000000, "/bin/program");
	add_mapping(kind, 0x40000000, "/lib/libc.so.6");
	add_blocks(kind);
	if (kind->pipe)
		builder_finish_pipe(&builder, &out);
	else
		builder_finish(&builder, &out);
	fwrite(out.data, 1, out.size, stdout);
	bytes_free(&out);
	builder_free(&builder);
	return fflush(stdout) ? 1 : 0;
}
