/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Recordings that leaktop writes, read again by leaktop.
 *
 *   test_writer --copy IN OUT   writes the recording IN again, record by
 *                               record, for what tests/writer.sh compares
 *   test_writer --kill IN OUT   the same, but is killed before the end
 */
#include "config.h"

#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "perfdata/events.h"
#include "perfdata/features.h"
#include "perfdata/perfdata.h"
#include "perfdata/reader.h"
#include "perfdata/writer.h"
#include "perfdata_builder.h"
#include "trace/synthesize.h"

#define ID_MALLOC 64001
#define ID_FREE 64003
#define ID_CALLOC 64004

/* What leaktop's own events have.  */
#define USUAL (PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | \
	       PERF_SAMPLE_RAW)

#define PID 4711

/* Samples of so many bytes fill chunks (writer_queue.h) of no less than that
   many, which are written as soon as they are full.  */
#define LARGE 60000
#define MANY_BYTES UINT64_C(1000000)

static char directory[] = "/tmp/leaktop-writer-XXXXXX";
static char path[sizeof(directory) + 16];
static struct error error;
static struct writer *writer;
static struct tap tap;
static struct builder builder;          /* only its attrs, ids and data */
static struct seen seen;
static uint64_t samples;                /* that were written */
static uint64_t clock_ns;

static const char *const arguments[] = { "leaktop", "-p", "4711", NULL };

static void build_id_of(void *context, struct mapping *mapping)
{
	const char *wanted = context;

	if (wanted && strcmp(mapping->path, wanted))
		return;
	mapping->build_id_size = 20;
	for (int i = 0; i < 20; i++)
		mapping->build_id[i] = (uint8_t)(i + 100);
}

static struct writer_options options = {
	.arguments = arguments,
	.find_build_id = build_id_of,
};

static void write_format(const char *group, const char *name, unsigned id,
			 const char *field)
{
	char text[2048];

	make_format(text, sizeof(text), name, id, field);
	tap.format(tap.context, group, text, strlen(text));
}

/* Adds an event of the builder to the writer.  */
static void write_event(size_t index, const char *name)
{
	builder.attrs[index].use_clockid = 1;
	builder.attrs[index].clockid = CLOCK_MONOTONIC;
	tap.event(tap.context, &builder.attrs[index], name, builder.ids[index],
		  B_IDS);
}

static void setup(void)
{
	memset(&builder, 0, sizeof(builder));
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/out.data", directory);
}

static void teardown(void)
{
	char command[sizeof(directory) + 16];

	builder_free(&builder);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}

/* Begins a recording with malloc and free.  */
static void begin_recording(void)
{
	tap = writer_tap(writer);
	write_format("some", "lt_malloc", ID_MALLOC,
		     FIELD_IP FIELD_U64("bytes", 16));
	write_format("some", "lt_free", ID_FREE,
		     FIELD_IP FIELD_U64("mem", 16));
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_MALLOC, USUAL);
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_FREE, USUAL);
	write_event(0, "some:lt_malloc");
	write_event(1, "some:lt_free");
	samples = 0;
	clock_ns = 1000;
}

static void open_writer(void)
{
	writer = writer_open(path, &options, &error);
	ck_assert_msg(writer != NULL, "%s", error.text);
	begin_recording();
}

static void close_writer(void)
{
	ck_assert_msg(!writer_close(writer, &error), "%s", error.text);
	writer = NULL;
}

/* Writes what was added to the builder's data.  */
static void write_data(void)
{
	for (size_t at = 0; at < builder.data.size;) {
		const struct perf_event_header *header = (const void *)
			(builder.data.data + at);

		tap.record(tap.context, header);
		at += header->size;
	}
	builder.data.size = 0;
}

/* Writes a sample of an event with a value of its own, and PADDING bytes
   more than it needs.  */
static void write_sample(size_t event, size_t id, size_t padding)
{
	const uint64_t value = 16 * (samples + 1);
	struct bytes raw = { 0 };
	struct sample sample = {
		.id = builder.ids[event][id], .time = clock_ns += 10,
		.pid = PID, .tid = PID, .raw = &raw,
	};

	make_raw(&raw, false, (unsigned)builder.attrs[event].config, 0x1000,
		 &value, 1);
	bytes_zeros(&raw, padding & ~(size_t)7);
	add_sample(&builder.data, &builder.attrs[event], &sample);
	bytes_free(&raw);
	write_data();
	samples++;
}

static void write_round(void)
{
	tap.round(tap.context);
}

