/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * The terminal while the screen is up, on a pseudo-terminal of the test's own.
 */
#include "config.h"

#include "testing.h"

#include "ui/terminal.h"

#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

static struct {
	int master;
	struct terminal terminal;
} test;

static void start(void)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	struct error error = {0};
	sigset_t taken;
	int slave;

	ck_assert_int_eq(openpty(&test.master, &slave, NULL, NULL, &size), 0);
	ck_assert_int_eq(dup2(slave, STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(dup2(slave, STDOUT_FILENO), STDOUT_FILENO);
	close(slave);
	setenv("TERM", "xterm-256color", 1);
	sigemptyset(&taken);
	sigaddset(&taken, SIGTSTP);
	sigaddset(&taken, SIGTERM);
	ck_assert_msg(terminal_open(&test.terminal, &taken, &error) == 0, "%s", error.text);
}

static void show(const char *text)
{
	mvaddstr(0, 0, text);
	wnoutrefresh(stdscr);
	terminal_show(&test.terminal, false);
}

static const int waiting[] = {SIGTSTP, SIGTERM};

#define WAITING_COUNT ((int)(sizeof(waiting) / sizeof(waiting[0])))

START_TEST(keeps_a_signal_over_an_update)
{
	struct signalfd_siginfo info = {0};

	start();
	show("first");
	raise(waiting[_i]);
	show("second");
	ck_assert(terminal_signal(&test.terminal, &info));
	ck_assert_int_eq((int)info.ssi_signo, waiting[_i]);
	ck_assert(!terminal_signal(&test.terminal, &info));
	terminal_close(&test.terminal);
}
END_TEST

START_TEST(gives_handlers_back)
{
	struct sigaction before;
	struct sigaction after;

	ck_assert_int_eq(sigaction(waiting[_i], NULL, &before), 0);
	start();
	show("shown");
	terminal_close(&test.terminal);
	ck_assert_int_eq(sigaction(waiting[_i], NULL, &after), 0);
	ck_assert(after.sa_handler == before.sa_handler);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("terminal");
	TCase *terminal = tcase_create("terminal");

	tcase_add_loop_test(terminal, keeps_a_signal_over_an_update, 0, WAITING_COUNT);
	tcase_add_loop_test(terminal, gives_handlers_back, 0, WAITING_COUNT);
	suite_add_tcase(suite, terminal);
	return run_suite(suite);
}
