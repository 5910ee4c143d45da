/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Calls every allocation function in every form, thousands of times, from
   several threads that pass blocks among each other, and knows the outcome:

     churn [--calls=N] [--threads=N] [--seed=N] [--before=N] [--fork] [--exec]
           [--functions=malloc,free,...]

   --calls      calls of each thread (20000)
   --threads    (4)
   --before     blocks allocated before watching begins, freed after (16)
   --fork       at the end a child frees and moves copies of the blocks, and
                exits with blocks of its own live
   --exec       at the end a child with blocks of its own calls exec
   --functions  only these are called (all)

   Prints "ready", waits for a byte on standard input, runs, prints the truth
   with the names of leaktop's JSON, and waits for another byte.  Between the
   two bytes nothing else allocates: no stdio, no new threads, no qsort.  The
   same options give the same truth every time: a thread works on its own part
   of the blocks, and the parts go round between the rounds.  */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	MALLOC, CALLOC, REALLOC, REALLOCARRAY, ALIGNED_ALLOC, MEMALIGN,
	POSIX_MEMALIGN, VALLOC, FREE, FUNCTIONS
};

static const char *const names[FUNCTIONS] = {
	"malloc", "calloc", "realloc", "reallocarray", "aligned_alloc",
	"memalign", "posix_memalign", "valloc", "free"
};

#define MAX_THREADS 16
#define PART 256                /* blocks of a thread in a round */
#define ROUNDS 32
#define MAX_SIZE 300000
#define SPAWNED 64              /* blocks that a child plays with */

struct block {
	void *address;
	uint32_t size;
	bool seen;              /* allocated since watching began */
	bool own;               /* by a child */
};

/* Children count, too: this is shared with them.  */
static struct truth {
	uint64_t operations[FUNCTIONS];
	uint64_t unallocated;
	uint32_t allocated[MAX_SIZE + 1];
	uint32_t freed[MAX_SIZE + 1];
	uint32_t dropped[MAX_SIZE + 1];         /* by exec */
} *truth;

static struct block blocks[MAX_THREADS][PART];
static bool enabled[FUNCTIONS];
static int enabled_list[FUNCTIONS];
static int enabled_count;
static int threads = 4;
static long calls = 20000;
static uint64_t seed = 1;
static pthread_barrier_t barrier;
static bool in_child;

/* Through volatile pointers, so that no call is optimized away.  */
static void *(*volatile do_malloc)(size_t) = malloc;
static void *(*volatile do_calloc)(size_t, size_t) = calloc;
static void *(*volatile do_realloc)(void *, size_t) = realloc;
static void *(*volatile do_reallocarray)(void *, size_t, size_t) = reallocarray;
static void *(*volatile do_aligned_alloc)(size_t, size_t) = aligned_alloc;
static void *(*volatile do_memalign)(size_t, size_t) = memalign;
static int (*volatile do_posix_memalign)(void **, size_t, size_t) =
	posix_memalign;
static void *(*volatile do_valloc)(size_t) = valloc;
static void (*volatile do_free)(void *) = free;

static void die(const char *message)
{
	ssize_t ignored = write(2, message, strlen(message));

	(void) ignored;
	_exit(1);
}

static void count(int function)
{
	__atomic_add_fetch(&truth->operations[function], 1, __ATOMIC_RELAXED);
}

static void count_size(uint32_t *table, uint32_t size)
{
	__atomic_add_fetch(&table[size], 1, __ATOMIC_RELAXED);
}

static uint64_t draw(uint64_t *state, uint64_t limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 11) % limit;
}

/* Mostly small, some large, a few that malloc takes from mmap.  */
static size_t draw_size(uint64_t *state)
{
	switch (draw(state, 64)) {
	case 0:
		return 0;
	case 1: case 2: case 3:
		return 3072;
	case 4: case 5:
		return 4096 + 512 * draw(state, 32);
	case 6:
		return 200000 + 1000 * draw(state, 64);
	default:
		return draw(state, 1500);
	}
}

static void acquired(struct block *block, void *address, size_t size)
{
	if (!address)
		die("churn: out of memory\n");
	*block = (struct block) { address, size, true, in_child };
	count_size(truth->allocated, size);
}

