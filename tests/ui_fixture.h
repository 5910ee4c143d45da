/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * What the screen is shown in tests: a heap with fixed numbers and names.
 * The names come from here instead of the room symbols/, so a program that
 * includes this file must not ask for anything that is not here.
 */
#ifndef LEAKTOP_TESTS_UI_FIXTURE_H
#define LEAKTOP_TESTS_UI_FIXTURE_H

#include "heap/snapshot.h"
#include "present/picture.h"
#include "symbols/symbols.h"

#include <stdlib.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

/* A function begins at every multiple of 0x1000.  */
struct fake_function {
	const char *symbol;
	const char *object;
	const char *file;
	int line;
	bool allocator;
};

static const struct fake_function fake_functions[] = {
	[0x01] = {"xmalloc", "/usr/bin/demo", "demo.c", 104, true},
	[0x02] = {"query_font_info", "/usr/bin/demo", "demo.c", 151, false},
	[0x03] = {"load_query_font", "/usr/bin/demo", "demo.c", 118, false},
	[0x04] = {"x_term_init", "/usr/bin/demo", "src/demo.c", 160, false},
	[0x05] = {"create_frame", "/usr/bin/demo", "src/demo.c", 170, false},
	[0x06] = {"main", "/usr/bin/demo", "src/demo.c", 411, false},
	[0x07] = {"cache_put", "/usr/bin/demo", NULL, 0, false},
	[0x08] = {"log_append", "/usr/bin/demo", NULL, 0, false},
	[0x09] = {"größe::名前<std::vector<wide_and_long_names_are_cut_by_cells>>",
		  "/usr/lib/libñandú.so.1", NULL, 0, false},
	[0x0a] = {NULL, "/usr/lib/libstripped.so.2", NULL, 0, false},
	[0x0b] = {NULL, NULL, NULL, 0, false},
};

#define FAKE_FUNCTIONS (sizeof(fake_functions) / sizeof(fake_functions[0]))

struct symbols {
	int lines_asked; /* how often source lines were wanted */
	bool wait; /* names are not known yet */
	unsigned generation;
	unsigned lacking[LACKING_KINDS];
};

unsigned symbols_generation(const struct symbols *symbols)
{
	return symbols->generation;
}

unsigned symbols_lacking(const struct symbols *symbols, enum lacking why, const char **path)
{
	*path = "/usr/bin/demo";
	return symbols->lacking[why];
}

bool symbols_frame(struct symbols *symbols, uint32_t space, uint64_t address, unsigned flags,
		   struct frame *frame)
{
	uint64_t number = address >> 12;
	const struct fake_function *function;

	(void)space;
	*frame = (struct frame){0};
	if (flags & FRAME_LINE)
		symbols->lines_asked++;
	if (number >= FAKE_FUNCTIONS)
		return false;
	function = &fake_functions[number];
	frame->object = function->object;
	frame->object_offset = address;
	if (symbols->wait)
		return frame->object;
	frame->symbol = function->symbol;
	frame->offset = address & 0xfff;
	frame->allocator = function->allocator;
	if (flags & FRAME_LINE) {
		frame->file = function->file;
		frame->line = function->line;
	}
	return frame->symbol || frame->object;
}

/* Two functions are inlined in x_term_init.  */
unsigned symbols_frames(struct symbols *symbols, uint32_t space, uint64_t address,
			unsigned flags, struct frame *frames, unsigned size)
{
	struct frame *outer = &frames[0];

	if (address >> 12 == 4 && flags & FRAME_LINE && size >= 3 && !symbols->wait) {
		outer = &frames[2];
		frames[0] = (struct frame){
			.symbol = "new_terminal", .object = "/usr/bin/demo",
			.file = "src/term.h", .line = 12, .inlined = true,
		};
		frames[1] = frames[0];
		frames[1].symbol = "x_display_init";
		frames[1].line = 57;
	}
	symbols_frame(symbols, space, address, flags, outer);
	return (unsigned)(outer - frames) + 1;
}

uint32_t symbols_call_site(struct symbols *symbols, uint32_t space, const uint64_t *addresses,
			   uint32_t count)
{
	struct frame frame;

	for (uint32_t i = 0; i < count; i++) {
		symbols_frame(symbols, space, addresses[i], FRAME_RETURN, &frame);
		if (!frame.allocator)
			return i;
	}
	return count - 1;
}

struct place symbols_place(struct symbols *symbols, uint32_t space, uint64_t address)
{
	struct frame frame;

	return (struct place){
		.object = symbols_frame(symbols, space, address, 0, &frame),
		.offset = address,
	};
}

/* One after the other.  */
static const uint64_t leak_chain[] = {0x1009, 0x2016, 0x4021, 0x5044, 0x62c0};
static const uint64_t freed_chain[] = {0x1009, 0x3014, 0x4011, 0x5044, 0x62c0};
static const uint64_t cache_chain[] = {0x1009, 0x7030, 0x62d0};
static const uint64_t log_chain[] = {0x8040, 0x62e0};
static const uint64_t wide_chain[] = {0x9123, 0xa456, 0xb789, 0x1234567, 0x62f0};

#define FAKE_CHAIN(chains, array) \
	chains_intern((chains), 1, (array), sizeof(array) / sizeof((array)[0]))

static inline void fake_log(struct log *log, uint64_t time, uint64_t address, uint64_t size,
			    uint32_t live, uint32_t tid, uint32_t chain, bool enter)
{
	const struct log_entry entry = {
		.time = time, .address = address, .size = size, .live = live, .tid = tid,
		.chain = chain, .enter = enter,
	};

	if (log_add(log, &entry) < 0)
		abort();
}

