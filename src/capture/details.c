/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "capture/internal.h"
#include "capture/x86.h"

#define TEXT_MAX 8192

struct details {
	struct details *older;
	char warning[512];      /* "" if none */
	size_t used;
	char text[TEXT_MAX];
};

static void put(struct details *details, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct details *details, const char *format, ...)
{
	size_t room = sizeof details->text - details->used;
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(details->text + details->used, room, format, arguments);
	va_end(arguments);
	if (n > 0)
		details->used += (size_t)n < room ? (size_t)n : room - 1;
}

static void put_function(struct details *details,
			 const struct capture *capture, int id)
{
	const struct libc_function *function = &capture->libc.function[id];
	const struct point *point = &function->point;

	if (details->used)
		put(details, "\n");
	if (!(capture->functions & (1u << id))) {
		put(details, _("%s: left out, too few file descriptors"),
		    allocators[id].symbol);
		return;
	}
	put(details, "%s+%u", allocators[id].symbol, point->offset);
	if (*point->instruction)
		put(details, " %s", point->instruction);
	put(details, ": %s", _(point->reason));
	if (!point->emulated)
		put(details, _(" (at the entry, costs a single step)"));
	if (allocators[id].result != RESULT_STATUS)
		return;
	if (function->stored_register >= 0)
		put(details, _("; the block is in %%%s at the return"),
		    x86_kernel_name(function->stored_register));
	else
		put(details, _("; the block is not known"));
}

/* What serves the calls, where it is not what one expects.  */
static void put_allocator(struct details *details, const struct libc *libc)
{
	char names[256];

	if (!*libc->replaces)
		return;
	put(details, _("allocation functions: %s, in place of the C library's"),
	    libc->name);
	libc_left_out(libc, names, sizeof names);
	if (*names)
		put(details, _("\nnot watched: %s"),
		    names);
}

static void make_warning(struct details *details,
			 const struct capture *capture)
{
	char names[256];
	size_t used = 0;

	libc_left_out(&capture->libc, names, sizeof names);
	if (*names)
		snprintf(details->warning, sizeof details->warning,
			 _("not watched of this program's own allocator: %s"),
			 names);

	for (const uint8_t *id = dispensable; *id < ALLOC_COUNT; id++) {
		if (!capture->libc.function[*id].present ||
		    capture->functions & (1u << *id))
			continue;
		used += snprintf(names + used, sizeof names - used, "%s%s",
				 used ? ", " : "", allocators[*id].symbol);
	}
	if (used)
		snprintf(details->warning, sizeof details->warning,
			 _("not watched, as file descriptors ran out: %s; raise the limit (ulimit -n)"),
			 names);
	if (capture->rings.follow_forks && !watch_keeps_parents(capture->watch))
		snprintf(details->warning, sizeof details->warning, "%s",
			 _("before Linux 6.12 the end of a child process may end the watching of its parent: blocks that this one frees then count as live"));
	if (*capture->execs.trouble)
		memcpy(details->warning, capture->execs.trouble,
		       sizeof details->warning);
}

void details_make(struct capture *capture)
{
	struct details *details = calloc(1, sizeof *details);

	if (!details)
		return;
	put_allocator(details, &capture->libc);
	for (int id = 0; id < ALLOC_COUNT; id++) {
		if (capture->libc.function[id].present)
			put_function(details, capture, id);
	}
	make_warning(details, capture);
	details->older = capture->details;
	capture->details = details;
}

void details_free(struct capture *capture)
{
	while (capture->details) {
		struct details *details = capture->details;

		capture->details = details->older;
		free(details);
	}
}

const char *capture_details(const struct capture *capture)
{
	return capture->details ? capture->details->text : "";
}

const char *capture_warning(const struct capture *capture)
{
	return capture->details && *capture->details->warning ?
		capture->details->warning : NULL;
}