/* The block is gone.  INHERITED: it is the copy of a parent's.  */
static void released(struct block *block, bool inherited)
{
	if (!inherited) {
		if (block->seen)
			count_size(truth->freed, block->size);
		else
			__atomic_add_fetch(&truth->unallocated, 1,
					   __ATOMIC_RELAXED);
	}
	block->address = NULL;
}

static void expect_failure(const void *address)
{
	if (address)
		die("churn: an impossible allocation succeeded\n");
}

/* Two factors of a product that is SIZE.  */
static size_t factor(uint64_t *state, size_t *size)
{
	size_t n = 1 + draw(state, 8);

	if (draw(state, 2))
		n = *size / n + 1;
	*size = *size / n * n;
	return n;
}

static const size_t huge = SIZE_MAX / 2 + 4096;

/* One call of FUNCTION, which acquires, for an empty BLOCK.  */
static void allocate(int function, struct block *block, uint64_t *state)
{
	size_t size = draw_size(state);
	bool fails = !draw(state, 32);
	size_t alignment = (size_t) 16 << draw(state, 7);
	void *address = NULL;
	size_t n;

	count(function);
	switch (function) {
	case MALLOC:
		address = do_malloc(fails ? huge : size);
		break;
	case CALLOC:
		n = factor(state, &size);
		/* Half of the failures have a product that overflows, to a
		   small number.  */
		if (fails)
			address = draw(state, 2) ? do_calloc(huge, 1) :
				do_calloc(((size_t) 1 << 63) + 8, 2);
		else
			address = do_calloc(n, size / n);
		break;
	case REALLOC:
		address = do_realloc(NULL, fails ? huge : size);
		break;
	case REALLOCARRAY:
		n = factor(state, &size);
		if (fails)
			address = do_reallocarray(NULL, (size_t) 1 << 32,
						  (size_t) 1 << 32);
		else
			address = do_reallocarray(NULL, n, size / n);
		break;
	case ALIGNED_ALLOC:
		size = (size + alignment - 1) / alignment * alignment;
		address = do_aligned_alloc(alignment, fails ? huge : size);
		break;
	case MEMALIGN:
		address = do_memalign(alignment, fails ? huge : size);
		break;
	case VALLOC:
		address = do_valloc(fails ? huge : size);
		break;
	case POSIX_MEMALIGN:
		if (fails) {
			int error = draw(state, 2) ?
				do_posix_memalign(&address, 3, size) :
				do_posix_memalign(&address, alignment, huge);
			if (!error)
				die("churn: posix_memalign succeeded\n");
			address = NULL;
		} else if (do_posix_memalign(&address, alignment, size)) {
			address = NULL;
		}
		break;
	}
	if (fails) {
		expect_failure(address);
		return;
	}
	acquired(block, address, size);
}

/* One call of realloc or reallocarray for a BLOCK that is there.  */
static void reallocate(int function, struct block *block, uint64_t *state,
		       bool inherited)
{
	size_t size = draw_size(state);
	void *address;
	size_t n = 1;

	count(function);
	switch (draw(state, 16)) {
	case 0:
		size = huge;
		break;
	case 1:
		size = 0;
		break;
	case 2: case 3:
		size = block->size;
		break;
	case 4: case 5:
		if (size < MAX_SIZE / 2)
			size = block->size + draw(state, 64);
		if (size > MAX_SIZE)
			size = MAX_SIZE;
		break;
	}
	if (function == REALLOC) {
		address = do_realloc(block->address, size);
	} else if (size == huge) {
		/* Half of these products overflow to zero.  */
		address = draw(state, 2) ?
			do_reallocarray(block->address, huge, 1) :
			do_reallocarray(block->address, (size_t) 1 << 63, 2);
	} else {
		n = factor(state, &size);
		address = do_reallocarray(block->address, n, size / n);
	}
	if (size == huge) {
		expect_failure(address);
	} else if (!size) {
		/* glibc frees the block.  */
		expect_failure(address);
		released(block, inherited);
	} else {
		released(block, inherited);
		acquired(block, address, size);
	}
}

static void release(struct block *block, bool inherited)
{
	count(FREE);
	do_free(block->address);
	released(block, inherited);
}

