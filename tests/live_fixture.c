/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "live_fixture.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/libc.h"
#include "capture/probes.h"

void start_program(struct caller *caller, const char *path,
		   const char *libraries)
{
	int pair[2];

	ck_assert(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	caller->pid = fork();
	if (!caller->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pair[1], 0);
		dup2(pair[1], 1);
		close(pair[0]);
		close(pair[1]);
		if (libraries)
			setenv("LD_LIBRARY_PATH", libraries, 1);
		execl(path, "caller", (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	caller->fd = pair[0];
}

void start(struct caller *caller, const char *libraries)
{
	const char *dir = getenv("abs_top_builddir");
	char path[4096];

	snprintf(path, sizeof path, "%s/tests/targets/caller",
		 dir ? dir : ".");
	start_program(caller, path, libraries);
}

void launch(struct caller *caller)
{
	start(caller, NULL);
	ck_assert_int_eq(answer(caller), caller->pid);
}

bool get_bytes(struct caller *caller, void *data, size_t size)
{
	return recv(caller->fd, data, size, MSG_WAITALL) == (ssize_t)size;
}

int answer(struct caller *caller)
{
	char line[32];
	size_t n = 0;

	while (n < sizeof line - 1 && get_bytes(caller, line + n, 1) &&
	       line[n] != '\n')
		n++;
	line[n] = '\0';
	ck_assert_msg(n > 0, "the target does not answer");
	return atoi(line);
}

void tell(struct caller *caller, const char *command, int number)
{
	char line[64];
	int n = snprintf(line, sizeof line, "%s %d\n", command, number);

	ck_assert_int_eq(send(caller->fd, line, n, MSG_NOSIGNAL), n);
}

int ask(struct caller *caller, const char *command, int number)
{
	tell(caller, command, number);
	return answer(caller);
}

void end_caller(struct caller *caller)
{
	kill(caller->pid, SIGKILL);
	waitpid(caller->pid, NULL, 0);
	close(caller->fd);
}

void drop_capability(unsigned capability)
{
	struct __user_cap_header_struct header = {
		_LINUX_CAPABILITY_VERSION_3, 0
	};
	struct __user_cap_data_struct data[2];
	unsigned bit = 1u << capability % 32;

	ck_assert(!syscall(SYS_capget, &header, data));
	data[capability / 32].effective &= ~bit;
	data[capability / 32].permitted &= ~bit;
	ck_assert(!syscall(SYS_capset, &header, data));
}

void limit_files(rlim_t limit)
{
	const struct rlimit files = { limit, limit };

	ck_assert(!setrlimit(RLIMIT_NOFILE, &files));
	drop_capability(CAP_SYS_RESOURCE);
}

double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* The processes that ran tests: one that fails ends without taking its probes
   away, so the first process does.  */
static struct runners {
	int count;
	pid_t pid[64];
} *runners;

void note_runner(void)
{
	int i = __atomic_fetch_add(&runners->count, 1, __ATOMIC_RELAXED);

	if (i < (int)(sizeof runners->pid / sizeof *runners->pid))
		runners->pid[i] = getpid();
}

static bool is_leftover(const char *group)
{
	int owner = atoi(group + strlen("leaktop_"));

	for (int i = 0; i < runners->count && i < 64; i++) {
		if (runners->pid[i] == owner)
			return true;
	}
	return false;
}

static void remove_leftovers(void)
{
	const char *directory = probes_directory(NULL);
	char path[4096], line[1024], group[64], name[64];
	FILE *in, *out;

	if (!directory)
		return;
	snprintf(path, sizeof path, "%s/uprobe_events", directory);
	in = fopen(path, "r");
	while (in && fgets(line, sizeof line, in)) {
		if (sscanf(line, "%*1s:%63[^/]/%63s", group, name) != 2 ||
		    strncmp(group, "leaktop_", 8) || !is_leftover(group))
			continue;
		out = fopen(path, "a");
		if (out) {
			fprintf(out, "-:%s/%s\n", group, name);
			fclose(out);
		}
	}
	if (in)
		fclose(in);
}

unsigned probes_of(pid_t pid)
{
	struct error error;
	const char *directory = probes_directory(&error);
	char path[4096], group[64], line[1024];
	unsigned count = 0;
	FILE *file;

	ck_assert_ptr_nonnull(directory);
	snprintf(path, sizeof path, "%s/uprobe_events", directory);
	snprintf(group, sizeof group, ":leaktop_%d_", (int)pid);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof line, file))
		count += strstr(line, group) != NULL;
	fclose(file);
	return count;
}

unsigned probes_left(void)
{
	return probes_of(getpid());
}

unsigned breakpoints(pid_t pid)
{
	static struct libc libc;
	struct error error = { "" };
	char path[64], name[4096];
	uint64_t start, offset;
	unsigned count = 0, read = 0;
	char line[4608];
	int memory;
	FILE *maps;

	ck_assert_msg(!libc_find(&libc, pid, &error), "%s", error.text);
	snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	memory = open(path, O_RDONLY);
	snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
	maps = fopen(path, "r");
	ck_assert(memory >= 0 && maps);
	while (fgets(line, sizeof line, maps)) {
		if (sscanf(line, "%" SCNx64 "-%*x r-xp %" SCNx64
			   " %*s %*d %4095s", &start, &offset, name) != 3 ||
		    strcmp(name, libc.name))
			continue;
		for (int id = 0; id < ALLOC_COUNT; id++) {
			const struct libc_function *function =
				&libc.function[id];
			unsigned char byte;

			if (!function->present)
				continue;
			ck_assert_int_eq(pread(memory, &byte, 1, start +
					       function->offset - offset +
					       function->point.offset), 1);
			count += byte == 0xcc;
			read++;
		}
	}
	fclose(maps);
	close(memory);
	ck_assert_uint_gt(read, 5);
	return count;
}

/* Check's assertions need a running test, so there are none here.  */
static void can_run(void)
{
	struct capture_options options = { 0 };
	struct error error = { "" };
	int result;

	if (geteuid())
		skip_or_fail("uprobes need root");
	options.pid = fork();
	if (!options.pid) {
		pause();
		_exit(0);
	}
	result = capture_check(&options, &error);
	kill(options.pid, SIGKILL);
	waitpid(options.pid, NULL, 0);
	if (result)
		skip_or_fail(error.text);
}

int run_live(const char *name, const TTest *const tests[])
{
	Suite *suite = suite_create(name);
	int result;

	can_run();
	runners = mmap(NULL, sizeof *runners, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (runners == MAP_FAILED)
		return EXIT_FAILURE;
	for (; *tests; tests++) {
		TCase *tcase = tcase_create((*tests)->name);

		/* Ends what hangs; others may use both processors meanwhile.  */
		tcase_set_timeout(tcase, 100);
		tcase_add_test(tcase, *tests);
		suite_add_tcase(suite, tcase);
	}
	result = run_suite(suite);
	remove_leftovers();
	return result;
}
