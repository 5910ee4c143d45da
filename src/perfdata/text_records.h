/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_TEXT_RECORDS_H
#define LEAKTOP_PERFDATA_TEXT_RECORDS_H

#include <stdint.h>

#include "perfdata/text_line.h"
#include "perfdata/text_tasks.h"
#include "trace/sink.h"

/* Delivers what LINE, one of perf's own records (perf script --show-task-events,
   --show-mmap-events, --show-lost-events), tells; nothing if it makes no sense or
   is of another kind.  TIME: its time, or the last one known.  */
void text_record(const struct text_event_line *line, uint64_t time,
		 struct text_tasks *tasks, const struct sink *sink);

#endif
