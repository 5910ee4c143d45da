/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_HEAP_SIZESPEC_H
#define LEAKTOP_HEAP_SIZESPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define SIZESPEC_MAX 32

/* A set of allocation sizes: a list of ranges, both ends included.  */
struct sizespec {
	unsigned count;         /* 0: every size */
	struct {
		uint64_t low;
		uint64_t high;
	} range[SIZESPEC_MAX];
};

/* Reads "3072", "0xc00", "1k-4k", ">1M", "<=512", ">=64", or several of them
   separated by commas.  k, M, G, T: powers of 1024.  An empty text accepts
   every size.  Returns 0; -1 with a message that shows the part that is
   wrong.  */
int sizespec_parse(struct sizespec *spec, const char *text,
		   struct error *error);

bool sizespec_accepts(const struct sizespec *spec, uint64_t size);

/* Just SIZE.  */
struct sizespec sizespec_only(uint64_t size);

/* A text that sizespec_parse() reads as the same set.  Cut to fit.  */
void sizespec_format(const struct sizespec *spec, char *text, size_t size);

#endif
