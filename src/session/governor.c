/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "session/governor.h"

/* Rest, in seconds: shorter is not worth the switching.  */
#define REST_MIN 1.0
/* Call chains come back when they have fitted below this part of the limit for
   so many periods, lest they come and go all the time.  */
#define CALM_PART 0.7
#define CALM_PERIODS 5

static enum watch_mode watching(struct governor *governor, double seconds,
				double share, double chain_factor)
{
	if (share > governor->limit) {
		governor->calm = 0;
		if (governor->mode == WATCH_ALL)
			return WATCH_NO_CHAINS;
		/* The mean over the turn is then at the limit.  */
		governor->rest = seconds * (share / governor->limit - 1);
		if (governor->rest < REST_MIN)
			governor->rest = REST_MIN;
		return WATCH_RESTING;
	}
	if (share * chain_factor > governor->limit * CALM_PART)
		governor->calm = 0;
	else if (++governor->calm >= CALM_PERIODS)
		return WATCH_ALL;
	return governor->mode;
}

enum watch_mode governor_step(struct governor *governor, double seconds,
			      double share, double chain_factor)
{
	if (governor->limit <= 0) {
		governor->mode = WATCH_ALL;
	} else if (governor->mode == WATCH_RESTING) {
		governor->rest -= seconds;
		if (governor->rest <= 0)
			governor->mode = WATCH_NO_CHAINS;
	} else if (share >= 0) {
		governor->mode = watching(governor, seconds, share,
					  chain_factor);
	}
	return governor->mode;
}
