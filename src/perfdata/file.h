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

struct event_maps;
struct pipe;
struct spool;
struct text;

/* A perf.data file, or a text, mapped; its header has been checked, and attrs
   and data lie within the file.  */
struct file {
	const uint8_t *map;
	size_t size;            /* of the map; see file_size() */
	struct spool *spool;    /* that it comes through; owned; NULL: it is all
				   there */
	struct pipe *pipe;      /* of the format for pipes: what it says instead of
				   attrs and features; owned; else NULL */
	struct text *text;      /* of what perf script prints: see text.h; owned;
				   else NULL, and else there is a header */
	const struct event_maps *maps;  /* of a text's events; set before it is
				   started, borrowed; NULL: none */
	bool directory;         /* it is "data" in one, in directory_fd, and others
				   hold the rest */
	int directory_fd;
	bool swapped;           /* numbers have the other byte order */
	struct file_header header;
	bool unfinished;        /* its writer never came to fill in the header;
				   data reaches to the end of the file */
	bool growing;           /* the same, but it was made so that it can be
				   read (journal.h) */
	uint64_t table;         /* where the table of features is */
	char name[256];         /* its path, fit to be shown */
};

/* Opens the file at PATH, "-" being standard input, which is then to be started.
   Returns 0; -1 with ERROR, and nothing left open, if it is no file that can be
   read.  */
int file_prepare(struct file *file, const char *path, struct error *error);

/* Does both, but does not start one that comes through a pipe.  */
int file_open(struct file *file, const char *path, struct error *error);
void file_close(struct file *file);

/* Reads the beginning, as much as tells what was recorded, and waits for that
   where it comes through a pipe.  Returns 0; -1, and the file is to be closed all
   the same.  */
int file_start(struct file *file, struct error *error);

/* Opens NAME, which has nothing but records, next to FILE in its
   directory.  */
int file_open_part(struct file *part, const struct file *file,
		   const char *name, struct error *error);

/* Bytes that are there: more and more while it comes through a pipe.  */
uint64_t file_size(const struct file *file);

/* Where its data ends, or what is there of it.  */
uint64_t file_data_end(const struct file *file);

/* Waits until there are more bytes.  Returns 1; 0 when there are none; -1 on
   errors, for which see file_trouble().  */
int file_more(const struct file *file);

/* Why no more could be read; "" if nothing went wrong.  */
const char *file_trouble(const struct file *file);

/* Whether the section lies within the file.  */
bool file_has(const struct file *file, struct section section);

/* The bytes of a section, none if it is not within the file.  */
struct cursor file_section(const struct file *file, struct section section);

#endif
