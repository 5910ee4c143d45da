/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/rings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <perf/core.h>
#include <perf/cpumap.h>
#include <perf/event.h>
#include <perf/evlist.h>
#include <perf/evsel.h>
#include <perf/mmap.h>
#include <perf/threadmap.h>

#include "base/intl.h"
#include "capture/attributes.h"
#include "capture/descriptors.h"

/* The ring's tail is moved after so many bytes: often enough to make room,
   seldom enough not to fight with the writer for its cache line.  */
#define CONSUME_BYTES 16384

/* More than any sample here takes, bytes: 127 frames and some fields.  */
#define PERF_SAMPLE_ROOM 2048

#define EVENTS_MAX (2 * ALLOC_COUNT + 2)

struct rings {
	struct perf_evlist *evlist;
	/* The probes', then the one that tracks threads, last the one of
	   context switches: the order in which they are opened.  */
	struct perf_evsel *evsel[EVENTS_MAX];
	const char *filter[EVENTS_MAX]; /* only while they are opened */
	unsigned count;
	unsigned held;          /* events that are open: the first ones */
	size_t ring_size;
	bool dumps;             /* samples can be longer than libperf reads */
	unsigned features;      /* enum attributes_feature */
	int cpus, threads;
	int *wake_fd;           /* one per CPU */
};

