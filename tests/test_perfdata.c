/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "testing.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shrunken.h"
#include "base/thread.h"
#include "perfdata/perfdata.h"
#include "perfdata_builder.h"
#include "trace/map.h"

/* Ids that no machine's probes are likely to have, so that none of them is
   taken for the recorded one.  */
#define ID_MALLOC 64001
#define ID_MALLOC_RET 64002
#define ID_FREE 64003
#define ID_OTHER 64004

#define USUAL (PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | \
	       PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | \
	       PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW)

/* In struct file_header.  */
#define AT_HEADER_SIZE 8
#define AT_DATA_SIZE 48

static struct builder builder;
static struct bytes file;
static struct seen seen;
static struct sink sink;
static struct error error;
static char path[] = "/tmp/leaktop-test-XXXXXX";

static void write_file(const void *data, size_t size)
{
	FILE *stream = fopen(path, "w");

	ck_assert_ptr_nonnull(stream);
	if (size)
		ck_assert_uint_eq(fwrite(data, 1, size, stream), size);
	ck_assert_int_eq(fclose(stream), 0);
}

static void setup(void)
{
	int fd;

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	memset(&builder, 0, sizeof(builder));
	sink = seen_sink(&seen);
}

static void teardown(void)
{
	unlink(path);
	builder_free(&builder);
	bytes_free(&file);
}

static void add_format(const char *name, unsigned id, const char *fields)
{
	char text[2048];

	make_format(text, sizeof(text), name, id, fields);
	builder_format(&builder, text);
}

static void add_formats(void)
{
	add_format("malloc", ID_MALLOC, FIELD_IP FIELD_U64("bytes", 16));
	add_format("malloc_ret__return", ID_MALLOC_RET,
		   FIELD_FUNC FIELD_U64("arg1", 24));
	add_format("free", ID_FREE, FIELD_IP FIELD_U64("mem", 16));
}

/* A sample of event INDEX with one value.  */
static void add_hit(size_t index, bool is_return, uint64_t address,
		    uint64_t value)
{
	static const uint64_t chain[] = { (uint64_t)PERF_CONTEXT_USER, 0x401000 };
	const struct perf_event_attr *attr = &builder.attrs[index];
	struct bytes raw = { 0 };
	struct sample sample = {
		.id = builder.ids[index][1], .time = 1000 + builder.data.size,
		.pid = 42, .tid = 43, .chain = chain, .chain_size = 2,
		.raw = &raw
	};

	make_raw(&raw, is_return, (unsigned)attr->config, address, &value, 1);
	add_sample(&builder.data, attr, &sample);
	bytes_free(&raw);
}

static void add_mapping(const char *name)
{
	size_t at = begin_record(&builder.data, PERF_RECORD_MMAP2,
				 PERF_RECORD_MISC_USER);

	bytes_u32(&builder.data, 42);
	bytes_u32(&builder.data, 42);
	bytes_u64(&builder.data, 0x400000);
	bytes_u64(&builder.data, 0x10000);
	bytes_u64(&builder.data, 0);
	bytes_zeros(&builder.data, 24);
	bytes_u32(&builder.data, PROT_EXEC);
	bytes_u32(&builder.data, 0);
	bytes_string(&builder.data, name, 8);
	add_trailer(&builder.data, &builder.attrs[0], 0, 0);
	end_record(&builder.data, at);
}

static void add_round(void)
{
	size_t at = begin_record(&builder.data, 68, 0);

	end_record(&builder.data, at);
}

static void add_build_id(const char *name, uint8_t size)
{
	struct bytes *out = &builder.features[2];
	size_t at = begin_record(out, 0, PERF_RECORD_MISC_USER |
				 (size ? 1 << 15 : 0));

	bytes_u32(out, (uint32_t)-1);
	for (uint8_t i = 0; i < 20; i++)
		bytes_add(out, &i, 1);
	bytes_add(out, &size, 1);
	bytes_zeros(out, 3);
	bytes_string(out, name, 64);
	end_record(out, at);
	builder.has[2] = true;
}

static void add_command(const char *const *args, uint32_t count)
{
	struct bytes *out = &builder.features[11];

	builder.has[11] = true;
	bytes_u32(out, count);
	for (uint32_t i = 0; i < count; i++) {
		bytes_u32(out, (uint32_t)(strlen(args[i]) / 64 + 1) * 64);
		bytes_string(out, args[i], 64);
	}
}

