/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/writer_features.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "perfdata/journal.h"

#define NS_PER_SECOND UINT64_C(1000000000)

/* Of the command line in the file, bytes: what is longer is cut, between
   arguments.  */
#define CMDLINE_MAX 32768

/* In misc of a build id's entry: its size is given.  */
#define MISC_BUILD_ID_SIZE (1 << 15)

static void fill_file(struct blob *blob, const char *text, size_t size)
{
	blob_u64(blob, size);
	blob_add(blob, text, size);
}

/* How the kernel describes the pages of its ring buffer and what is in them.
   Nothing here comes from such pages; but readers take the size of a long
   from it, and refuse an empty one.  */
static void fill_ring_format(struct blob *blob)
{
	static const char event[] = "# not used\n";
	int word = (int)sizeof(long);
	char page[320];
	int size;

	size = snprintf(page, sizeof(page),
			"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
			"\tfield: local_t commit;\toffset:8;\tsize:%d;\tsigned:1;\n"
			"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
			"\tfield: char data;\toffset:%d;\tsize:%ld;\tsigned:0;\n",
			word, 8 + word, sysconf(_SC_PAGESIZE) - 8 - word);
	blob_add(blob, "header_page", sizeof("header_page"));
	fill_file(blob, page, (size_t)size);
	blob_add(blob, "header_event", sizeof("header_event"));
	fill_file(blob, event, sizeof(event) - 1);
}

/* The first format of each group stands for the group.  */
static bool is_first_of_group(const struct meta *meta, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (!strcmp(meta->formats[i].group, meta->formats[index].group))
			return false;
	}
	return true;
}

/* Writes the formats of GROUP, or only counts them.  Returns how many there
   are.  */
static uint32_t fill_group(struct blob *blob, const struct meta *meta,
			   const char *group, bool count_only)
{
	uint32_t count = 0;

	for (size_t i = 0; i < meta->format_count; i++) {
		const struct meta_format *format = &meta->formats[i];

		if (strcmp(format->group, group))
			continue;
		count++;
		if (!count_only)
			fill_file(blob, format->text, format->size);
	}
	return count;
}

/* The format of trace-cmd's files up to version 6: see perf's
   util/trace-event-info.c, which writes it, and -read.c.  */
static void fill_tracing(struct blob *blob, const struct meta *meta)
{
	const uint8_t machine[2] = {
		__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, sizeof(long)
	};
	uint32_t groups = 0;

	blob_add(blob, "\x17\x08\x44tracing", 10);
	blob_add(blob, "0.6", sizeof("0.6"));
	blob_add(blob, machine, sizeof(machine));
	blob_u32(blob, (uint32_t)sysconf(_SC_PAGESIZE));
	fill_ring_format(blob);
	blob_u32(blob, 0);              /* formats of ftrace's own */
	for (size_t i = 0; i < meta->format_count; i++)
		groups += is_first_of_group(meta, i);
	blob_u32(blob, groups);
	for (size_t i = 0; i < meta->format_count; i++) {
		const char *group = meta->formats[i].group;

		if (!is_first_of_group(meta, i))
			continue;
		blob_add(blob, group, strlen(group) + 1);
		blob_u32(blob, fill_group(blob, meta, group, true));
		fill_group(blob, meta, group, false);
	}
	blob_u32(blob, 0);              /* kallsyms */
	blob_u32(blob, 0);              /* formats of printk */
	blob_u64(blob, 0);              /* names of tasks */
}

static void fill_build_ids(struct blob *blob, const struct meta *meta)
{
	for (size_t i = 0; i < meta->object_count; i++) {
		const struct meta_object *object = &meta->objects[i];
		size_t path = (strlen(object->path) + 1 + 7) & ~(size_t)7;
		struct {
			struct perf_event_header header;
			uint32_t pid;
			uint8_t id[BUILD_ID_MAX];
			uint8_t size;
			uint8_t reserved[3];
		} head = {
			.header.misc = PERF_RECORD_MISC_USER | MISC_BUILD_ID_SIZE,
			.header.size = (uint16_t)(sizeof(head) + path),
			.pid = UINT32_MAX,      /* the machine itself */
			.size = object->build_id_size,
		};

		if (!object->build_id_size)
			continue;
		memcpy(head.id, object->build_id, object->build_id_size);
		blob_add(blob, &head, sizeof(head));
		blob_add(blob, object->path, strlen(object->path));
		blob_add(blob, NULL, path - strlen(object->path));
	}
}

