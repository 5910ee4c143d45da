/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/text_frames.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "perfdata/text_chain.h"

/* Places that are told apart: ten times what large programs have.  A file that
   claims more gets no names for the rest.  */
#define FRAMES_MAX (1u << 20)
/* Where the numbers of those begin that can't have their address: above all
   that programs use.  */
#define KEY_FIRST (UINT64_C(1) << 56)

void text_frames_free(struct text_frames *frames)
{
	idmap_free(&frames->lines);
	idmap_free(&frames->keys);
	free(frames->key);
	memset(frames, 0, sizeof(*frames));
}

/* Returns whether there is room for one more.  */
static bool reserve(struct text_frames *frames)
{
	uint32_t room = frames->room ? frames->room * 2 : 1024;
	uint64_t *key;

	if (frames->count == FRAMES_MAX || idmap_reserve(&frames->lines, 1) ||
	    idmap_reserve(&frames->keys, 1))
		return false;
	if (frames->count < frames->room)
		return true;
	key = reallocarray(frames->key, room, sizeof(*key));
	if (!key)
		return false;
	frames->key = key;
	frames->room = room;
	return true;
}

/* A key for TOLD that no other line has.  */
static uint64_t free_key(struct text_frames *frames, const struct told *told)
{
	if (told->has_address && told->address < KEY_FIRST &&
	    idmap_find(&frames->keys, told->address) == IDMAP_NONE)
		return told->address;
	return KEY_FIRST + frames->next++;
}

uint64_t text_frames_key(struct text_frames *frames, const char *line,
			 const char *end, const struct sink *sink)
{
	uint64_t hash = text_hash(frames->seed, line, (size_t)(end - line));
	uint32_t index = idmap_find(&frames->lines, hash);
	struct told told;

	if (index != IDMAP_NONE)
		return frames->key[index];
	if (text_frame_line(line, end, &told) != TEXT_FRAME_USER)
		told.key = TEXT_FRAME_SKIPPED;
	else if (frames->count < FRAMES_MAX)
		told.key = free_key(frames, &told);
	else
		return told.has_address ? told.address : TEXT_FRAME_SKIPPED;
	if (!reserve(frames))
		return told.key;
	idmap_add(&frames->lines, hash, frames->count);
	frames->key[frames->count++] = told.key;
	if (told.key != TEXT_FRAME_SKIPPED) {
		idmap_add(&frames->keys, told.key, 0);
		if (sink->told)
			sink->told(sink->context, &told);
	}
	return told.key;
}