/* Three events, two kinds of sample_type, and a few records.  */
static void build_usual(void)
{
	static const char *const command[] = {
		"/usr/bin/perf", "record", "-g", "-m512", "-e", "probe_libc:*",
		"-p", "42"
	};

	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC, USUAL);
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC_RET,
		      USUAL & ~(uint64_t)PERF_SAMPLE_PERIOD);
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_FREE,
		      USUAL & ~(uint64_t)PERF_SAMPLE_CALLCHAIN);
	add_formats();
	add_mapping("/bin/x");
	add_hit(0, false, 0x7f0001000, 3072);
	add_hit(1, true, 0x7f0001000, 0x34d4200);
	add_round();
	add_hit(2, false, 0x7f0002000, 0x34d4200);
	add_build_id("/bin/other", 0);
	add_build_id("/bin/x", 16);
	add_command(command, 8);
}

static void finish(void)
{
	file.size = 0;
	builder_finish(&builder, &file);
	write_file(file.data, file.size);
}

static void check_usual(struct perfdata *perfdata)
{
	_Atomic uint64_t done = 0;

	sink = seen_sink(&seen);
	ck_assert_msg(!perfdata_read(perfdata, &sink, &done, NULL, &error),
		      "%s", error.text);
	ck_assert_uint_eq(done, perfdata_size(perfdata));
	ck_assert_uint_eq(seen.hit_count, 3);
	ck_assert_int_eq(seen.hits[0].function, ALLOC_MALLOC);
	ck_assert_int_eq(seen.hits[0].kind, HIT_CALL);
	ck_assert_uint_eq(seen.hits[0].argument[0], 3072);
	ck_assert_uint_eq(seen.hits[0].flags, HIT_CHAIN_FOLLOWS);
	ck_assert_int_eq(seen.hits[1].kind, HIT_RETURN);
	ck_assert_uint_eq(seen.hits[1].argument[0], 0x34d4200);
	ck_assert_uint_eq(seen.sizes[1], 1);
	ck_assert_uint_eq(seen.frames[1][0], 0x401000);
	ck_assert_int_eq(seen.hits[2].function, ALLOC_FREE);
	ck_assert_uint_eq(seen.hits[2].argument[0], 0x34d4200);
	ck_assert_uint_eq(seen.sizes[2], 0);
	ck_assert_uint_eq(seen.rounds, 1);
	ck_assert_uint_eq(seen.mapping_count, 1);
}

static struct perfdata *open_good(void)
{
	struct perfdata *perfdata = perfdata_open(path, &error);

	ck_assert_msg(perfdata != NULL, "%s", error.text);
	return perfdata;
}

/* The file at NAME is refused with one line that begins with its name and
   has TEXT in it.  */
static void check_refused(const char *name, const char *text)
{
	struct perfdata *perfdata = perfdata_open(name, &error);

	ck_assert_msg(!perfdata, "%s", text);
	ck_assert_msg(!strncmp(error.text, name, strlen(name)), "%s",
		      error.text);
	ck_assert_msg(strstr(error.text, text) != NULL, "%s", error.text);
	ck_assert_ptr_null(strchr(error.text, '\n'));
}

START_TEST(usual)
{
	struct perfdata *perfdata;

	build_usual();
	finish();
	perfdata = open_good();
	ck_assert_str_eq(perfdata_command(perfdata),
			 "/usr/bin/perf record -g -m512 -e probe_libc:* -p 42");
	ck_assert_uint_eq(perfdata_pid(perfdata), 42);
	ck_assert(!perfdata_unfinished(perfdata));
	check_usual(perfdata);
	ck_assert_uint_eq(seen.mapping.build_id_size, 16);
	ck_assert_uint_eq(seen.mapping.build_id[15], 15);
	/* And again.  */
	check_usual(perfdata);
	perfdata_close(perfdata);
}
END_TEST

/* Where the returns of one of its events have no call chain, a function's calls
   keep theirs.  */
