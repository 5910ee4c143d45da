/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/writer_blob.h"

#include <stdlib.h>
#include <string.h>

/* perf's NAME_ALIGN.  */
#define STRING_ALIGN 64

void blob_free(struct blob *blob)
{
	free(blob->data);
	*blob = (struct blob){ 0 };
}

static int reserve(struct blob *blob, size_t size)
{
	uint8_t *data;
	size_t room;

	if (size <= blob->room - blob->size)
		return 0;
	if (size > SIZE_MAX / 2 - blob->size)
		return -1;
	room = (blob->size + size) * 2;
	data = realloc(blob->data, room);
	if (!data)
		return -1;
	blob->data = data;
	blob->room = room;
	return 0;
}

void blob_add(struct blob *blob, const void *data, size_t size)
{
	if (blob->failed || !size)
		return;
	if (reserve(blob, size)) {
		blob->failed = true;
		return;
	}
	if (data)
		memcpy(blob->data + blob->size, data, size);
	else
		memset(blob->data + blob->size, 0, size);
	blob->size += size;
}

void blob_align(struct blob *blob, size_t align)
{
	blob_add(blob, NULL, (align - blob->size % align) % align);
}

size_t blob_string_size(const char *string)
{
	size_t size = strlen(string) + 1;

	return sizeof(uint32_t) + size +
		(STRING_ALIGN - size % STRING_ALIGN) % STRING_ALIGN;
}

void blob_string(struct blob *blob, const char *string)
{
	size_t size = blob_string_size(string) - sizeof(uint32_t);
	size_t length = strlen(string);

	blob_u32(blob, (uint32_t)size);
	blob_add(blob, string, length);
	blob_add(blob, NULL, size - length);
}
