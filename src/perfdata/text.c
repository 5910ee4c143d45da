/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/intl.h"
#include "perfdata/ahead.h"
#include "perfdata/events.h"
#include "perfdata/text_parser.h"

/* Bytes between two looks at whether to stop.  */
#define STEP ((size_t)1 << 18)
/* Bytes that are read before their memory is given back.  */
#define RELEASE_STEP (UINT64_C(16) << 20)
/* Within so many bytes there must be something that perf script prints, and
   within so many an event to follow.  */
#define KNOWN_WITHIN (UINT64_C(1) << 20)
#define USED_WITHIN (UINT64_C(64) << 20)

struct text {
	char *command;
	uint32_t pid;
	struct alone alone;     /* as the last reading has shown */
	bool learned;           /* it has shown more than the one before */
};

/* Where the reading of a file is.  */
struct progress {
	const struct file *file;
	uint64_t at;            /* of the next line */
	uint64_t searched;      /* there is no newline between AT and here */
	uint64_t released;
};

enum step {
	STEP_MORE,
	STEP_END,
	STEP_CUT,               /* the last line has no end */
	STEP_BAD                /* progress.at is where */
};

/* Finds the end of the line at PROGRESS->at, and waits for it.  NULL: there is
   none.  */
static const char *find_newline(struct progress *progress)
{
	const struct file *file = progress->file;

	do {
		uint64_t size = file_size(file);
		const char *newline = NULL;

		if (progress->searched < progress->at)
			progress->searched = progress->at;
		if (size > progress->searched)
			newline = memchr(file->map + progress->searched, '\n',
					 (size_t)(size - progress->searched));
		if (newline)
			return newline;
		progress->searched = size;
	} while (file_more(file) > 0);
	return NULL;
}

/* What is left at the end is a line without its end, so that its last number
   may be a part of one.  Only of a call chain it is known to be whole.  */
static enum step take_rest(struct progress *progress,
			   struct text_parser *parser, struct error *error)
{
	const char *line = (const char *)progress->file->map + progress->at;
	uint64_t length = file_size(progress->file) - progress->at;
	bool whole = !length || (parser->pending && line[length - 1] == ')');

	if (whole && length && text_parser_line(parser, line, line + length,
						error))
		return STEP_BAD;
	text_parser_flush(parser);
	return whole ? STEP_END : STEP_CUT;
}

/* Takes the lines of the next STEP bytes.  */
static enum step take_step(struct progress *progress,
			   struct text_parser *parser, struct error *error)
{
	const char *map = (const char *)progress->file->map;
	uint64_t stop = progress->at + STEP;

	while (progress->at < stop) {
		const char *line = map + progress->at;
		const char *newline = find_newline(progress);

		if (!newline)
			return take_rest(progress, parser, error);
		if (text_parser_line(parser, line, newline, error))
			return STEP_BAD;
		progress->at = (uint64_t)(newline + 1 - map);
	}
	return STEP_MORE;
}

/* Gives back the memory of what has been read, so that a long file takes no
   more than a short one.  */
static void release(struct progress *progress)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t to = progress->at - progress->at % page;

	if (to - progress->released < RELEASE_STEP)
		return;
	madvise((void *)(uintptr_t)(progress->file->map + progress->released),
		(size_t)(to - progress->released), MADV_DONTNEED);
	progress->released = to;
}

/* Why a text without a hit can't be followed.  */
static int refuse(const struct file *file, const struct text_parser *parser,
		  struct error *error)
{
	struct event_list list = { .length = 0 };

	if (parser->nameless && !parser->events.count)
		return error_set(error, _("%s: lacks the names of events: print the field event, too (perf script -F +event)"),
				 file->name);
	if (!parser->event_lines)
		return error_set(error, _("%s: is not a perf.data file, and not the text of perf script"),
				 file->name);
	for (uint32_t i = 0; i < parser->events.count; i++)
		event_list_add(&list, parser->events.event[i].name);
	return events_refuse(file, &list, error);
}

/* Reads up to the first event to follow.  Returns 0 or -1.  */
static int look(const struct file *file, struct text_parser *parser,
		struct error *error)
{
	struct progress progress = { .file = file };
	enum step step = STEP_MORE;
	struct error why;

	while (step == STEP_MORE && !parser->hits &&
	       (parser->event_lines || progress.at < KNOWN_WITHIN) &&
	       progress.at < USED_WITHIN)
		step = take_step(&progress, parser, &why);
	if (parser->hits)
		return 0;
	if (*file_trouble(file))
		return error_set(error, "%s: %s", file->name,
				 file_trouble(file));
	if (step == STEP_BAD && *why.text)
		return error_set(error, _("%s: %s"), file->name, why.text);
	return refuse(file, parser, error);
}

