/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_TEXT_FRAMES_H
#define LEAKTOP_PERFDATA_TEXT_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/idmap.h"
#include "trace/sink.h"

/* The distinct lines of call chains, each with a number of its own to stand for
   it in chains.  perf prints an address from its object's start, so that
   different places have the same; and maybe none at all.  The number is the
   address where that is possible.  */
struct text_frames {
	struct idmap lines;     /* indexes by a hash of the line, which stands for it */
	uint64_t seed;          /* of that, see base/seed.h */
	struct idmap keys;      /* those in use; the value says nothing */
	uint64_t *key;          /* of each line; TEXT_FRAME_SKIPPED */
	uint32_t count;
	uint32_t room;
	uint64_t next;          /* for those that can't have their address */
};

/* A line that is no frame of the program's own.  */
#define TEXT_FRAME_SKIPPED UINT64_MAX

void text_frames_free(struct text_frames *frames);

/* The key of a line, which SINK is told of when it is new.  */
uint64_t text_frames_key(struct text_frames *frames, const char *line,
			 const char *end, const struct sink *sink);

#endif
