/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * What the fuzz targets share.  A target is one file with the function that
 * libFuzzer calls (llvm.org/docs/LibFuzzer.html); replay.c calls it, too.
 */
#ifndef LEAKTOP_TESTS_FUZZ_FUZZ_H
#define LEAKTOP_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "trace/sink.h"

/* Returns 0, whatever DATA is.  */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy on the heap, so that ASan sees whatever is read beyond its end.
   Aligned as malloc does it; the caller frees it.  */
static inline void *fuzz_copy(const void *data, size_t size)
{
	void *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	return copy;
}

/* Where each byte that a reader delivers is read.  */
static volatile uint64_t fuzz_sum;

static inline void fuzz_bytes(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint64_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += bytes[i];
	fuzz_sum += sum;
}

static inline void fuzz_hit(void *context, struct hit *hit,
			    const uint64_t *chain, size_t size)
{
	(void)context;
	if (hit->kind > HIT_NOTE ||
	    (hit->kind <= HIT_RETURN && hit->function >= ALLOC_COUNT))
		abort();
	fuzz_bytes(hit, sizeof(*hit));
	fuzz_bytes(chain, size * sizeof(*chain));
}

static inline void fuzz_dump(void *context, const struct hit *hit,
			     const struct dump *dump)
{
	(void)context;
	fuzz_bytes(hit, sizeof(*hit));
	fuzz_bytes(dump->registers, sizeof(*dump->registers) *
		   (size_t)__builtin_popcountll(dump->mask));
	fuzz_bytes(dump->stack, (size_t)dump->size);
}

static inline void fuzz_mapping(void *context, const struct mapping *mapping)
{
	(void)context;
	if (mapping->build_id_size > BUILD_ID_MAX)
		abort();
	fuzz_bytes(mapping->path, strlen(mapping->path));
}

static inline void fuzz_told(void *context, const struct told *told)
{
	(void)context;
	if ((!told->symbol && told->symbol_length) ||
	    (!told->object && told->object_length))
		abort();
	fuzz_bytes(told->symbol, told->symbol_length);
	fuzz_bytes(told->object, told->object_length);
}

static inline void fuzz_comm(void *context, uint32_t pid, uint32_t tid,
			     const char *name, bool exec)
{
	(void)context;
	(void)pid;
	(void)tid;
	(void)exec;
	fuzz_bytes(name, strlen(name));
}

static inline void fuzz_round(void *context)
{
	(void)context;
}

/* Reads all that is delivered, and aborts where it can't be what the sink's
   users rely on.  */
static inline struct sink fuzz_sink(void)
{
	return (struct sink){
		.hit = fuzz_hit,
		.dump = fuzz_dump,
		.mapping = fuzz_mapping,
		.told = fuzz_told,
		.comm = fuzz_comm,
		.round = fuzz_round,
	};
}

#endif
