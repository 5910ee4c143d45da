/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * The forms that a perf.data has: of a pipe, compressed, as a directory, of
 * machines of another kind.  One recording is made in each of them, and is to
 * be read as the same.
 */
#include "config.h"

#include "testing.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "perfdata/perfdata.h"
#include "perfdata_builder.h"

#define ID_MALLOC 64001
#define ID_MALLOC_RET 64002
#define ID_FREE 64003

#define USUAL (PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | \
	       PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | \
	       PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW)

/* In the recording; more than are kept in struct seen.  */
#define BLOCKS 40
#define HITS (3 * BLOCKS)

struct form {
	bool swapped;
	bool pipe;
	uint32_t compressed;    /* type of record; 0: not */
	bool narrow;
};

static const struct form forms[] = {
	{ false, false, 0, false },
	{ true, false, 0, false },
	{ false, true, 0, false },
	{ true, true, 0, false },
	{ false, false, 81, false },
	{ true, false, 81, false },
	{ false, true, 81, false },
	{ false, false, 83, false },
	{ true, true, 83, false },
	{ false, false, 0, true },
	{ true, false, 0, true },
	{ true, true, 81, true },
};

#define FORMS (sizeof(forms) / sizeof(*forms))

static struct builder builder;
static struct bytes file;
static struct seen seen;
static struct sink sink;
static struct error error;
static char directory[32];
static char path[64];

static void write_at(const char *name, const void *data, size_t size)
{
	FILE *stream = fopen(name, "w");

	ck_assert_ptr_nonnull(stream);
	if (size)
		ck_assert_uint_eq(fwrite(data, 1, size, stream), size);
	ck_assert_int_eq(fclose(stream), 0);
}

static void setup(void)
{
	strcpy(directory, "/tmp/leaktop-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/file", directory);
	memset(&builder, 0, sizeof(builder));
}

