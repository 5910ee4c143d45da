/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_FILE_H
#define LEAKTOP_PERFDATA_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "perfdata/cursor.h"

/* A part of the file, as the file itself says it: not to be trusted.  */
struct section {
	uint64_t offset;
	uint64_t size;
};

/* "PERFILE2" as a number: in the file it has the byte order of the machine
   that wrote it.  */
#define FILE_MAGIC UINT64_C(0x32454c4946524550)

/* What every perf.data begins with.  The old one ends before the
   features.  */
struct file_header {
	uint64_t magic;
	uint64_t size;          /* of this header */
	uint64_t attr_size;     /* of an entry in attrs */
	struct section attrs;
	struct section data;
	struct section event_types;
	uint64_t features[4];   /* bits */
};

/* A perf.data file, mapped; its header has been checked, and attrs and data lie
   within the file.  */
struct file {
	const uint8_t *map;
	size_t size;
	struct file_header header;
	bool unfinished;        /* its writer never came to fill in the header;
				   data reaches to the end of the file */
	bool growing;           /* the same, but it was made so that it can be
				   read (journal.h) */
	uint64_t table;         /* where the table of features is */
	char name[256];         /* its path, fit to be shown */
};

/* Returns 0; -1 with ERROR, and nothing left open, if it is no file that can
   be read.  */
int file_open(struct file *file, const char *path, struct error *error);
void file_close(struct file *file);

/* Whether the section lies within the file.  */
bool file_has(const struct file *file, struct section section);

/* The bytes of a section, none if it is not within the file.  */
struct cursor file_section(const struct file *file, struct section section);

#endif
