/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * The whole program on a pseudo-terminal, with libvterm as the terminal and a
 * small shell in between, so that stopping and going on work as they do for a
 * user.
 */
#include "config.h"

#include "testing.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>

#define WAIT_SECONDS 60
#define ROWS_MAX 60
#define COLUMNS_MAX 200

struct terminal {
	int master;
	int slave;
	int report[2];          /* from the shell: the program's PID, 'S' for stopped */
	int order[2];           /* to the shell: go on */
	pid_t shell;
	pid_t program;
	struct termios before;
	VTerm *vterm;
	VTermScreen *screen;
	bool alternate;
	bool cursor;
	bool beyond_ascii;      /* such a byte was written */
	int rows;
	int columns;
	char text[ROWS_MAX * (COLUMNS_MAX * 4 + 1) + 1];
};

static struct terminal terminal;

static const char *program(void)
{
	const char *path = getenv("LEAKTOP");

	return path ? path : "./leaktop";
}

static const char *demo(void)
{
	const char *path = getenv("LEAKTOP_DEMO");

	return path ? path : "demo/leaktop-demo";
}

static const char *recording(void)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/demo/demo.perf.data", tests_srcdir());
	return path;
}

static int set_property(VTermProp property, VTermValue *value, void *user)
{
	(void)user;
	if (property == VTERM_PROP_ALTSCREEN)
		terminal.alternate = value->boolean;
	if (property == VTERM_PROP_CURSORVISIBLE)
		terminal.cursor = value->boolean;
	return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = set_property};

/* Runs ARGV in the foreground, as a shell does. */
static void run_shell(char *const *argv)
{
	pid_t child;
	int status;

	signal(SIGTTOU, SIG_IGN);
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		tcsetpgrp(STDIN_FILENO, getpid());
		signal(SIGTTOU, SIG_DFL);
		execv(argv[0], argv);
		_exit(127);
	}
	setpgid(child, child);
	if (write(terminal.report[1], &child, sizeof(child)) < 0)
		_exit(126);
	for (;;) {
		char byte = 'S';

		if (waitpid(child, &status, WUNTRACED) < 0)
			_exit(126);
		if (WIFEXITED(status))
			_exit(WEXITSTATUS(status));
		if (WIFSIGNALED(status))
			_exit(200);
		tcsetpgrp(STDIN_FILENO, getpgrp());
		if (write(terminal.report[1], &byte, 1) != 1 ||
		    read(terminal.order[0], &byte, 1) != 1)
			_exit(126);
		tcsetpgrp(STDIN_FILENO, child);
		kill(-child, SIGCONT);
	}
}

static void start_vterm(void)
{
	terminal.vterm = vterm_new(terminal.rows, terminal.columns);
	vterm_set_utf8(terminal.vterm, 1);
	terminal.screen = vterm_obtain_screen(terminal.vterm);
	vterm_screen_enable_altscreen(terminal.screen, 1);
	vterm_screen_set_callbacks(terminal.screen, &callbacks, NULL);
	terminal.cursor = true;
	vterm_screen_reset(terminal.screen, 1);
}

static void start(int rows, int columns, const char *locale, const char *type, const char *argument,
		  const char *value)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
	char *argv[] = {(char *)(uintptr_t)program(), (char *)(uintptr_t)argument,
			(char *)(uintptr_t)value, NULL};

	terminal.rows = rows;
	terminal.columns = columns;
	ck_assert_int_eq(openpty(&terminal.master, &terminal.slave, NULL, NULL, &size), 0);
	ck_assert_int_eq(tcgetattr(terminal.slave, &terminal.before), 0);
	ck_assert_int_eq(pipe(terminal.report), 0);
	ck_assert_int_eq(pipe(terminal.order), 0);
	start_vterm();
	terminal.shell = fork();
	if (terminal.shell == 0) {
		int slave = dup(terminal.slave);

		close(terminal.master);
		setenv("LC_ALL", locale, 1);
		setenv("TERM", type, 1);
		unsetenv("LINES");
		unsetenv("COLUMNS");
		unsetenv("NO_COLOR");
		login_tty(slave);
		run_shell(argv);
	}
	ck_assert_int_eq((int)read(terminal.report[0], &terminal.program, sizeof(pid_t)),
			 (int)sizeof(pid_t));
}

