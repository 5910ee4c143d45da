/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Prints the chains that leaktop unwinds from a recording's stack dumps, one
   line for each sample, in the order of time:

     unwound FILE

     PID/TID SECONDS ADDRESS:OFFSET...

   innermost first; OFFSET is that in the file, or ADDRESS where there is none.
   Of return addresses it is that of the byte before, as in perf script.  */

#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap/heap.h"
#include "perfdata/perfdata.h"
#include "symbols/unwind.h"

#define FRAMES_MAX 127

static struct heap *heap;
static struct symbols *symbols;
static struct unwinder *unwinder;

/* What waits for its turn, which heap/ finds.  */
struct note {
	bool is_dump;
	struct mapping mapping;
	struct dump dump;
	uint64_t data[];
};

static struct note *note_new(size_t size)
{
	struct note *note = calloc(1, sizeof(*note) + size);

	if (!note)
		abort();
	return note;
}

static void hand_in(struct note *note, uint64_t time, uint32_t pid,
		    uint32_t tid)
{
	const struct hit hit = {
		.time = time, .pid = pid, .tid = tid, .kind = HIT_NOTE,
		.argument = { (uintptr_t)note },
	};

	if (heap_hit(heap, &hit, 0, NULL, 0))
		abort();
}

static void on_dump(void *context, const struct hit *hit,
		    const struct dump *dump)
{
	size_t registers = 8 * (size_t)__builtin_popcountll(dump->mask);
	struct note *note = note_new(registers + dump->size);

	(void)context;
	note->is_dump = true;
	note->dump = *dump;
	memcpy(note->data, dump->registers, registers);
	memcpy((char *)note->data + registers, dump->stack, dump->size);
	note->dump.registers = note->data;
	note->dump.stack = (const uint8_t *)note->data + registers;
	hand_in(note, hit->time, hit->pid, hit->tid);
}

static void on_mapping(void *context, const struct mapping *mapping)
{
	struct note *note = note_new(strlen(mapping->path) + 1);

	(void)context;
	note->mapping = *mapping;
	note->mapping.path = strcpy((char *)note->data, mapping->path);
	hand_in(note, mapping->time, mapping->pid, mapping->pid);
}

static void on_hit(void *context, struct hit *hit, const uint64_t *chain,
		   size_t size)
{
	(void)context;
	(void)chain;
	(void)size;
	if (hit->kind == HIT_FORK || hit->kind == HIT_EXEC)
		heap_hit(heap, hit, 0, NULL, 0);
}

static void on_round(void *context)
{
	(void)context;
	heap_round(heap);
}

static void print(const struct hit *hit, const struct dump *dump)
{
	uint32_t space = symbols_space(symbols, hit->pid);
	uint64_t addresses[FRAMES_MAX];
	uint32_t count = unwind(unwinder, space, dump, addresses, FRAMES_MAX);

	printf("%u/%u %" PRIu64 ".%09" PRIu64, hit->pid, hit->tid,
	       hit->time / 1000000000, hit->time % 1000000000);
	for (uint32_t i = 0; i < count; i++)
		printf(" %" PRIx64 ":%" PRIx64, addresses[i],
		       symbols_place(symbols, space,
				     addresses[i] - (i != 0)).offset);
	putchar('\n');
}

static void on_event(void *context, const struct hit *hit)
{
	struct note *note = (struct note *)(uintptr_t)hit->argument[0];

	(void)context;
	if (hit->kind == HIT_FORK) {
		symbols_fork(symbols, (uint32_t)hit->argument[0], hit->pid);
		return;
	}
	if (hit->kind == HIT_EXEC) {
		symbols_exec(symbols, hit->pid);
		return;
	}
	if (note->is_dump)
		print(hit, &note->dump);
	else
		symbols_map(symbols, &note->mapping);
	free(note);
}

int main(int argc, char **argv)
{
	struct sink sink = sink_ignoring(NULL);
	const struct heap_host host = { .event = on_event };
	const struct heap_options options = { .log = false };
	struct perfdata *perfdata;
	struct error error = { "" };
	int status = 0;

	if (argc != 2) {
		fprintf(stderr, "Usage: unwound FILE\n");
		return 2;
	}
	sink.hit = on_hit;
	sink.dump = on_dump;
	sink.mapping = on_mapping;
	sink.round = on_round;
	heap = heap_new(&options);
	symbols = symbols_new();
	unwinder = unwinder_new(symbols, false);
	if (!heap || !unwinder)
		abort();
	heap_set_host(heap, &host);
	perfdata = perfdata_open(argv[1], &error);
	if (!perfdata || perfdata_read(perfdata, &sink, NULL, NULL, &error)) {
		fprintf(stderr, "unwound: %s\n", error.text);
		status = 1;
	}
	heap_finish(heap);
	perfdata_close(perfdata);
	unwinder_free(unwinder);
	symbols_free(symbols);
	heap_free(heap);
	return status;
}
