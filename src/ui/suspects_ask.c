/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/suspects.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/screen.h"

/* Filter.  */

static void set_sizes(struct view *view, const struct sizespec *sizes)
{
	struct suspects *suspects = suspects_of(view);

	if (view->screen->sizes.count > 0)
		suspects->last_sizes = view->screen->sizes;
	view->screen->sizes = *sizes;
	screen_stale(view->screen);
}

static int filter_accept(struct view *view, const char *text, struct error *error)
{
	struct sizespec sizes;

	if (sizespec_parse(&sizes, text, error) < 0)
		return -1;
	set_sizes(view, &sizes);
	return 0;
}

static const struct prompt_ops filter_prompt = {
	.label = N_("Sizes (3072, 0xc00, 1k-4k, >1M):"),
	.accept = filter_accept,
};

void suspects_filter_key(struct view *view, int argument)
{
	struct suspects *suspects = suspects_of(view);
	const struct sizespec *last = view->screen->sizes.count ? &view->screen->sizes
								: &suspects->last_sizes;
	char before[256] = "";

	(void)argument;
	if (last->count > 0)
		sizespec_format(last, before, sizeof(before));
	prompt_open(&view->screen->prompt, &filter_prompt, view, before);
}

void suspects_this_size_key(struct view *view, int argument)
{
	const struct row *row = suspects_selected(suspects_of(view));
	struct sizespec sizes;

	(void)argument;
	if (!row) {
		suspects_say_none(view);
		return;
	}
	sizes = sizespec_only(row->size);
	set_sizes(view, &sizes);
}

void suspects_all_sizes_key(struct view *view, int argument)
{
	struct sizespec sizes = {0};

	(void)argument;
	set_sizes(view, &sizes);
}

/* Search in the call sites.  */

static bool row_matches(struct suspects *suspects, const struct row *row)
{
	struct cell_context context = screen_cells(suspects->view.screen);
	const struct column *site = column_by_name("site");
	char text[512];

	site->cell(row, &context, text, sizeof(text));
	return (suspects->caseless ? strcasestr(text, suspects->searched)
				   : strstr(text, suspects->searched)) != NULL;
}

/* From the line FROM on in that direction, around the end.  */
static bool search_from(struct suspects *suspects, size_t from, bool backwards)
{
	size_t count = suspects->rows.count;

	for (size_t i = 0; i < count; i++) {
		size_t at = backwards ? (from + count - i) % count : (from + i) % count;

		if (row_matches(suspects, &suspects->rows.row[at])) {
			list_select(&suspects->list, at);
			suspects->moved = true;
			return true;
		}
	}
	return false;
}

static void search_changed(struct view *view, const char *text)
{
	struct suspects *suspects = suspects_of(view);

	snprintf(suspects->searched, sizeof(suspects->searched), "%s", text);
	/* As in less -i: capital letters are looked for as such.  */
	suspects->caseless = true;
	for (const char *c = text; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			suspects->caseless = false;
	suspects->list.selected = suspects->origin.selected;
	suspects->list.top = suspects->origin.top;
	list_select(&suspects->list, suspects->list.selected);
	if (*text && !search_from(suspects, suspects->list.selected, false))
		error_set(&view->screen->prompt.error, _("No call site with '%s'"), text);
}

static int search_accept(struct view *view, const char *text, struct error *error)
{
	struct suspects *suspects = suspects_of(view);

	(void)error;
	snprintf(suspects->last_search, sizeof(suspects->last_search), "%s", text);
	/* It was said while typing, and goes with the prompt.  */
	if (view->screen->prompt.error.text[0])
		screen_say(view->screen, "%s", view->screen->prompt.error.text);
	return 0;
}

static void search_cancel(struct view *view)
{
	struct suspects *suspects = suspects_of(view);

	search_changed(view, "");
	snprintf(suspects->searched, sizeof(suspects->searched), "%s", suspects->last_search);
}

static const struct prompt_ops search_prompt = {
	.label = N_("Search call sites:"),
	.changed = search_changed,
	.accept = search_accept,
	.cancel = search_cancel,
};

void suspects_search_key(struct view *view, int argument)
{
	struct suspects *suspects = suspects_of(view);

	(void)argument;
	suspects->origin = suspects->list;
	prompt_open(&view->screen->prompt, &search_prompt, view, suspects->last_search);
}

void suspects_again_key(struct view *view, int backwards)
{
	struct suspects *suspects = suspects_of(view);
	size_t count = suspects->rows.count;
	size_t from;

	if (suspects->searched[0] == '\0') {
		suspects_search_key(view, 0);
		return;
	}
	if (count == 0) {
		suspects_say_none(view);
		return;
	}
	from = (suspects->list.selected + (backwards ? count - 1 : 1)) % count;
	if (!search_from(suspects, from, backwards))
		screen_say(view->screen, _("No call site with '%s'"), suspects->searched);
}