static void wait_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* Waits until the writer's thread has written SIZE bytes.  */
static void wait_size(uint64_t size)
{
	while (writer_size(writer) < size && !writer_failed(writer, &error))
		wait_ms(1);
}

static struct perfdata *read_file(const char *name)
{
	struct perfdata *perfdata = perfdata_open(name, &error);
	struct sink sink = seen_sink(&seen);

	if (perfdata)
		ck_assert_msg(!perfdata_read(perfdata, &sink, NULL, NULL,
					     &error), "%s", error.text);
	return perfdata;
}

static struct perfdata *read_good(const char *name)
{
	struct perfdata *perfdata = read_file(name);

	ck_assert_msg(perfdata != NULL, "%s", error.text);
	return perfdata;
}

static off_t size_of(const char *name)
{
	struct stat buffer;

	return stat(name, &buffer) ? -1 : buffer.st_size;
}

static void write_target(void)
{
	struct synthetic synthetic = { .attr = &builder.attrs[0] };
	struct mapping mapping = {
		.pid = PID, .start = 0x400000, .length = 0x1000,
		.offset = 0x2000, .path = "/usr/bin/some program",
	};

	tap.record(tap.context, synthesize_comm(&synthetic, 0, PID, PID, "some",
						false));
	tap.record(tap.context, synthesize_mapping(&synthetic, &mapping));
}

static void write_usual(void)
{
	write_target();
	write_sample(0, 0, 0);
	write_sample(1, 3, 0);
	write_round();
}

static void check_usual(const struct perfdata *perfdata)
{
	ck_assert_uint_eq(seen.hit_count, 2);
	ck_assert_int_eq(seen.hits[0].function, ALLOC_MALLOC);
	ck_assert_uint_eq(seen.hits[0].argument[0], 16);
	ck_assert_uint_eq(seen.hits[0].time, 1010);
	ck_assert_int_eq(seen.hits[1].function, ALLOC_FREE);
	ck_assert_uint_eq(seen.hits[1].argument[0], 32);
	ck_assert_uint_eq(seen.hits[1].tid, PID);
	ck_assert_uint_eq(seen.rounds, 1);
	ck_assert_uint_eq(seen.comm_pid, PID);
	ck_assert_str_eq(seen.comm, "some");
	ck_assert_uint_eq(seen.mapping.start, 0x400000);
	ck_assert_uint_eq(seen.mapping.offset, 0x2000);
	ck_assert_str_eq(seen.path, "/usr/bin/some program");
	ck_assert_uint_eq(perfdata_pid(perfdata), PID);
	ck_assert_str_eq(perfdata_command(perfdata), "leaktop -p 4711");
}

START_TEST(usual)
{
	struct perfdata *perfdata;
	struct stat buffer;
	struct file file;

	open_writer();
	write_usual();
	close_writer();
	perfdata = read_good(path);
	check_usual(perfdata);
	ck_assert(!perfdata_unfinished(perfdata));
	ck_assert_uint_eq(seen.mapping.build_id_size, 20);
	ck_assert_uint_eq(seen.mapping.build_id[19], 119);
	perfdata_close(perfdata);
	ck_assert(!stat(path, &buffer));
	ck_assert_uint_eq(buffer.st_mode & 07777, 0600);
	ck_assert(!file_open(&file, path, &error));
	ck_assert_str_eq(feature_event_name(&file, 1), "some:lt_free");
	ck_assert(!features_has(&file, FEATURE_UNFINISHED));
	file_close(&file);
}
END_TEST

/* What is read while it is written: as whoever is killed then leaves it.  */
START_TEST(growing)
{
	struct perfdata *perfdata;

	open_writer();
	write_usual();
	wait_size(1);
	perfdata = read_good(path);
	check_usual(perfdata);
	ck_assert_uint_eq(seen.mapping.build_id_size, 20);
	ck_assert(perfdata_unfinished(perfdata));
	perfdata_close(perfdata);
	close_writer();
}
END_TEST

/* What is in memory gets to the file in time, also when nothing more comes.  */
START_TEST(flushes)
{
	struct perfdata *perfdata;
	uint64_t size;

	open_writer();
	write_usual();
	wait_size(1);
	size = writer_size(writer);
	write_sample(0, 0, 0);
	for (int i = 0; i < 300 && writer_size(writer) == size; i++) {
		write_round();
		wait_ms(20);
	}
	perfdata = read_good(path);
	ck_assert_uint_eq(seen.hit_count, 3);
	perfdata_close(perfdata);
	close_writer();
}
END_TEST

