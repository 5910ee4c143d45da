/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_UNWIND_CFI_H
#define LEAKTOP_SYMBOLS_UNWIND_CFI_H

#include <stdint.h>

#include "symbols/image.h"
#include "symbols/objects.h"
#include "symbols/unwind_walk.h"

/* The unwind tables of a file: .eh_frame, and .debug_frame, its own or that of
   its separate debugging file, for what the former leaves out.  One thread at a
   time.  */
struct cfi;

/* Reads the tables of OBJECT, whose IMAGE it is.  NULL when out of memory; of
   a file without tables all rows are ROW_NONE.  IMAGE and OBJECT are borrowed
   and must outlive it.  */
struct cfi *cfi_new(const struct object *object, const struct image *image);
void cfi_free(struct cfi *cfi);

/* What they say of ADDRESS in the file: *ROW but for the index of a recipe;
   *RECIPE is that of a ROW_RECIPE and owned by the caller, else NULL.  Takes a
   microsecond; where .eh_frame says nothing of it, the first time, as long as
   it takes to find and read a debugging file.  */
void cfi_row(struct cfi *cfi, uint64_t address, struct row *row,
	     struct recipe **recipe);

#endif