static void one_call(struct block *block, uint64_t *state)
{
	int function = enabled_list[draw(state, enabled_count)];

	if (!block->address) {
		if (function == FREE) {
			if (!draw(state, 8)) {
				count(FREE);
				do_free(NULL);
			}
			return;
		}
		allocate(function, block, state);
	} else if ((function == REALLOC || function == REALLOCARRAY) &&
		   draw(state, 4)) {
		reallocate(function, block, state, false);
	} else if (enabled[FREE]) {
		release(block, false);
	}
}

static void *work(void *argument)
{
	int number = (int) (intptr_t) argument;
	uint64_t state = seed * 0x9e3779b97f4a7c15 + number + 1;

	pthread_barrier_wait(&barrier);
	for (int round = 0; round < ROUNDS; round++) {
		struct block *part = blocks[(number + round) % threads];

		for (long i = 0; i < calls / ROUNDS; i++)
			one_call(&part[draw(&state, PART)], &state);
		pthread_barrier_wait(&barrier);
	}
	/* Ending would free the thread's own memory: stay.  */
	for (;;)
		pause();
	return NULL;
}

/* Frees and moves copies of the parent's blocks, makes some of its own.  */
static void child(bool executes, char *self)
{
	struct block own[SPAWNED] = { { 0 } };
	uint64_t state = seed + 77;
	int acquirer = enabled[MALLOC] ? MALLOC : -1;

	in_child = true;
	for (int i = 0; i < SPAWNED; i++) {
		struct block *copy = &blocks[0][i];

		if (copy->address && i % 3 == 0 && enabled[REALLOC])
			reallocate(REALLOC, copy, &state, copy->seen);
		else if (copy->address && i % 3 == 1 && enabled[FREE])
			release(copy, copy->seen);
		if (acquirer >= 0)
			allocate(acquirer, &own[i], &state);
		if (own[i].address && i % 4 == 0 && enabled[FREE])
			release(&own[i], false);
	}
	if (executes) {
		char option[] = "--nothing";
		char *const arguments[] = { self, option, NULL };

		for (int i = 0; i < SPAWNED; i++) {
			if (own[i].address)
				count_size(truth->dropped, own[i].size);
			/* What was reallocated is a block of its own.  */
			if (blocks[0][i].address && blocks[0][i].own)
				count_size(truth->dropped, blocks[0][i].size);
		}
		execv("/proc/self/exe", arguments);
		_exit(1);
	}
	_exit(0);
}

static void spawn(bool executes, char *self)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		child(executes, self);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		die("churn: child failed\n");
}

static char output[4 << 20];
static size_t output_length;

static void put(const char *text)
{
	size_t length = strlen(text);

	if (output_length + length > sizeof output)
		die("churn: too much output\n");
	memcpy(output + output_length, text, length);
	output_length += length;
}

static void put_number(const char *before, uint64_t number)
{
	char digits[24];
	char *p = digits + sizeof digits - 1;

	*p = '\0';
	do
		*--p = '0' + number % 10;
	while (number /= 10);
	put(before);
	put(p);
}

static uint32_t live(uint32_t size)
{
	return truth->allocated[size] - truth->freed[size] -
		truth->dropped[size];
}

/* Whether A comes before B: more bytes, then the smaller size.  */
static bool before(uint32_t a, uint32_t b)
{
	uint64_t bytes_a = (uint64_t) a * live(a);
	uint64_t bytes_b = (uint64_t) b * live(b);

	return bytes_a != bytes_b ? bytes_a > bytes_b : a < b;
}

static uint32_t order[MAX_SIZE + 1];

