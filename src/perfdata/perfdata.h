/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_PERFDATA_H
#define LEAKTOP_PERFDATA_PERFDATA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "trace/sink.h"

/* A saved recording: perf.data as a file, as a directory (perf record
   --threads), or in the format for pipes (perf record -o -), compressed or not,
   of a machine of either byte order; or the text of perf script (text.h).  The
   binary format is described in the kernel's
   tools/perf/Documentation/perf.data-file-format.txt.  */
struct perfdata;

/* Opens and maps the file at PATH, reads its header, events and event
   formats.  "-" is standard input.  Refuses what can't be read (empty, cut
   off, no perf.data, without any allocation event: then it names the events
   there are and how to record the right ones) with a message of one line that
   begins with the path.  What comes through a pipe is only opened.  Returns
   NULL on errors.  */
struct perfdata *perfdata_open(const char *path, struct error *error);

/* The same; MAPS says what some of its events are.  Borrowed, must outlive it.
   An event that is mapped and is not there is refused.  */
struct event_maps;
struct perfdata *perfdata_open_mapped(const char *path,
				      const struct event_maps *maps,
				      struct error *error);

/* Whether it comes through a pipe, and is to be started.  */
bool perfdata_is_stream(const struct perfdata *perfdata);

/* Of a stream: waits for its beginning, and reads and refuses as
   perfdata_open() does with files.  Ends soon after *STOP is set, with -1.
   Until then all else but perfdata_size() is unknown.  Returns 0 or -1.  */
int perfdata_start(struct perfdata *perfdata, const atomic_bool *stop,
		   struct error *error);

void perfdata_close(struct perfdata *perfdata);

/* The command line that recorded it, or NULL.  Owned by PERFDATA.  */
const char *perfdata_command(const struct perfdata *perfdata);

/* The process that was recorded with -p (the first of several) or started, or 0
   when that is not known.  */
uint32_t perfdata_pid(const struct perfdata *perfdata);

/* Whether its writer was killed before it had finished the file, or is still
   writing: the last events may be missing, and, if it is perf, the command
   line is not known.  */
bool perfdata_unfinished(const struct perfdata *perfdata);

/* Bytes of records to be read; of a stream, so far.  */
uint64_t perfdata_size(const struct perfdata *perfdata);

/* Delivers everything to SINK; *DONE counts the bytes that are through; stops
   early, with 0, soon after *STOP is set.  DONE and STOP may be NULL.  Can be
   called again, from the start.  Returns 0, with a note for the user in ERROR
   where there is something to be said; -1 with ERROR when the file is
   damaged: what came before has been delivered.  In a file whose writer was
   killed the last record may be cut; that is the end, not damage.  */
int perfdata_read(struct perfdata *perfdata, const struct sink *sink,
		  _Atomic uint64_t *done, const atomic_bool *stop,
		  struct error *error);

/* The same with what lies between two places that sink->segment was told of; END
   UINT64_MAX: up to the end.  */
int perfdata_read_stretch(struct perfdata *perfdata, uint64_t begin,
			  uint64_t end, const struct sink *sink,
			  _Atomic uint64_t *done, const atomic_bool *stop,
			  struct error *error);

/* Whether the last reading has shown what each hit should have been told with:
   read again, from the start.  */
bool perfdata_learned(const struct perfdata *perfdata);

#endif
