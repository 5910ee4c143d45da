/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Calls allocation functions an exact number of times when told so. Reads
 * commands from stdin, one a line, and answers each on stdout with a line.
 * Nothing here but the calls asked for allocates in the first thread.
 */
#define _GNU_SOURCE 1

#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 4242
#define CROWD_MAX 1200
/* Of these, that come while others attach. */
#define GROWN_MAX 200
#define POINTERS_MAX 20000

/* Keeps the compiler from leaving calls out. */
static void *volatile block;

static void round_of_calls(void)
{
	void *p = NULL;

	block = malloc(SIZE);
	block = realloc(block, 2 * SIZE);
	free(block);
	block = calloc(3, SIZE);
	free(block);
	block = malloc(SIZE);
	block = reallocarray(block, 3, SIZE);
	free(block);
	block = aligned_alloc(64, 64 * 64);
	free(block);
	block = memalign(64, SIZE);
	free(block);
	if (!posix_memalign(&p, 64, SIZE))
		free(p);
	block = valloc(SIZE);
	free(block);
	block = NULL;
	free(block);
}

static void pairs(int count)
{
	for (int i = 0; i < count; i++) {
		void *volatile mine = malloc(SIZE);

		free(mine);
	}
}

/* Threads that wait, then call, and have one child each that calls too. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static bool go, growing;
static int calls;
static int crowd_size;
static pthread_t crowd[CROWD_MAX], grower;

static void *child(void *unused)
{
	(void)unused;
	pairs(calls);
	return NULL;
}

static void *waiter(void *unused)
{
	pthread_t mine;

	(void)unused;
	pthread_mutex_lock(&lock);
	while (!go)
		pthread_cond_wait(&wake, &lock);
	pthread_mutex_unlock(&lock);
	if (!pthread_create(&mine, NULL, child, NULL))
		pthread_join(mine, NULL);
	pairs(calls);
	return NULL;
}

static bool is_growing(void)
{
	bool result;

	pthread_mutex_lock(&lock);
	result = growing;
	pthread_mutex_unlock(&lock);
	return result;
}

static void add_waiter(void)
{
	if (crowd_size < CROWD_MAX &&
	    !pthread_create(&crowd[crowd_size], NULL, waiter, NULL))
		crowd_size++;
}

static void *grow(void *unused)
{
	(void)unused;
	while (is_growing()) {
		if (crowd_size < GROWN_MAX)
			add_waiter();
		usleep(100);
	}
	return NULL;
}

static void set(bool *flag, bool value)
{
	pthread_mutex_lock(&lock);
	*flag = value;
	pthread_cond_broadcast(&wake);
	pthread_mutex_unlock(&lock);
}

static int finish_crowd(int count)
{
	int size = crowd_size;

	calls = count;
	set(&go, true);
	for (int i = 0; i < size; i++)
		pthread_join(crowd[i], NULL);
	crowd_size = 0;
	set(&go, false);
	return size;
}

/* Threads that come and go all the time, each with three pairs once it is
 * told to. */
static bool churning, churn_calls;
static int churned;
static pthread_t churner;

static void *short_life(void *with_calls)
{
	if (with_calls)
		pairs(3);
	return NULL;
}

static void *churn(void *unused)
{
	(void)unused;
	for (;;) {
		pthread_t thread;
		bool with_calls, go_on;

		pthread_mutex_lock(&lock);
		go_on = churning;
		with_calls = churn_calls;
		pthread_mutex_unlock(&lock);
		if (!go_on)
			break;
		if (pthread_create(&thread, NULL, short_life,
				   with_calls ? &churned : NULL))
			continue;
		pthread_join(thread, NULL);
		churned += with_calls;
	}
	return NULL;
}

/* Pairs without end. */
static atomic_bool loading;
static pthread_t loader;

static void *load(void *unused)
{
	intptr_t count = 0;

	(void)unused;
	while (loading) {
		/* Not so many that a reader that is held up for a while loses
		   some.  */
		pairs(10);
		count += 10;
		usleep(100);
	}
	return (void *)count;
}

