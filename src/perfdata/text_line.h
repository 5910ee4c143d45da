/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_TEXT_LINE_H
#define LEAKTOP_PERFDATA_TEXT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "perfdata/text_scan.h"

/* The lines that perf script writes, as tools/perf/builtin-script.c has them;
   any of the fields may be missing (perf script -F).  A line is the bytes from
   LINE to END, without its newline; what is found points into it.  */

/* A probe's hit:

     Web Content  1234/1235  [001]  4608.428854: probe_libc:malloc_ret: (7f9f <- 5606) arg1=0x18

   or what perf says with --show-task-events and the like:

     sh  7479 [-01]  4604.211645: PERF_RECORD_COMM exec: sh:7479/7479  */
struct text_event_line {
	struct text_span comm;  /* "" where it is missing */
	struct text_span event; /* group:name, or PERF_RECORD_ and its type */
	struct text_span rest;  /* behind the event's name, colon and addresses */
	uint64_t time;          /* ns */
	uint64_t address;       /* of the probe; of the function on a return */
	uint32_t pid;           /* both are as printed, so -1 is UINT32_MAX */
	uint32_t tid;
	bool has_time;
	bool has_pid;
	bool has_tid;
	bool is_record;         /* PERF_RECORD_… */
	bool is_return;
	bool has_trace;         /* address and what follows it are there */
};

/* Returns whether it is one.  Other events' lines are none.  */
bool text_event_line(const char *line, const char *end,
		     struct text_event_line *found);

/* Whether the line is a probe's without the event's name.  */
bool text_line_is_nameless(const char *line, const char *end);

#endif
