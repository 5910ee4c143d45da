/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "trace/mode_record.h"
#include "trace/records_internal.h"

/* Others of the same type are not swapped, so that this is done here.  */
static uint64_t number(const struct records *records, uint64_t value)
{
	return records->swapped ? __builtin_bswap64(value) : value;
}

enum record_status mode_read(const struct records *records,
			     const struct body *body, const struct sink *sink)
{
	const struct mode_record *record = (const void *)body->header;
	struct hit hit = { .kind = HIT_MODE };

	/* Another that is of the same type.  */
	if (record->header.size != sizeof(*record) ||
	    record->header.misc != MODE_MISC ||
	    number(records, record->magic) != MODE_MAGIC)
		return RECORD_IGNORED;
	if (number(records, record->mode) > MODE_NOTHING)
		return RECORD_BAD;
	hit.time = number(records, record->time);
	hit.argument[0] = number(records, record->mode);
	sink->hit(sink->context, &hit, NULL, 0);
	return RECORD_OK;
}