static void start_file(void)
{
	start(24, 80, "C.UTF-8", "xterm-256color", recording(), NULL);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Lets the program write for at most MILLISECONDS; false when it was silent. */
static bool pump(int milliseconds)
{
	struct pollfd polled = {.fd = terminal.master, .events = POLLIN};
	char bytes[4096];
	ssize_t count;

	if (poll(&polled, 1, milliseconds) <= 0)
		return false;
	count = read(terminal.master, bytes, sizeof(bytes));
	if (count <= 0)
		return false;
	for (ssize_t i = 0; i < count; i++)
		terminal.beyond_ascii |= (unsigned char)bytes[i] >= 0x80;
	vterm_input_write(terminal.vterm, bytes, (size_t)count);
	return true;
}

static size_t put_utf8(char *text, uint32_t c)
{
	if (c == 0)
		c = ' ';
	if (c < 0x80) {
		text[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		text[0] = (char)(0xc0 | c >> 6);
		text[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	text[0] = (char)(0xe0 | c >> 12);
	text[1] = (char)(0x80 | (c >> 6 & 0x3f));
	text[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

static const char *shown(void)
{
	size_t used = 0;

	for (int y = 0; y < terminal.rows; y++) {
		for (int x = 0; x < terminal.columns; x++) {
			VTermScreenCell cell;

			vterm_screen_get_cell(terminal.screen, (VTermPos){y, x}, &cell);
			if (cell.chars[0] != (uint32_t)-1)
				used += put_utf8(terminal.text + used, cell.chars[0]);
		}
		terminal.text[used++] = '\n';
	}
	terminal.text[used] = '\0';
	return terminal.text;
}

static bool see(const char *text, bool wanted)
{
	double end = now() + WAIT_SECONDS;

	while ((strstr(shown(), text) != NULL) != wanted) {
		if (now() > end)
			return false;
		pump(50);
	}
	return true;
}

static void ck_see(const char *text)
{
	ck_assert_msg(see(text, true), "no '%s' on:\n%s", text, shown());
}

static void ck_gone(const char *text)
{
	ck_assert_msg(see(text, false), "still '%s' on:\n%s", text, shown());
}

static void type(const char *keys)
{
	ck_assert_int_eq((int)write(terminal.master, keys, strlen(keys)), (int)strlen(keys));
}

static void resize(int rows, int columns)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	terminal.rows = rows;
	terminal.columns = columns;
	vterm_set_size(terminal.vterm, rows, columns);
	ck_assert_int_eq(ioctl(terminal.master, TIOCSWINSZ, &size), 0);
}

static void ck_terminal_is_sane(void)
{
	struct termios after;

	while (pump(100))
		;
	ck_assert_int_eq(tcgetattr(terminal.slave, &after), 0);
	ck_assert_uint_eq(after.c_iflag, terminal.before.c_iflag);
	ck_assert_uint_eq(after.c_oflag, terminal.before.c_oflag);
	ck_assert_uint_eq(after.c_cflag, terminal.before.c_cflag);
	ck_assert_uint_eq(after.c_lflag, terminal.before.c_lflag);
	ck_assert_mem_eq(after.c_cc, terminal.before.c_cc, sizeof(after.c_cc));
	ck_assert_msg(!terminal.alternate, "alternate screen");
	ck_assert_msg(terminal.cursor, "cursor is hidden");
}

/* The exit status. */
static int finish(void)
{
	double end = now() + WAIT_SECONDS;
	int status;

	while (waitpid(terminal.shell, &status, WNOHANG) == 0) {
		ck_assert_msg(now() < end, "does not end:\n%s", shown());
		pump(20);
	}
	ck_terminal_is_sane();
	vterm_free(terminal.vterm);
	close(terminal.master);
	close(terminal.slave);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(browses_a_file)
{
	start_file();
	ck_see("complete");
	ck_assert(terminal.alternate);
	ck_assert(!terminal.cursor);
	ck_see("demo.perf.data");
	ck_see("lost 0");
	ck_see("CALL SITE");
	ck_see("\n>   3072 ");

	type("f>1M\r");
	ck_see("No live block has one of these sizes");
	type("f");
	ck_see("Sizes (");
	ck_assert(terminal.cursor);
	type("0xc00x\r");
	ck_see("'0xc00x'");
	type("\x7f\r");
	ck_see("sizes 3072");
	ck_assert(!terminal.cursor);
	type("c");
	ck_gone("sizes 3072");

	type("\r");
	ck_see("Life of 3072-byte blocks");
	type("\x1b[B\x1bOB");
	ck_see("event 3 of");
	ck_see("still live");
	/* A key that nobody knows does nothing. */
	type("\x1b[57;5:3u");
	type("\x1b");
	ck_gone("Life of 3072");
	type("?");
	ck_see("turn the order round");
	type("\x1b");
	ck_gone("turn the order round");
	type("q");
	ck_assert_int_eq(finish(), 0);
}
END_TEST

START_TEST(resizes)
{
	start_file();
	ck_see("complete");
	resize(10, 40);
	ck_gone("VERDICT");
	ck_see("SIZE BLOCKS");
	resize(1, 1);
	pump(200);
	resize(50, 160);
	ck_see("VERDICT");
	ck_see("#0");
	type("f12");
	resize(20, 60);
	ck_see("Sizes (3072, 0xc00, 1k-4k, >1M): 12");
	type("\x1b");
	ck_gone("Sizes (");
	type("q");
	ck_assert_int_eq(finish(), 0);
}
END_TEST

static const int deadly[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};

START_TEST(ends_by_signal)
{
	start_file();
	ck_see("complete");
	kill(terminal.program, deadly[_i]);
	ck_assert_int_eq(finish(), 128 + deadly[_i]);
}
END_TEST

START_TEST(ends_by_key)
{
	start_file();
	ck_see("complete");
	type("\x03");
	ck_assert_int_eq(finish(), 128 + SIGINT);
}
END_TEST

START_TEST(stops_and_goes_on)
{
	char byte;

	start_file();
	ck_see("complete");
	type("\r");
	ck_see("Life of 3072");
	type("\x1a");
	ck_assert_int_eq((int)read(terminal.report[0], &byte, 1), 1);
	ck_terminal_is_sane();
	resize(20, 70);
	ck_assert_int_eq((int)write(terminal.order[1], "c", 1), 1);
	ck_see("Life of 3072");
	ck_assert(terminal.alternate);
	ck_assert(!terminal.cursor);
	/* Stopped and continued from elsewhere: all is drawn anew. */
	kill(terminal.program, SIGSTOP);
	ck_assert_int_eq((int)read(terminal.report[0], &byte, 1), 1);
	vterm_input_write(terminal.vterm, "\x1b[2J", 4);
	ck_gone("Life of 3072");
	ck_assert_int_eq((int)write(terminal.order[1], "c", 1), 1);
	ck_see("Life of 3072");
	vterm_input_write(terminal.vterm, "\x1b[2J", 4);
	type("\x0c");
	ck_see("Life of 3072");
	type("q");
	ck_assert_int_eq(finish(), 0);
}
END_TEST

START_TEST(plain_ascii)
{
	start(24, 80, "C", "vt100", recording(), NULL);
	ck_see("complete");
	ck_see("heap over time _");
	type("q");
	ck_assert_int_eq(finish(), 0);
	ck_assert(!terminal.beyond_ascii);
}
END_TEST

START_TEST(unusable_terminal)
{
	static const char *const types[] = {"dumb", "there-is-no-such-terminal", ""};

	start(24, 80, "C", types[_i], recording(), NULL);
	ck_see("leaktop: ");
	ck_assert_int_eq(finish(), 1);
}
END_TEST

/* Live. */

static pid_t start_target(const char *path, const char *option)
{
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, STDOUT_FILENO);
		execl(path, path, option, (char *)NULL);
		_exit(127);
	}
	/* Just after the fork it still is this program. */
	if (wait_mapped(child, strrchr(path, '/')))
		wait_mapped(child, "libc.");
	return child;
}

static pid_t start_demo(void)
{
	return start_target(demo(), "--interval=50");
}

static void stop_target(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* OPTION may be NULL. */
static void start_live(pid_t child, const char *option)
{
	static char pid[32];

	snprintf(pid, sizeof(pid), "--pid=%d", (int)child);
	start(24, 80, "C.UTF-8", "xterm-256color", pid, option);
}

START_TEST(watches)
{
	pid_t child = start_demo();

	start_live(child, NULL);
	ck_see("watching");
	ck_see("RSS");
	ck_see("leaking");
	ck_see(">   3072 ");
	type("\r");
	ck_see("Life of 3072-byte blocks");
	ck_see("following");
	ck_see("enter * query_font_info");
	ck_see("after ");
	type("\x1b");
	ck_gone("Life of 3072");
	stop_target(child);
	ck_see("exited after");
	type("\r");
	ck_see("Life of 3072-byte blocks");
	type("q");
	ck_assert_int_eq(finish(), 0);
}
END_TEST

START_TEST(watches_until_signal)
{
	pid_t child = start_demo();

	start_live(child, NULL);
	ck_see("watching");
	kill(terminal.program, deadly[_i]);
	ck_assert_int_eq(finish(), 128 + deadly[_i]);
	ck_assert_int_eq(kill(child, 0), 0);
	ck_assert_int_eq(waitpid(child, NULL, WNOHANG), 0);
	stop_target(child);
}
END_TEST

/* ^Z stops the program, not what it watches, nor a thread of it alone. */
START_TEST(watches_and_stops)
{
	pid_t child = start_demo();
	char byte;

	start_live(child, NULL);
	ck_see("leaking");
	type("\x1a");
	ck_assert_int_eq((int)read(terminal.report[0], &byte, 1), 1);
	ck_terminal_is_sane();
	ck_assert_int_eq((int)write(terminal.order[1], "c", 1), 1);
	ck_see("leaking");
	type("q");
	ck_assert_int_eq(finish(), 0);
	stop_target(child);
}
END_TEST

START_TEST(pauses_and_drains)
{
	pid_t child = start_demo();

	start_live(child, NULL);
	ck_see("leaking");
	ck_see("watching");
	type("p");
	ck_see("PAUSED");
	/* Of what was alive then, some may have been freed. */
	type("p");
	ck_see("watching");
	ck_see("lost 0, gap at ");
	ck_see("? ");
	type("D");
	ck_see("draining, only frees are seen");
	ck_see("alloc 0/s");
	/* Paused while it drains, it goes on draining. */
	type("p");
	ck_see("PAUSED");
	ck_see("free 0/s");
	type("p");
	ck_see("draining");
	ck_gone("free 0/s");
	type("D");
	ck_see("watching");
	ck_gone("alloc 0/s");
	type("q");
	ck_assert_int_eq(finish(), 0);
	stop_target(child);
}
END_TEST

/* First the call chains go, then it rests, then it looks again. */
START_TEST(keeps_below_the_limit)
{
	const char *build = getenv("abs_top_builddir");
	char storm[4096];
	pid_t child;

	snprintf(storm, sizeof(storm), "%s/tests/targets/storm", build ? build : ".");
	child = start_target(storm, "--pairs=100000000000");
	start_live(child, "--max-overhead=30");
	ck_see("of 30 %");
	ck_see("watching, no call chains");
	ck_see("resting (overhead)");
	ck_see("watching, no call chains");
	ck_see("resting (overhead)");
	type("q");
	ck_assert_int_eq(finish(), 0);
	ck_assert_int_eq(waitpid(child, NULL, WNOHANG), 0);
	stop_target(child);
}
END_TEST

/* A recording that can't be written any more ends; the watching goes on. */
START_TEST(records_as_long_as_it_can)
{
	const struct rlimit limit = { 1 << 20, 1 << 20 };
	const char *build = getenv("abs_top_builddir");
	char directory[] = "/tmp/leaktop-pty.XXXXXX";
	char storm[4096], option[64];
	const char *path = option + strlen("--output=");
	pid_t child;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(option, sizeof(option), "--output=%s/data", directory);
	snprintf(storm, sizeof(storm), "%s/tests/targets/storm", build ? build : ".");
	child = start_target(storm, "--pairs=100000000000");
	start_live(child, option);
	ck_see("watching");
	ck_assert_int_eq(prlimit(terminal.program, RLIMIT_FSIZE, &limit, NULL), 0);
	ck_see("/data: the recording ends here: File too large");
	ck_see("watching");
	type("q");
	/* Once more where it stays to be read. */
	ck_see("leaktop: /tmp/leaktop-pty.");
	ck_assert_int_eq(finish(), 1);
	ck_assert_int_eq(waitpid(child, NULL, WNOHANG), 0);
	stop_target(child);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

static bool live_is_possible(void)
{
	pid_t child = start_demo();
	char command[1200];
	int status;

	snprintf(command, sizeof(command), "'%s' --batch --duration=0.1 -p %d >/dev/null", program(),
		 (int)child);
	status = system(command);
	stop_target(child);
	return status == 0;
}

static Suite *file_suite(void)
{
	Suite *result = suite_create("pty, file");
	TCase *file = tcase_create("file");

	tcase_add_test(file, browses_a_file);
	tcase_add_test(file, resizes);
	tcase_add_loop_test(file, ends_by_signal, 0, 4);
	tcase_add_test(file, ends_by_key);
	tcase_add_test(file, stops_and_goes_on);
	tcase_add_test(file, plain_ascii);
	tcase_add_loop_test(file, unusable_terminal, 0, 3);
	tcase_set_timeout(file, 120);
	suite_add_tcase(result, file);
	return result;
}

static Suite *live_suite(void)
{
	Suite *result = suite_create("pty, live");
	TCase *live = tcase_create("live");

	tcase_add_test(live, watches);
	tcase_add_loop_test(live, watches_until_signal, 0, 4);
	tcase_add_test(live, watches_and_stops);
	tcase_add_test(live, pauses_and_drains);
	tcase_add_test(live, records_as_long_as_it_can);
	tcase_add_test(live, keeps_below_the_limit);
	tcase_set_timeout(live, 120);
	suite_add_tcase(result, live);
	return result;
}

int main(void)
{
	int status = run_suite(file_suite());

	if (status)
		return status;
	if (!live_is_possible())
		skip_or_fail("no live watching here");
	return run_suite(live_suite());
}
