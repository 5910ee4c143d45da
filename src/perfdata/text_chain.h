/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_TEXT_CHAIN_H
#define LEAKTOP_PERFDATA_TEXT_CHAIN_H

#include "base/told.h"
#include "perfdata/text_scan.h"

enum text_frame_kind {
	TEXT_FRAME_NONE,        /* no line of a call chain */
	TEXT_FRAME_USER,
	TEXT_FRAME_OTHER        /* of the kernel; inlined into the next one */
};

/* A line of a call chain, with tab or blanks before it:

     98930 malloc+0x0 (/usr/lib/x86_64-linux-gnu/libc.so.6)

   Fills all of TOLD but the key.  */
enum text_frame_kind text_frame_line(const char *line, const char *end,
				     struct told *told);

#endif
