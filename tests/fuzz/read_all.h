/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Opens and reads a recording, as leaktop does.
 */
#ifndef LEAKTOP_TESTS_FUZZ_READ_ALL_H
#define LEAKTOP_TESTS_FUZZ_READ_ALL_H

#include "fuzz.h"
#include "perfdata/perfdata.h"

static inline void fuzz_read(struct perfdata *perfdata)
{
	const char *command = perfdata_command(perfdata);
	struct sink sink = fuzz_sink();
	_Atomic uint64_t done;
	struct error error;

	if (command)
		fuzz_bytes(command, strlen(command));
	/* What has taught it something is read again.  */
	do {
		*error.text = '\0';
		done = 0;
		if (perfdata_read(perfdata, &sink, &done, NULL, &error) &&
		    !*error.text)
			abort();
		if (done > perfdata_size(perfdata))
			abort();
	} while (perfdata_learned(perfdata));
}

/* The recording at PATH: whatever is wrong is told.  */
static inline void fuzz_read_all(const char *path)
{
	struct error error = { "" };
	struct perfdata *perfdata = perfdata_open(path, &error);

	if (perfdata)
		fuzz_read(perfdata);
	else if (!*error.text)
		abort();
	perfdata_close(perfdata);
}

#endif
