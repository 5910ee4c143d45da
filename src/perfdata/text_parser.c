/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/text_parser.h"

#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "base/seed.h"
#include "base/text.h"
#include "perfdata/text_line.h"
#include "perfdata/text_records.h"

/* perf script sorts by time, so that nothing older comes; what comes late
   anyhow, as from texts that were put together, has this many hits' time.  */
#define ROUND_HITS 16384
/* Longer lines are nobody's.  */
#define LINE_MAX_BYTES (1 << 20)
/* Of the command that recorded it.  */
#define COMMAND_MAX 4096
/* From one hit to the next where they tell no time, ns: what is said of durations
   is then in hits, and verdicts go by their order.  */
#define HIT_STEP 1000000
/* The process of hits that tell none.  */
#define SOME_PID 1

void text_parser_init(struct text_parser *parser, const struct sink *sink)
{
	memset(parser, 0, sizeof(*parser));
	parser->sink = sink;
	parser->events.seed = seed_new();
	parser->frames.seed = seed_new();
}

void text_parser_free(struct text_parser *parser)
{
	text_events_free(&parser->events);
	text_frames_free(&parser->frames);
	text_tasks_free(&parser->tasks);
	alone_clear(&parser->alone);
	free(parser->command);
}

void text_parser_flush(struct text_parser *parser)
{
	const struct sink *sink = parser->sink;

	if (!parser->pending)
		return;
	parser->pending = false;
	sink->hit(sink->context, &parser->hit, parser->chain, parser->depth);
	if (parser->hits - parser->round >= ROUND_HITS) {
		parser->round = parser->hits;
		sink->round(sink->context);
	}
}

/* Tells the name of the process that was recorded, by its main thread if that
   is seen.  */
static void tell_comm(struct text_parser *parser,
		      const struct text_event_line *line)
{
	const struct sink *sink = parser->sink;
	size_t length = line->comm.length;

	if (line->pid != parser->pid || !length ||
	    length >= sizeof(parser->comm) ||
	    (*parser->comm && line->tid != line->pid) ||
	    (!strncmp(parser->comm, line->comm.at, length) &&
	     !parser->comm[length]))
		return;
	memcpy(parser->comm, line->comm.at, length);
	parser->comm[length] = '\0';
	sink->comm(sink->context, line->pid, line->pid, parser->comm, false);
}

/* Whose hit it is.  */
static void set_task(struct text_parser *parser,
		     const struct text_event_line *line)
{
	struct hit *hit = &parser->hit;

	hit->tid = line->has_tid ? line->tid : SOME_PID;
	if (line->has_pid)
		hit->pid = line->pid;
	else if (line->has_tid)
		hit->pid = text_tasks_find(&parser->tasks, line->tid,
					   line->address);
	else
		hit->pid = SOME_PID;
	if (parser->hits == 1 && line->has_pid)
		parser->pid = line->pid;
	if (line->has_pid)
		tell_comm(parser, line);
}

/* Notes that there are hits of EVENT.  Returns 0 or -1.  */
static int note_event(struct text_parser *parser, struct text_event *event,
		      struct error *error)
{
	if (event->noted)
		return 0;
	event->noted = true;
	if (alone_note(&parser->alone, event->raw.at, event->function,
		       event->kind) == 0)
		return 0;
	return error_set(error, _("out of memory"));
}

static int take_event(struct text_parser *parser,
		      const struct text_event_line *line, struct error *error)
{
	uint32_t index = text_events_find(&parser->events, line->event);
	struct text_event *event;

	if (index == IDMAP_NONE)
		return 0;
	event = &parser->events.event[index];
	memset(&parser->hit, 0, sizeof(parser->hit));
	switch (text_event_decode(event, line, &parser->hit, error)) {
	case TEXT_BAD:
		return -1;
	case TEXT_NO_HIT:
		return 0;
	default:
		break;
	}
	if (note_event(parser, event, error) < 0)
		return -1;
	if (event->alone)
		parser->hit.flags |= HIT_ALONE;
	parser->hits++;
	parser->hit.time = line->has_time ? line->time :
			   parser->hits * HIT_STEP;
	parser->timeless |= !line->has_time;
	parser->last_time = parser->hit.time;
	set_task(parser, line);
	parser->pending = true;
	parser->depth = 0;
	return 0;
}

/* Returns 1 if it is an event's line, or one of perf's own records; else 0; -1
   when it is damaged.  */
static int try_event(struct text_parser *parser, const char *text,
		     const char *end, struct error *error)
{
	struct text_event_line line;

	if (!text_event_line(text, end, &line))
		return 0;
	text_parser_flush(parser);
	parser->event_lines++;
	if (!line.is_record)
		return take_event(parser, &line, error) < 0 ? -1 : 1;
	text_record(&line, line.has_time && line.time ? line.time :
		    parser->last_time, &parser->tasks, parser->sink);
	return 1;
}

/* Returns whether it is one.  */
static bool try_frame(struct text_parser *parser, const char *line,
		      const char *end)
{
	uint64_t key;

	if (!parser->pending)
		return false;
	key = text_frames_key(&parser->frames, line, end, parser->sink);
	if (key == TEXT_FRAME_SKIPPED)
		return true;
	if (parser->depth < TEXT_DEPTH_MAX)
		parser->chain[parser->depth++] = key;
	return true;
}

/* "# cmdline : perf record -g" is what is of use.  */
static void take_comment(struct text_parser *parser, const char *line,
			 const char *end)
{
	size_t length;

	if (parser->command || !text_take(&line, end, "# cmdline : "))
		return;
	length = (size_t)(end - line);
	if (length > COMMAND_MAX)
		length = COMMAND_MAX;
	parser->command = malloc(length + 1);
	if (parser->command)
		text_clean_n(parser->command, length + 1, line, length);
}

int text_parser_line(struct text_parser *parser, const char *line,
		     const char *end, struct error *error)
{
	int result;

	error->text[0] = '\0';
	if (end > line && end[-1] == '\r')
		end--;
	if (end == line || end - line > LINE_MAX_BYTES) {
		text_parser_flush(parser);
		return 0;
	}
	if (*line == '\t' && try_frame(parser, line, end))
		return 0;
	if (*line == '#') {
		take_comment(parser, line, end);
		return 0;
	}
	result = try_event(parser, line, end, error);
	if (result)
		return result < 0 ? -1 : 0;
	/* Where something has made blanks of the tab.  */
	if (*line == ' ' && try_frame(parser, line, end))
		return 0;
	text_parser_flush(parser);
	parser->nameless += text_line_is_nameless(line, end);
	return memchr(line, '\0', (size_t)(end - line)) ? -1 : 0;
}
