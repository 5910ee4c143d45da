/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Allocates before main, and knows how much:

     early [--fork] [--exec] [--read] [--status=N] [--signal=N]

   --fork    a child allocates, too, and frees copies of its parent's blocks
   --exec    runs itself again, without this argument, after main allocated
   --read    reads the terminal and standard input up to their ends
   --signal  waits for signal N, and prints its number
   --status  the exit status

   Prints "truth: " and the truth with the names of leaktop's JSON.  Nothing but
   what is counted here allocates: no stdio.  The blocks of the first program are
   gone with its exec, so that the truth of the second is what counts; the calls
   of both are calls.  */

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EARLY 1000              /* blocks of the constructor */
#define EARLY_SIZE 1001
#define KEPT 10                 /* of them are never freed */
#define MAIN 300                /* blocks of main, that stay */
#define MAIN_SIZE 2002
#define CHILD_SIZE 3003

static void *early[EARLY];
static unsigned long mallocs, frees;

/* Through volatile pointers, so that no call is optimized away.  */
static void *(*volatile do_malloc)(size_t) = malloc;
static void (*volatile do_free)(void *) = free;

__attribute__((constructor)) static void construct(void)
{
	for (int i = 0; i < EARLY; i++) {
		early[i] = do_malloc(EARLY_SIZE);
		mallocs++;
	}
}

static void put(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		_exit(9);
}

static void put_number(unsigned long number)
{
	char text[24];
	size_t at = sizeof text - 1;

	text[at] = '\0';
	do
		text[--at] = (char)('0' + number % 10);
	while (number /= 10);
	put(text + at);
}

static unsigned long number_of(const char *argument, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(argument, name, length) ?
		strtoul(argument + length, NULL, 10) : 0;
}

static void allocate_in_main(void)
{
	for (int i = 0; i < MAIN; i++) {
		do_malloc(MAIN_SIZE);
		mallocs++;
	}
}

static void free_early(void)
{
	for (int i = KEPT; i < EARLY; i++) {
		do_free(early[i]);
		frees++;
	}
}

/* Its blocks and those that it frees are of another process.  */
static void fork_child(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		free_early();
		for (int i = 0; i < MAIN; i++)
			do_malloc(CHILD_SIZE);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		_exit(8);
}

static void exec_again(char **argv)
{
	static char total[32] = "--before=";
	char *at = total + strlen(total);
	unsigned long scale = 1;

	/* What was called until now, for the next program's truth.  */
	while (mallocs / scale >= 10)
		scale *= 10;
	for (; scale; scale /= 10)
		*at++ = (char)('0' + mallocs / scale % 10);
	for (int i = 1; argv[i]; i++) {
		if (!strcmp(argv[i], "--exec"))
			argv[i] = total;
	}
	execv("/proc/self/exe", argv);
	_exit(7);
}

static unsigned long read_all(int fd)
{
	unsigned long sum = 0;
	char text[256];
	ssize_t n;

	while ((n = read(fd, text, sizeof text)) > 0)
		sum += (unsigned long)n;
	return n < 0 ? 999999 : sum;
}

/* Twice, as the end of the input is not a thing that passes.  */
static void read_terminal(void)
{
	int terminal = open("/dev/tty", O_RDWR);

	put("read ");
	put_number(read_all(STDIN_FILENO));
	put(" ");
	put_number(read_all(STDIN_FILENO));
	put(" ");
	put_number(terminal < 0 ? 999998 : read_all(terminal));
	put(isatty(STDIN_FILENO) ? " terminal\n" : " no terminal\n");
}

static void wait_for_signal(unsigned long number)
{
	sigset_t set;
	int got;

	sigemptyset(&set);
	sigaddset(&set, (int)number);
	sigprocmask(SIG_BLOCK, &set, NULL);
	put("waiting\n");
	sigwait(&set, &got);
	put("signal ");
	put_number((unsigned long)got);
	put("\n");
}

static void put_truth(unsigned long before)
{
	put("truth: {\"operations\":{\"malloc\":");
	put_number(before + mallocs);
	put(",\"free\":");
	put_number(frees);
	put("},\"live\":{\"blocks\":");
	put_number(KEPT + MAIN);
	put(",\"bytes\":");
	put_number(KEPT * EARLY_SIZE + MAIN * MAIN_SIZE);
	put("}}\n");
}

int main(int argc, char **argv)
{
	unsigned long before = 0, status = 0, number = 0;
	bool forks = false, execs = false, reads = false;

	for (int i = 1; i < argc; i++) {
		forks |= !strcmp(argv[i], "--fork");
		execs |= !strcmp(argv[i], "--exec");
		reads |= !strcmp(argv[i], "--read");
		before += number_of(argv[i], "--before=");
		status += number_of(argv[i], "--status=");
		number += number_of(argv[i], "--signal=");
	}
	allocate_in_main();
	if (execs)
		exec_again(argv);
	if (forks)
		fork_child();
	if (reads)
		read_terminal();
	if (number)
		wait_for_signal(number);
	free_early();
	put_truth(before);
	return (int)status;
}
