/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_UI_UI_H
#define LEAKTOP_UI_UI_H

#include <signal.h>
#include <stdbool.h>

#include "base/error.h"
#include "heap/sizespec.h"
#include "present/picture.h"

/* The screen.  Only this room knows ncurses.  */

struct ui_options {
	bool ascii;             /* no characters beyond ASCII, whatever the locale */
	bool monochrome;
	struct sizespec sizes;  /* filter to begin with */
	const char *sort;       /* column name, or NULL */
};

enum ui_end {
	UI_QUIT,                /* the user asked */
	UI_SIGNAL,              /* SIGINT, SIGTERM, SIGHUP or SIGQUIT; see *SIGNAL_NUMBER */
	UI_FAILED               /* the source failed before anything was seen; see the picture's notice */
};

/* The signals that the screen takes for itself while it is up.  Every other
   thread must have them blocked, or their default action strikes there: block
   them before the first thread is started.  */
void ui_signals(sigset_t *set);

/* Takes the terminal, shows FEED until the end, gives the terminal back.
   Where stdin or stdout is no terminal, /dev/tty is used.  The signal mask and
   the signals' dispositions are those of before when it returns; a signal that
   came twice may be pending.  Returns 0 with *END; -1 when the terminal can't
   be used.  */
int ui_run(const struct ui_options *options, const struct feed *feed,
	   enum ui_end *end, int *signal_number, struct error *error);

#endif
