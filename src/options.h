/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_OPTIONS_H
#define LEAKTOP_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "report/report.h"
#include "session/session.h"

/* The command line.  */

enum run_mode {
	RUN_SCREEN,
	RUN_BATCH,
	RUN_CHECK,              /* the preflight, as a list */
	RUN_CLEANUP,
	RUN_HELP,
	RUN_VERSION
};

/* As many events can be mapped.  */
#define OPTIONS_MAPS_MAX 32

struct options {
	enum run_mode mode;
	struct session_options session;
	struct launch_options launch;   /* command NULL: nothing to start */
	struct event_map maps[OPTIONS_MAPS_MAX]; /* session.maps' */
	bool have_pid;
	double duration;                /* seconds of live batch; 0: until it ends */
	const struct report_format *format;
	const struct column *sort;
	unsigned top;
	bool have_top;
	struct sizespec sizes;
	bool follow;
	uint64_t follow_size;
	bool ascii;
	bool monochrome;
	bool verbose;
};

/* Reads ARGV; strings stay where they are, and a
   command's words too.  Returns -1 on a usage error.  */
int options_read(struct options *options, int argc, char **argv,
		 struct error *error);

/* What --help prints.  */
void options_help(FILE *out);

#endif
