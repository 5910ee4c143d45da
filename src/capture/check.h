/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_CHECK_H
#define LEAKTOP_CAPTURE_CHECK_H

#include <stdbool.h>

#include "base/error.h"
#include "capture/capture.h"
#include "capture/target.h"

/* The questions that capture_check() and capture_preflight() both ask.  All
   but the two without an error return 0, or -1 with what is wrong.  */

int check_options(const struct capture_options *options, struct error *error);
/* It is a process, of a kind that can be watched.  */
int check_target(const struct target *target, struct error *error);
int check_permission(const struct target *target, struct error *error);
/* It would not be killed or crash; what capture_options.force overrides.  */
int check_hazards(const struct target *target, struct error *error);

/* Whether this kernel's return probes kill what runs under seccomp.  */
bool check_return_probes_kill(void);
/* kernel.perf_event_paranoid.  */
int check_paranoid_level(void);

#endif
