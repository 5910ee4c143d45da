/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Leaks from code that it compiled itself, and told the name of in
 * /tmp/perf-PID.map, and through functions that are inlined. Prints "ready",
 * waits for a byte, allocates, prints "done" and waits for another one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT 100
#define COMPILED_SIZE 777
#define INLINED_SIZE 555

static void *volatile block;

static inline __attribute__((always_inline)) void *take(size_t size)
{
	return malloc(size);
}

static inline __attribute__((always_inline)) void make_thing(void)
{
	block = take(INLINED_SIZE);
}

static __attribute__((noinline)) void make_things(void)
{
	for (int i = 0; i < COUNT; i++)
		make_thing();
}

/* A function that returns malloc (COMPILED_SIZE), with a frame of its own. */
static void *(*compile(void))(void)
{
	unsigned char code[] = {
		0x55,                           /* push %rbp */
		0x48, 0x89, 0xe5,               /* mov %rsp,%rbp */
		0xbf, 0, 0, 0, 0,               /* mov $SIZE,%edi */
		0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, /* movabs $malloc,%rax */
		0xff, 0xd0,                     /* call *%rax */
		0x5d,                           /* pop %rbp */
		0xc3,                           /* ret */
	};
	void *(*allocate)(size_t) = malloc;
	uint32_t size = COMPILED_SIZE;
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *(*function)(void);

	if (page == MAP_FAILED)
		return NULL;
	memcpy(code + 5, &size, sizeof(size));
	memcpy(code + 11, &allocate, sizeof(allocate));
	memcpy((char *)page + 64, code, sizeof(code));
	if (mprotect(page, 4096, PROT_READ | PROT_EXEC))
		return NULL;
	page = (char *)page + 64;
	memcpy(&function, &page, sizeof(function));
	return function;
}

static void tell(void *(*function)(void), const char *path)
{
	FILE *map = fopen(path, "w");

	if (!map) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	fprintf(map, "%lx 19 Lisp:compiled-function\n", (unsigned long)(uintptr_t)function);
	fclose(map);
}

int main(void)
{
#ifdef __x86_64__
	void *(*function)(void) = compile();
	char path[64], byte;

	if (!function)
		return EXIT_FAILURE;
	snprintf(path, sizeof(path), "/tmp/perf-%ld.map", (long)getpid());
	tell(function, path);
	puts("ready");
	fflush(stdout);
	if (read(STDIN_FILENO, &byte, 1) < 0)
		return EXIT_FAILURE;
	for (int i = 0; i < COUNT; i++)
		block = function();
	make_things();
	puts("done");
	fflush(stdout);
	return read(STDIN_FILENO, &byte, 1) < 0;
#else
	return 77;
#endif
}