START_TEST(chains_of_calls)
{
	for (int bare = 0; bare < 4; bare++) {
		struct perfdata *perfdata;

		builder_free(&builder);
		memset(&builder, 0, sizeof(builder));
		file.size = 0;
		build_usual();
		if (bare == 1)
			builder.attrs[1].sample_type &= ~(uint64_t)PERF_SAMPLE_CALLCHAIN;
		if (bare == 2)
			builder.attrs[1].exclude_callchain_user = 1;
		if (bare == 3)
			builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC_RET,
				      USUAL & ~(uint64_t)PERF_SAMPLE_CALLCHAIN);
		/* The samples were made with the attributes of before.  */
		builder.data.size = 0;
		add_hit(0, false, 0x7f0001000, 3072);
		add_hit(1, true, 0x7f0001000, 0x34d4200);
		finish();
		perfdata = open_good();
		sink = seen_sink(&seen);
		ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL, &error), 0);
		ck_assert_uint_eq(seen.hits[0].flags, bare ? 0 : HIT_CHAIN_FOLLOWS);
		ck_assert_uint_eq(seen.hits[1].flags, 0);
		ck_assert_uint_eq(seen.sizes[0], 1);
		perfdata_close(perfdata);
	}
}
END_TEST

/* Of two allocators one was probed whole, and the other's calls only.  */
START_TEST(alone_in_a_group)
{
	struct perfdata *perfdata;
	char text[2048];

	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC, USUAL);
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC_RET, USUAL);
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_FREE, USUAL);
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_OTHER, USUAL);
	add_formats();
	make_format(text, sizeof(text), "malloc", ID_OTHER,
		    FIELD_IP FIELD_U64("bytes", 16));
	builder_other_format(&builder, text);
	add_hit(0, false, 0x7f0001000, 3072);
	add_hit(3, false, 0x7e0001000, 3072);
	add_hit(1, true, 0x7f0001000, 0x34d4200);
	finish();
	perfdata = open_good();
	ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL, &error), 0);
	ck_assert_uint_eq(seen.hit_count, 3);
	ck_assert_uint_eq(seen.hits[0].flags, HIT_CHAIN_FOLLOWS);
	ck_assert_uint_eq(seen.hits[1].flags, HIT_ALONE);
	ck_assert_uint_eq(seen.hits[2].flags, 0);
	perfdata_close(perfdata);
}
END_TEST

/* Whoever gives calls and returns groups of their own can have them joined.  */
START_TEST(returns_of_another_group)
{
	struct perfdata *perfdata;
	char text[2048];

	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC, USUAL);
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_OTHER, USUAL);
	add_format("malloc", ID_MALLOC, FIELD_IP FIELD_U64("bytes", 16));
	make_format(text, sizeof(text), "malloc__return", ID_OTHER,
		    FIELD_FUNC FIELD_U64("arg1", 24));
	builder_other_format(&builder, text);
	add_hit(0, false, 0x7f0001000, 3072);
	add_hit(1, true, 0x7f0001000, 0x34d4200);
	finish();
	perfdata = open_good();
	ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL, &error), 0);
	ck_assert_uint_eq(seen.hit_count, 2);
	ck_assert_uint_eq(seen.hits[0].flags, HIT_CHAIN_FOLLOWS);
	ck_assert_int_eq(seen.hits[1].kind, HIT_RETURN);
	perfdata_close(perfdata);
}
END_TEST

/* What who is told does not want is not delivered, and nothing else is left out.  */
START_TEST(spare_chains)
{
	for (unsigned spare = 0; spare < 4; spare++) {
		struct perfdata *perfdata;

		builder_free(&builder);
		memset(&builder, 0, sizeof(builder));
		file.size = 0;
		builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC, USUAL);
		builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC_RET,
			      USUAL);
		builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_FREE, USUAL);
		add_formats();
		add_hit(0, false, 0x7f0001000, 3072);
		add_hit(1, true, 0x7f0001000, 0x34d4200);
		add_hit(2, false, 0x7f0002000, 0x34d4200);
		finish();
		perfdata = open_good();
		sink = seen_sink(&seen);
		sink.spare_chains = (uint8_t)spare;
		ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL, &error), 0);
		ck_assert_uint_eq(seen.hit_count, 3);
		ck_assert_uint_eq(seen.sizes[0], !(spare & SPARE_FOLLOWED));
		ck_assert_uint_eq(seen.sizes[1], 1);
		ck_assert_uint_eq(seen.sizes[2], !(spare & SPARE_RELEASES));
		ck_assert_uint_eq(seen.hits[2].argument[0], 0x34d4200);
		perfdata_close(perfdata);
	}
}
END_TEST

