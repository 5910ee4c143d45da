/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/text_records.h"

#include <limits.h>
#include <string.h>

/* How perf prints each: tools/perf/util/event.c, "perf_event__fprintf_".  */

/* Where in a record's line the reading is.  */
struct place {
	const char *at;
	const char *end;
	uint64_t time;
	struct text_tasks *tasks;
	const struct sink *sink;
};

static bool take_id(struct place *place, uint32_t *id)
{
	uint64_t value;

	if (!text_decimal(&place->at, place->end, &value) || value > INT32_MAX)
		return false;
	*id = (uint32_t)value;
	return true;
}

static bool take(struct place *place, const char *word)
{
	return text_take(&place->at, place->end, word);
}

static bool take_hex(struct place *place, uint64_t *number)
{
	/* perf leaves the 0x out before a 0.  */
	take(place, "0x");
	return text_hex(&place->at, place->end, number);
}

/* "(7478:7479):(7453:7453)": the task and its parent.  */
static void read_task(struct place *place, bool is_fork)
{
	struct hit hit = {
		.kind = is_fork ? HIT_FORK : HIT_EXIT, .time = place->time,
	};
	uint32_t parent_pid, parent_tid;

	if (!take(place, "(") || !take_id(place, &hit.pid) ||
	    !take(place, ":") || !take_id(place, &hit.tid) ||
	    !take(place, "):(") || !take_id(place, &parent_pid) ||
	    !take(place, ":") || !take_id(place, &parent_tid) ||
	    !take(place, ")"))
		return;
	if (is_fork) {
		text_tasks_set(place->tasks, hit.tid, hit.pid);
		hit.argument[0] = parent_pid;
		hit.argument[1] = parent_tid;
	}
	place->sink->hit(place->sink->context, &hit, NULL, 0);
}

static void read_fork(struct place *place)
{
	read_task(place, true);
}

static void read_exit(struct place *place)
{
	read_task(place, false);
}

/* " exec: name:7479/7479", or without the exec.  */
static void read_comm(struct place *place)
{
	struct hit hit = { .kind = HIT_EXEC, .time = place->time };
	bool exec = take(place, " exec");
	const struct sink *sink = place->sink;
	const char *name, *colon;
	char text[64];
	size_t length;

	if (!take(place, ": "))
		return;
	name = place->at;
	colon = memrchr(name, ':', (size_t)(place->end - name));
	if (!colon)
		return;
	place->at = colon + 1;
	if (!take_id(place, &hit.pid) || !take(place, "/") ||
	    !take_id(place, &hit.tid))
		return;
	text_tasks_set(place->tasks, hit.tid, hit.pid);
	if (exec)
		sink->hit(sink->context, &hit, NULL, 0);
	length = (size_t)(colon - name);
	if (length >= sizeof(text))
		length = sizeof(text) - 1;
	memcpy(text, name, length);
	text[length] = '\0';
	sink->comm(sink->context, hit.pid, hit.tid, text, exec);
}

static void deliver_lost(struct place *place, uint16_t flags)
{
	struct hit hit = {
		.kind = HIT_LOST, .time = place->time, .flags = flags,
	};

	if (!take(place, " lost ") ||
	    !text_decimal(&place->at, place->end, &hit.argument[0]))
		return;
	place->sink->hit(place->sink->context, &hit, NULL, 0);
}

static void read_lost(struct place *place)
{
	deliver_lost(place, 0);
}

/* What perf counts in the end, see records_task.c.  */
static void read_lost_samples(struct place *place)
{
	deliver_lost(place, HIT_LOST_TOTAL);
}

/* " 7417/7417: [0x55d357546000(0x2000) @ 0x1000 fe:00 10977748 0]: r-xp /path";
   between offset and bracket stands what the file is known by, and MMAP has
   nothing there, and one letter behind it.  The kernel's has pid -1.  */
static void read_mmap(struct place *place)
{
	struct mapping mapping = { .time = place->time };
	const struct sink *sink = place->sink;
	const char *bracket, *mode;
	char path[PATH_MAX];
	uint32_t tid;
	size_t length;

	if (!take(place, " ") || !take_id(place, &mapping.pid) ||
	    !take(place, "/") || !take_id(place, &tid) ||
	    !take(place, ": [") || !take_hex(place, &mapping.start) ||
	    !take(place, "(") || !take_hex(place, &mapping.length) ||
	    !take(place, ") @ ") || !take_hex(place, &mapping.offset))
		return;
	bracket = memmem(place->at, (size_t)(place->end - place->at), "]: ", 3);
	if (!bracket || mapping.length > UINT64_MAX - mapping.start)
		return;
	mode = place->at = bracket + 3;
	while (place->at < place->end && *place->at != ' ')
		place->at++;
	if (!memchr(mode, 'x', (size_t)(place->at - mode)) ||
	    !take(place, " "))
		return;
	length = (size_t)(place->end - place->at);
	if (length >= sizeof(path))
		return;
	memcpy(path, place->at, length);
	path[length] = '\0';
	mapping.path = path;
	sink->mapping(sink->context, &mapping);
}

void text_record(const struct text_event_line *line, uint64_t time,
		 struct text_tasks *tasks, const struct sink *sink)
{
	static const struct {
		const char *name;
		void (*read)(struct place *place);
	} types[] = {
		{ "PERF_RECORD_FORK", read_fork },
		{ "PERF_RECORD_EXIT", read_exit },
		{ "PERF_RECORD_COMM", read_comm },
		{ "PERF_RECORD_LOST", read_lost },
		{ "PERF_RECORD_LOST_SAMPLES", read_lost_samples },
		{ "PERF_RECORD_MMAP", read_mmap },
		{ "PERF_RECORD_MMAP2", read_mmap },
	};
	struct place place = {
		.at = line->rest.at, .end = line->rest.at + line->rest.length,
		.time = time, .tasks = tasks, .sink = sink,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (strlen(types[i].name) == line->event.length &&
		    !memcmp(types[i].name, line->event.at, line->event.length))
			types[i].read(&place);
	}
}
