/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "base/intl.h"
#include "capture/internal.h"

/* Events come and go in a thread of their own, as that takes long, while the
   hits of the watch are delivered.  */

struct change {
	struct capture *capture;
	struct focus *focus;
	struct error *error;
};

static void open_new(void *context)
{
	struct change *change = context;
	const struct capture *capture = change->capture;

	change->focus = focus_open(capture->family, &capture->rings,
				   &capture->wanted_focus,
				   &capture->probes, &capture->libc,
				   capture->functions, capture->decoder,
				   change->error);
}

static void close_old(void *context)
{
	struct change *change = context;

	focus_close(change->focus);
}

static void retire(struct capture *capture, const struct sink *sink)
{
	struct change change = { .capture = capture, .focus = capture->focus };

	if (!capture->focus)
		return;
	capture_pass_focus(capture, sink);
	capture->focus = NULL;
	/* Fewer rings need no more room.  */
	capture_use(capture, capture->watch);
	capture_beside(capture, close_old, &change, capture->watch, NULL, sink);
}

int capture_refocus(struct capture *capture, const struct sink *sink,
		    struct error *error)
{
	struct change change = { .capture = capture, .error = error };

	retire(capture, sink);
	if (!capture->wanted_focus.count || capture->mode != CAPTURE_FULL ||
	    capture->stopped)
		return 0;
	capture_beside(capture, open_new, &change, capture->watch, NULL, sink);
	if (!change.focus)
		return -1;
	if (recording_events(capture->recording, &capture->probes,
			     focus_rings(change.focus))) {
		capture_beside(capture, close_old, &change, capture->watch,
			       NULL, sink);
		return error_set(error, _("out of memory"));
	}
	capture->focus = change.focus;
	return 0;
}

int capture_set_focus(struct capture *capture,
		      const struct capture_focus *focus,
		      const struct sink *sink, struct error *error)
{
	int result;

	capture->wanted_focus = *focus;
	result = capture_refocus(capture, sink, error);
	if (result)
		capture->wanted_focus.count = 0;
	return result;
}
