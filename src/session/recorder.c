/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "base/intl.h"
#include "base/text.h"
#include "session/internal.h"

/* Keeps a live source in a file.  Whatever becomes of that, the watching goes
   on.  */

/* In the writer's thread.  */
static void find_build_id(void *context, struct mapping *mapping)
{
	struct session *session = context;

	symbols_build_id(session->symbols, mapping);
}

int recorder_open(struct session *session, struct error *error)
{
	const struct writer_options options = {
		.arguments = session->options.arguments,
		.find_build_id = find_build_id,
		.context = session,
	};

	if (!session->options.record)
		return 0;
	session->writer = writer_open(session->options.record, &options,
				      error);
	if (!session->writer)
		return -1;
	session->tap = writer_tap(session->writer);
	session->options.capture.tap = &session->tap;
	return 0;
}

const char *recorder_trouble(struct session *session)
{
	struct error *trouble = &session->record_trouble;
	unsigned long long lost;
	char name[256];

	if (!session->writer || session->record_failed)
		return trouble->text;
	session->record_failed = writer_failed(session->writer, trouble);
	lost = writer_lost(session->writer);
	if (!lost || session->record_failed)
		return trouble->text;
	text_clean(name, sizeof(name), session->options.record);
	error_set(trouble, ngettext("%s: the disk is too slow: %llu event is missing in the recording",
				    "%s: the disk is too slow: %llu events are missing in the recording",
				    (unsigned long)lost), name, lost);
	return trouble->text;
}

void recorder_close(struct session *session)
{
	struct error error;

	if (!session->writer)
		return;
	/* What was dropped nobody can tell afterwards.  */
	recorder_trouble(session);
	if (writer_close(session->writer, &error) < 0) {
		session->record_failed = true;
		session->record_trouble = error;
	}
	session->writer = NULL;
	session->options.capture.tap = NULL;
}
