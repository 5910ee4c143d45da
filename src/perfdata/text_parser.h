/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_TEXT_PARSER_H
#define LEAKTOP_PERFDATA_TEXT_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "heap/hit.h"
#include "perfdata/text_events.h"
#include "perfdata/text_frames.h"
#include "perfdata/text_tasks.h"
#include "trace/sink.h"

/* Frames of a chain that are kept: heap/chains.h keeps fewer, and the one at a
   function's entry goes before that.  */
#define TEXT_DEPTH_MAX 128

/* Takes the lines of a text one by one, and delivers what they tell.  */
struct text_parser {
	const struct sink *sink;
	struct text_events events;
	struct text_frames frames;
	struct text_tasks tasks;
	struct hit hit;         /* that is delivered when its chain is there */
	bool pending;           /* there is one */
	bool timeless;          /* some hits tell no time: a thousandth of a second
				   from one to the next */
	size_t depth;           /* of its chain so far */
	uint64_t chain[TEXT_DEPTH_MAX];
	uint64_t hits;          /* delivered, or pending */
	struct alone alone;     /* what this reading shows */
	uint64_t round;         /* hits at the last round's end */
	uint64_t last_time;
	uint64_t event_lines;   /* of probes and perf's own records, of any kind */
	uint64_t nameless;      /* lines of probes without the event's name */
	uint32_t pid;           /* of the first hit; 0: not told */
	char comm[64];          /* its name; "": not told */
	char *command;          /* that recorded it; NULL: not told */
};

void text_parser_init(struct text_parser *parser, const struct sink *sink);
void text_parser_free(struct text_parser *parser);

/* Takes a line, from LINE to END without the newline.  Returns 0; -1 when it is
   damaged; ERROR then tells what an event of an allocation function lacks, or
   is "".  */
int text_parser_line(struct text_parser *parser, const char *line,
		     const char *end, struct error *error);

/* There are no more lines, for now at least: delivers what is held back.  */
void text_parser_flush(struct text_parser *parser);

#endif