static void teardown(void)
{
	static const char *const names[] = {
		"file", "data", "data.0", "data.1", "data.2", "data.10"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	rmdir(directory);
	builder_free(&builder);
	bytes_free(&file);
}

static void add_format(const char *name, unsigned id, const char *fields)
{
	char text[2048];

	make_format(text, sizeof(text), name, id, fields);
	builder_format(&builder, text);
}

#define NARROW(name, offset)						\
	"\tfield:unsigned long " name ";\toffset:" #offset ";\tsize:4;\tsigned:0;\n"

static void add_formats(void)
{
	bool narrow = builder.narrow;

	add_format("malloc", ID_MALLOC, narrow ?
		   NARROW("__probe_ip", 8) NARROW("bytes", 12) :
		   FIELD_IP FIELD_U64("bytes", 16));
	add_format("malloc_ret__return", ID_MALLOC_RET, narrow ?
		   NARROW("__probe_func", 8) NARROW("__probe_ret_ip", 12)
		   NARROW("arg1", 16) :
		   FIELD_FUNC FIELD_U64("arg1", 24));
	add_format("free", ID_FREE, narrow ?
		   NARROW("__probe_ip", 8) NARROW("mem", 12) :
		   FIELD_IP FIELD_U64("mem", 16));
}

/* The raw data of a hit, by one of these formats.  */
static void add_raw(struct bytes *raw, size_t index, uint64_t address,
		    uint64_t value)
{
	raw->swapped = builder.data.swapped;
	if (!builder.narrow) {
		make_raw(raw, index == 1, (unsigned)builder.attrs[index].config,
			 address, &value, 1);
		return;
	}
	bytes_u16(raw, (uint16_t)builder.attrs[index].config);
	bytes_u16(raw, 0);
	bytes_u32(raw, 4711);
	bytes_u32(raw, (uint32_t)address);
	if (index == 1)
		bytes_u32(raw, (uint32_t)address + 0x1000);
	bytes_u32(raw, (uint32_t)value);
	bytes_zeros(raw, (8 - (raw->size + 4) % 8) % 8);
}

static void add_hit(struct bytes *out, size_t index, uint64_t time,
		    uint64_t address, uint64_t value)
{
	static const uint64_t chain[] = { (uint64_t)PERF_CONTEXT_USER, 0x401000 };
	struct bytes raw = { 0 };
	struct sample sample = {
		.id = builder.ids[index][1], .time = time, .pid = 42, .tid = 43,
		.chain = chain, .chain_size = 2, .raw = &raw
	};

	add_raw(&raw, index, address, value);
	add_sample(out, &builder.attrs[index], &sample);
	bytes_free(&raw);
}

static void add_mapping(struct bytes *out, const char *name)
{
	size_t at = begin_record(out, PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER);

	bytes_u32(out, 42);
	bytes_u32(out, 42);
	bytes_u64(out, 0x400000);
	bytes_u64(out, 0x10000);
	bytes_u64(out, 0x3000);
	bytes_zeros(out, 24);
	bytes_u32(out, PROT_EXEC);
	bytes_u32(out, 0);
	bytes_string(out, name, 8);
	add_trailer(out, &builder.attrs[0], 0, 77);
	end_record(out, at);
}

static void add_task(struct bytes *out, uint32_t type, uint64_t time)
{
	size_t at = begin_record(out, type, 0);

	bytes_u32(out, 50);
	bytes_u32(out, 42);
	bytes_u32(out, 51);
	bytes_u32(out, 43);
	bytes_u64(out, time);
	add_trailer(out, &builder.attrs[1], builder.ids[1][0], time);
	end_record(out, at);
}

static void add_comm(struct bytes *out, const char *name)
{
	size_t at = begin_record(out, PERF_RECORD_COMM, 0);

	bytes_u32(out, 42);
	bytes_u32(out, 43);
	bytes_string(out, name, 8);
	add_trailer(out, &builder.attrs[0], builder.ids[2][3], 5);
	end_record(out, at);
}

static void add_lost(struct bytes *out, uint64_t count)
{
	size_t at = begin_record(out, PERF_RECORD_LOST_SAMPLES, 0);

	bytes_u64(out, count);
	add_trailer(out, &builder.attrs[0], 0, 0);
	end_record(out, at);
}

static void add_round(struct bytes *out)
{
	end_record(out, begin_record(out, 68, 0));
}

static void add_blocks(struct bytes *out)
{
	for (uint64_t i = 0; i < BLOCKS; i++) {
		uint64_t time = 1000 + i * 10;

		add_hit(out, 0, time, 0xf0001000, 3072 + i);
		add_hit(out, 1, time + 1, 0xf0001000, 0x34d4200 + i * 16);
		add_hit(out, 2, time + 2, 0xf0002000, 0x34d4200 + i * 16);
		if (i % 10 == 9)
			add_round(out);
	}
}

static void add_strings(int feature, const char *const *strings, uint32_t count)
{
	struct bytes *out = &builder.features[feature];

	builder.has[feature] = true;
	if (feature == 11)
		bytes_u32(out, count);
	for (uint32_t i = 0; i < count; i++) {
		bytes_u32(out, (uint32_t)(strlen(strings[i]) / 64 + 1) * 64);
		bytes_string(out, strings[i], 64);
	}
}

static void add_build_id(const char *name)
{
	struct bytes *out = &builder.features[2];
	size_t at = begin_record(out, 0, PERF_RECORD_MISC_USER | 1 << 15);

	bytes_u32(out, (uint32_t)-1);
	for (uint8_t i = 0; i < 20; i++)
		bytes_add(out, &i, 1);
	bytes_add(out, "\x10\0\0", 4);
	bytes_string(out, name, 64);
	end_record(out, at);
	builder.has[2] = true;
}

/* Puts the records in DATA into records of TYPE, cut up anywhere, a stream
   that goes on from one to the next.  */
static void compress(struct bytes *out, const struct bytes *data, uint32_t type)
{
	ZSTD_CStream *stream = ZSTD_createCStream();
	uint64_t state = 5;
	size_t at = 0;

	while (at < data->size) {
		uint8_t room[2048];
		size_t size = 1 + next_random(&state) % 700;
		ZSTD_inBuffer in = { data->data + at, size, 0 };
		ZSTD_outBuffer result = { room, sizeof(room), 0 };
		size_t record;

		if (size > data->size - at)
			in.size = data->size - at;
		at += in.size;
		ck_assert(!ZSTD_isError(ZSTD_compressStream(stream, &result,
							    &in)));
		ck_assert(!ZSTD_flushStream(stream, &result));
		ck_assert_uint_eq(in.pos, in.size);
		record = begin_record(out, type, 0);
		if (type == 83)
			bytes_u64(out, result.pos);
		bytes_add(out, room, result.pos);
		if (type == 83)
			bytes_zeros(out, (8 - result.pos % 8) % 8);
		end_record(out, record);
	}
	ZSTD_freeCStream(stream);
}

/* What stands around the records.  */
static void build_head(const struct form *form)
{
	static const char *const command[] = {
		"/usr/bin/perf", "record", "-g", "-p", "42"
	};
	static const char *const host[] = { "host" };

	builder_free(&builder);
	memset(&builder, 0, sizeof(builder));
	builder.narrow = form->narrow;
	if (form->swapped)
		builder_swap(&builder);
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC, USUAL);
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC_RET,
		      USUAL & ~(uint64_t)PERF_SAMPLE_PERIOD);
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_FREE,
		      USUAL | PERF_SAMPLE_READ);
	builder.attrs[2].read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID;
	add_formats();
	add_strings(3, host, 1);
	add_strings(11, command, 5);
	/* One that nobody knows.  */
	builder.has[63] = true;
	bytes_u64(&builder.features[63], UINT64_MAX);
	bytes_u32(&builder.features[63], 17);
	add_build_id("/bin/other");
	add_build_id("/bin/x");
}

