/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_CMDLINE_H
#define LEAKTOP_PERFDATA_CMDLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "perfdata/file.h"

/* What the command line that made the recording tells.  */
struct cmdline {
	char *text;             /* fit to be shown; owned; NULL: not known */
	uint32_t pid;           /* of -p, the first; 0: none */
	bool starts_command;    /* it ran a command to record */
};

/* Returns 0; -1 when out of memory.  */
int cmdline_read(struct cmdline *cmdline, const struct file *file);
void cmdline_free(struct cmdline *cmdline);

#endif