START_TEST(keeps_old)
{
	char old[sizeof(path) + 4];

	snprintf(old, sizeof(old), "%s.old", path);
	open_writer();
	write_usual();
	close_writer();
	ck_assert_int_eq(size_of(old), -1);
	ck_assert(!truncate(path, 1000));
	open_writer();
	write_usual();
	close_writer();
	ck_assert_int_eq(size_of(old), 1000);
	perfdata_close(read_good(path));
	/* An empty one is not worth it.  */
	ck_assert(!truncate(path, 0));
	open_writer();
	write_usual();
	close_writer();
	ck_assert_int_eq(size_of(old), 1000);
	/* A recording that comes to nothing leaves all as it was.  */
	ck_assert(!truncate(path, 2000));
	writer = writer_open(path, &options, &error);
	ck_assert_ptr_nonnull(writer);
	ck_assert_int_eq(size_of(old), 2000);
	close_writer();
	ck_assert_int_eq(size_of(old), -1);
	ck_assert_int_eq(size_of(path), 2000);
	ck_assert(!unlink(path));
	writer = writer_open(path, &options, &error);
	ck_assert_ptr_nonnull(writer);
	ck_assert_int_eq(size_of(path), 0);
	close_writer();
	ck_assert_int_eq(size_of(path), -1);
}
END_TEST

static void check_refused(const char *name, const char *text)
{
	memset(&error, 0, sizeof(error));
	ck_assert_ptr_null(writer_open(name, &options, &error));
	ck_assert_msg(!strncmp(error.text, name, strlen(name)), "%s",
		      error.text);
	ck_assert_msg(strstr(error.text, text) != NULL, "%s", error.text);
}

START_TEST(refuses)
{
	char name[sizeof(path) + 4];

	check_refused(directory, "is a directory");
	ck_assert(!mkfifo(path, 0600));
	check_refused(path, "not a regular file");
	check_refused("/dev/full", "not a regular file");
	snprintf(name, sizeof(name), "%s/x", path);
	check_refused(name, "Not a directory");
	ck_assert(!unlink(path));
	check_refused(name, "No such file");
	/* Not through a link to nowhere.  */
	ck_assert(!symlink(name, path));
	check_refused(path, "File exists");
	/* Nor over what can't be moved away.  */
	ck_assert(!unlink(path));
	ck_assert_int_ge(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	ck_assert(!truncate(path, 5));
	snprintf(name, sizeof(name), "%s.old", path);
	ck_assert(!mkdir(name, 0700));
	check_refused(path, "can't be kept as");
	ck_assert_int_eq(size_of(path), 5);
}
END_TEST

START_TEST(null_device)
{
	snprintf(path, sizeof(path), "/dev/null");
	open_writer();
	write_usual();
	close_writer();
	ck_assert_int_eq(size_of("/dev/null.old"), -1);
}
END_TEST

static void check_events(size_t count, size_t first_ids)
{
	struct perf_event_attr attr;
	struct cursor ids;
	struct file file;

	ck_assert_msg(!file_open(&file, path, &error), "%s", error.text);
	ck_assert_uint_eq(events_count(&file), count);
	ck_assert(!events_get(&file, 0, &attr, &ids));
	ck_assert_uint_eq(attr.config, ID_MALLOC);
	ck_assert_uint_ge(ids.left, first_ids * 8);
	/* While it grows there are some that no event has, in each 64 KiB.  */
	ck_assert_uint_le(ids.left, first_ids * 8 + (file.growing ?
						    first_ids / 1000 * 8 : 0));
	file_close(&file);
}

/* More rings of the same events, and a kind of event that comes late.  */
START_TEST(more_events)
{
	struct perfdata *perfdata;

	open_writer();
	write_usual();
	for (int i = 0; i < B_IDS; i++)
		builder.ids[0][i] += 1000;
	builder.attrs[0].wakeup_watermark = 12345;
	write_event(0, "some:lt_malloc");
	write_event(0, "some:lt_malloc");
	write_format("other", "lt_calloc", ID_CALLOC,
		     FIELD_IP FIELD_U64("n", 16) FIELD_U64("elem_size", 24));
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_CALLOC, USUAL);
	write_event(2, "other:lt_calloc");
	write_sample(0, 1, 0);
	write_sample(2, 1, 8);
	/* A chunk that gets full.  */
	for (int i = 0; i < 40; i++)
		write_sample(2, 0, LARGE);
	wait_size(MANY_BYTES);
	perfdata = read_good(path);
	ck_assert_uint_gt(seen.hit_count, 4);
	ck_assert_int_eq(seen.hits[2].function, ALLOC_MALLOC);
	ck_assert_int_eq(seen.hits[3].function, ALLOC_CALLOC);
	perfdata_close(perfdata);
	check_events(3, 2 * B_IDS);
	close_writer();
	perfdata = read_good(path);
	ck_assert_uint_eq(seen.hit_count, 44);
	perfdata_close(perfdata);
	check_events(3, 2 * B_IDS);
}
END_TEST

