/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "launch/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/text.h"

#define READ_BYTES 4096
/* A pipe that is ready to be written takes so many without blocking.  */
#define WRITE_BYTES 4096

/* That of leaktop's own terminal, if there is one.  */
static struct winsize window_size(void)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	struct winsize own;
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return size;
	if (ioctl(fd, TIOCGWINSZ, &own) == 0 && own.ws_row && own.ws_col)
		size = own;
	close(fd);
	return size;
}

/* Output is kept as it was written; and who reads, finds the end of the input,
   however often: without ICANON a VMIN of 0 says so.  */
static int prepare_terminal(int slave)
{
	struct winsize size = window_size();
	struct termios settings;

	if (tcgetattr(slave, &settings))
		return -1;
	settings.c_oflag &= ~(tcflag_t)OPOST;
	settings.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
	settings.c_cc[VMIN] = 0;
	settings.c_cc[VTIME] = 0;
	if (tcsetattr(slave, TCSANOW, &settings))
		return -1;
	return ioctl(slave, TIOCSWINSZ, &size);
}

static int open_terminal(struct console *console)
{
	console->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (console->master < 0 || grantpt(console->master) ||
	    unlockpt(console->master) ||
	    ptsname_r(console->master, console->slave_name,
		      sizeof(console->slave_name)) ||
	    fcntl(console->master, F_SETFL, O_RDWR | O_NONBLOCK))
		return -1;
	console->slave = open(console->slave_name,
			      O_RDWR | O_NOCTTY | O_CLOEXEC);
	return console->slave < 0 ? -1 : prepare_terminal(console->slave);
}

/* LOG is for messages too.  */
static int open_log(struct console *console, const char *log,
		    struct error *error)
{
	char name[256];

	console->log_name = log;
	/* What a program prints is nobody else's business.  */
	console->log = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY |
			    O_NONBLOCK | O_CLOEXEC, 0600);
	/* It must not wait for the reader of a FIFO, which nothing could end;
	   writing to one may.  */
	if (console->log >= 0 && !fcntl(console->log, F_SETFL, O_WRONLY))
		return 0;
	text_clean(name, sizeof(name), log);
	return error_set(error, _("can't write the output to %s: %s"), name,
			 strerror(errno));
}

int console_open(struct console *console, const struct launch_options *options,
		 struct error *error)
{
	console->master = console->slave = console->log = -1;
	console->echo = options->echo;
	console->transcript = transcript_new();
	if (!console->transcript)
		return error_set(error, _("out of memory"));
	if (open_terminal(console) < 0)
		return error_set(error, _("can't make a terminal for the "
			"command: %s"), strerror(errno));
	return options->log ? open_log(console, options->log, error) : 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void console_given(struct console *console)
{
	close_fd(&console->slave);
}

static void stop_log(struct console *console, int number)
{
	char name[256];

	text_clean(name, sizeof(name), console->log_name);
	error_set(&console->trouble, _("can't write the output to %s: %s; the "
		"rest of it is not there"), name, strerror(number));
	console->has_trouble = true;
	close_fd(&console->log);
}

static void write_log(struct console *console, const char *text, size_t size)
{
	while (size && console->log >= 0) {
		ssize_t n = write(console->log, text, size);

		if (n < 0 && errno != EINTR) {
			stop_log(console, errno);
		} else if (n > 0) {
			text += n;
			size -= (size_t)n;
		}
	}
}

bool console_has_room(const struct console *console)
{
	return console->pending_end + READ_BYTES <= ECHO_BYTES;
}

bool console_is_pending(const struct console *console)
{
	return console->pending_at < console->pending_end;
}

static void take(struct console *console, const char *text, size_t size)
{
	write_log(console, text, size);
	transcript_add(console->transcript, text, size);
	if (!console->echo)
		return;
	memcpy(console->pending + console->pending_end, text, size);
	console->pending_end += size;
}

bool console_read(struct console *console)
{
	char text[READ_BYTES];
	ssize_t n;

	if (console->master < 0 || !console_has_room(console))
		return false;
	n = read(console->master, text, sizeof(text));
	/* On the other side all is closed; it may be opened again.  */
	console->hung_up = !n || (n < 0 && errno == EIO);
	if (n > 0)
		take(console, text, (size_t)n);
	return n > 0 || (n < 0 && errno == EINTR);
}

void console_echo(struct console *console)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
	size_t size;
	ssize_t n;

	while (console_is_pending(console) && poll(&ready, 1, 0) > 0) {
		size = console->pending_end - console->pending_at;
		n = write(STDERR_FILENO, console->pending + console->pending_at,
			  size < WRITE_BYTES ? size : WRITE_BYTES);
		if (n > 0) {
			console->pending_at += (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			break;
		} else if (n < 0 && errno != EINTR) {
			/* Nobody wants it.  */
			console->echo = false;
			console->pending_at = console->pending_end;
		}
	}
	if (!console_is_pending(console))
		console->pending_at = console->pending_end = 0;
}

void console_close(struct console *console)
{
	close_fd(&console->slave);
	close_fd(&console->master);
	close_fd(&console->log);
}