static void finish(const struct form *form)
{
	bytes_free(&file);
	file.swapped = form->swapped;
	if (form->pipe)
		builder_finish_pipe(&builder, &file);
	else
		builder_finish(&builder, &file);
}

static void build(const struct form *form)
{
	struct bytes plain = { .swapped = form->swapped };
	struct bytes *out = form->compressed ? &plain : &builder.data;

	build_head(form);
	add_mapping(&builder.data, "/bin/x");
	add_comm(out, "emacs");
	add_task(out, PERF_RECORD_FORK, 6);
	add_blocks(out);
	if (form->compressed)
		compress(&builder.data, &plain, form->compressed);
	bytes_free(&plain);
	add_task(&builder.data, PERF_RECORD_EXIT, 5000);
	finish(form);
}

/* Of the built one, after its beginning: its HITS.  */
static void check_hits(size_t first)
{
	ck_assert_uint_eq(seen.hit_count, HITS + first + 1);
	for (size_t i = first; i < SEEN_HITS; i++) {
		static const uint8_t functions[] = {
			ALLOC_MALLOC, ALLOC_MALLOC, ALLOC_FREE
		};
		const struct hit *hit = &seen.hits[i];
		uint64_t block = (i - first) / 3;

		ck_assert_int_eq(hit->function, functions[(i - first) % 3]);
		ck_assert_int_eq(hit->kind, (i - first) % 3 == 1 ? HIT_RETURN :
				 HIT_CALL);
		ck_assert_uint_eq(hit->argument[0], (i - first) % 3 ?
				  0x34d4200 + block * 16 : 3072 + block);
		ck_assert_uint_eq(hit->time, 1000 + block * 10 + (i - first) % 3);
		ck_assert_uint_eq(hit->address, (i - first) % 3 == 2 ?
				  0xf0002000 : 0xf0001000);
		ck_assert_uint_eq(hit->pid, 42);
		ck_assert_uint_eq(hit->tid, 43);
		ck_assert_uint_eq(seen.sizes[i], 1);
		ck_assert_uint_eq(seen.frames[i][0], 0x401000);
	}
}