static int end_load(void)
{
	void *count;

	loading = false;
	pthread_join(loader, &count);
	return (intptr_t)count;
}

/* Two threads, each on a CPU of its own where there are two, that free each
 * other's blocks. */
static atomic_int passed;

struct passer {
	pthread_t thread;
	int cpu;
	int count;
	_Atomic(void *) *to, *from;
};

static void *pass(void *context)
{
	struct passer *passer = context;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(passer->cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	for (int i = 0; i < passer->count; i++) {
		/* Small ones stay in a thread's cache, larger ones do not. */
		void *mine = malloc(i % 2 ? 3000 : 100), *other;

		while (*passer->to)
			sched_yield();
		*passer->to = mine;
		while (!(other = atomic_exchange(passer->from, NULL)))
			sched_yield();
		free(other);
	}
	passed++;
	/* The end of a thread frees what it has cached once more. */
	for (;;)
		pause();
	return NULL;
}

static void pass_blocks(int count)
{
	static _Atomic(void *) there, back;
	static struct passer a, b;

	a = (struct passer){ .cpu = 0, .count = count, .to = &there, .from = &back };
	b = (struct passer){ .cpu = 1, .count = count, .to = &back, .from = &there };

	pthread_create(&a.thread, NULL, pass, &a);
	pthread_create(&b.thread, NULL, pass, &b);
	while (passed < 2)
		usleep(1000);
	passed = 0;
}

/* Where posix_memalign's blocks really are. */
struct pointers {
	pthread_t thread;
	pid_t tid;
	int count;
	uint64_t at[POINTERS_MAX];
};

static void *take_pointers(void *context)
{
	struct pointers *pointers = context;

	pointers->tid = syscall(SYS_gettid);
	for (int i = 0; i < pointers->count; i++) {
		size_t alignment = sizeof(void *) << (i % 10);
		void *p;

		if (posix_memalign(&p, alignment, 1 + i % 3000))
			abort();
		pointers->at[i] = (uintptr_t)p;
		/* Some are kept, so that addresses vary. */
		if (i % 3)
			free(p);
		/* Invalid and impossible ones in between. */
		if (i % 7 == 0 && (!posix_memalign(&p, 3, 8) ||
				   !posix_memalign(&p, 64, SIZE_MAX / 2)))
			abort();
	}
	return NULL;
}

static void put(const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t n = write(STDOUT_FILENO, at, size);

		if (n <= 0)
			_exit(1);
		at += n;
		size -= n;
	}
}

static void answer(int value)
{
	char line[32];
	int n = snprintf(line, sizeof(line), "%d\n", value);

	put(line, n);
}

static void report_pointers(int threads, int count)
{
	static struct pointers all[4];

	for (int i = 0; i < threads; i++) {
		all[i].count = count;
		pthread_create(&all[i].thread, NULL, take_pointers, &all[i]);
	}
	for (int i = 0; i < threads; i++)
		pthread_join(all[i].thread, NULL);
	answer(threads);
	for (int i = 0; i < threads; i++) {
		put(&all[i].tid, sizeof(all[i].tid));
		put(all[i].at, count * sizeof(*all[i].at));
	}
}

/* Runs this program anew, so many times in a row, without an answer in
 * between. */
static void exec_again(char *name, int times)
{
	char left[16];

	snprintf(left, sizeof(left), "%d", times - 1);
	execl("/proc/self/exe", name, left, (char *)NULL);
}

/* Children, one after another, each with three pairs. */
static int breed(int count)
{
	int bred = 0;

	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		if (!pid) {
			pairs(3);
			_exit(0);
		}
		bred += pid > 0 && waitpid(pid, NULL, 0) == pid;
	}
	return bred;
}

/* The same without end. */
static atomic_bool breeding;
static pthread_t breeder;

static void *breed_on(void *unused)
{
	intptr_t bred = 0;

	(void)unused;
	while (breeding)
		bred += breed(1);
	return (void *)bred;
}