static void put_truth(void)
{
	uint64_t all = 0;
	uint64_t bytes = 0;
	uint32_t sizes = 0;

	for (uint32_t size = 0; size <= MAX_SIZE; size++) {
		if (!live(size))
			continue;
		all += live(size);
		bytes += (uint64_t) size * live(size);
		order[sizes++] = size;
	}
	/* Shell's sort: qsort may allocate.  */
	for (uint32_t gap = sizes / 2; gap; gap /= 2) {
		for (uint32_t i = gap; i < sizes; i++) {
			uint32_t size = order[i];
			uint32_t j = i;

			for (; j >= gap && before(size, order[j - gap]); j -= gap)
				order[j] = order[j - gap];
			order[j] = size;
		}
	}

	put("{\"lost\": 0,\n \"unpaired\": 0,\n \"operations\": {");
	for (int i = 0, any = 0; i < FUNCTIONS; i++) {
		if (!truth->operations[i])
			continue;
		put(any++ ? ", \"" : "\"");
		put(names[i]);
		put_number("\": ", truth->operations[i]);
	}
	put_number("},\n \"live\": {\"blocks\": ", all);
	put_number(", \"bytes\": ", bytes);
	put_number("},\n \"anomalies\": {\"unallocated_free\": ",
		   truth->unallocated);
	put(", \"double_free\": 0, \"double_alloc\": 0},\n \"sizes\": [");
	for (uint32_t i = 0; i < sizes; i++) {
		uint32_t size = order[i];

		put_number(i ? ",\n  {\"size\": " : "{\"size\": ", size);
		put_number(", \"blocks\": ", live(size));
		put_number(", \"bytes\": ", (uint64_t) size * live(size));
		put_number(", \"allocated\": ", truth->allocated[size]);
		put_number(", \"freed\": ", truth->freed[size]);
		put("}");
	}
	put("]}\n");
}

static void put_out(void)
{
	for (size_t done = 0; done < output_length; ) {
		ssize_t n = write(1, output + done, output_length - done);

		if (n < 0 && errno != EINTR)
			_exit(1);
		done += n > 0 ? n : 0;
	}
	output_length = 0;
}

static void wait_for_byte(void)
{
	char byte;

	while (read(0, &byte, 1) < 0 && errno == EINTR)
		;
}

static void enable(char *list)
{
	memset(enabled, 0, sizeof enabled);
	for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
		int i = 0;

		while (i < FUNCTIONS && strcmp(names[i], name))
			i++;
		if (i == FUNCTIONS)
			die("churn: unknown function\n");
		enabled[i] = true;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "calls", required_argument, NULL, 'c' },
		{ "threads", required_argument, NULL, 't' },
		{ "seed", required_argument, NULL, 's' },
		{ "before", required_argument, NULL, 'b' },
		{ "functions", required_argument, NULL, 'f' },
		{ "fork", no_argument, NULL, 'F' },
		{ "exec", no_argument, NULL, 'E' },
		{ "nothing", no_argument, NULL, 'n' },
		{ 0 }
	};
	bool forks = false;
	bool executes = false;
	int earlier = 16;
	int option;

	memset(enabled, true, sizeof enabled);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			calls = atol(optarg);
			break;
		case 't':
			threads = atoi(optarg);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'b':
			earlier = atoi(optarg);
			break;
		case 'f':
			enable(optarg);
			break;
		case 'F':
			forks = true;
			break;
		case 'E':
			executes = true;
			break;
		case 'n':
			/* What the exec runs: allocates nothing.  */
			_exit(0);
		default:
			die("churn: see the comment in churn.c\n");
		}
	}
	if (threads < 1 || threads > MAX_THREADS || earlier > PART)
		die("churn: out of range\n");
	for (int i = 0; i < FUNCTIONS; i++) {
		if (enabled[i])
			enabled_list[enabled_count++] = i;
	}
	truth = mmap(NULL, sizeof *truth, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (truth == MAP_FAILED)
		die("churn: mmap\n");
	for (int i = 0; i < earlier; i++)
		blocks[i % threads][i / threads] =
			(struct block) { do_malloc(100 + i), 100 + i, false, false };

	/* One function under two names: the watcher sees the first one.  */
	bool same = dlsym(RTLD_DEFAULT, "memalign") ==
		dlsym(RTLD_DEFAULT, "aligned_alloc");

	pthread_barrier_init(&barrier, NULL, threads + 1);
	for (intptr_t i = 0; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, work, (void *) i))
			die("churn: pthread_create\n");
	}
	put("ready\n");
	put_out();
	wait_for_byte();

	pthread_barrier_wait(&barrier);
	for (int round = 0; round < ROUNDS; round++)
		pthread_barrier_wait(&barrier);
	if (forks)
		spawn(false, argv[0]);
	if (executes)
		spawn(true, argv[0]);
	if (same) {
		truth->operations[ALIGNED_ALLOC] += truth->operations[MEMALIGN];
		truth->operations[MEMALIGN] = 0;
	}
	put_truth();
	put_out();
	wait_for_byte();
	_exit(0);
}