static void check_read(struct perfdata *perfdata)
{
	_Atomic uint64_t done = 0;

	sink = seen_sink(&seen);
	ck_assert_msg(!perfdata_read(perfdata, &sink, &done, NULL, &error),
		      "%s", error.text);
	ck_assert_uint_eq(done, perfdata_size(perfdata));
	ck_assert_int_eq(seen.hits[0].kind, HIT_FORK);
	ck_assert_uint_eq(seen.hits[0].pid, 50);
	ck_assert_uint_eq(seen.hits[0].tid, 51);
	ck_assert_uint_eq(seen.hits[0].argument[0], 42);
	ck_assert_uint_eq(seen.hits[0].argument[1], 43);
	ck_assert_uint_eq(seen.hits[0].time, 6);
	check_hits(1);
	ck_assert_uint_eq(seen.rounds, 4);
	ck_assert_uint_eq(seen.mapping_count, 1);
	ck_assert_str_eq(seen.path, "/bin/x");
	ck_assert_uint_eq(seen.mapping.pid, 42);
	ck_assert_uint_eq(seen.mapping.start, 0x400000);
	ck_assert_uint_eq(seen.mapping.offset, 0x3000);
	ck_assert_uint_eq(seen.mapping.time, 77);
	ck_assert_uint_eq(seen.mapping.build_id_size, 16);
	ck_assert_uint_eq(seen.mapping.build_id[15], 15);
	ck_assert_str_eq(seen.comm, "emacs");
	ck_assert_uint_eq(seen.comm_pid, 42);
	ck_assert_uint_eq(seen.comm_tid, 43);
	ck_assert_str_eq(perfdata_command(perfdata),
			 "/usr/bin/perf record -g -p 42");
	ck_assert_uint_eq(perfdata_pid(perfdata), 42);
}

static struct perfdata *open_good(const char *name)
{
	struct perfdata *perfdata = perfdata_open(name, &error);

	ck_assert_msg(perfdata != NULL, "%s", error.text);
	ck_assert_msg(!perfdata_start(perfdata, NULL, &error), "%s", error.text);
	return perfdata;
}

START_TEST(all_forms)
{
	struct perfdata *perfdata;

	build(&forms[_i]);
	write_at(path, file.data, file.size);
	perfdata = open_good(path);
	ck_assert(!perfdata_is_stream(perfdata));
	check_read(perfdata);
	check_read(perfdata);
	perfdata_close(perfdata);
}
END_TEST

/* Writes the file into the FIFO at path, in pieces.  */
static void *write_slowly(void *context)
{
	size_t step = *(size_t *)context;
	int fd = open(path, O_WRONLY);

	for (size_t at = 0; at < file.size; at += step) {
		size_t size = file.size - at < step ? file.size - at : step;

		if (write(fd, file.data + at, size) != (ssize_t)size)
			break;
	}
	close(fd);
	return NULL;
}

/* The same, half of it, and when that has been taken the rest at once.  */
static void *write_in_two(void *context)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	size_t half = file.size / 2;
	int fd = open(path, O_WRONLY), left;
	ssize_t written;

	(void)context;
	written = write(fd, file.data, half);
	while (!ioctl(fd, FIONREAD, &left) && left)
		nanosleep(&pause, NULL);
	if (written == (ssize_t)half)
		written = write(fd, file.data + half, file.size - half);
	close(fd);
	return NULL;
}

static pthread_t start_this_writer(void *(*write_it)(void *), size_t *step)
{
	pthread_t writer;

	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(pthread_create(&writer, NULL, write_it, step), 0);
	return writer;
}

static pthread_t start_writer(size_t *step)
{
	return start_this_writer(write_slowly, step);
}

START_TEST(streams)
{
	static size_t steps[] = { 7, 100, 4096, 1 << 20 };

	build(&forms[_i]);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		pthread_t writer = start_writer(&steps[i]);
		struct perfdata *perfdata = open_good(path);

		ck_assert(perfdata_is_stream(perfdata));
		check_read(perfdata);
		check_read(perfdata);
		ck_assert_uint_eq(perfdata_size(perfdata) <= file.size, 1);
		perfdata_close(perfdata);
		pthread_join(writer, NULL);
	}
}
END_TEST

