/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/text.h"
#include "capture/cost.h"
#include "capture/internal.h"
#include "capture/owner.h"
#include "capture/target.h"

#define CHAIN_DEPTH 32

/* How long rings that can't wake us are left alone, ms.  */
#define SLICE_MS 10

/* What a hit may be held up for between the clock and its ring, ns.  */
#define ROUND_NS 25000000

/* How often at most the kernel is asked for what was lost, ns: it takes a
   system call for every event, thread and CPU.  */
#define ASK_NS 1000000000u

static int open_pidfd(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

static unsigned depth_limit(unsigned depth)
{
	FILE *file = fopen("/proc/sys/kernel/perf_event_max_stack", "re");
	unsigned most;

	if (!depth)
		depth = CHAIN_DEPTH;
	if (file) {
		if (fscanf(file, "%u", &most) == 1 && depth > most)
			depth = most;
		fclose(file);
	}
	return depth;
}

struct reporting {
	pid_t pid;
	uint64_t time;
	const struct sink *sink;
	struct recording *recording;
};

static bool report_map(void *context, const struct target_map *map)
{
	const struct reporting *reporting = context;
	struct mapping mapping = {
		.pid = reporting->pid,
		.time = reporting->time,
		.start = map->start,
		.length = map->end - map->start,
		.offset = map->offset,
		.path = map->path,
	};

	/* Others are for whoever unwinds the dumps in a recording: perf reads
	   unwind tables by where they are mapped.  */
	mapping.data = !map->executable;
	if (!mapping.data)
		reporting->sink->mapping(reporting->sink->context, &mapping);
	if (!mapping.data || map->inode)
		recording_mapping(reporting->recording, &mapping);
	return true;
}

static void report_process(void *context, pid_t pid)
{
	struct reporting *reporting = context;
	char comm[TARGET_COMM];

	reporting->pid = pid;
	target_maps(pid, report_map, reporting);
	target_comm(pid, pid, comm, sizeof comm);
	reporting->sink->comm(reporting->sink->context, pid, pid, comm, false);
	recording_names(reporting->recording, reporting->time, pid);
}

void capture_report_target(const struct capture *capture, uint64_t time,
			   const struct sink *sink)
{
	struct reporting reporting = {
		capture->pid, time, sink, capture->recording
	};

	family_each(capture->family, report_process, &reporting);
}

/* How many rings there are with WATCH.  */
static size_t count_rings(const struct capture *capture,
			  const struct watch *watch)
{
	size_t count = watch_rings(watch);

	if (capture->focus)
		count += rings_count(focus_rings(capture->focus));
	return count;
}

int capture_use(struct capture *capture, struct watch *watch)
{
	/* One descriptor for each ring, the process's end, and the caller's.
	   */
	size_t room = count_rings(capture, watch) + 2;
	size_t watched = watch_rings(watch);

	if (room > capture->room) {
		struct pollfd *fds = realloc(capture->fds,
					     room * sizeof *fds);

		if (!fds)
			return -1;
		capture->fds = fds;
		capture->room = room;
	}
	capture->watch = watch;
	capture->count = room - 2;
	capture->must_look = !watch_fds(watch, capture->fds);
	for (size_t i = watched; i < capture->count; i++) {
		capture->fds[i].fd = rings_wake_fd(focus_rings(capture->focus),
						   i - watched);
		capture->fds[i].events = POLLIN;
	}
	return 0;
}

/* Makes the probes for the program that the target runs.  */
static int start_program(struct capture *capture, struct error *error)
{
	const uint16_t probe = 1;
	struct program *program;

	capture->decoder = decoder_new();
	if (!capture->decoder)
		return error_set(error, _("out of memory"));
	decoder_set_machine(capture->decoder, !*(const char *)&probe,
			    sizeof(long), sysconf(_SC_PAGESIZE));
	program = program_find(capture->pid, error);
	if (!program)
		return -1;
	if (program_add(capture, program, error)) {
		program_free(program);
		return -1;
	}
	capture_use_program(capture, program);
	return 0;
}

static int start(struct capture *capture, const struct sink *sink,
		 struct error *error)
{
	struct watch *watch;

	capture->pidfd = open_pidfd(capture->pid);
	if (capture->pidfd < 0)
		return errno == ESRCH ?
			error_set(error, _("no process %d"), (int)capture->pid) :
			error_set(error, _("can't watch for the end of process %d: %s"),
				  (int)capture->pid, strerror(errno));
	capture->family = family_new(capture->pid, capture->rings.follow_forks);
	if (!capture->family)
		return error_set(error, _("out of memory"));
	if (start_program(capture, error))
		return -1;
	watch = mode_open(capture, CAPTURE_FULL, sink, error);
	if (!watch)
		return -1;
	if (capture_use(capture, watch)) {
		watch_close(watch);
		return error_set(error, _("out of memory"));
	}
	/* New mappings are recorded already, so none is missed.  */
	capture_report_target(capture, 0, sink);
	watch_start(watch);
	mode_tell(capture, clock_now(), sink);
	recording_mode(capture->recording, clock_now(), capture->seen);
	details_make(capture);
	return 0;
}

struct capture *capture_open(const struct capture_options *options,
			     const struct sink *sink, struct error *error)
{
	struct capture *capture;

	if (capture_check(options, error))
		return NULL;
	/* What can't be removed does no harm here.  */
	owner_cleanup(false, NULL);
	capture = calloc(1, sizeof *capture);
	if (!capture) {
		error_set(error, _("out of memory"));
		return NULL;
	}
	capture->pid = options->pid;
	capture->pidfd = -1;
	capture->free_chains = options->free_chains;
	capture->force = options->force;
	capture->rings.follow_forks = options->follow_forks;
	capture->rings.ip = options->tap;
	if (options->tap)
		capture->recording = recording_new(options->tap, options->pid);
	if (options->tap && !capture->recording) {
		capture_close(capture);
		error_set(error, _("out of memory"));
		return NULL;
	}
	capture->rings.ring_size = 1024 * (size_t)(options->ring_kib ?
						   options->ring_kib :
						   RING_KIB);
	capture->rings.chain_depth = depth_limit(options->chain_depth);
	if (!start(capture, sink, error))
		return capture;
	capture_close(capture);
	return NULL;
}

void capture_end_round(struct capture *capture, const struct sink *sink)
{
	capture->round = clock_now();
	sink->round(sink->context);
	recording_round(capture->recording);
}

void capture_pass_focus(struct capture *capture, const struct sink *sink)
{
	capture->lost_dumps += focus_pass(capture->focus, sink,
					  capture->recording);
}

uint64_t capture_lost_dumps(const struct capture *capture)
{
	return capture->lost_dumps;
}

void capture_round(struct capture *capture, const struct sink *sink)
{
	if (!watch_is_behind(capture->watch) &&
	    clock_now() - capture->round >= ROUND_NS)
		capture_end_round(capture, sink);
}

/* Waits until there is something to do; *EXITED tells that the process whose
   end was waited for may have ended.  Returns 0 or -1 with errno.  */
static int wait_for_events(struct capture *capture, int timeout_ms,
			   int wake_fd, bool *exited)
{
	struct pollfd *fds = capture->fds;
	size_t count = capture->count;
	int result;

	fds[count].fd = capture->pidfd;
	fds[count].events = POLLIN;
	fds[count + 1].fd = wake_fd;
	fds[count + 1].events = POLLIN;
	if ((capture->must_look || capture->pidfd < 0) && (timeout_ms < 0 || timeout_ms > SLICE_MS))
		timeout_ms = SLICE_MS;
	result = poll(fds, count + 2, timeout_ms);
	*exited = (result > 0 && fds[count].revents) || capture->pidfd < 0;
	if (result < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -1;
	for (size_t i = 0; result > 0 && i < count; i++) {
		/* The thread that this ring's first event belonged to is gone;
		   the ring still serves others, but polls ready all the
		   time.  */
		if (fds[i].revents & (POLLHUP | POLLERR)) {
			fds[i].fd = -1;
			capture->must_look = true;
		}
	}
	return 0;
}

bool capture_has_ended(struct capture *capture)
{
	struct pollfd fd = { .fd = capture->pidfd, .events = POLLIN };
	bool ended;

	if (capture->stopped)
		return true;
	if (fd.fd >= 0 && poll(&fd, 1, 0) <= 0)
		return false;
	fd.fd = family_open_one(capture->family);
	ended = fd.fd < 0 && errno == ESRCH;
	/* Else descriptors may have run out: it is tried again.  */
	if (!ended) {
		if (capture->pidfd >= 0)
			close(capture->pidfd);
		capture->pidfd = fd.fd;
	}
	return ended;
}

/* Whether all have ended.  What the last ones have created only shows in the
   rings.  */
static bool all_have_ended(struct capture *capture, const struct sink *sink)
{
	while (capture_has_ended(capture)) {
		size_t births = family_births(capture->family);

		watch_pass(capture->watch, sink);
		if (family_births(capture->family) == births)
			return true;
	}
	return false;
}

int capture_cleanup(struct error *error)
{
	return owner_cleanup(true, error);
}

void capture_tell_lost(struct capture *capture, struct watch *watch,
		       const struct sink *sink)
{
	struct hit hit = {
		.kind = HIT_LOST,
		.flags = HIT_LOST_TOTAL,
		.pid = capture->pid,
		.tid = capture->pid,
		.time = clock_now(),
	};

	hit.argument[0] = watch_lost(watch);
	if (hit.argument[0]) {
		sink->hit(sink->context, &hit, NULL, 0);
		recording_lost(capture->recording, hit.time, hit.argument[0]);
	}
	capture->asked = hit.time;
}

/* Empties the rings, for the last time.  */
static void finish(struct capture *capture, const struct sink *sink)
{
	uint64_t end = clock_now();
	int passes = 0;

	if (capture->stopped)
		return;
	capture->stopped = true;
	/* The events end one after another, which must not show.  */
	watch_end(capture->watch, end);
	recording_mode(capture->recording, end, capture->seen);
	watch_stop(capture->watch);
	while (watch_pass(capture->watch, sink) && ++passes < LAST_PASSES)
		;
	capture_pass_focus(capture, sink);
	capture_tell_lost(capture, capture->watch, sink);
	capture_end_round(capture, sink);
	/* This one says that there is nothing younger either.  */
	capture_end_round(capture, sink);
}

int capture_poll(struct capture *capture, int timeout_ms, int wake_fd,
		 const struct sink *sink, enum capture_status *status,
		 struct error *error)
{
	bool exited = capture->stopped;

	timeout_ms = exec_timeout(capture, timeout_ms);
	if (!exited &&
	    wait_for_events(capture, timeout_ms, wake_fd, &exited))
		return error_set(error, _("can't wait for events: %s"),
				 strerror(errno));
	if (exited && !capture->stopped)
		exited = all_have_ended(capture, sink);
	if (exited)
		finish(capture, sink);
	else
		watch_pass(capture->watch, sink);
	capture_pass_focus(capture, sink);
	if (watch_was_full(capture->watch) &&
	    clock_now() - capture->asked >= ASK_NS)
		capture_tell_lost(capture, capture->watch, sink);
	if (!exited)
		exec_look(capture, sink);
	/* A thread that was just being created may have got a set of its
	   own.  */
	if (count_rings(capture, capture->watch) != capture->count &&
	    capture_use(capture, capture->watch))
		capture->must_look = true;
	capture_round(capture, sink);
	*status = exited ? CAPTURE_EXITED : CAPTURE_RUNNING;
	return 0;
}

enum capture_mode capture_mode(const struct capture *capture)
{
	return capture->mode;
}

bool capture_has_focus(const struct capture *capture)
{
	return capture->focus;
}

void capture_stop(struct capture *capture, const struct sink *sink)
{
	finish(capture, sink);
}

unsigned capture_close(struct capture *capture)
{
	unsigned left;

	if (!capture)
		return 0;
	cost_end(capture->cost);
	focus_close(capture->focus);
	watch_close(capture->watch);
	recording_free(capture->recording);
	left = programs_remove(capture);
	family_free(capture->family);
	decoder_free(capture->decoder);
	if (capture->pidfd >= 0)
		close(capture->pidfd);
	details_free(capture);
	free(capture->fds);
	free(capture);
	return left;
}

struct capture_cost capture_cost(struct capture *capture)
{
	if (!capture->cost)
		capture->cost = cost_begin(&capture->libc,
					   capture->rings.chain_depth);
	return cost_result(capture->cost);
}

static void add_rss(void *context, pid_t pid)
{
	*(uint64_t *)context += target_rss(pid);
}

uint64_t capture_rss(const struct capture *capture)
{
	uint64_t sum = 0;

	family_each(capture->family, add_rss, &sum);
	return sum;
}

static void add_cpu_time(void *context, pid_t pid)
{
	struct timespec time;
	clockid_t clock;

	if (!clock_getcpuclockid(pid, &clock) && !clock_gettime(clock, &time))
		*(uint64_t *)context +=
			(uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

uint64_t capture_cpu_time(const struct capture *capture)
{
	uint64_t sum = 0;

	family_each(capture->family, add_cpu_time, &sum);
	return sum;
}

void capture_name(pid_t pid, char *text, size_t size)
{
	char name[TARGET_COMM];

	target_comm(pid, pid, name, sizeof name);
	text_clean(text, size, name);
}
