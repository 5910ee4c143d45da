/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* malloc and free as fast as they go, to load whoever watches:

     storm [--pairs=N] [--threads=N] [--sizes=N,...] [--slots=N] [--depth=N]
           [--leak=N] [--wait]

   --pairs    calls of malloc, and of free, over all threads (1000000)
   --threads  (2)
   --sizes    sizes in turn (16,48,64,256,1024,3072)
   --slots    blocks that each thread keeps live (64)
   --depth    frames between the loop and malloc (6)
   --leak     leave one block in N of each thread live (0: none)
   --wait     print "ready" and wait for a byte on standard input before the
              start, and for another one before the end

   Every run does the same.  A block is freed when its slot's turn comes again;
   at the end all are.  Needs frame pointers for its call chains.  */

#include <getopt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_SIZES 1000
#define MAX_THREADS 64

static long pairs = 1000000;
static int threads = 2;
static size_t sizes[MAX_SIZES] = { 16, 48, 64, 256, 1024, 3072 };
static int size_count = 6;
static long slots = 64;
static int depth = 6;
static long leak;
static pthread_barrier_t barrier;

/* Through volatile pointers, so that no pair is optimized away.  */
static void *(*volatile do_malloc)(size_t) = malloc;
static void (*volatile do_free)(void *) = free;

/* The way down depends on the size, so that each size has a chain of its own.
   The asm keeps the calls from becoming jumps, which leave no frame.  */
static void *left(int levels, size_t size);
static void *right(int levels, size_t size);

static void *descend(int levels, size_t size)
{
	if (levels <= 1)
		return do_malloc(size);
	return size >> (levels + 2) & 1 ? left(levels - 1, size)
		: right(levels - 1, size);
}

static __attribute__((noinline)) void *left(int levels, size_t size)
{
	void *block = descend(levels, size);

	__asm__ volatile ("" : "+r" (block) : : "memory");
	return block;
}

static __attribute__((noinline)) void *right(int levels, size_t size)
{
	void *block = descend(levels, size);

	__asm__ volatile ("" : "+r" (block) : : "memory");
	return block;
}

static void *work(void *argument)
{
	int number = (int) (intptr_t) argument;
	long count = pairs / threads + (number < pairs % threads);
	void **kept = calloc(slots, sizeof *kept);

	if (!kept)
		exit(1);
	pthread_barrier_wait(&barrier);
	for (long i = 0; i < count; i++) {
		void **slot = &kept[i % slots];

		if (*slot)
			do_free(*slot);
		*slot = descend(depth, sizes[i % size_count]);
		if (!*slot)
			exit(1);
		memset(*slot, 1, 1);
		if (leak && i % leak == leak - 1)
			*slot = NULL;
	}
	for (long i = 0; i < slots; i++) {
		if (kept[i])
			do_free(kept[i]);
	}
	pthread_barrier_wait(&barrier);
	/* KEPT stays: its free would be one too many for who counts.  */
	for (;;)
		pause();
	return NULL;
}

static void parse_sizes(const char *text)
{
	size_count = 0;
	do {
		char *end;

		if (size_count == MAX_SIZES)
			exit(2);
		sizes[size_count] = strtoul(text, &end, 0);
		if (end == text || !sizes[size_count] || (*end && *end != ','))
			exit(2);
		size_count++;
		text = *end ? end + 1 : NULL;
	} while (text);
}

static void wait_for_byte(void)
{
	char byte;
	ssize_t ignored = read(0, &byte, 1);

	(void) ignored;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pairs", required_argument, NULL, 'p' },
		{ "threads", required_argument, NULL, 't' },
		{ "sizes", required_argument, NULL, 's' },
		{ "slots", required_argument, NULL, 'l' },
		{ "depth", required_argument, NULL, 'd' },
		{ "leak", required_argument, NULL, 'k' },
		{ "wait", no_argument, NULL, 'w' },
		{ 0 }
	};
	bool waits = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			pairs = atol(optarg);
			break;
		case 't':
			threads = atoi(optarg);
			break;
		case 's':
			parse_sizes(optarg);
			break;
		case 'l':
			slots = atol(optarg);
			break;
		case 'd':
			depth = atoi(optarg);
			break;
		case 'k':
			leak = atol(optarg);
			break;
		case 'w':
			waits = true;
			break;
		default:
			return 2;
		}
	}
	if (threads < 1 || threads > MAX_THREADS || slots < 1 || pairs < 0)
		return 2;
	pthread_barrier_init(&barrier, NULL, threads + 1);
	for (intptr_t i = 0; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, work, (void *) i))
			return 1;
	}
	if (waits) {
		ssize_t ignored = write(1, "ready\n", 6);

		(void) ignored;
		wait_for_byte();
	}
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	if (waits) {
		ssize_t ignored = write(1, "done\n", 5);

		(void) ignored;
		wait_for_byte();
	}
	_exit(0);
}
