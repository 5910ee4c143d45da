/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/linkmap.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/target.h"

/* Longer lists than these are not believed: the process can write what it
   likes there, and loops.  */
#define OBJECTS_MAX 4096
#define HEADERS_MAX 128
#define DYNAMIC_MAX 512

/* The auxiliary vector's values that are asked for.  */
struct start {
	uint64_t headers, count, entry;
};

static bool get(int memory, uint64_t address, void *data, size_t size)
{
	return pread(memory, data, size, address) == (ssize_t)size;
}

/* False for a thread whose memory is gone.  */
static bool read_auxv(pid_t pid, pid_t tid, struct start *start)
{
	ElfW(auxv_t) pair[64];
	char path[64];
	ssize_t n;
	int fd;

	memset(start, 0, sizeof *start);
	snprintf(path, sizeof path, "/proc/%d/task/%d/auxv", (int)pid,
		 (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, pair, sizeof pair);
	close(fd);
	for (ssize_t i = 0; i < n / (ssize_t)sizeof *pair; i++) {
		if (pair[i].a_type == AT_PHDR)
			start->headers = pair[i].a_un.a_val;
		else if (pair[i].a_type == AT_PHNUM)
			start->count = pair[i].a_un.a_val;
		else if (pair[i].a_type == AT_ENTRY)
			start->entry = pair[i].a_un.a_val;
	}
	return n > 0;
}

/* Finds where the executable's dynamic section is.  0: nowhere.  */
static uint64_t find_dynamic(int memory, const struct start *start)
{
	uint64_t bias = 0, dynamic = 0;
	ElfW(Phdr) header;

	for (uint64_t i = 0; i < start->count && i < HEADERS_MAX; i++) {
		if (!get(memory, start->headers + i * sizeof header, &header,
			 sizeof header))
			return 0;
		if (header.p_type == PT_PHDR)
			bias = start->headers - header.p_vaddr;
		else if (header.p_type == PT_DYNAMIC)
			dynamic = header.p_vaddr;
	}
	return dynamic ? dynamic + bias : 0;
}

/* Where the loader left its list.  */
static uint64_t find_list(int memory, uint64_t dynamic)
{
	struct r_debug debug;
	ElfW(Dyn) entry;

	for (int i = 0; i < DYNAMIC_MAX; i++) {
		if (!get(memory, dynamic + i * sizeof entry, &entry,
			 sizeof entry) || entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_DEBUG)
			return entry.d_un.d_ptr &&
				get(memory, entry.d_un.d_ptr, &debug,
				    sizeof debug) ?
				(uintptr_t)debug.r_map : 0;
	}
	return 0;
}

static void read_list(struct linkmap *map, int memory, uint64_t at)
{
	struct link_map link;
	size_t room = 0;

	while (at && map->count < OBJECTS_MAX &&
	       get(memory, at, &link, sizeof link)) {
		if (map->count == room) {
			size_t more = room ? 2 * room : 64;
			uint64_t *dynamic = realloc(map->dynamic,
						    more * sizeof *dynamic);

			if (!dynamic)
				return;
			map->dynamic = dynamic;
			room = more;
		}
		map->dynamic[map->count++] = (uintptr_t)link.l_ld;
		at = (uintptr_t)link.l_next;
	}
}

void linkmap_read(struct linkmap *map, pid_t pid)
{
	struct start start = { 0 };
	bool found = false;
	char path[64];
	pid_t *tids;
	long count = target_threads(pid, &tids);
	int memory;

	memset(map, 0, sizeof *map);
	for (long i = 0; i < count && !found; i++) {
		found = read_auxv(pid, tids[i], &start);
		snprintf(path, sizeof path, "/proc/%d/task/%d/mem", (int)pid,
			 (int)tids[i]);
	}
	if (count >= 0)
		free(tids);
	if (!found)
		return;
	map->entry = start.entry;
	memory = open(path, O_RDONLY | O_CLOEXEC);
	if (memory < 0)
		return;
	start.headers = find_dynamic(memory, &start);
	if (start.headers)
		read_list(map, memory, find_list(memory, start.headers));
	close(memory);
}

void linkmap_free(struct linkmap *map)
{
	free(map->dynamic);
}