/* The story: with every frame 3072 bytes that are freed, and 3072 that are
   not; and 100 bytes each second that a second thread frees.  */
static inline struct log_view *fake_story(struct log *log, struct chains *chains, unsigned frames)
{
	uint32_t leak = FAKE_CHAIN(chains, leak_chain);
	uint32_t freed = FAKE_CHAIN(chains, freed_chain);
	uint32_t wide = FAKE_CHAIN(chains, wide_chain);

	for (unsigned i = 0; i < frames; i++) {
		uint64_t time = 100 * SECOND + (2 * i + 1) * SECOND / 2;
		uint64_t address = 0x55d0c8a00000 + i * 0xc10;

		fake_log(log, time, address, 3072, i + 1, 31381, freed, true);
		fake_log(log, time + 12345, address, 3072, i, 31381, 0, false);
		fake_log(log, time + 20000, address, 3072, i + 1, 31381, leak, true);
		fake_log(log, time + 30000, 0x7f0010, 100, 1, 31381, wide, true);
		fake_log(log, time + SECOND / 4, 0x7f0010, 100, 0, 31382, 0, false);
	}
	return log_view_new(log);
}

static inline void fake_group(struct snapshot *heap, uint64_t size, uint32_t chain, uint32_t live,
			      uint64_t freed, unsigned from, unsigned to)
{
	struct group *group = &heap->groups[heap->group_count++];

	*group = (struct group){
		.size = size, .chain = chain, .live = live, .allocated = live + freed,
		.freed = freed,
		.first = heap->start + from * heap->slice,
		.last = heap->start + (to + 1) * heap->slice - 1,
		.oldest = live ? heap->start + from * heap->slice : 0,
	};
	for (unsigned i = 0; live && i < live; i++)
		group->born[from + i * (to - from + 1) / live]++;
	for (unsigned i = 0; i < heap->slices; i++)
		group->live_at[i] = group->born[i] + (i ? group->live_at[i - 1] : 0);
	heap->live_blocks += live;
	heap->live_bytes += live * size;
	heap->allocated += live + freed;
	heap->freed += freed;
}

/* After FRAMES frames of one second each; at least 2.  */
static inline struct snapshot *fake_heap(unsigned frames)
{
	struct snapshot *heap = calloc(1, sizeof(*heap));
	struct chains *chains = chains_new();
	struct log *log = log_new(0, NULL);

	atomic_init(&heap->references, 1);
	heap->chains = chains;
	heap->start = 100 * SECOND;
	heap->end = heap->start + frames * SECOND;
	heap->slices = 20;
	heap->slice = (heap->end - heap->start) / heap->slices;
	heap->hits = 12 * frames;
	heap->anomalies[ANOMALY_UNALLOCATED_FREE] = 3;
	heap->groups = calloc(16, sizeof(*heap->groups));
	fake_group(heap, 3072, FAKE_CHAIN(chains, leak_chain), frames, 0, 0, 19);
	fake_group(heap, 3072, FAKE_CHAIN(chains, freed_chain), 0, frames, 0, 19);
	fake_group(heap, 100, FAKE_CHAIN(chains, wide_chain), 7, 1234567, 4, 19);
	fake_group(heap, 320, FAKE_CHAIN(chains, cache_chain), 256, 54321, 18, 19);
	/* It turns over: what is the oldest now has just become so. */
	heap->groups[3].elder_born = heap->groups[3].oldest - 1;
	heap->groups[3].elder_gone = heap->end;
	fake_group(heap, 65536, FAKE_CHAIN(chains, log_chain), 1, 6, 3, 3);
	fake_group(heap, 48, 0, 2, 0, 0, 0);
	for (unsigned i = 0; i < heap->slices; i++)
		heap->live_bytes_at[i] = heap->live_bytes * (i + 1) / heap->slices;
	heap->log = fake_story(log, chains, frames);
	heap->chain_limit = chains_limit(chains);
	log_free(log);
	return heap;
}

/* A feed of one picture, which a test replaces.  */
struct fake_feed {
	struct feed feed;
	struct source source;
	struct symbols symbols;
	struct picture *picture;
};

static inline struct picture *fake_newest(void *context)
{
	return picture_ref(((struct fake_feed *)context)->picture);
}

static inline void fake_show(struct fake_feed *fake, struct snapshot *heap,
			     enum source_state state)
{
	struct picture *picture = picture_new(heap);

	picture_unref(fake->picture);
	fake->picture = picture;
	picture->state = state;
	strcpy(picture->command, "demo");
	picture->done = 0.42;
	picture->allocation_rate = 1234;
	picture->free_rate = 1230;
	if (fake->source.kind != SOURCE_LIVE)
		return;
	picture->rss_count = 80;
	for (unsigned i = 0; i < picture->rss_count; i++)
		picture->rss[i] = (12000 + i * 37) * UINT64_C(1024);
}

static inline void fake_start(struct fake_feed *fake, enum source_kind kind)
{
	*fake = (struct fake_feed){0};
	fake->source.kind = kind;
	fake->source.pid = 31381;
	if (kind == SOURCE_FILE)
		strcpy(fake->source.path, "/home/user/recordings/demo.perf.data");
	fake->feed = (struct feed){
		.context = fake, .picture = fake_newest, .fd = -1, .source = &fake->source,
		.symbols = &fake->symbols,
	};
	fake_show(fake, fake_heap(10),
		  kind == SOURCE_LIVE ? STATE_WATCHING : STATE_COMPLETE);
}

static inline void fake_end(struct fake_feed *fake)
{
	picture_unref(fake->picture);
}

#endif
