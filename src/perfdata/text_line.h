/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_TEXT_LINE_H
#define LEAKTOP_PERFDATA_TEXT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/told.h"

/* The lines that perf script writes, as tools/perf/builtin-script.c has them;
   any of the fields may be missing (perf script -F).  A line is the bytes from
   LINE to END, without its newline; what is found points into it.  */

struct text_span {
	const char *at;
	size_t length;
};

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

enum text_frame_kind {
	TEXT_FRAME_NONE,        /* no line of a call chain */
	TEXT_FRAME_USER,
	TEXT_FRAME_OTHER        /* of the kernel; inlined into the next one */
};

/* A line of a call chain, with tab or blanks before it:

     98930 malloc+0x0 (/usr/lib/x86_64-linux-gnu/libc.so.6)

   Fills all of TOLD but the key.  */
enum text_frame_kind text_frame_line(const char *line, const char *end,
				     struct told *told);

/* Reads a number as the kernel's print formats write it: 0x and hexadecimal
   digits, or decimal, which may be negative.  Moves *AT behind it.  Returns
   false when there is none, or it exceeds 64 bits.  */
bool text_number(const char **at, const char *end, uint64_t *number);

/* The same for hexadecimal digits alone, and for decimal ones.  */
bool text_hex(const char **at, const char *end, uint64_t *number);
bool text_decimal(const char **at, const char *end, uint64_t *number);

/* Steps over WORD; returns whether it stood at *AT.  */
bool text_take(const char **at, const char *end, const char *word);

void text_skip_blanks(const char **at, const char *end);

#endif
