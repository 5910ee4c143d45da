/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PRESENT_PICTURE_H
#define LEAKTOP_PRESENT_PICTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/transcript.h"
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

/* What is being watched.  */
enum watch_mode {
	WATCH_ALL,
	WATCH_NO_CHAINS,        /* no call chains: the limit of the overhead */
	WATCH_RESTING,          /* nothing, for a while: the limit of the overhead */
	WATCH_PAUSED,           /* nothing: the user asked */
	WATCH_DRAINING          /* only releases: the user asked */
};

#define PICTURE_FOCUS 16
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
	enum watch_mode mode;
	/* Share of the target's time that watching takes, about: 0..1; below 0: not known.  */
	double overhead;
	double max_overhead;    /* the limit that was asked for; 0: none */
	char *details;          /* where the probes are, as lines; NULL: none */
	bool recorded;          /* with -o: */
	uint64_t recorded_bytes; /* in the file so far */
	/* Sizes whose allocations are taken with stack dumps.  */
	uint64_t focus[PICTURE_FOCUS];
	unsigned focus_count;

	struct snapshot *heap;  /* never NULL */

	/* The life of the blocks of one size, from a second reading of a recording
	   that was too long for the log.  */
	bool life_asked;
	uint64_t life_size;     /* that was asked for */
	double life_done;       /* 0..1 */
	const char *life_trouble; /* why it was read in vain, translated; NULL: it was
				   not */
	struct log_view *life;  /* NULL: not read to the end yet, or in vain */
};

/* All zeros, but for the overhead, which is not known.  Takes the reference to
   HEAP over.  NULL when out of memory; HEAP is then still the caller's.  */
struct picture *picture_new(struct snapshot *heap);
/* Another one of the same, but for the second reading.  NULL when out of
   memory.  */
struct picture *picture_copy(const struct picture *picture);
struct picture *picture_ref(struct picture *picture);
void picture_unref(struct picture *picture);

/* What a view can ask of the source.  */
enum feed_command {
	FEED_PAUSE,             /* stop watching; or go on, if it is paused */
	FEED_DRAIN              /* watch only releases; or all again */
};

enum focus_answer {
	FOCUS_BEGINS,
	FOCUS_ENDS,
	FOCUS_FULL              /* too many sizes are in focus */
};

/* Where a view gets its pictures from: implemented by the session.  */
struct feed {
	void *context;
	/* The newest picture, a reference of its own.  Never NULL.  */
	struct picture *(*picture)(void *context);
	/* Does what it says soon; a picture will tell.  Only live.  */
	void (*command)(void *context, enum feed_command command);
	/* Begins to take the allocations of SIZE, not 0, with stack dumps, or ends
	   it.  Only live.  */
	enum focus_answer (*focus)(void *context, uint64_t size);
	/* Wants the life of the blocks of SIZE from a second reading, if that is what
	   it takes.  Only of a recording.  */
	void (*life)(void *context, uint64_t size);
	int fd;                 /* eventfd: readable when there is a newer one; read it */
	const struct source *source;
	struct symbols *symbols;
	struct transcript *output;      /* what a command that leaktop started prints;
	                           NULL: it started none */
};

#endif
