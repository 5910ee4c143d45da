/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SESSION_GOVERNOR_H
#define LEAKTOP_SESSION_GOVERNOR_H

#include "present/picture.h"

/* Keeps the share of the target's time that watching takes below a limit:
   first the call chains go, then watching rests in turns.  Pure: told of time
   and shares, it says what to watch.  */
struct governor {
	double limit;           /* share, 0..1; 0: none */
	enum watch_mode mode;   /* WATCH_ALL, WATCH_NO_CHAINS or WATCH_RESTING */
	double rest;            /* seconds of rest that are left */
	unsigned calm;          /* periods in a row in which chains would fit */
};

/* A period of SECONDS is over, in which watching as the mode has it took SHARE of the
   target's time (below 0: not known).  CHAIN_FACTOR: how many times as much it
   would take with call chains; at least 1.  Returns the mode from now on.  */
enum watch_mode governor_step(struct governor *governor, double seconds,
			      double share, double chain_factor);

#endif
