/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* A terminal of 80x24 that measures how soon a program shows something:

     onpty [-s SECONDS] [-l FILE] TEXT COMMAND [ARGUMENT]...

   Prints the milliseconds from just before the fork until TEXT has come from
   COMMAND, stays for so many more seconds (0), types "q", and prints the
   milliseconds until the terminal is given back: until what ends the alternate
   screen, or else the program's end.  With -l it types ^L before, and writes what
   comes then, a whole screen, to FILE.  Exit status 1: TEXT never came.  */

#define _GNU_SOURCE
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

/* Reads until TEXT comes, the other end is closed, or it is UNTIL.  What came
   is in BUFFER, whose end is dropped when it is full.  */
static bool read_until(int terminal, const char *text, double until)
{
	static char buffer[65536];
	size_t length = 0, keep = strlen(text);

	for (;;) {
		struct pollfd fd = { .fd = terminal, .events = POLLIN };
		double left = until - now();
		ssize_t n;

		if (left <= 0 || poll(&fd, 1, (int) left + 1) < 0)
			return false;
		if (!fd.revents)
			continue;
		n = read(terminal, buffer + length, sizeof buffer - length);
		if (n <= 0)
			return false;
		length += n;
		if (keep && memmem(buffer, length, text, keep))
			return true;
		if (length > keep) {
			memmove(buffer, buffer + length - keep, keep);
			length = keep;
		}
	}
}

/* What the program draws for ^L.  */
static void log_screen(int terminal, const char *path)
{
	FILE *file = fopen(path, "w");
	double until = now() + 500;
	char buffer[4096];
	ssize_t n = 1;

	if (!file || write(terminal, "\f", 1) != 1)
		return;
	while (n > 0 && now() < until) {
		struct pollfd fd = { .fd = terminal, .events = POLLIN };

		if (poll(&fd, 1, (int) (until - now()) + 1) <= 0)
			continue;
		n = read(terminal, buffer, sizeof buffer);
		if (n > 0)
			fwrite(buffer, 1, n, file);
	}
	fclose(file);
}

int main(int argc, char **argv)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	const char *log = NULL;
	double stay = 0, start;
	int terminal;
	pid_t pid;
	bool seen;

	if (argc > 2 && !strcmp(argv[1], "-s")) {
		stay = atof(argv[2]);
		argv += 2;
		argc -= 2;
	}
	if (argc > 2 && !strcmp(argv[1], "-l")) {
		log = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc < 3)
		return 2;
	start = now();
	pid = forkpty(&terminal, NULL, NULL, &size);
	if (pid < 0)
		return 2;
	if (!pid) {
		setenv("TERM", "xterm-256color", 1);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	seen = read_until(terminal, argv[1], start + 20e3);
	if (seen) {
		printf("%.1f\n", now() - start);
		fflush(stdout);
		read_until(terminal, "", now() + stay * 1e3);
		if (log)
			log_screen(terminal, log);
	}
	start = now();
	if (write(terminal, "q", 1) == 1) {
		read_until(terminal, "\033[?1049l", start + 20e3);
		printf("%.1f\n", now() - start);
	}
	/* Until it has ended, so that its probes are gone.  */
	read_until(terminal, "", now() + 20e3);
	close(terminal);
	waitpid(pid, NULL, 0);
	return seen ? 0 : 1;
}
