/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_FOCUS_H
#define LEAKTOP_CAPTURE_FOCUS_H

#include <stddef.h>
#include <stdint.h>

#include "capture/capture.h"
#include "capture/family.h"
#include "capture/libc.h"
#include "capture/probes.h"
#include "capture/recording.h"
#include "capture/rings.h"
#include "trace/decode.h"

/* Stack dumps of the allocations of chosen sizes: second events on the probes
   of the functions that allocate, with a filter in the kernel, in rings of
   their own.  What they bring are dumps only: the hits themselves come by the
   watch, so that nothing is counted twice, and what is lost here is a dump.  */
struct focus;

/* Opens the events for all threads of FAMILY, and those they create, on the
   FUNCTIONS (bits of enum allocator_id) of PROBES.  BASE: the rings of the watch,
   as far as children and recordings are concerned.  Takes some time.  All but
   BASE and WANTED is borrowed.  NULL with ERROR.  */
struct focus *focus_open(struct family *family,
			 const struct rings_options *base,
			 const struct capture_focus *wanted,
			 const struct probes *probes, const struct libc *libc,
			 unsigned functions, const struct decoder *decoder,
			 struct error *error);

/* Delivers the dumps that have come to sink->dump, and as records to RECORDING.
   NULL is allowed for both, and for FOCUS.  Returns how many came too fast, and are
   lost, as is told by now.  */
uint64_t focus_pass(struct focus *focus, const struct sink *sink,
		    struct recording *recording);

/* For recording_events().  */
struct rings *focus_rings(const struct focus *focus);

/* Takes some time.  NULL is allowed.  */
void focus_close(struct focus *focus);

/* The condition under which ALLOCATOR's call is of one of the sizes, for the
   kernel's event filter.  Returns its length; 0 when SIZE bytes are too few.
   Of a product of two arguments as many of the factors are named as fit.  */
size_t focus_filter(char *text, size_t size, const struct allocator *allocator,
		    const struct capture_focus *wanted);

#endif
