/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_WRITER_HOLDER_H
#define LEAKTOP_PERFDATA_WRITER_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "perfdata/file.h"
#include "perfdata/writer_blob.h"

/* Puts bytes into records that say nothing but hold them (journal.h), one
   after the other.  */
struct holder {
	struct blob *blob;      /* they are appended to it */
	uint64_t base;          /* where BLOB will be in the file; a multiple of
				   8, as is its size at the beginning */
	size_t start;           /* of the record under way, in BLOB */
	uint16_t count;         /* of records */
};

/* Moves to where SIZE bytes can be appended to the blob by the caller, and
   says in *SECTION where that is in the file.  Returns false, and nothing is
   changed, if there are too many for a record.  */
bool holder_place(struct holder *holder, size_t size, struct section *section);

/* Appends COUNT ids of an event, however many they are.  The headers of the
   records that they continue in are in *SECTION as well: they look like ids
   that no event has, each another one.  */
void holder_ids(struct holder *holder, const uint64_t *ids, size_t count,
		struct section *section);

/* Ends the last record.  */
void holder_end(struct holder *holder);

#endif