/* Every mix that a plain probe's samples have, alone and next to an event of
   another mix.  */
START_TEST(sample_types)
{
	for (uint64_t mix = 0; mix < 512; mix++) {
		uint64_t type = mix | PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID |
			PERF_SAMPLE_RAW;
		struct perfdata *perfdata;

		builder_free(&builder);
		memset(&builder, 0, sizeof(builder));
		builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC, type);
		if (mix % 2)
			builder_event(&builder, PERF_TYPE_HARDWARE, 0,
				      USUAL & ~(uint64_t)PERF_SAMPLE_RAW);
		builder.attrs[0].read_format = mix % 32;
		add_formats();
		add_mapping("/bin/x");
		add_hit(0, false, 0x7f0001000, mix);
		finish();
		perfdata = open_good();
		sink = seen_sink(&seen);
		ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL,
					       &error), 0);
		ck_assert_uint_eq(seen.hit_count, 1);
		ck_assert_uint_eq(seen.hits[0].argument[0], mix);
		ck_assert_uint_eq(seen.hits[0].tid, 43);
		ck_assert_uint_eq(seen.mapping_count, 1);
		perfdata_close(perfdata);
	}
}
END_TEST

/* The data's size is missing, but what comes after is there.  */
START_TEST(unfinished_with_features)
{
	struct perfdata *perfdata;

	build_usual();
	builder.unfinished = true;
	finish();
	perfdata = open_good();
	ck_assert(!perfdata_unfinished(perfdata));
	ck_assert_uint_eq(perfdata_pid(perfdata), 42);
	check_usual(perfdata);
	perfdata_close(perfdata);
}
END_TEST

/* Puts the formats into the data, as a program that may be killed does.  */
static void add_tracing_record(void)
{
	struct bytes tracing = { 0 };
	size_t at = begin_record(&builder.data, 66, 0);

	add_formats();
	builder_tracing(&builder, &tracing);
	bytes_u32(&builder.data, (uint32_t)tracing.size);
	bytes_u32(&builder.data, 0);
	end_record(&builder.data, at);
	bytes_add(&builder.data, tracing.data, tracing.size);
	bytes_zeros(&builder.data, (8 - builder.data.size % 8) % 8);
	bytes_free(&tracing);
	builder.formats = 0;
}

START_TEST(unfinished)
{
	struct perfdata *perfdata;
	size_t last;

	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC, USUAL);
	add_tracing_record();
	for (int i = 0; i < 9; i++)
		add_hit(0, false, 0x7f0001000, 3072);
	last = builder.data.size;
	add_hit(0, false, 0x7f0001000, 3072);
	builder.unfinished = true;
	finish();
	last = builder.data.size - last;
	/* However much of the last record there is.  */
	for (size_t cut = 0; cut <= last; cut++) {
		write_file(file.data, file.size - cut);
		perfdata = open_good();
		ck_assert(perfdata_unfinished(perfdata));
		ck_assert_ptr_null(perfdata_command(perfdata));
		sink = seen_sink(&seen);
		ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL,
					       &error), 0);
		ck_assert_uint_eq(seen.hit_count, cut ? 9 : 10);
		perfdata_close(perfdata);
	}
	/* The gap that perf leaves.  */
	bytes_zeros(&file, 400);
	write_file(file.data, file.size);
	perfdata = open_good();
	sink = seen_sink(&seen);
	ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL, &error), 0);
	ck_assert_uint_eq(seen.hit_count, 10);
	perfdata_close(perfdata);
}
END_TEST

/* Nothing tells what its events mean.  */
START_TEST(unfinished_without_formats)
{
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC, USUAL);
	add_hit(0, false, 0x7f0001000, 3072);
	builder.unfinished = true;
	finish();
	check_refused(path, "unfinished (perf record was killed)");
	builder.unfinished = false;
	finish();
	check_refused(path, "has no event formats");
}
END_TEST