int text_open(struct file *file, struct error *error)
{
	struct text_parser *parser = malloc(sizeof(*parser));
	struct text *text = calloc(1, sizeof(*text));
	const struct sink nowhere = sink_ignoring(NULL);
	int result = -1;

	if (parser && text) {
		text_parser_init(parser, &nowhere);
		parser->events.maps = file->maps;
		result = look(file, parser, error);
		text->pid = parser->pid;
		text->command = parser->command;
		parser->command = NULL;
		text_parser_free(parser);
	} else {
		error_set(error, _("%s: out of memory"), file->name);
	}
	free(parser);
	if (result == 0)
		file->text = text;
	else
		text_free(text);
	return result;
}

void text_free(struct text *text)
{
	if (!text)
		return;
	free(text->command);
	alone_clear(&text->alone);
	free(text);
}

const char *text_command(const struct text *text)
{
	return text->command;
}

bool text_learned(const struct text *text)
{
	return text->learned;
}

uint32_t text_pid(const struct text *text)
{
	return text->pid;
}

/* Why the reading came to an end.  Returns 0 if all is read; ERROR may then hold
   a note.  */
static int explain_end(const struct progress *progress, enum step step,
		       const struct text_parser *parser,
		       const struct error *why, struct error *error)
{
	uint64_t hits = parser->hits;
	bool guessed = parser->tasks.guessed;
	const struct file *file = progress->file;

	if (*file_trouble(file))
		return error_set(error, "%s: %s", file->name,
				 file_trouble(file));
	if (step == STEP_END) {
		if (guessed && parser->timeless)
			error_set(error, _("%s: tells neither times nor process ids: each event counts as a millisecond, and threads are taken for one process's; "
					   "print more (perf script -F comm,pid,tid,cpu,time,event,trace,ip,sym,symoff,dso --show-task-events)"),
				  file->name);
		else if (parser->timeless)
			error_set(error, _("%s: tells no times: each event counts as a millisecond; "
					   "print time, too (perf script -F comm,pid,tid,cpu,time,event,trace,ip,sym,symoff,dso --show-task-events)"),
				  file->name);
		else if (guessed)
			error_set(error, _("%s: tells no process ids: threads are taken for one process's, and so are children that run its program; "
					   "print pid, too (perf script -F comm,pid,tid,cpu,time,event,trace,ip,sym,symoff,dso --show-task-events)"),
				  file->name);
		return 0;
	}
	if (step == STEP_CUT)
		return error_set(error, _("%s: is cut off in its last line, after %" PRIu64 " events of allocation functions"),
				 file->name, hits);
	if (*why->text)
		return error_set(error, _("%s: is damaged at offset %#" PRIx64 ", after %" PRIu64 " events of allocation functions: %s"),
				 file->name, progress->at, hits, why->text);
	return error_set(error, _("%s: is damaged at offset %#" PRIx64 ", after %" PRIu64 " events of allocation functions"),
			 file->name, progress->at, hits);
}

static bool is_stopped(const atomic_bool *stop)
{
	return stop && atomic_load_explicit(stop, memory_order_relaxed);
}

/* What only the whole text tells.  */
static void learn(struct text *text, struct text_parser *parser)
{
	text->learned = false;
	alone_settle(&parser->alone);
	for (uint32_t i = 0; i < parser->events.count; i++) {
		const struct text_event *event = &parser->events.event[i];

		if (event->noted && event->kind == HIT_CALL &&
		    event->alone != alone_is(&parser->alone, event->raw.at,
					     event->function))
			text->learned = true;
	}
	alone_clear(&text->alone);
	text->alone = parser->alone;
	memset(&parser->alone, 0, sizeof(parser->alone));
}

int text_read(const struct file *file, const struct sink *sink,
	      _Atomic uint64_t *done, const atomic_bool *stop,
	      struct error *error)
{
	struct text_parser *parser = malloc(sizeof(*parser));
	struct progress progress = { .file = file };
	enum step step = STEP_MORE;
	struct error why = { "" };
	struct ahead *ahead;
	int result = 0;

	if (!parser)
		return error_set(error, _("%s: out of memory"), file->name);
	ahead = file->spool ? NULL : ahead_new(file->map, 0, file_size(file));
	text_parser_init(parser, sink);
	parser->events.maps = file->maps;
	parser->events.alone = &file->text->alone;
	while (step == STEP_MORE && !is_stopped(stop)) {
		step = take_step(&progress, parser, &why);
		if (ahead)
			ahead_move(ahead, progress.at);
		else
			release(&progress);
		if (done)
			atomic_store_explicit(done, progress.at,
					      memory_order_relaxed);
	}
	ahead_free(ahead);
	text_parser_flush(parser);
	if (!is_stopped(stop)) {
		learn(file->text, parser);
		result = explain_end(&progress, step, parser, &why, error);
	}
	text_parser_free(parser);
	free(parser);
	return result;
}