static int silent(enum libperf_print_level level, const char *format,
		  va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

static int add_event(struct rings *rings, struct perf_event_attr *attr)
{
	struct perf_evsel *evsel = perf_evsel__new(attr);

	if (!evsel)
		return -1;
	perf_evlist__add(rings->evlist, evsel);
	rings->evsel[rings->count++] = evsel;
	return 0;
}

static int add_events(struct rings *rings, const struct probes *probes,
		      const struct rings_options *options, unsigned features)
{
	struct perf_event_attr attr;

	for (unsigned i = 0; i < probes->count; i++) {
		const struct probe *probe = &probes->probe[i];

		if (!(options->functions & (1u << probe->function)) ||
		    (options->dump_bytes && probe->is_return))
			continue;
		rings->filter[rings->count] = options->filter[probe->function];
		attributes_of_probe(&attr, probe, options, features);
		if (add_event(rings, &attr))
			return -1;
	}
	if (options->dump_bytes)
		return 0;
	attributes_of_tracking(&attr, options, features);
	if (add_event(rings, &attr))
		return -1;
	/* Opened last: a thread that it tells of has inherited all others.  */
	attributes_of_proof(&attr, options, features);
	return add_event(rings, &attr);
}

static unsigned possible_cpus(void)
{
	static unsigned cpus;
	struct perf_cpu_map *map;

	if (!cpus) {
		map = perf_cpu_map__new(NULL);
		cpus = map ? perf_cpu_map__nr(map) : 1;
		perf_cpu_map__put(map);
	}
	return cpus;
}

unsigned long rings_files(const struct probes *probes, unsigned functions,
			  size_t threads)
{
	unsigned long events = 2;

	for (unsigned i = 0; i < probes->count; i++)
		events += !!(functions & (1u << probes->probe[i].function));
	return events * threads * possible_cpus();
}

static unsigned long event_files(const struct rings *rings)
{
	return (unsigned long)rings->cpus * rings->threads;
}

unsigned long rings_held(const struct rings *rings)
{
	return rings->held * event_files(rings);
}

static void hold(struct rings *rings, unsigned events)
{
	descriptors_hold((long)(events * event_files(rings)) -
			 (long)rings_held(rings));
	rings->held = events;
}

static enum rings_status open_error(const struct rings *rings, int code,
				    struct error *error)
{
	struct rlimit limit = { 0, 0 };
	unsigned long files = rings->count * event_files(rings);

	switch (code) {
	case ESRCH:
		return RINGS_GONE;
	case EMFILE:
		getrlimit(RLIMIT_NOFILE, &limit);
		error_set(error, _("the events of %d threads need %lu file descriptors, more than the limit of %lu: raise it (ulimit -n, RLIMIT_NOFILE)"),
			  rings->threads, files,
			  (unsigned long)limit.rlim_cur);
		return RINGS_FILES;
	case ENFILE:
		error_set(error, _("the events of %d threads need %lu file descriptors, more than the system has left: raise fs.file-max (sysctl)"),
			  rings->threads, files);
		return RINGS_FILES;
	case EACCES:
	case EPERM:
		error_set(error, _("not permitted to open perf events: run leaktop as root or with CAP_PERFMON (kernel.perf_event_paranoid may forbid it otherwise)"));
		break;
	default:
		error_set(error, _("can't open perf events: %s"),
			  strerror(code));
		break;
	}
	return RINGS_FAILED;
}

static enum rings_status map_rings(struct rings *rings, struct error *error)
{
	size_t pages = rings->ring_size / (size_t)sysconf(_SC_PAGESIZE);
	uint64_t format[EVENTS_MAX];
	int result, code;

	/* With ids in the format libperf would keep tables of them that it
	   never frees.  */
	for (unsigned i = 0; i < rings->count; i++) {
		struct perf_event_attr *attr =
			perf_evsel__attr(rings->evsel[i]);

		format[i] = attr->read_format;
		attr->read_format = 0;
	}
	errno = 0;
	result = perf_evlist__mmap(rings->evlist, pages);
	code = errno;
	for (unsigned i = 0; i < rings->count; i++)
		perf_evsel__attr(rings->evsel[i])->read_format = format[i];
	if (!result)
		return RINGS_OK;
	if (code == EPERM || code == ENOMEM)
		error_set(error, _("can't lock %zu KiB of memory for each of %d CPUs: use smaller rings, or raise RLIMIT_MEMLOCK or kernel.perf_event_mlock_kb"),
			  rings->ring_size / 1024, rings->cpus);
	else
		error_set(error, _("can't map the perf rings: %s"),
			  strerror(code ? code : ENOMEM));
	return RINGS_FAILED;
}

static int set_maps(struct rings *rings, const pid_t *tids, size_t count)
{
	struct perf_cpu_map *cpus = perf_cpu_map__new(NULL);
	struct perf_thread_map *threads =
		perf_thread_map__new_array(count, (pid_t *)tids);

	if (cpus && threads) {
		rings->cpus = perf_cpu_map__nr(cpus);
		rings->threads = count;
		perf_evlist__set_maps(rings->evlist, cpus, threads);
	}
	/* The list holds its own references.  */
	perf_cpu_map__put(cpus);
	perf_thread_map__put(threads);
	return cpus && threads ? 0 : -1;
}

static uint64_t event_id(struct perf_evsel *evsel, int cpu, int thread)
{
	struct perf_counts_values values;

	if (perf_evsel__read(evsel, cpu, thread, &values))
		return 0;
	return values.id;
}

/* libperf's own poll takes no other descriptors, and it doesn't tell those it
   has.  */
static void find_wake_fds(struct rings *rings)
{
	uint64_t *ids = malloc(rings->cpus * sizeof *ids);

	for (int cpu = 0; ids && cpu < rings->cpus; cpu++)
		ids[cpu] = event_id(rings->evsel[0], cpu, 0);
	if (!ids || descriptors_find(ids, rings->cpus, rings->wake_fd)) {
		for (int cpu = 0; cpu < rings->cpus; cpu++)
			rings->wake_fd[cpu] = -1;
	}
	free(ids);
}

/* The ids of the events of EVSEL, malloc'ed for the caller, by CPU and thread.  */
static uint64_t *event_ids(const struct rings *rings, struct perf_evsel *evsel)
{
	uint64_t *ids = malloc(event_files(rings) * sizeof *ids);
	size_t n = 0;

	for (int cpu = 0; ids && cpu < rings->cpus; cpu++) {
		for (int thread = 0; thread < rings->threads; thread++)
			ids[n++] = event_id(evsel, cpu, thread);
	}
	return ids;
}

/* What a new thread inherits goes by its parent's filter.  Returns 0; -1 with
   errno.  */
static int set_filter(const struct rings *rings, struct perf_evsel *evsel,
		      const char *filter)
{
	size_t count = event_files(rings);
	uint64_t *ids = event_ids(rings, evsel);
	int *fds = malloc(count * sizeof *fds);
	int result = ids && fds ? descriptors_find(ids, count, fds) : -1;

	for (size_t i = 0; !result && i < count; i++)
		result = ioctl(fds[i], PERF_EVENT_IOC_SET_FILTER, filter);
	free(ids);
	free(fds);
	return result;
}

static int set_filters(const struct rings *rings)
{
	int result = 0;

	for (unsigned i = 0; !result && i < rings->count; i++) {
		if (rings->filter[i])
			result = set_filter(rings, rings->evsel[i],
					    rings->filter[i]);
	}
	return result;
}

static enum rings_status try_open(struct rings **result,
				  const struct probes *probes,
				  const struct rings_options *options,
				  unsigned features, const pid_t *tids,
				  size_t count, int *code, struct error *error)
{
	struct rings *rings = calloc(1, sizeof *rings);
	enum rings_status status = RINGS_FAILED;
	unsigned long needed;

	*code = 0;
	if (!rings) {
		error_set(error, _("out of memory"));
		return RINGS_FAILED;
	}
	rings->ring_size = options->ring_size;
	rings->features = features;
	rings->dumps = options->dump_bytes;
	rings->evlist = perf_evlist__new();
	if (!rings->evlist ||
	    add_events(rings, probes, options, features) ||
	    set_maps(rings, tids, count) ||
	    !(rings->wake_fd = calloc(rings->cpus, sizeof(int)))) {
		error_set(error, _("out of memory"));
		rings_close(rings);
		return RINGS_FAILED;
	}
	/* None is taken of those that the rest of the program may need.  */
	needed = rings->count * event_files(rings);
	*code = descriptors_room(needed) < needed ? EMFILE :
		-perf_evlist__open(rings->evlist);
	if (!*code)
		hold(rings, rings->count);
	if (*code)
		status = open_error(rings, *code, error);
	else if (set_filters(rings))
		error_set(error, _("can't set the filter of perf events: %s"),
			  strerror(errno));
	else
		status = map_rings(rings, error);
	if (status != RINGS_OK) {
		rings_close(rings);
		return status;
	}
	find_wake_fds(rings);
	*result = rings;
	return RINGS_OK;
}

enum rings_status rings_open(struct rings **rings, const struct probes *probes,
			     const struct rings_options *options,
			     const pid_t *tids, size_t count,
			     struct error *error)
{
	static const unsigned features[] = {
		FEATURE_LOST | FEATURE_INHERIT_THREAD | FEATURE_INHERIT_READ,
		FEATURE_LOST | FEATURE_INHERIT_THREAD,
		FEATURE_INHERIT_THREAD,
		0
	};
	enum rings_status status = RINGS_FAILED;
	int code = EINVAL;

	*rings = NULL;
	libperf_init(silent);
	for (size_t i = 0; code == EINVAL &&
	     i < sizeof features / sizeof *features; i++)
		status = try_open(rings, probes, options, features[i] &
				  (options->follow_forks ?
				   ~(unsigned)FEATURE_INHERIT_THREAD : ~0u),
				  tids, count, &code, error);
	return status;
}

bool rings_keep_parents(const struct rings *rings)
{
	return rings->features & FEATURE_INHERIT_READ;
}

int rings_events(struct rings *rings,
		 int (*each)(void *context, const struct perf_event_attr *attr,
			     const uint64_t *ids, size_t count),
		 void *context)
{
	int result = 0;

	for (unsigned i = 0; !result && i < rings->held; i++) {
		uint64_t *ids = event_ids(rings, rings->evsel[i]);

		result = ids ? each(context, perf_evsel__attr(rings->evsel[i]),
				    ids, event_files(rings)) : -1;
		free(ids);
	}
	return result;
}

struct telling {
	struct records *records;
	struct error *error;
};

static int tell_records(void *context, const struct perf_event_attr *attr,
			const uint64_t *ids, size_t count)
{
	struct telling *telling = context;

	return records_add_event(telling->records, attr, ids, count,
				 telling->error);
}

int rings_tell_records(struct rings *rings, struct records *records,
		       struct error *error)
{
	struct telling telling = { records, error };

	/* Unless it says otherwise.  */
	error_set(error, _("out of memory"));
	return rings_events(rings, tell_records, &telling);
}

void rings_end_proof(struct rings *rings)
{
	/* Disabled only, it would still be asked at every context switch.  */
	perf_evsel__close(rings->evsel[rings->count - 1]);
	hold(rings, rings->count - 1);
}

void rings_stop(struct rings *rings)
{
	for (unsigned i = rings->held; i-- > 0;)
		perf_evsel__disable(rings->evsel[i]);
}

size_t rings_count(const struct rings *rings)
{
	return rings->cpus;
}

int rings_wake_fd(const struct rings *rings, size_t ring)
{
	return rings->wake_fd[ring];
}

/* libperf copies a record that goes over the ring's end, but no more of it than
   this; what follows in its copy is of an earlier one.  */
#define COPY_MAX (sizeof(union perf_event) / 8 * 8)

/* Its copy lies in its struct perf_mmap, whose size is not told: where this is
   too much, a dump is cut that would not have to be.  */
#define MAP_MAX (1u << 17)

/* Makes a cut sample with a dump a whole one with a shorter dump.  */
static void mend_copy(struct perf_mmap *map, struct perf_event_header *record)
{
	/* Id, address, thread, time, then the chain with its length before it,
	   and the raw data with their size.  */
	uint64_t *data = (uint64_t *)(void *)(record + 1);
	size_t words = (COPY_MAX - sizeof *record) / sizeof *data;
	uint32_t raw_size;
	size_t stack;

	if (record->type != PERF_RECORD_SAMPLE || record->size <= COPY_MAX ||
	    (uintptr_t)record - (uintptr_t)map > MAP_MAX)
		return;
	if (data[4] >= words - 5)
		return;
	stack = 5 + data[4];
	memcpy(&raw_size, &data[stack], sizeof raw_size);
	stack += (sizeof raw_size + (size_t)raw_size) / sizeof *data;
	/* No registers: then there is no stack either.  */
	if (stack >= words || !data[stack])
		return;
	stack += 1 + (size_t)__builtin_popcountll(DUMP_REGISTERS);
	if (stack + 2 >= words)
		return;
	data[stack] = data[words - 1] = (words - stack - 2) * sizeof *data;
	record->size = COPY_MAX;
}

static uint64_t drain_ring(struct perf_mmap *map, size_t most, bool dumps,
			   void (*each)(void *context,
					const struct perf_event_header *record),
			   void *context)
{
	uint64_t bytes = 0, consumed = 0;
	union perf_event *event;

	if (perf_mmap__read_init(map) < 0)
		return 0;
	while (bytes < most && (event = perf_mmap__read_event(map))) {
		bytes += event->header.size;
		if (dumps)
			mend_copy(map, &event->header);
		each(context, &event->header);
		if (bytes - consumed >= CONSUME_BYTES) {
			perf_mmap__consume(map);
			consumed = bytes;
		}
	}
	/* Not followed by perf_mmap__read_done(): that would skip to the head
	   of now, over what has come since the last event was read.  */
	if (bytes != consumed)
		perf_mmap__consume(map);
	return bytes;
}

uint64_t rings_drain(struct rings *rings,
		     void (*each)(void *context,
				  const struct perf_event_header *record),
		     void *context, bool *full)
{
	uint64_t bytes, sum = 0;
	struct perf_mmap *map;

	perf_evlist__for_each_mmap(rings->evlist, map, false) {
		bytes = drain_ring(map, rings->ring_size, rings->dumps, each,
				   context);
		/* Less than the longest sample was free.  */
		if (bytes + PERF_SAMPLE_ROOM >= rings->ring_size)
			*full = true;
		sum += bytes;
	}
	return sum;
}

uint64_t rings_lost(struct rings *rings)
{
	struct perf_counts_values values;
	uint64_t lost = 0;

	for (unsigned i = 0; i < rings->held; i++) {
		for (int cpu = 0; cpu < rings->cpus; cpu++) {
			for (int thread = 0; thread < rings->threads; thread++) {
				if (!perf_evsel__read(rings->evsel[i], cpu,
						      thread, &values))
					lost += values.lost;
			}
		}
	}
	return lost;
}

void rings_close(struct rings *rings)
{
	if (!rings)
		return;
	perf_evlist__delete(rings->evlist);
	hold(rings, 0);
	free(rings->wake_fd);
	free(rings);
}
