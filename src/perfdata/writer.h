/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_WRITER_H
#define LEAKTOP_PERFDATA_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "trace/records.h"
#include "trace/tap.h"

/* A perf.data file in the making, which perf and leaktop read, even if the
   writer is killed (journal.h tells how).  A thread of its own writes it: who
   hands out the records never waits for the disk.  */
struct writer;

struct writer_options {
	/* The command line that the file tells of, up to a NULL; borrowed until
	   writer_close().  NULL: none.  */
	const char *const *arguments;
	/* Finds the build id of a file that is mapped, from its path and the
	   process that has it; called in the writer's thread.  NULL: only what
	   MMAP2 records tell is known.  */
	build_id_finder *find_build_id;
	void *context;
	/* Bytes of records that may wait for the disk; 0: 64 MiB.  Samples for
	   which there is no room are dropped.  */
	size_t queue_size;
};

/* Begins a recording at PATH, readable only for its owner.  A file that is
   there is kept as PATH.old; a directory or another special file than
   /dev/null is refused.  Returns NULL on errors, with nothing changed.  */
struct writer *writer_open(const char *path,
			   const struct writer_options *options,
			   struct error *error);

/* The tap that fills it; valid until writer_close().  */
struct tap writer_tap(struct writer *writer);

/* Samples that were dropped so far, as the disk was too slow; the file tells of
   them in LOST records.  From any thread.  */
uint64_t writer_lost(const struct writer *writer);

/* Whether the recording has ended early, as the disk is full or the like: then
   ERROR says so, what came before is kept, and all that comes is ignored.
   From any thread.  */
bool writer_failed(const struct writer *writer, struct error *error);

/* Bytes that are in the file.  From any thread.  */
uint64_t writer_size(const struct writer *writer);

/* Writes what is left, which may take as long as the disk likes, and ends the
   file.  One that came to nothing, without any event or room, is taken away,
   and what it replaced is put back.  Frees WRITER in any case.  Returns 0; -1
   with ERROR if it failed, now or before.  */
int writer_close(struct writer *writer, struct error *error);

#endif