START_TEST(refused_files)
{
	static const uint64_t zero_size = 0;

	check_refused("/nonexistent/perf.data", "No such file or directory");
	check_refused("/tmp", "is a directory");
	check_refused("/dev/null", "is not a regular file");
	write_file("", 0);
	check_refused(path, "is empty");
	write_file("hello, this is text\n", 20);
	check_refused(path, "is not a perf.data file");
	write_file("hi", 2);
	check_refused(path, "is not a perf.data file");
	write_file("PERFFILE________", 16);
	check_refused(path, "before 2010");
	build_usual();
	finish();
	write_file("2ELIFREP", 8);
	check_refused(path, "is cut off");
	memcpy(file.data + AT_HEADER_SIZE, &zero_size, 8);
	write_file(file.data, file.size);
	check_refused(path, "is damaged");
	builder.has[27] = true;
	bytes_u32(&builder.features[27], 1);
	bytes_u32(&builder.features[27], 7);
	finish();
	check_refused(path, "is compressed in a way that is not known (number 7)");
	builder.has[27] = false;
	builder.has[24] = true;
	finish();
	check_refused(path, "directory format (perf record --threads): give the directory");
}
END_TEST

START_TEST(no_permission)
{
	if (!geteuid())
		return;         /* root may read anything */
	chmod(path, 0);
	check_refused(path, "Permission denied");
}
END_TEST

START_TEST(other_events)
{
	builder_event(&builder, PERF_TYPE_TRACEPOINT, 64010, USUAL);
	builder_event(&builder, PERF_TYPE_HARDWARE, 0, USUAL);
	add_format("puts", 64010, FIELD_IP);
	finish();
	check_refused(path, "only probe_libc:puts, 0/0; make them with perf probe");
	ck_assert_ptr_nonnull(strstr(error.text, "-p PID"));
}
END_TEST

/* Probes of other names are what the user says, and must be there.  */
START_TEST(mapped)
{
	struct event_map map[2];
	struct event_maps maps = { map, 1 };
	struct perfdata *perfdata;

	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC, USUAL);
	add_format("get", ID_MALLOC, FIELD_IP FIELD_U64("n", 16));
	add_hit(0, false, 0x7f0001000, 3072);
	finish();
	check_refused(path, "if some of these are, --map tells which");
	ck_assert(!event_map_parse(&map[0], "probe_libc:get=malloc(size=n)",
				   &error));
	ck_assert(!event_map_parse(&map[1], "probe_libc:put=free(ptr=n)",
				   &error));
	perfdata = perfdata_open_mapped(path, &maps, &error);
	ck_assert_msg(perfdata != NULL, "%s", error.text);
	ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL, &error), 0);
	ck_assert_uint_eq(seen.hit_count, 1);
	ck_assert_int_eq(seen.hits[0].function, ALLOC_MALLOC);
	ck_assert_uint_eq(seen.hits[0].argument[0], 3072);
	/* Nothing tells where it returns.  */
	ck_assert_uint_eq(seen.hits[0].flags, HIT_ALONE);
	perfdata_close(perfdata);
	maps.count = 2;
	ck_assert_ptr_null(perfdata_open_mapped(path, &maps, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "has no event probe_libc:put, "
				     "as --map says, only probe_libc:get"));
}
END_TEST

static void *read_all(void *context)
{
	ck_assert_int_eq(perfdata_read(context, &sink, NULL, NULL, &error), -1);
	return NULL;
}

/* So long that another thread looks ahead, if there is a processor for it.  */
START_TEST(long_file)
{
	const uint64_t count = 150000;
	struct perfdata *perfdata;
	_Atomic uint64_t done = 0;
	cpu_set_t before, one;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	build_usual();
	for (uint64_t i = 0; i < count; i++)
		add_hit(0, false, 0x7f0001000, 3072);
	finish();
	ck_assert_uint_gt(file.size, (size_t)12 << 20);
	perfdata = open_good();
	for (int reading = 0; reading < 2; reading++) {
		sink = seen_sink(&seen);
		ck_assert_int_eq(perfdata_read(perfdata, &sink, &done, NULL, &error), 0);
		ck_assert_uint_eq(seen.hit_count, count + 3);
		ck_assert_uint_le(done, perfdata_size(perfdata));
		ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	}
	ck_assert_int_eq(sched_setaffinity(0, sizeof(before), &before), 0);
	/* Shorter, and in the middle of a stretch.  */
	shrunken_read_zeros();
	ck_assert_int_eq(truncate(path, (off_t)file.size / 2), 0);
	sink = seen_sink(&seen);
	ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL, &error), -1);
	ck_assert_uint_gt(seen.hit_count, count / 4);
	ck_assert_uint_lt(seen.hit_count, count);
	perfdata_close(perfdata);
}
END_TEST

