/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_RESCUE_H
#define LEAKTOP_PERFDATA_RESCUE_H

#include "perfdata/file.h"
#include "trace/decode.h"

/* What can be done for a recording whose writer was killed.  perf writes the
   size of the data, and what comes after the data, when it ends.  */

/* Looks for what comes after the data; where it is there the file is made as
   good as a finished one.  */
void rescue_features(struct file *file);

/* Sets where the data of a growing file ends, and where its table is: at the
   last commit that is there, should the file have been cut off.  Returns 0; -1
   if there is none.  */
int rescue_growing(struct file *file);

/* Takes the event formats from this machine, if its probes still are the
   ones that were recorded: the same ids, and every recorded address in the
   file and at the place where the probe of that id is.  Returns 0; -1 if
   not.  */
int rescue_formats(const struct file *file, struct decoder *decoder);

#endif
