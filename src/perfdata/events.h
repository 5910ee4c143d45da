/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_EVENTS_H
#define LEAKTOP_PERFDATA_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include <linux/perf_event.h>

#include "base/error.h"
#include "perfdata/file.h"
#include "trace/decode.h"
#include "trace/map.h"
#include "trace/records.h"

/* The events that the file says were recorded.  */

size_t events_count(const struct file *file);

/* Reads event INDEX: what of its attr is known here, zeroed beyond, and
   where its ids are.  Returns 0; -1 when it is damaged.  */
int events_get(const struct file *file, size_t index,
	       struct perf_event_attr *attr, struct cursor *ids);

/* Adds all events to RECORDS.  Returns 0 or -1.  */
int events_add(const struct file *file, struct records *records,
	       struct error *error);

/* Whether all events that are mapped are there.  Returns 0; -1 with ERROR, which
   names those that are.  */
int events_check_maps(const struct file *file, const struct decoder *decoder,
		      const struct event_maps *maps, struct error *error);

/* Whether the events are what leaktop can follow.  Returns 0; -1 with ERROR,
   which says what is wrong and how to do better.  */
int events_check(const struct file *file, const struct decoder *decoder,
		 struct error *error);

/* Names of events, as many as there is room for.  Zeroed, there are none.  */
struct event_list {
	char text[160];
	size_t length;
};

void event_list_add(struct event_list *list, const char *name);

/* Says that FILE has no events of allocation functions, but those of LIST.
   Returns -1.  */
int events_refuse(const struct file *file, const struct event_list *list,
		  struct error *error);

#endif