#define MANY 100000

START_TEST(many_ids)
{
	uint64_t *ids = calloc(MANY, sizeof(*ids));
	struct perfdata *perfdata;

	ck_assert_ptr_nonnull(ids);
	open_writer();
	for (int event = 0; event < 2; event++) {
		for (uint64_t i = 0; i < MANY; i++)
			ids[i] = 1000 + 2 * i + (uint64_t)event;
		tap.event(tap.context, &builder.attrs[event],
			  event ? "some:lt_free" : "some:lt_malloc", ids, MANY);
	}
	for (int i = 0; i < MANY; i += 5000) {
		builder.ids[0][0] = 1000 + 2 * (uint64_t)i;
		builder.ids[1][0] = 1001 + 2 * (uint64_t)i;
		write_sample(0, 0, 0);
		write_sample(1, 0, 0);
	}
	write_round();
	wait_size(1);
	for (int finished = 0; finished < 2; finished++) {
		perfdata = read_good(path);
		ck_assert_uint_eq(seen.hit_count, samples);
		for (size_t i = 0; i < samples; i++)
			ck_assert_int_eq(seen.hits[i].function,
					 i % 2 ? ALLOC_FREE : ALLOC_MALLOC);
		perfdata_close(perfdata);
		check_events(2, MANY + B_IDS);
		if (!finished)
			close_writer();
	}
	free(ids);
}
END_TEST

/* So many formats that not all fit into a record: what has none is left out
   until the file is finished.  */
START_TEST(many_formats)
{
	struct perfdata *perfdata;
	char name[32];

	open_writer();
	write_usual();
	wait_size(1);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "some_event_%u", i);
		write_format("other", name, 50000 + i, FIELD_IP);
	}
	write_format("other", "lt_calloc", ID_CALLOC,
		     FIELD_IP FIELD_U64("n", 16) FIELD_U64("elem_size", 24));
	builder_event(&builder, PERF_TYPE_TRACEPOINT, ID_CALLOC, USUAL);
	write_event(2, "other:lt_calloc");
	for (int i = 0; i < 40; i++)
		write_sample((size_t)i % 2 * 2, 0, LARGE);
	wait_size(MANY_BYTES);
	perfdata = read_good(path);
	ck_assert_uint_gt(seen.hit_count, 2);
	for (size_t i = 2; i < seen.hit_count; i++)
		ck_assert_int_eq(seen.hits[i].function, ALLOC_MALLOC);
	perfdata_close(perfdata);
	close_writer();
	perfdata = read_good(path);
	ck_assert_uint_eq(seen.hit_count, 42);
	perfdata_close(perfdata);
}
END_TEST

/* A disk that is as slow as the test wants.  */
static sem_t disk_waits, disk_may;

static void wait_for_disk(void *context, struct mapping *mapping)
{
	(void)context;
	(void)mapping;
	sem_post(&disk_waits);
	while (sem_wait(&disk_may))
		;
}

/* The losses that the file tells of, and their last time.  */
static uint64_t lost_in_file(uint64_t *time)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < seen.hit_count && i < SEEN_HITS; i++) {
		if (seen.hits[i].kind == HIT_LOST) {
			lost += seen.hits[i].argument[0];
			*time = seen.hits[i].time;
		}
	}
	return lost;
}

static size_t losses(void)
{
	size_t count = 0;

	for (size_t i = 0; i < seen.hit_count && i < SEEN_HITS; i++)
		count += seen.hits[i].kind == HIT_LOST;
	return count;
}

