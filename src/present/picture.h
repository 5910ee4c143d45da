/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PRESENT_PICTURE_H
#define LEAKTOP_PRESENT_PICTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "heap/snapshot.h"

enum source_kind { SOURCE_LIVE, SOURCE_FILE };

enum source_state {
	STATE_STARTING,         /* attaching, or opening */
	STATE_LOADING,          /* of a file: see done */
	STATE_WATCHING,
	STATE_COMPLETE,         /* the whole file is read */
	STATE_EXITED,           /* the target is gone */
	STATE_DAMAGED,          /* the file was read as far as it goes: see notice */
	STATE_FAILED            /* see notice */
};

/* What is watched; does not change.  Strings are clean for the terminal.  */
struct source {
	enum source_kind kind;
	char path[512];         /* of a file */
	uint32_t pid;           /* 0: not known */
	char recorder[256];     /* the command that made a recording; "": not known */
};

#define RSS_SAMPLES 240         /* of 250 ms each: one minute */

/* All that a view shows, at one moment.  Never changes once published;
   shared by reference.  */
struct picture {
	atomic_uint references;
	enum source_state state;
	char command[64];       /* the name of the target; "": not known */
	double done;            /* 0..1, while loading */
	char notice[640];       /* why it failed, what is missing; or "" */

	uint64_t rss[RSS_SAMPLES]; /* bytes, oldest first */
	unsigned rss_count;
	double allocation_rate; /* per second, over the last second or so */
	double free_rate;

	struct snapshot *heap;  /* never NULL */
};

/* Takes the reference to HEAP over.  NULL when out of memory; HEAP is then
   still the caller's.  */
struct picture *picture_new(struct snapshot *heap);
struct picture *picture_ref(struct picture *picture);
void picture_unref(struct picture *picture);

/* Where a view gets its pictures from: implemented by the session.  */
struct feed {
	void *context;
	/* The newest picture, a reference of its own.  Never NULL.  */
	struct picture *(*picture)(void *context);
	int fd;                 /* eventfd: readable when there is a newer one; read it */
	const struct source *source;
	struct symbols *symbols;
};

#endif