static int end_breeding(void)
{
	void *bred;

	breeding = false;
	pthread_join(breeder, &bred);
	return (intptr_t)bred;
}

/* A child takes this process's place, which waits for its end if it is to;
 * returns the child's id, in the child. */
static int descend(int wait)
{
	pid_t pid = fork();

	if (pid > 0) {
		if (wait)
			waitpid(pid, NULL, 0);
		_exit(0);
	}
	return pid ? -1 : getpid();
}

/* Runs the other one of this program and its statically linked variant. */
static void exec_other(char *name)
{
	static const char suffix[] = "-static";
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path,
			     sizeof(path) - sizeof(suffix));
	char *end = path + (n > 0 ? n : 0) - (sizeof(suffix) - 1);

	if (n < (ssize_t)sizeof(suffix))
		return;
	if (!strcmp(end, suffix))
		*end = '\0';
	else
		strcpy(path + n, suffix);
	execl(path, name, (char *)NULL);
}

static int command(char *argv[], const char *name, int number)
{
	if (!strcmp(name, "run")) {
		for (int i = 0; i < number; i++)
			round_of_calls();
	} else if (!strcmp(name, "pairs")) {
		pairs(number);
	} else if (!strcmp(name, "crowd")) {
		for (int i = 0; i < number; i++)
			add_waiter();
	} else if (!strcmp(name, "grow")) {
		set(&growing, true);
		pthread_create(&grower, NULL, grow, NULL);
	} else if (!strcmp(name, "grown")) {
		set(&growing, false);
		pthread_join(grower, NULL);
		return crowd_size;
	} else if (!strcmp(name, "go")) {
		return finish_crowd(number);
	} else if (!strcmp(name, "churn")) {
		churned = 0;
		set(&churning, true);
		pthread_create(&churner, NULL, churn, NULL);
	} else if (!strcmp(name, "count")) {
		set(&churn_calls, true);
	} else if (!strcmp(name, "churned")) {
		set(&churning, false);
		pthread_join(churner, NULL);
		set(&churn_calls, false);
		return churned;
	} else if (!strcmp(name, "load")) {
		loading = true;
		pthread_create(&loader, NULL, load, NULL);
	} else if (!strcmp(name, "unload")) {
		return end_load();
	} else if (!strcmp(name, "pass")) {
		pass_blocks(number);
	} else if (!strcmp(name, "fork")) {
		pid_t pid = fork();

		if (!pid) {
			pairs(number);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	} else if (!strcmp(name, "exec")) {
		execv("/proc/self/exe", argv);
		return -1;
	} else if (!strcmp(name, "breed")) {
		return breed(number);
	} else if (!strcmp(name, "breedon")) {
		breeding = true;
		pthread_create(&breeder, NULL, breed_on, NULL);
	} else if (!strcmp(name, "bred")) {
		return end_breeding();
	} else if (!strcmp(name, "descend")) {
		return descend(number);
	} else if (!strcmp(name, "other")) {
		exec_other(argv[0]);
		return -1;
	} else if (!strcmp(name, "execs")) {
		exec_again(argv[0], number);
		return -1;
	} else if (!strcmp(name, "exit")) {
		_exit(number);
	} else {
		return -1;
	}
	return 0;
}

int main(int argc, char *argv[])
{
	char line[64], name[16], c;
	size_t length = 0;
	int number;

	if (argc > 1 && atoi(argv[1]) > 0) {
		pairs(1);
		exec_again(argv[0], atoi(argv[1]));
	}
	/* The parent waits for this before it does anything. */
	answer(getpid());
	while (read(STDIN_FILENO, &c, 1) == 1) {
		if (c != '\n') {
			if (length < sizeof(line) - 1)
				line[length++] = c;
			continue;
		}
		line[length] = '\0';
		length = 0;
		number = 0;
		if (sscanf(line, "%15s %d", name, &number) < 1)
			continue;
		if (!strcmp(name, "pointers"))
			report_pointers(4, number);
		else
			answer(command(argv, name, number));
	}
	return 0;
}
