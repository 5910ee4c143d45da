/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_WRITER_BLOB_H
#define LEAKTOP_PERFDATA_WRITER_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a file in the making.  Zeroed, it is empty.  */
struct blob {
	uint8_t *data;          /* owned; aligned for any type */
	size_t size;
	size_t room;
	bool failed;            /* memory ran out, and something is missing */
};

void blob_free(struct blob *blob);

/* Appends SIZE bytes at DATA, zeros where that is NULL.  */
void blob_add(struct blob *blob, const void *data, size_t size);

static inline void blob_u32(struct blob *blob, uint32_t value)
{
	blob_add(blob, &value, sizeof(value));
}

static inline void blob_u64(struct blob *blob, uint64_t value)
{
	blob_add(blob, &value, sizeof(value));
}

/* Appends zeros up to a multiple of ALIGN bytes.  */
void blob_align(struct blob *blob, size_t align);

/* Appends a string as perf's features have it: with its length before it, and
   zeros after it.  */
void blob_string(struct blob *blob, const char *string);

/* The bytes that this takes.  */
size_t blob_string_size(const char *string);

#endif