static void fill_hostname(struct blob *blob, const struct meta *meta)
{
	struct utsname names;

	(void)meta;
	if (!uname(&names))
		blob_string(blob, names.nodename);
}

static void fill_osrelease(struct blob *blob, const struct meta *meta)
{
	struct utsname names;

	(void)meta;
	if (!uname(&names))
		blob_string(blob, names.release);
}

static void fill_version(struct blob *blob, const struct meta *meta)
{
	(void)meta;
	blob_string(blob, VERSION_PREFIX PACKAGE_VERSION);
}

static void fill_arch(struct blob *blob, const struct meta *meta)
{
	struct utsname names;

	(void)meta;
	if (!uname(&names))
		blob_string(blob, names.machine);
}

static void fill_cpus(struct blob *blob, const struct meta *meta)
{
	(void)meta;
	blob_u32(blob, (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
	blob_u32(blob, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN));
}

static void fill_cmdline(struct blob *blob, const struct meta *meta)
{
	uint32_t count = 0;
	size_t size = 0;

	for (; meta->arguments && meta->arguments[count]; count++) {
		size += blob_string_size(meta->arguments[count]);
		if (size > CMDLINE_MAX)
			break;
	}
	if (!count)
		return;
	blob_u32(blob, count);
	for (uint32_t i = 0; i < count; i++)
		blob_string(blob, meta->arguments[i]);
}

static void fill_event_desc(struct blob *blob, const struct meta *meta)
{
	blob_u32(blob, (uint32_t)meta->event_count);
	blob_u32(blob, sizeof(struct perf_event_attr));
	for (size_t i = 0; i < meta->event_count; i++) {
		const struct meta_event *event = &meta->events[i];

		blob_add(blob, &event->attr, sizeof(event->attr));
		blob_u32(blob, (uint32_t)event->count);
		blob_string(blob, event->name);
		blob_add(blob, event->ids, event->count * sizeof(*event->ids));
	}
}

/* The clock of the samples; -1 where it is the kernel's own, which programs
   can't read.  */
static clockid_t sample_clock(const struct meta *meta)
{
	if (!meta->event_count || !meta->events[0].attr.use_clockid)
		return -1;
	return meta->events[0].attr.clockid;
}

static uint64_t nanoseconds(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * NS_PER_SECOND + (uint64_t)time->tv_nsec;
}

static void fill_clock_resolution(struct blob *blob, const struct meta *meta)
{
	clockid_t clock = sample_clock(meta);
	struct timespec resolution;

	if (clock >= 0 && !clock_getres(clock, &resolution))
		blob_u64(blob, nanoseconds(&resolution));
}

/* What the clock says at some time of day, for perf script -F tod.  */
static void fill_clock_data(struct blob *blob, const struct meta *meta)
{
	clockid_t clock = sample_clock(meta);
	struct timespec day, time;

	if (clock < 0 || clock_gettime(CLOCK_REALTIME, &day) ||
	    clock_gettime(clock, &time))
		return;
	blob_u32(blob, 1);              /* version */
	blob_u32(blob, (uint32_t)clock);
	blob_u64(blob, nanoseconds(&day));
	blob_u64(blob, nanoseconds(&time));
}

const struct writer_feature writer_features[WRITER_FEATURES] = {
	{ FEATURE_TRACING_DATA, false, fill_tracing },
	{ FEATURE_BUILD_ID, false, fill_build_ids },
	{ FEATURE_HOSTNAME, false, fill_hostname },
	{ FEATURE_OSRELEASE, false, fill_osrelease },
	{ FEATURE_VERSION, false, fill_version },
	{ FEATURE_ARCH, false, fill_arch },
	{ FEATURE_NRCPUS, false, fill_cpus },
	{ FEATURE_CMDLINE, false, fill_cmdline },
	{ FEATURE_EVENT_DESC, true, fill_event_desc },
	{ FEATURE_CLOCKID, false, fill_clock_resolution },
	{ FEATURE_CLOCK_DATA, false, fill_clock_data },
};