START_TEST(standard_input)
{
	int before = dup(STDIN_FILENO);
	struct perfdata *perfdata;
	int ends[2];

	build(&forms[2]);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], file.data, file.size),
			 (ssize_t)file.size);
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	perfdata = open_good("-");
	check_read(perfdata);
	perfdata_close(perfdata);
	/* At its end.  */
	perfdata = perfdata_open("-", &error);
	ck_assert_ptr_nonnull(perfdata);
	ck_assert_int_eq(perfdata_start(perfdata, NULL, &error), -1);
	ck_assert_str_eq(error.text, "standard input: is empty");
	perfdata_close(perfdata);
	/* A file in its place is mapped; a part of one is read.  */
	write_at(path, file.data, file.size);
	close(STDIN_FILENO);
	ck_assert_int_eq(open(path, O_RDONLY), STDIN_FILENO);
	perfdata = open_good("-");
	ck_assert(!perfdata_is_stream(perfdata));
	check_read(perfdata);
	perfdata_close(perfdata);
	dup2(before, STDIN_FILENO);
	close(before);
}
END_TEST

struct stopper {
	int fd;                 /* of a pipe that is to be read before; -1: none */
	atomic_bool stop;
};

static void *stop_later(void *context)
{
	struct stopper *stopper = context;
	int left = 0;

	do {
		usleep(50000);
		if (stopper->fd >= 0)
			ck_assert_int_eq(ioctl(stopper->fd, FIONREAD, &left), 0);
	} while (left);
	atomic_store(&stopper->stop, true);
	return NULL;
}

/* Nothing comes, or nothing more.  */
START_TEST(stopped_streams)
{
	struct perfdata *perfdata;
	struct stopper stopper = { .fd = -1 };
	pthread_t thread;
	int fd;

	build(&forms[2]);
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	perfdata = perfdata_open(path, &error);
	ck_assert_ptr_nonnull(perfdata);
	pthread_create(&thread, NULL, stop_later, &stopper);
	ck_assert_int_eq(perfdata_start(perfdata, &stopper.stop, &error), -1);
	pthread_join(thread, NULL);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(write(fd, file.data, file.size - 100),
			 (ssize_t)file.size - 100);
	stopper.stop = false;
	stopper.fd = fd;
	ck_assert_int_eq(perfdata_start(perfdata, &stopper.stop, &error), 0);
	pthread_create(&thread, NULL, stop_later, &stopper);
	sink = seen_sink(&seen);
	ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, &stopper.stop,
				       &error), 0);
	pthread_join(thread, NULL);
	ck_assert_uint_gt(seen.hit_count, HITS / 2);
	close(fd);
	perfdata_close(perfdata);
}
END_TEST

/* The disk is full, so to say: what it has kept is read, however it came.  */
START_TEST(full_disk)
{
	struct rlimit limit, before;
	size_t step = 4096;
	struct perfdata *perfdata;
	pthread_t writer;

	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	build(&forms[2]);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = file.size * 3 / 4;
	writer = _i ? start_this_writer(write_in_two, NULL) :
		 start_writer(&step);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	perfdata = open_good(path);
	sink = seen_sink(&seen);
	ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.text, "can't keep it in "));
	ck_assert_ptr_nonnull(strstr(error.text, "TMPDIR"));
	ck_assert_uint_gt(seen.hit_count, HITS / 2);
	perfdata_close(perfdata);
	setrlimit(RLIMIT_FSIZE, &before);
	pthread_join(writer, NULL);
	/* And no place at all.  */
	setenv("TMPDIR", "/nonexistent", 1);
	ck_assert_ptr_null(perfdata_open(path, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "/nonexistent: No such file"));
	unsetenv("TMPDIR");
}
END_TEST

