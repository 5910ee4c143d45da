/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/unwind_entries.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

/* Letters of an augmentation.  6 are known.  A CIE is read for each of its
   functions, so what it takes is bounded.  */
#define AUGMENTATION_MAX 15

/* The header of either kind of entry.  */
struct head {
	struct cursor body;     /* behind the reference */
	bool common;            /* a CIE */
	uint64_t reference;     /* of an FDE: offset of its CIE */
};

/* *NEXT: the offset behind the entry, or where there is no more, the end.  */
static bool read_head(const struct section *section, size_t offset,
		      size_t *next, struct head *head)
{
	struct cursor cursor = { section->data + offset,
				 section->data + section->size, false };
	uint64_t length = cursor_fixed(&cursor, 4), at, id;
	unsigned width = 4;

	*next = section->size;
	if (length == UINT32_MAX) {
		length = cursor_fixed(&cursor, 8);
		width = 8;
	}
	/* 0 ends .eh_frame.  */
	if (cursor.bad || !length)
		return false;
	head->body = cursor_block(&cursor, length);
	if (cursor.bad)
		return false;
	*next = (size_t)(cursor.at - section->data);
	at = (uint64_t)(head->body.at - section->data);
	/* In .eh_frame 4 bytes in any case.  */
	if (section->eh)
		width = 4;
	id = cursor_fixed(&head->body, width);
	if (section->eh) {
		head->common = !id;
		head->reference = at - id;
	} else {
		head->common = id == (width == 4 ? UINT32_MAX : UINT64_MAX);
		head->reference = id;
	}
	return !head->body.bad;
}

uint64_t entry_address(const struct section *section, struct cursor *cursor,
		       uint8_t encoding)
{
	uint64_t here = section->address +
			(uint64_t)(cursor->at - section->data);
	uint64_t value;

	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		value = cursor_fixed(cursor, 8);
		break;
	case DW_EH_PE_uleb128:
		value = cursor_uleb(cursor);
		break;
	case DW_EH_PE_sleb128:
		value = cursor_sleb(cursor);
		break;
	case DW_EH_PE_udata2:
		value = cursor_fixed(cursor, 2);
		break;
	case DW_EH_PE_sdata2:
		value = cursor_signed(cursor, 2);
		break;
	case DW_EH_PE_udata4:
		value = cursor_fixed(cursor, 4);
		break;
	case DW_EH_PE_sdata4:
		value = cursor_signed(cursor, 4);
		break;
	default:
		cursor->bad = true;
		return 0;
	}
	switch (encoding & 0x70) {
	case DW_EH_PE_absptr:
		return value;
	case DW_EH_PE_pcrel:
		return here + value;
	default:
		/* Relative to what only the running program knows.  */
		cursor->bad = true;
		return 0;
	}
}

/* What the letters of AUGMENTATION (behind "z") say, in DATA.  */
static void read_augmentation(const struct section *section,
			      const char *augmentation, struct cursor data,
			      struct entry *entry)
{
	for (; *augmentation && !data.bad; augmentation++) {
		uint8_t encoding;

		switch (*augmentation) {
		case 'R':
			entry->encoding = (uint8_t)cursor_fixed(&data, 1);
			break;
		case 'P':
			encoding = (uint8_t)cursor_fixed(&data, 1);
			/* Only its size matters.  */
			entry_address(section, &data, encoding & 0x0f);
			break;
		case 'L':
			cursor_fixed(&data, 1);
			break;
		case 'S':
			entry->signal = true;
			break;
		default:
			/* Without data, such as 'B' of arm64, or unknown.  */
			break;
		}
	}
}

static bool read_common(const struct section *section, uint64_t offset,
			struct entry *entry, bool *augmented)
{
	char augmentation[AUGMENTATION_MAX + 1] = "";
	struct head head;
	struct cursor *body = &head.body;
	uint64_t version;
	size_t next, length = 0;

	if (offset >= section->size ||
	    !read_head(section, (size_t)offset, &next, &head) || !head.common)
		return false;
	version = cursor_fixed(body, 1);
	do {
		if (length > AUGMENTATION_MAX)
			return false;
		augmentation[length] = (char)cursor_fixed(body, 1);
	} while (augmentation[length++]);
	/* Size of an address, and of a segment's selector.  */
	if (version == 4 && cursor_fixed(body, 2) != 8)
		return false;
	entry->code_factor = cursor_uleb(body);
	entry->data_factor = cursor_sleb(body);
	entry->ra = version == 1 ? cursor_fixed(body, 1) : cursor_uleb(body);
	if (body->bad || (version != 1 && version != 3 && version != 4))
		return false;
	*augmented = augmentation[0] == 'z';
	/* One that isn't known, and whose length isn't told.  */
	if (augmentation[0] && !*augmented)
		return false;
	if (*augmented)
		read_augmentation(section, augmentation + 1,
				  cursor_block(body, cursor_uleb(body)), entry);
	entry->common = *body;
	return !body->bad;
}

int entry_read(const struct section *section, size_t offset, size_t *next,
	       struct entry *entry)
{
	struct head head;
	uint64_t size;
	bool augmented;

	if (offset >= section->size)
		return -1;
	if (!read_head(section, offset, next, &head))
		return -1;
	*entry = (struct entry){ .encoding = DW_EH_PE_absptr };
	if (head.common ||
	    !read_common(section, head.reference, entry, &augmented))
		return 0;
	entry->start = entry_address(section, &head.body, entry->encoding);
	size = entry_address(section, &head.body, entry->encoding & 0x0f);
	if (augmented)
		cursor_block(&head.body, cursor_uleb(&head.body));
	if (head.body.bad || size > UINT64_MAX - entry->start)
		return 0;
	entry->end = entry->start + size;
	entry->program = head.body;
	return 1;
}

static int compare(const void *a, const void *b)
{
	const struct extent_of_entry *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

struct extent_of_entry *entries_index(const struct section *section,
				      size_t *count)
{
	struct extent_of_entry *extents = NULL;
	size_t room = 0, offset = 0, next;
	struct entry entry;
	int found;

	*count = 0;
	for (; (found = entry_read(section, offset, &next, &entry)) >= 0;
	     offset = next) {
		if (!found || entry.start == entry.end)
			continue;
		if (*count == room) {
			struct extent_of_entry *more;

			room = room ? room * 2 : 256;
			more = reallocarray(extents, room, sizeof(*more));
			if (!more) {
				free(extents);
				*count = 0;
				return NULL;
			}
			extents = more;
		}
		extents[(*count)++] = (struct extent_of_entry){
			entry.start, entry.end, offset };
	}
	if (*count)
		qsort(extents, *count, sizeof(*extents), compare);
	return extents;
}
