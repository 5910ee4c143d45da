/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/ui.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/intl.h"
#include "ui/keys.h"
#include "ui/screen.h"
#include "ui/terminal.h"

#define NS_PER_MS UINT64_C(1000000)

struct ui {
	struct terminal terminal;
	struct screen *screen;
	const struct feed *feed;
	bool ended;
	enum ui_end end;
	int signal_number;
};

static void end_by_signal(struct ui *ui, int number)
{
	ui->ended = true;
	ui->end = UI_SIGNAL;
	ui->signal_number = number;
}

static void end_signal(struct ui *ui, int number)
{
	end_by_signal(ui, number);
}

static void resize_signal(struct ui *ui, int number)
{
	int lines;
	int width;

	(void)number;
	if (terminal_size(&ui->terminal, &lines, &width))
		screen_resize(ui->screen, lines, width);
}

static void repaint(struct ui *ui)
{
	resize_signal(ui, SIGWINCH);
	terminal_repaint(&ui->terminal);
	ui->screen->dirty = true;
}

static void stop_signal(struct ui *ui, int number)
{
	(void)number;
	terminal_stop(&ui->terminal);
	repaint(ui);
}

static void continue_signal(struct ui *ui, int number)
{
	(void)number;
	terminal_resume(&ui->terminal);
	repaint(ui);
}

static const struct {
	int number;
	void (*handle)(struct ui *ui, int number);
} signals[] = {
	{SIGINT, end_signal},
	{SIGTERM, end_signal},
	{SIGHUP, end_signal},
	{SIGQUIT, end_signal},
	{SIGWINCH, resize_signal},
	{SIGTSTP, stop_signal},
	{SIGCONT, continue_signal},
};

#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

void ui_signals(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		sigaddset(set, signals[i].number);
}

static void take_signals(struct ui *ui)
{
	struct signalfd_siginfo info;

	while (!ui->ended && terminal_signal(&ui->terminal, &info))
		for (size_t i = 0; i < SIGNAL_COUNT; i++)
			if (signals[i].number == (int)info.ssi_signo)
				signals[i].handle(ui, signals[i].number);
}

static void take_keys(struct ui *ui)
{
	int code;

	while (!ui->ended && (code = key_read(ui->terminal.input)) != ERR) {
		screen_key(ui->screen, code, clock_now());
		if (ui->screen->repaint) {
			ui->screen->repaint = false;
			repaint(ui);
		}
		if (ui->screen->quit) {
			ui->ended = true;
			ui->end = UI_QUIT;
		}
	}
}

static void take_news(struct ui *ui)
{
	uint64_t count;

	if (read(ui->feed->fd, &count, sizeof(count)) > 0)
		screen_news(ui->screen);
}

static void take_names(struct ui *ui)
{
	uint64_t count;

	if (read(symbols_news_fd(ui->feed->symbols), &count, sizeof(count)) > 0)
		screen_names(ui->screen);
}

/* A source that fails before it showed anything is not worth a screen.  */
static void check_failure(struct ui *ui)
{
	const struct picture *picture = ui->screen->picture;

	if (picture->state != STATE_FAILED || picture->heap->hits > 0)
		return;
	ui->ended = true;
	ui->end = UI_FAILED;
}

static int wait_until(uint64_t due)
{
	uint64_t now = clock_now();

	if (due == 0)
		return -1;
	if (due <= now)
		return 0;
	/* Rounded up, or it would wake up just before and spin.  */
	return (int)((due - now + NS_PER_MS - 1) / NS_PER_MS);
}

static void wait_and_take(struct ui *ui, uint64_t due)
{
	struct pollfd polled[] = {
		{.fd = ui->terminal.in, .events = POLLIN},
		{.fd = ui->terminal.signals, .events = POLLIN},
		{.fd = ui->feed->fd, .events = POLLIN},
		{.fd = symbols_news_fd(ui->feed->symbols), .events = POLLIN},
	};

	if (poll(polled, sizeof(polled) / sizeof(polled[0]), wait_until(due)) <= 0)
		return;
	if (polled[1].revents & POLLIN)
		take_signals(ui);
	if (polled[0].revents & POLLIN)
		take_keys(ui);
	/* The terminal is gone, and perhaps nobody sent the signal.  */
	if (!ui->ended && polled[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		end_by_signal(ui, SIGHUP);
	if (!ui->ended && polled[2].revents & POLLIN)
		take_news(ui);
	if (!ui->ended && polled[3].revents & POLLIN)
		take_names(ui);
}

static void run(struct ui *ui)
{
	while (!ui->ended) {
		uint64_t due = screen_tick(ui->screen, clock_now());

		if (ui->screen->dirty) {
			screen_draw(ui->screen);
			terminal_show(&ui->terminal, ui->screen->prompt.ops != NULL);
		}
		wait_and_take(ui, due);
		check_failure(ui);
	}
}

int ui_run(const struct ui_options *options, const struct feed *feed, enum ui_end *end,
	   int *signal_number, struct error *error)
{
	struct ui ui = {.feed = feed};
	sigset_t set;
	int lines;
	int width;

	ui_signals(&set);
	if (terminal_open(&ui.terminal, &set, error) < 0)
		return -1;
	ui.screen = screen_new(options, feed);
	if (!ui.screen) {
		terminal_close(&ui.terminal);
		return error_set(error, "%s", _("out of memory"));
	}
	terminal_size(&ui.terminal, &lines, &width);
	screen_resize(ui.screen, lines, width);
	check_failure(&ui);
	run(&ui);
	screen_free(ui.screen);
	terminal_close(&ui.terminal);
	*end = ui.end;
	if (signal_number)
		*signal_number = ui.signal_number;
	return 0;
}