/* Whatever part of it there is, what is read is right, and the end is told.  */
START_TEST(cut_off)
{
	struct perfdata *perfdata;
	size_t whole = 0, before = 0;

	build(&forms[2]);
	for (size_t size = 0; size < file.size; size++) {
		write_at(path, file.data, size);
		perfdata = perfdata_open(path, &error);
		if (!perfdata) {
			ck_assert_msg(strstr(error.text, "is cut off") ||
				      size < 8 ||
				      strstr(error.text, "none that says") ||
				      strstr(error.text, "no event formats") ||
				      strstr(error.text, "no events of") ||
				      strstr(error.text, "no format"),
				      "%zu: %s", size, error.text);
			continue;
		}
		sink = seen_sink(&seen);
		if (!perfdata_read(perfdata, &sink, NULL, NULL, &error))
			whole++;
		else
			ck_assert_ptr_nonnull(strstr(error.text,
						     "is cut off at offset 0x"));
		/* What is there whole is read.  */
		ck_assert_uint_ge(seen.hit_count, before);
		ck_assert_uint_le(seen.hit_count, before + 1);
		before = seen.hit_count;
		perfdata_close(perfdata);
	}
	ck_assert_uint_ge(before, HITS);
	/* Between two records.  */
	ck_assert_uint_ge(whole, HITS);
	ck_assert_uint_le(whole, HITS + 20);
}
END_TEST

static void check_damaged(void)
{
	struct perfdata *perfdata;

	finish(&forms[4]);
	write_at(path, file.data, file.size);
	perfdata = open_good(path);
	sink = seen_sink(&seen);
	ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.text, "damaged at offset 0x"));
	perfdata_close(perfdata);
}

START_TEST(bad_compression)
{
	struct bytes plain = { 0 };
	size_t at;

	/* No such stream.  */
	build_head(&forms[4]);
	at = begin_record(&builder.data, 81, 0);
	bytes_string(&builder.data, "this is not what it should be", 8);
	end_record(&builder.data, at);
	check_damaged();
	ck_assert_ptr_nonnull(strstr(error.text, "after 0 events"));
	/* A size beyond the record.  */
	build_head(&forms[4]);
	at = begin_record(&builder.data, 83, 0);
	bytes_u64(&builder.data, 17);
	bytes_zeros(&builder.data, 16);
	end_record(&builder.data, at);
	check_damaged();
	/* Records within that are none, or that can't be within.  */
	for (uint32_t type = 0; type < 90; type++) {
		if (type != 0 && type != 66 && type != 71 && type != 81 &&
		    type != 83)
			continue;
		build_head(&forms[4]);
		plain.size = 0;
		add_hit(&plain, 0, 1, 0xf0001000, 1);
		at = begin_record(&plain, type, 0);
		bytes_u64(&plain, UINT64_C(0x100000001));
		bytes_zeros(&plain, 80);
		end_record(&plain, at);
		compress(&builder.data, &plain, 81);
		check_damaged();
		ck_assert_ptr_nonnull(strstr(error.text, "after 1 events"));
	}
	/* The last is not all there.  */
	build_head(&forms[4]);
	plain.size = 0;
	add_hit(&plain, 0, 1, 0xf0001000, 1);
	plain.size -= 8;
	compress(&builder.data, &plain, 81);
	check_damaged();
	bytes_free(&plain);
}
END_TEST

/* A lot comes out of little, and memory is not used up.  */
START_TEST(bomb)
{
	struct bytes plain = { 0 };
	struct perfdata *perfdata;
	size_t count = 0;

	build_head(&forms[4]);
	while (plain.size < 50u << 20) {
		add_hit(&plain, 0, 1, 0xf0001000, 1);
		count++;
	}
	/* The whole in one record.  */
	{
		static uint8_t room[UINT16_MAX];
		size_t size = ZSTD_compress(room, sizeof(room), plain.data,
					    plain.size, 19);
		size_t at = begin_record(&builder.data, 81, 0);

		ck_assert(!ZSTD_isError(size));
		bytes_add(&builder.data, room, size);
		end_record(&builder.data, at);
	}
	finish(&forms[4]);
	write_at(path, file.data, file.size);
	perfdata = open_good(path);
	sink = seen_sink(&seen);
	ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL, &error), 0);
	ck_assert_uint_eq(seen.hit_count, count);
	perfdata_close(perfdata);
	bytes_free(&plain);
}
END_TEST