START_TEST(slow_disk)
{
	struct perfdata *perfdata;
	uint64_t last_dropped = 0;
	uint64_t told = 0;
	uint64_t before;

	sem_init(&disk_waits, 0, 0);
	sem_init(&disk_may, 0, 0);
	options.find_build_id = wait_for_disk;
	options.queue_size = 2 << 20;
	open_writer();
	write_usual();
	sem_wait(&disk_waits);
	/* One chunk waits in the thread, so that a second one can be filled.  */
	for (int i = 0; i < 40; i++) {
		before = writer_lost(writer);
		write_sample(0, 0, LARGE);
		if (writer_lost(writer) != before)
			last_dropped = clock_ns;
	}
	ck_assert_uint_ge(writer_lost(writer), 40 - 18);
	ck_assert_uint_lt(writer_lost(writer), 40);
	/* Only samples are.  */
	before = writer_lost(writer);
	write_target();
	ck_assert_uint_eq(writer_lost(writer), before);
	sem_post(&disk_may);
	wait_size(MANY_BYTES);
	write_sample(1, 0, 0);
	ck_assert_uint_eq(writer_lost(writer), before);
	close_writer();
	perfdata = read_good(path);
	ck_assert_uint_eq(lost_in_file(&told), before);
	ck_assert_uint_eq(told, last_dropped);
	ck_assert_uint_eq(seen.hit_count - losses() + before, samples);
	ck_assert_uint_eq(seen.comm_count, 2);
	perfdata_close(perfdata);
}
END_TEST

/* A loss is told although no sample comes after it.  */
START_TEST(slow_disk_to_the_end)
{
	struct perfdata *perfdata;
	uint64_t told = 0;
	uint64_t lost;

	sem_init(&disk_waits, 0, 0);
	sem_init(&disk_may, 0, 0);
	options.find_build_id = wait_for_disk;
	options.queue_size = 1 << 20;
	open_writer();
	write_usual();
	sem_wait(&disk_waits);
	for (int i = 0; i < 40; i++)
		write_sample(0, 0, LARGE);
	lost = writer_lost(writer);
	ck_assert_uint_eq(lost, 40);
	sem_post(&disk_may);
	close_writer();
	perfdata = read_good(path);
	ck_assert_uint_eq(lost_in_file(&told), lost);
	ck_assert_uint_eq(told, clock_ns);
	ck_assert_uint_eq(seen.hit_count - losses() + lost, samples);
	perfdata_close(perfdata);
}
END_TEST

/* Writes 4 MiB.  Returns 0; 1 if there was no room and that was said; 2 if
   something else is wrong.  Without Check, which writes files, too.  */
static int fill_disk(void)
{
	writer = writer_open(path, &options, &error);
	if (!writer)
		return 2;
	begin_recording();
	write_usual();
	for (int i = 0; i < 70; i++)
		write_sample(0, 0, LARGE);
	if (!writer_close(writer, &error))
		return 0;
	return !strncmp(error.text, path, strlen(path)) &&
		strstr(error.text, "recording ends here") ? 1 : 2;
}

/* In a process of its own, which a limit of MOST bytes holds for.  SIGXFSZ is
   not to end it.  Returns whether there was no room.  */
static bool fill_limited(rlim_t most)
{
	struct rlimit limit = { most, most };
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (setrlimit(RLIMIT_FSIZE, &limit))
			_exit(3);
		_exit(fill_disk());
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) < 2,
		      "status %#x", (unsigned)status);
	return WEXITSTATUS(status);
}

/* The file is whole in any case, or gone.  */
START_TEST(size_limit)
{
	const size_t samples_of_all = 72;
	uint64_t state = 7;
	off_t size = 0;

	for (rlim_t most = 0; most < 5 << 20;
	     most += most < 20000 ? 1000 : 200001 + next_random(&state) % 99) {
		bool failed = fill_limited(most);
		struct perfdata *perfdata = read_file(path);

		size = size_of(path);
		if (!perfdata) {
			ck_assert_int_eq(size, -1);
			ck_assert_uint_lt(most, 20000);
			continue;
		}
		for (size_t i = 0; i < seen.hit_count && i < SEEN_HITS; i++)
			ck_assert_uint_eq(seen.hits[i].argument[0],
					  16 * (i + 1));
		ck_assert(failed || seen.hit_count == samples_of_all);
		/* Not more is given up than a sample and the end take.  */
		ck_assert_int_le(size, (off_t)most);
		if (failed && !perfdata_unfinished(perfdata))
			ck_assert_int_gt(size + LARGE + 10000, (off_t)most);
		perfdata_close(perfdata);
		unlink(path);
	}
	ck_assert_int_gt(size, 4 << 20);
}
END_TEST

