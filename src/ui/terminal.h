/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_UI_TERMINAL_H
#define LEAKTOP_UI_TERMINAL_H

#include <curses.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/signalfd.h>

#include "base/error.h"

/* Signals that curses installs handlers for.  */
#define TERMINAL_HANDLERS 4

/* The terminal while the screen is up.  */
struct terminal {
	SCREEN *curses;
	WINDOW *input;          /* keys are read at it; never shown */
	int in;
	FILE *in_file;
	FILE *out_file;
	int signals;            /* signalfd */
	sigset_t taken;
	sigset_t mask_before;
	struct sigaction before[TERMINAL_HANDLERS];
};

/* Takes the terminal, and the signals of TAKEN.  */
int terminal_open(struct terminal *terminal, const sigset_t *taken, struct error *error);
/* Gives back all that it took.  */
void terminal_close(struct terminal *terminal);

/* The next signal, or false.  */
bool terminal_signal(struct terminal *terminal, struct signalfd_siginfo *info);
/* Adapts curses to the terminal's size; tells it, and whether it is another
   one than before.  */
bool terminal_size(struct terminal *terminal, int *lines, int *width);
/* What was drawn appears.  */
void terminal_show(struct terminal *terminal, bool cursor);
/* All will be drawn at the next time, whatever is there.  */
void terminal_repaint(struct terminal *terminal);
/* Gives the terminal back, stops the process, and takes it again when that
   goes on.  */
void terminal_stop(struct terminal *terminal);
/* After a stop that nobody asked us about.  */
void terminal_resume(struct terminal *terminal);

#endif