static void write_part(const char *name, const struct bytes *bytes)
{
	char full[96];

	snprintf(full, sizeof(full), "%s/%s", directory, name);
	write_at(full, bytes->data, bytes->size);
}

/* The hits of each block, on one of three CPUs.  */
static void build_directory(const struct form *form)
{
	struct bytes parts[3] = { { 0 } };
	struct bytes nothing = { 0 };

	build_head(form);
	builder.has[24] = true;
	bytes_u64(&builder.features[24], 1);
	add_mapping(&builder.data, "/bin/x");
	add_comm(&builder.data, "emacs");
	/* It comes after all, as it is counted at the end.  */
	add_lost(&builder.data, 7);
	finish(form);
	for (size_t i = 0; i < 3; i++)
		parts[i].swapped = form->swapped;
	for (uint64_t i = 0; i < BLOCKS; i++) {
		uint64_t time = 1000 + i * 10;

		add_hit(&parts[i % 3], 0, time, 0xf0001000, 3072 + i);
		add_hit(&parts[i * 7 % 3], 1, time + 1, 0xf0001000,
			0x34d4200 + i * 16);
		add_hit(&parts[(i + 1) % 3], 2, time + 2, 0xf0002000,
			0x34d4200 + i * 16);
	}
	write_part("data", &file);
	write_part("data.2", &nothing);
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = {
			"data.0", "data.1", "data.10"
		};

		if (form->compressed) {
			struct bytes packed = { .swapped = form->swapped };

			compress(&packed, &parts[i], form->compressed);
			write_part(names[i], &packed);
			bytes_free(&packed);
		} else {
			write_part(names[i], &parts[i]);
		}
		bytes_free(&parts[i]);
	}
}

START_TEST(directories)
{
	struct perfdata *perfdata;

	if (forms[_i].pipe)
		return;
	build_directory(&forms[_i]);
	perfdata = open_good(directory);
	for (int i = 0; i < 2; i++) {
		_Atomic uint64_t done = 0;

		sink = seen_sink(&seen);
		ck_assert_msg(!perfdata_read(perfdata, &sink, &done, NULL,
					     &error), "%s", error.text);
		ck_assert_uint_eq(done, perfdata_size(perfdata));
		check_hits(0);
		ck_assert_uint_eq(seen.last.kind, HIT_LOST);
		ck_assert_uint_eq(seen.last.argument[0], 7);
		ck_assert_uint_eq(seen.last.time, 1000 + BLOCKS * 10 - 8);
		ck_assert_uint_eq(seen.mapping_count, 1);
	}
	perfdata_close(perfdata);
}
END_TEST

static void refuse_directory(const char *text)
{
	ck_assert_ptr_null(perfdata_open(directory, &error));
	ck_assert_msg(strstr(error.text, text) != NULL, "%s", error.text);
	ck_assert_msg(!strncmp(error.text, directory, strlen(directory)), "%s",
		      error.text);
}

/* Its recorder was killed: nothing tells what the events mean.  */
START_TEST(unfinished_directory)
{
	build_directory(&forms[0]);
	builder.unfinished = true;
	finish(&forms[0]);
	/* Up to the data, as what comes behind it was not written.  */
	ck_assert_uint_gt(file.size, builder.data.size + 1000);
	file.size = 104 + 3 * (B_IDS * 8 + sizeof(struct perf_event_attr) + 16) +
		builder.data.size;
	write_part("data", &file);
	ck_assert_ptr_null(perfdata_open(directory, &error));
	ck_assert_msg(strstr(error.text, "is unfinished (perf record was killed)")
		      != NULL, "%s", error.text);
}
END_TEST