/* A real full disk, where one can be made.  */
START_TEST(full_disk)
{
	struct perfdata *perfdata;

	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", directory, "tmpfs", 0, "size=2m"))
		return;
	ck_assert_int_eq(fill_disk(), 1);
	ck_assert_msg(strstr(error.text, strerror(ENOSPC)) != NULL, "%s",
		      error.text);
	perfdata = read_good(path);
	ck_assert(!perfdata_unfinished(perfdata));
	ck_assert_uint_gt(seen.hit_count, 20);
	perfdata_close(perfdata);
	/* What is told meanwhile is that it has ended; nothing else stops.  */
	ck_assert(!unlink(path));
	builder_free(&builder);
	memset(&builder, 0, sizeof(builder));
	open_writer();
	while (!writer_failed(writer, &error))
		write_sample(0, 0, LARGE);
	write_sample(0, 0, LARGE);
	write_round();
	ck_assert_int_eq(writer_close(writer, &error), -1);
	ck_assert(!umount2(directory, MNT_DETACH));
}
END_TEST

/* Where the records begin, and how many samples come before each.  */
struct boundary {
	uint64_t offset;
	size_t hits;
	bool commit;            /* it is one, or one came before */
};

static size_t find_boundaries(const char *name, struct boundary *boundaries,
			      size_t most)
{
	static struct reader reader;
	const struct perf_event_header *record;
	struct cursor payload;
	struct file file;
	size_t count = 0;
	size_t hits = 0;
	bool commit = false;

	ck_assert_msg(!file_open(&file, name, &error), "%s", error.text);
	reader_init(&reader, &file);
	boundaries[count++] = (struct boundary){ reader.at, 0, false };
	while (reader_next(&reader, &record, &payload) == READER_OK) {
		hits += record->type == PERF_RECORD_SAMPLE;
		commit |= record->type == 65 && record->misc == UINT16_MAX;
		ck_assert_uint_lt(count, most);
		boundaries[count++] = (struct boundary){ reader.at, hits,
							 commit };
	}
	file_close(&file);
	return count;
}

static void check_cut(const char *name, const struct bytes *bytes,
		      uint64_t size, const struct boundary *boundary)
{
	struct perfdata *perfdata;
	FILE *file = fopen(name, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes->data, 1, size, file), size);
	ck_assert(!fclose(file));
	if (!boundary->commit) {
		ck_assert_ptr_null(perfdata_open(name, &error));
		ck_assert_msg(strstr(error.text, ": is ") != NULL, "%s",
			      error.text);
		return;
	}
	perfdata = read_good(name);
	ck_assert_uint_eq(seen.hit_count, boundary->hits);
	ck_assert(perfdata_unfinished(perfdata));
	perfdata_close(perfdata);
}

/* Writes a file and gives what is in it before it is finished.  */
static void make_unfinished(struct bytes *bytes)
{
	FILE *file;
	char buffer[4096];
	size_t size;

	open_writer();
	write_usual();
	wait_size(1);
	for (int part = 0; part < 3; part++) {
		builder.ids[0][0] = 5000 + (uint64_t)part;
		write_event(0, "some:lt_malloc");
		for (int i = 0; i < 20; i++)
			write_sample(0, 0, LARGE);
		wait_size((uint64_t)(part + 1) * MANY_BYTES);
	}
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while ((size = fread(buffer, 1, sizeof(buffer), file)))
		bytes_add(bytes, buffer, size);
	ck_assert(!fclose(file));
}

/* Cut off anywhere, it has all that is left of it.  */
START_TEST(cut_anywhere)
{
	static struct boundary boundaries[256];
	struct bytes bytes = { 0 };
	char name[sizeof(path) + 4];
	uint64_t state = 42;
	size_t count;

	make_unfinished(&bytes);
	snprintf(name, sizeof(name), "%s.cut", path);
	count = find_boundaries(path, boundaries, 256);
	ck_assert_uint_gt(count, 50);
	ck_assert_uint_eq(boundaries[count - 1].offset, bytes.size);
	for (size_t i = 0; i < count; i++)
		check_cut(name, &bytes, boundaries[i].offset, &boundaries[i]);
	for (size_t i = 0; i + 1 < count; i++) {
		uint64_t size = boundaries[i].offset + 1 + next_random(&state) %
			(boundaries[i + 1].offset - boundaries[i].offset - 1);

		check_cut(name, &bytes, size, &boundaries[i]);
	}
	close_writer();
	/* And while it is being finished.  */
	for (int i = 0; i < 8; i++)
		bytes_u64(&bytes, next_random(&state) % 1000);
	check_cut(name, &bytes, bytes.size, &boundaries[count - 1]);
	bytes_free(&bytes);
}
END_TEST

