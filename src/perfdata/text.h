/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_TEXT_H
#define LEAKTOP_PERFDATA_TEXT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "perfdata/file.h"
#include "trace/sink.h"

/* A recording as perf script has printed it, with any choice of fields that
   leaves event and trace, as it comes from there or from a filter that
   keeps some of it.  Times that it lacks are the number of the hit instead, in
   ns; threads and processes are taken for one.  */
struct text;

/* Looks whether FILE, of which the beginning is no perf.data's, is that, into
   file->text; and whether it has events to follow.  Waits for the beginning, if
   FILE is a stream.  Returns 0; -1 with ERROR.  */
int text_open(struct file *file, struct error *error);
void text_free(struct text *text);

/* Whether the reading has shown that a function's calls come alone (HIT_ALONE):
   another one, from the start, will say so with each.  */
bool text_learned(const struct text *text);

/* The command line that recorded it (perf script --header), or NULL.  */
const char *text_command(const struct text *text);

/* The process of the first hit, if the text tells it, or 0.  */
uint32_t text_pid(const struct text *text);

/* As perfdata_read(), of a FILE that is text.  With 0, ERROR may hold a note for
   the user.  */
int text_read(const struct file *file, const struct sink *sink,
	      _Atomic uint64_t *done, const atomic_bool *stop,
	      struct error *error);

#endif