/* Somebody makes the file shorter that is read.  */
START_TEST(shrinks_meanwhile)
{
	struct perfdata *perfdata;
	pthread_t thread;

	shrunken_read_zeros();
	build_usual();
	for (int i = 0; i < 1000; i++)
		add_hit(0, false, 0x7f0001000, 3072);
	finish();
	perfdata = open_good();
	ck_assert_int_eq(truncate(path, (off_t)file.size / 2), 0);
	ck_assert_int_eq(thread_start(&thread, read_all, perfdata), 0);
	pthread_join(thread, NULL);
	ck_assert_msg(strstr(error.text, "is damaged at offset"), "%s", error.text);
	ck_assert_uint_gt(seen.hit_count, 100);
	ck_assert_uint_lt(seen.hit_count, 1000);
	perfdata_close(perfdata);
}
END_TEST

START_TEST(missing_argument)
{
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC, USUAL);
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_FREE, USUAL);
	add_format("malloc", ID_MALLOC, FIELD_IP);
	add_format("free", ID_FREE, FIELD_IP FIELD_U64("mem", 16));
	finish();
	check_refused(path, "probe_libc:malloc has no argument bytes");
}
END_TEST

START_TEST(missing_format)
{
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC, USUAL);
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_FREE, USUAL);
	add_format("malloc", ID_MALLOC, FIELD_IP FIELD_U64("bytes", 16));
	finish();
	check_refused(path, "no format");
}
END_TEST

/* What is skipped although the record does not count it; and what must not
   be.  */
START_TEST(payloads)
{
	struct perfdata *perfdata;
	size_t at;

	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC, USUAL);
	add_formats();
	add_hit(0, false, 0x7f0001000, 1);
	at = begin_record(&builder.data, 71, 0);
	bytes_u64(&builder.data, 24);
	bytes_zeros(&builder.data, 32);
	end_record(&builder.data, at);
	for (int i = 0; i < 24; i++)
		bytes_add(&builder.data, "\xff", 1);
	add_hit(0, false, 0x7f0001000, 2);
	finish();
	perfdata = open_good();
	ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL, &error), 0);
	ck_assert_uint_eq(seen.hit_count, 2);
	perfdata_close(perfdata);
}
END_TEST

/* Records that are not aligned in the file.  */
START_TEST(unaligned)
{
	struct perfdata *perfdata;
	size_t at;

	build_usual();
	at = begin_record(&builder.data, 90, 0);
	bytes_add(&builder.data, "abc", 3);
	end_record(&builder.data, at);
	add_hit(2, false, 0x7f0002000, 77);
	finish();
	perfdata = open_good();
	ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL, &error), 0);
	ck_assert_uint_eq(seen.hit_count, 4);
	ck_assert_uint_eq(seen.hits[3].argument[0], 77);
	perfdata_close(perfdata);
}
END_TEST

START_TEST(damaged)
{
	struct perfdata *perfdata;
	_Atomic uint64_t done = 0;
	size_t good;

	build_usual();
	good = builder.data.size;
	bytes_zeros(&builder.data, 64);
	finish();
	perfdata = open_good();
	ck_assert_int_eq(perfdata_read(perfdata, &sink, &done, NULL, &error),
			 -1);
	ck_assert_uint_eq(seen.hit_count, 3);
	ck_assert_uint_eq(done, good);
	ck_assert_ptr_nonnull(strstr(error.text, "damaged at offset 0x"));
	ck_assert_ptr_nonnull(strstr(error.text, "after 3 events"));
	perfdata_close(perfdata);
}
END_TEST

START_TEST(stopped)
{
	struct perfdata *perfdata;
	atomic_bool stop = true;

	build_usual();
	finish();
	perfdata = open_good();
	ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, &stop, &error), 0);
	ck_assert_uint_eq(seen.hit_count, 0);
	perfdata_close(perfdata);
}
END_TEST

/* No part of a file passes for the file.  */
START_TEST(truncated)
{
	build_usual();
	finish();
	for (size_t size = 0; size < file.size; size++) {
		write_file(file.data, size);
		ck_assert_msg(!perfdata_open(path, &error), "%zu", size);
		if (size)
			ck_assert_msg(strstr(error.text, "is cut off") ||
				      size < 8, "%zu: %s", size, error.text);
	}
}
END_TEST