/* Bytes of a file that grows changed at random: no crash.  */
START_TEST(damaged)
{
	struct bytes bytes = { 0 };
	char name[sizeof(path) + 4];
	uint64_t state = 3;
	struct sink sink;

	make_unfinished(&bytes);
	close_writer();
	snprintf(name, sizeof(name), "%s.bad", path);
	for (int i = 0; i < 300; i++) {
		size_t at = next_random(&state) % (i % 2 ? 4096 : 104);
		uint8_t before = bytes.data[at];
		struct perfdata *perfdata;
		FILE *file = fopen(name, "w");

		bytes.data[at] = (uint8_t)next_random(&state);
		ck_assert_ptr_nonnull(file);
		fwrite(bytes.data, 1, i % 3 ? 8192 : bytes.size, file);
		ck_assert(!fclose(file));
		perfdata = perfdata_open(name, &error);
		sink = seen_sink(&seen);
		if (perfdata)
			perfdata_read(perfdata, &sink, NULL, NULL, &error);
		perfdata_close(perfdata);
		bytes.data[at] = before;
	}
	bytes_free(&bytes);
}
END_TEST

/* What is made up is read as what it was made from, whatever trailer.  */
START_TEST(synthetic_records)
{
	static struct synthetic synthetic;
	struct decoder *decoder = decoder_new();
	char long_path[5000];

	for (uint64_t mix = 0; mix < 64; mix++) {
		const uint64_t bits[6] = {
			PERF_SAMPLE_TID, PERF_SAMPLE_TIME, PERF_SAMPLE_ID,
			PERF_SAMPLE_STREAM_ID, PERF_SAMPLE_CPU,
			PERF_SAMPLE_IDENTIFIER
		};
		struct perf_event_attr attr = { .sample_id_all = mix != 5 };
		struct mapping mapping = {
			.pid = PID, .start = 1 << 20, .length = 1 << 12,
			.offset = 4096, .time = 99, .path = "/x",
			.build_id = { 1, 2, 3 }, .build_id_size = mix % 4 * 5,
		};
		struct records *records = records_new(decoder);
		const struct perf_event_header *record;
		struct sink sink = seen_sink(&seen);
		uint64_t time;

		for (int i = 0; i < 6; i++)
			attr.sample_type |= mix >> i & 1 ? bits[i] : 0;
		time = attr.sample_id_all &&
			attr.sample_type & PERF_SAMPLE_TIME ? 99 : 0;
		ck_assert(!records_add_event(records, &attr, NULL, 0, &error));
		synthetic.attr = &attr;
		/* What was there before does not show.  */
		memset(synthetic.data, 0xff, sizeof(synthetic.data));
		record = synthesize_mapping(&synthetic, &mapping);
		ck_assert_uint_eq(record->size % 8, 0);
		ck_assert_int_eq(records_read(records, record, record->size,
					      &sink), RECORD_OK);
		ck_assert_uint_eq(seen.mapping_count, 1);
		ck_assert_uint_eq(seen.mapping.time, time);
		ck_assert_uint_eq(seen.mapping.pid, PID);
		ck_assert_uint_eq(seen.mapping.start, 1 << 20);
		ck_assert_uint_eq(seen.mapping.length, 1 << 12);
		ck_assert_uint_eq(seen.mapping.offset, 4096);
		ck_assert_uint_eq(seen.mapping.build_id_size, mix % 4 * 5);
		ck_assert_str_eq(seen.path, "/x");
		record = synthesize_comm(&synthetic, 99, PID, PID + 1,
					 "a name of a task", mix & 1);
		ck_assert_int_eq(records_read(records, record, record->size,
					      &sink), RECORD_OK);
		ck_assert_str_eq(seen.comm, "a name of a tas");
		ck_assert_uint_eq(seen.comm_tid, PID + 1);
		ck_assert_int_eq(seen.comm_exec, mix & 1);
		seen.hit_count = 0;
		record = synthesize_lost(&synthetic, 99, 1234);
		ck_assert_int_eq(records_read(records, record, record->size,
					      &sink), RECORD_OK);
		ck_assert_int_eq(seen.hits[0].kind, HIT_LOST);
		ck_assert_uint_eq(seen.hits[0].argument[0], 1234);
		ck_assert_uint_eq(seen.hits[0].time, time);
		/* The longest path, and one that is too long.  */
		memset(long_path, '/', sizeof(long_path));
		long_path[4095] = '\0';
		mapping.path = long_path;
		record = synthesize_mapping(&synthetic, &mapping);
		ck_assert_ptr_nonnull(record);
		ck_assert_uint_le(record->size, sizeof(synthetic.data));
		long_path[4095] = 'x';
		long_path[4096] = '\0';
		ck_assert_ptr_null(synthesize_mapping(&synthetic, &mapping));
		records_free(records);
	}
	decoder_free(decoder);
}
END_TEST

