/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_POINT_H
#define LEAKTOP_CAPTURE_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where in a function to put its probe.  Pure functions over x86-64 code.  */

struct point {
	unsigned offset;        /* bytes from the function's entry */
	bool emulated;          /* costs one trap; otherwise also a single step */
	bool caller_on_top;     /* the return address is on top of the stack */
	char instruction[64];   /* what stands there; may be "" */
	const char *reason;     /* why here; the reader calls _() on it */
};

/* Chooses the first instruction on the straight path from the entry that the
   kernel emulates, where all ARGUMENTS (bit n: the nth integer argument of
   the System V ABI, 0..5) are still in their registers, and which each call
   passes exactly once.  If RETURNS, the return address is also still on top
   of the stack there, so that a return probe can share the place.  Otherwise
   the entry.  CODE: SIZE bytes of the function, which start at ADDRESS; SIZE
   is all of it, so that every jump back can be seen.  */
void point_choose(const uint8_t *code, size_t size, uint64_t address,
		  unsigned arguments, bool returns, struct point *point);

/* Looks in a function that stores its result through its first argument
   (posix_memalign) for a register that still holds the stored value when the
   function returns after the store.  Returns an enum x86_register, or -1
   where none is certain.  */
int point_stored_register(const uint8_t *code, size_t size, uint64_t address);

#endif