/* The process is found wherever it is.  */
START_TEST(process_in_directory)
{
	struct bytes part = { 0 };
	struct perfdata *perfdata;
	size_t at = begin_record(&part, PERF_RECORD_COMM,
				 PERF_RECORD_MISC_COMM_EXEC);

	build_directory(&forms[0]);
	bytes_u32(&part, 99);
	bytes_u32(&part, 99);
	bytes_string(&part, "ls", 8);
	add_trailer(&part, &builder.attrs[0], 100, 5);
	end_record(&part, at);
	write_part("data.2", &part);
	bytes_free(&part);
	/* "record -- x" instead of "record -g -p 42".  */
	memcpy(builder.features[11].data + 4 + 2 * 68 + 4, "--", 3);
	memcpy(builder.features[11].data + 4 + 3 * 68 + 4, "x", 2);
	finish(&forms[0]);
	write_part("data", &file);
	perfdata = open_good(directory);
	ck_assert_uint_eq(perfdata_pid(perfdata), 99);
	perfdata_close(perfdata);
}
END_TEST

START_TEST(bad_directories)
{
	char name[96];

	refuse_directory("is a directory");
	/* A file like any other.  */
	build(&forms[0]);
	write_part("data", &file);
	refuse_directory("does not say that there are others");
	build_directory(&forms[0]);
	builder.features[24].data[0] = 2;
	finish(&forms[0]);
	write_part("data", &file);
	refuse_directory("version 2 of the directory format");
	build_directory(&forms[0]);
	snprintf(name, sizeof(name), "%s/data", directory);
	ck_assert_ptr_null(perfdata_open(name, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "give the directory"));
	/* A part that is no file.  */
	snprintf(name, sizeof(name), "%s/data.2", directory);
	unlink(name);
	ck_assert_int_eq(mkfifo(name, 0600), 0);
	refuse_directory("/data.2: is not a regular file");
	unlink(name);
	ck_assert_int_eq(truncate(path, 0), -1);
	/* One that is damaged says so by its name.  */
	{
		struct bytes bad = { 0 };
		struct perfdata *perfdata;

		bytes_zeros(&bad, 64);
		write_part("data.1", &bad);
		bytes_free(&bad);
		perfdata = open_good(directory);
		sink = seen_sink(&seen);
		ck_assert_int_eq(perfdata_read(perfdata, &sink, NULL, NULL,
					       &error), -1);
		ck_assert_ptr_nonnull(strstr(error.text,
					     "/data.1: is damaged at offset 0"));
		perfdata_close(perfdata);
	}
}
END_TEST

/* Whatever a file holds, it is read or refused, within bounds.  */
START_TEST(corrupted)
{
	uint64_t state = 3 + (uint64_t)_i;
	struct bytes good = { 0 };

	build(&forms[_i]);
	bytes_add(&good, file.data, file.size);
	for (int i = 0; i < 700; i++) {
		unsigned changes = 1 + next_random(&state) % 5;
		struct perfdata *perfdata;

		file.size = 0;
		bytes_add(&file, good.data, good.size);
		while (changes--) {
			/* Headers more often than not.  */
			size_t range = next_random(&state) % 2 ? 1400 : good.size;
			size_t at = next_random(&state) %
				(range < good.size ? range : good.size);

			file.data[at] = next_random(&state) % 3 ?
				(uint8_t)next_random(&state) :
				(uint8_t)(0xff * (next_random(&state) % 2));
		}
		write_at(path, file.data, file.size);
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
	Suite *suite = suite_create("variants");
	TCase *tcase = tcase_create("variants");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 180);
	tcase_add_loop_test(tcase, all_forms, 0, FORMS);
	tcase_add_loop_test(tcase, streams, 0, FORMS);
	tcase_add_test(tcase, standard_input);
	tcase_add_test(tcase, stopped_streams);
	tcase_add_loop_test(tcase, full_disk, 0, 2);
	tcase_add_test(tcase, cut_off);
	tcase_add_test(tcase, bad_compression);
	tcase_add_test(tcase, bomb);
	tcase_add_loop_test(tcase, directories, 0, FORMS);
	tcase_add_test(tcase, unfinished_directory);
	tcase_add_test(tcase, process_in_directory);
	tcase_add_test(tcase, bad_directories);
	tcase_add_loop_test(tcase, corrupted, 0, FORMS);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