/*
 * Copies of recordings
 */

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "test_writer: %s: %s\n", what, error.text);
	exit(1);
}

/* Hands out the formats of all events in tracing data.  */
static void copy_formats(struct cursor cursor)
{
	uint32_t systems = 0;
	uint32_t count = 0;
	uint64_t size = 0;

	cursor_skip(&cursor, 10);
	cursor_string(&cursor);
	cursor_skip(&cursor, 6);
	for (int i = 0; i < 2; i++) {
		cursor_string(&cursor);
		cursor_take(&cursor, &size, sizeof(size));
		cursor_skip(&cursor, size);
	}
	cursor_take(&cursor, &count, sizeof(count));
	while (count--) {
		cursor_take(&cursor, &size, sizeof(size));
		cursor_skip(&cursor, size);
	}
	cursor_take(&cursor, &systems, sizeof(systems));
	while (systems--) {
		const char *system = cursor_string(&cursor);

		if (!system || !cursor_take(&cursor, &count, sizeof(count)))
			die("tracing data");
		while (count--) {
			const char *text;

			if (!cursor_take(&cursor, &size, sizeof(size)) ||
			    !(text = cursor_skip(&cursor, size)))
				die("tracing data");
			tap.format(tap.context, system, text, size);
		}
	}
}

static void copy_events(const struct file *file)
{
	for (size_t i = 0; i < events_count(file); i++) {
		struct perf_event_attr attr;
		struct cursor ids;

		if (events_get(file, i, &attr, &ids))
			die("events");
		attr.size = sizeof(attr);
		tap.event(tap.context, &attr, feature_event_name(file, i),
			  (const uint64_t *)(const void *)ids.at, ids.left / 8);
	}
}

static double cpu_seconds(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Returns how many records there are.  */
static uint64_t copy_records(const struct file *file)
{
	static struct reader reader;
	const struct perf_event_header *record;
	struct cursor payload;
	uint64_t count = 0;

	reader_init(&reader, file);
	while (reader_next(&reader, &record, &payload) == READER_OK) {
		if (record->type == RECORD_FINISHED_ROUND)
			tap.round(tap.context);
		else if (record->type < RECORD_USER_FIRST)
			tap.record(tap.context, record);
		count++;
	}
	return count;
}

static int copy(const char *in, const char *out, bool killed)
{
	static const char *const command[] = { "leaktop", NULL };
	const struct writer_options how = {
		.arguments = command,
		.queue_size = (size_t)1 << 40,
	};
	struct file file;
	uint64_t count;
	double fill, all;

	if (file_open(&file, in, &error))
		die("open");
	writer = writer_open(out, &how, &error);
	if (!writer)
		die("create");
	tap = writer_tap(writer);
	copy_formats(feature_section(&file, FEATURE_TRACING_DATA));
	copy_events(&file);
	/* Once to read it all, which is not what is measured.  */
	all = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
	fill = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
	count = copy_records(&file);
	fill = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - fill;
	if (killed) {
		wait_size(MANY_BYTES);
		kill(getpid(), SIGKILL);
	}
	if (writer_close(writer, &error))
		die("write");
	all = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - all;
	printf("%llu records, ns of CPU for each: %.0f in the thread that fills, %.0f in both\n",
	       (unsigned long long)count, fill * 1e9 / (double)count,
	       all * 1e9 / (double)count);
	file_close(&file);
	return 0;
}

int main(int argc, char **argv)
{
	Suite *suite = suite_create("writer");
	TCase *tests = tcase_create("writer");

	if (argc == 4 && (!strcmp(argv[1], "--copy") ||
			  !strcmp(argv[1], "--kill")))
		return copy(argv[2], argv[3], !strcmp(argv[1], "--kill"));
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, usual);
	tcase_add_test(tests, growing);
	tcase_add_test(tests, flushes);
	tcase_add_test(tests, keeps_old);
	tcase_add_test(tests, refuses);
	tcase_add_test(tests, null_device);
	tcase_add_test(tests, more_events);
	tcase_add_test(tests, many_ids);
	tcase_add_test(tests, many_formats);
	tcase_add_test(tests, slow_disk);
	tcase_add_test(tests, slow_disk_to_the_end);
	tcase_add_test(tests, size_limit);
	tcase_add_test(tests, full_disk);
	tcase_add_test(tests, cut_anywhere);
	tcase_add_test(tests, damaged);
	tcase_add_test(tests, synthetic_records);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
