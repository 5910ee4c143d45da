/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/intl.h"

/* Milliseconds that curses waits whether Esc is the beginning of a key.  */
#define ESCAPE_WAIT 25

/* Those that curses installs handlers for.  */
static const int curses_signals[TERMINAL_HANDLERS] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};

/* Only to stand there, see keep_stop_signal.  */
static void no_handler(int number)
{
	(void)number;
}

/* Where SIGTSTP has a handler as it starts, curses leaves it alone for good.
   Otherwise it ignores it during each update, and to ignore a signal throws
   away one that waits to be read: a ^Z without effect.  */
static void keep_stop_signal(void)
{
	struct sigaction handled = {.sa_handler = no_handler};
	struct sigaction before;

	sigaction(SIGTSTP, NULL, &before);
	if (before.sa_handler == SIG_DFL)
		sigaction(SIGTSTP, &handled, NULL);
}

static void restore_handlers(const struct terminal *terminal)
{
	for (int i = 0; i < TERMINAL_HANDLERS; i++)
		sigaction(curses_signals[i], &terminal->before[i], NULL);
}

/* A stream of our own for FD, or for /dev/tty where FD is no terminal.  */
static FILE *open_stream(int fd, int flags, const char *mode)
{
	int own = isatty(fd) ? fcntl(fd, F_DUPFD_CLOEXEC, 3)
			     : open("/dev/tty", flags | O_NOCTTY | O_CLOEXEC);
	FILE *stream = own >= 0 ? fdopen(own, mode) : NULL;

	if (!stream && own >= 0)
		close(own);
	return stream;
}

static int open_streams(struct terminal *terminal, struct error *error)
{
	terminal->in_file = open_stream(STDIN_FILENO, O_RDONLY, "r");
	terminal->out_file = open_stream(STDOUT_FILENO, O_RDWR, "w");
	if (!terminal->in_file || !terminal->out_file)
		return error_set(error, "%s",
				 _("there is no terminal to show the screen on; --batch prints a "
				   "report instead"));
	terminal->in = fileno(terminal->in_file);
	return 0;
}

/* Which of the two forms a terminal sends depends on a mode that some get
   wrong; none uses the other form for another key.  */
static const struct {
	const char *sequence;
	int code;
} arrows[] = {
	{"\x1b[A", KEY_UP}, {"\x1b[B", KEY_DOWN}, {"\x1b[C", KEY_RIGHT}, {"\x1b[D", KEY_LEFT},
	{"\x1b[H", KEY_HOME}, {"\x1b[F", KEY_END},
	{"\x1bOA", KEY_UP}, {"\x1bOB", KEY_DOWN}, {"\x1bOC", KEY_RIGHT}, {"\x1bOD", KEY_LEFT},
	{"\x1bOH", KEY_HOME}, {"\x1bOF", KEY_END},
};

static void define_arrows(void)
{
	for (size_t i = 0; i < sizeof(arrows) / sizeof(arrows[0]); i++)
		if (key_defined(arrows[i].sequence) == 0)
			define_key(arrows[i].sequence, arrows[i].code);
}

static int start_curses(struct terminal *terminal, struct error *error)
{
	const char *type = getenv("TERM");
	const char *motion;

	for (int i = 0; i < TERMINAL_HANDLERS; i++)
		sigaction(curses_signals[i], NULL, &terminal->before[i]);
	keep_stop_signal();
	terminal->curses = newterm(NULL, terminal->out_file, terminal->in_file);
	/* Signals are read, not handled.  */
	restore_handlers(terminal);
	if (!terminal->curses)
		return error_set(error, _("unknown kind of terminal '%s' (TERM)"),
				 type ? type : "");
	motion = tigetstr("cup");
	if (!motion || motion == (const char *)-1) {
		endwin();
		return error_set(error,
				 _("a terminal of kind '%s' (TERM) cannot show a screen; --batch "
				   "prints a report instead"),
				 type ? type : "");
	}
	set_escdelay(ESCAPE_WAIT);
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	terminal->input = newpad(1, 1);
	if (!terminal->input) {
		endwin();
		return error_set(error, "%s", _("out of memory"));
	}
	define_arrows();
	keypad(terminal->input, TRUE);
	nodelay(terminal->input, TRUE);
	return 0;
}

static void close_all(struct terminal *terminal)
{
	if (terminal->input)
		delwin(terminal->input);
	if (terminal->curses) {
		restore_handlers(terminal);
		delscreen(terminal->curses);
	}
	if (terminal->signals >= 0)
		close(terminal->signals);
	if (terminal->in_file)
		fclose(terminal->in_file);
	if (terminal->out_file)
		fclose(terminal->out_file);
	pthread_sigmask(SIG_SETMASK, &terminal->mask_before, NULL);
}

int terminal_open(struct terminal *terminal, const sigset_t *taken, struct error *error)
{
	*terminal = (struct terminal){.in = -1, .signals = -1, .taken = *taken};
	pthread_sigmask(SIG_BLOCK, taken, &terminal->mask_before);
	terminal->signals = signalfd(-1, taken, SFD_NONBLOCK | SFD_CLOEXEC);
	if (terminal->signals < 0)
		error_set(error, _("cannot watch for signals: %s"), strerror(errno));
	else if (open_streams(terminal, error) == 0 && start_curses(terminal, error) == 0)
		return 0;
	close_all(terminal);
	return -1;
}

void terminal_close(struct terminal *terminal)
{
	endwin();
	close_all(terminal);
}

bool terminal_signal(struct terminal *terminal, struct signalfd_siginfo *info)
{
	return read(terminal->signals, info, sizeof(*info)) == (ssize_t)sizeof(*info);
}

bool terminal_size(struct terminal *terminal, int *lines, int *width)
{
	struct winsize size;
	bool other;

	if (ioctl(fileno(terminal->out_file), TIOCGWINSZ, &size) < 0 || size.ws_row == 0 ||
	    size.ws_col == 0)
		size = (struct winsize){.ws_row = (unsigned short)LINES,
					.ws_col = (unsigned short)COLS};
	*lines = size.ws_row;
	*width = size.ws_col;
	other = *lines != LINES || *width != COLS;
	if (other)
		resizeterm(*lines, *width);
	return other;
}

void terminal_show(struct terminal *terminal, bool cursor)
{
	(void)terminal;
	curs_set(cursor);
	doupdate();
}

void terminal_repaint(struct terminal *terminal)
{
	(void)terminal;
	clearok(curscr, TRUE);
}

void terminal_stop(struct terminal *terminal)
{
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	endwin();
	raise(SIGTSTP);
	/* Here it stops, and goes on.  */
	pthread_sigmask(SIG_UNBLOCK, &stop, NULL);
	pthread_sigmask(SIG_BLOCK, &terminal->taken, NULL);
	terminal_resume(terminal);
}

void terminal_resume(struct terminal *terminal)
{
	(void)terminal;
	/* The shell may have set the terminal up for itself.  */
	reset_prog_mode();
	clearok(curscr, TRUE);
}
