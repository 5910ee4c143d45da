/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "trace/mode_record.h"
#include "trace/records_internal.h"

enum record_status mode_read(const struct body *body, const struct sink *sink)
{
	const struct mode_record *record = (const void *)body->header;
	struct hit hit = { .kind = HIT_MODE };

	/* Another that is of the same type.  */
	if (record->header.size != sizeof(*record) ||
	    record->header.misc != MODE_MISC || record->magic != MODE_MAGIC)
		return RECORD_IGNORED;
	if (record->mode > MODE_NOTHING)
		return RECORD_BAD;
	hit.time = record->time;
	hit.argument[0] = record->mode;
	sink->hit(sink->context, &hit, NULL, 0);
	return RECORD_OK;
}
