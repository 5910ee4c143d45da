/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_TRACING_H
#define LEAKTOP_PERFDATA_TRACING_H

#include "base/error.h"
#include "perfdata/cursor.h"
#include "trace/decode.h"

/* Reads tracing data, which is trace-cmd's header: what the machine was
   like, and the formats of events; adds them to DECODER.  A format that
   can't be understood is left out.  Returns 0; -1 when it is damaged.  */
int tracing_read(struct cursor data, struct decoder *decoder,
		 struct error *error);

#endif
