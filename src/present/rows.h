/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PRESENT_ROWS_H
#define LEAKTOP_PRESENT_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/sizespec.h"
#include "heap/snapshot.h"
#include "symbols/symbols.h"

/* The table of suspects: the groups of a snapshot joined by size and call
   site.  */

enum verdict {
	VERDICT_STEADY,         /* accumulates all along */
	VERDICT_GROWING,        /* accumulates, but unevenly or not for long */
	VERDICT_STILL,          /* there for long, and does not grow */
	VERDICT_FRESH,          /* allocated an instant ago, or turns over */
	VERDICT_UNKNOWN,        /* no block is known of, only allocations are */
	VERDICT_COUNT
};

struct row {
	uint64_t size;          /* bytes of each block */
	uint64_t blocks;        /* live */
	uint64_t bytes;         /* live */
	uint64_t doubtful;      /* blocks, as in struct group */
	uint64_t allocated;
	uint64_t freed;
	uint64_t alone;         /* as in struct group */
	uint64_t first;         /* times, ns */
	uint64_t last;
	uint64_t oldest;        /* birth of the oldest live block */
	uint64_t oldest_since;  /* since when it is the oldest, about */
	uint32_t born[SLICES];  /* as in struct group */
	uint64_t live_at[SLICES];
	uint32_t chain;         /* that stands for all: from a stack dump, if there is
	                           one, and that with the most live bytes */
	uint32_t site;          /* the call site's index in the chain */
	struct place place;     /* the call site, comparable */
	enum verdict verdict;
	double score;           /* higher: more suspect */
};

/* What is known of a call chain: its call site.  Where stack dumps have shown
   what the chain begins with, and that it is one call site, the place is that
   one, so that a row stays one when dumps begin.  */
struct chain_site {
	struct place place;
	uint32_t site;          /* index of the frame in the chain itself */
	unsigned deeper;        /* chains_deeper() that it was made with */
	bool known;
	unsigned generation;    /* symbols_generation() that it was made with */
};

/* Begins as all zeros; can be built again and again, and keeps what it
   learns about call chains of the same snapshot source.  */
struct rows {
	struct row *row;
	size_t count;
	struct chain_site *sites; /* by chain */
	uint32_t site_count;
};

/* Rows of SNAPSHOT with at least one live block and a size that SPEC
   accepts, in the order of suspicion.  Returns -1 when out of memory; ROWS
   is then as before.  */
int rows_build(struct rows *rows, const struct snapshot *snapshot,
	       struct symbols *symbols, const struct sizespec *spec);
void rows_clear(struct rows *rows);

/* Name of a row's call site; see symbols_frame().  */
void row_site(const struct row *row, const struct snapshot *snapshot,
	      struct symbols *symbols, unsigned flags, struct frame *frame);

/* Verdict and score from a row's numbers; part of rows_build().  */
void row_judge(struct row *row, const struct snapshot *snapshot);

/* The word for the report; does not change with the language.  */
const char *verdict_id(enum verdict verdict);

/* One line on what it means.  */
const char *verdict_help(enum verdict verdict);

/* One word for the table.  */
const char *verdict_name(enum verdict verdict);

/* Per size, most bytes first: for the report.  Sizes with a live block.  */
struct size_total {
	uint64_t size, blocks, bytes, allocated, freed;
};
struct size_total *size_totals(const struct snapshot *snapshot,
			       const struct sizespec *spec, size_t *count);

#endif
