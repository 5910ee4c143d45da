/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_WRITER_FEATURES_H
#define LEAKTOP_PERFDATA_WRITER_FEATURES_H

#include <stdbool.h>

#include "perfdata/features.h"
#include "perfdata/writer_blob.h"
#include "perfdata/writer_meta.h"

/* The features that a recording gets, in the order of their numbers, which is
   that of their sections.  */
struct writer_feature {
	enum feature feature;
	bool last;              /* only in a finished file */
	/* Appends the contents of its section, nothing if there are none.  META
	   is locked.  */
	void (*fill)(struct blob *blob, const struct meta *meta);
};

#define WRITER_FEATURES 11
extern const struct writer_feature writer_features[WRITER_FEATURES];

#endif