static void check_pid(const char *const *args, uint32_t count, uint32_t pid)
{
	struct perfdata *perfdata;

	bytes_free(&builder.features[11]);
	add_command(args, count);
	finish();
	perfdata = open_good();
	ck_assert_uint_eq(perfdata_pid(perfdata), pid);
	perfdata_close(perfdata);
}

START_TEST(process)
{
	static const char *const joined[] = { "perf", "record", "-gp77,78" };
	static const char *const long_form[] = { "perf", "record", "--pid=77" };
	static const char *const long_apart[] = {
		"perf", "record", "--output", "-p", "--pid", "77", "true"
	};
	static const char *const command[] = {
		"perf", "record", "-o", "x", "-g", "ls", "-p", "77"
	};
	static const char *const hostile[] = { "perf", "record", "-p" };
	static const char *const control[] = { "perf", "\033[2J" };
	struct perfdata *perfdata;
	size_t at;

	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC, USUAL);
	add_formats();
	at = begin_record(&builder.data, PERF_RECORD_COMM,
			  PERF_RECORD_MISC_COMM_EXEC);
	bytes_u32(&builder.data, 99);
	bytes_u32(&builder.data, 99);
	bytes_string(&builder.data, "ls", 8);
	add_trailer(&builder.data, &builder.attrs[0], 100, 5);
	end_record(&builder.data, at);
	check_pid(joined, 3, 77);
	check_pid(long_form, 3, 77);
	check_pid(long_apart, 6, 77);
	check_pid(command, 8, 99);
	check_pid(hostile, 3, 0);
	check_pid(hostile, 2, 0);
	bytes_free(&builder.features[11]);
	add_command(control, 2);
	finish();
	perfdata = open_good();
	ck_assert_str_eq(perfdata_command(perfdata), "perf ?[2J");
	perfdata_close(perfdata);
}
END_TEST

/* Whatever a file holds, it is read or refused, within bounds.  */
START_TEST(corrupted)
{
	uint64_t state = 3;
	struct bytes good = { 0 };

	build_usual();
	builder_finish(&builder, &good);
	for (int i = 0; i < 5000; i++) {
		unsigned changes = 1 + next_random(&state) % 5;
		struct perfdata *perfdata;

		file.size = 0;
		bytes_add(&file, good.data, good.size);
		while (changes--) {
			/* Headers more often than not.  */
			size_t range = next_random(&state) % 2 ? 1400 : good.size;
			size_t at = next_random(&state) % range;

			file.data[at] = next_random(&state) % 3 ?
				(uint8_t)next_random(&state) :
				(uint8_t)(0xff * (next_random(&state) % 2));
		}
		/* Often without a size of the data.  */
		if (next_random(&state) % 4 == 0)
			memset(file.data + AT_DATA_SIZE, 0, 8);
		write_file(file.data, file.size);
		perfdata = perfdata_open(path, &error);
		if (!perfdata)
			continue;
		sink = seen_sink(&seen);
		perfdata_read(perfdata, &sink, NULL, NULL, &error);
		perfdata_close(perfdata);
	}
	bytes_free(&good);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("perfdata");
	TCase *tcase = tcase_create("perfdata");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 180);
	tcase_add_test(tcase, usual);
	tcase_add_test(tcase, chains_of_calls);
	tcase_add_test(tcase, spare_chains);
	tcase_add_test(tcase, alone_in_a_group);
	tcase_add_test(tcase, returns_of_another_group);
	tcase_add_test(tcase, sample_types);
	tcase_add_test(tcase, unfinished_with_features);
	tcase_add_test(tcase, unfinished);
	tcase_add_test(tcase, unfinished_without_formats);
	tcase_add_test(tcase, refused_files);
	tcase_add_test(tcase, no_permission);
	tcase_add_test(tcase, other_events);
	tcase_add_test(tcase, mapped);
	tcase_add_test(tcase, long_file);
	tcase_add_test(tcase, shrinks_meanwhile);
	tcase_add_test(tcase, missing_argument);
	tcase_add_test(tcase, missing_format);
	tcase_add_test(tcase, payloads);
	tcase_add_test(tcase, unaligned);
	tcase_add_test(tcase, damaged);
	tcase_add_test(tcase, stopped);
	tcase_add_test(tcase, truncated);
	tcase_add_test(tcase, process);
	tcase_add_test(tcase, corrupted);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
