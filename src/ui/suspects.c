/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/suspects.h"

#include <stdlib.h>

#include "base/intl.h"
#include "ui/screen.h"
#include "ui/stack.h"

/* The pane with the call chain shows itself on screens of so many lines.  */
#define PANE_FROM_LINES 30
#define SHIFT_STEP 8

const struct row *suspects_selected(const struct suspects *suspects)
{
	if (suspects->list.selected >= suspects->rows.count)
		return NULL;
	return &suspects->rows.row[suspects->list.selected];
}

void suspects_say_none(struct view *view)
{
	screen_say(view->screen, "%s", _("No line is selected"));
}

static bool same_row(const struct row *a, const struct row *b)
{
	return a->size == b->size && a->place.object == b->place.object &&
	       a->place.offset == b->place.offset;
}

/* Sorted rows for the picture that is shown.  Returns -1 when out of memory.  */
static int build(struct suspects *suspects)
{
	struct screen *screen = suspects->view.screen;
	struct snapshot *heap = screen->picture->heap;
	struct cell_context context = screen_cells(screen);

	/* What the rows know of chains is true only for these.  */
	if (suspects->chains != heap->chains) {
		rows_clear(&suspects->rows);
		chains_unref(suspects->chains);
		suspects->chains = chains_ref(heap->chains);
	}
	if (rows_build(&suspects->rows, heap, screen->feed->symbols, &screen->sizes) < 0)
		return -1;
	if (screen->sort || screen->reverse)
		rows_sort(&suspects->rows, screen->sort, screen->reverse, &context);
	return 0;
}

static void update(struct view *view)
{
	struct suspects *suspects = suspects_of(view);
	const struct row *selected = suspects_selected(suspects);
	struct row before = selected ? *selected : (struct row){0};
	size_t index = suspects->list.selected;

	if (build(suspects) < 0)
		screen_say(view->screen, "%s", _("out of memory: the table is not up to date"));
	for (size_t i = 0; suspects->moved && selected && i < suspects->rows.count; i++) {
		if (same_row(&suspects->rows.row[i], &before)) {
			index = i;
			break;
		}
	}
	list_follow(&suspects->list, suspects->moved ? index : 0, suspects->rows.count);
}

bool suspects_pane(const struct suspects *suspects)
{
	return suspects->pane == PANE_ON ||
	       (suspects->pane == PANE_AUTO && suspects->view.screen->lines >= PANE_FROM_LINES);
}

/* Order.  */

/* Each column has a key in its row of the table.  */
static bool column_key(struct view *view, int code)
{
	struct screen *screen = view->screen;

	for (size_t i = 0; i < column_count; i++) {
		if (columns[i].key != code)
			continue;
		/* The key of the order that is there turns it round.  */
		screen->reverse = screen->sort == &columns[i] && !screen->reverse;
		screen->sort = &columns[i];
		screen_stale(screen);
		return true;
	}
	return false;
}

static void suspicion_key(struct view *view, int argument)
{
	(void)argument;
	view->screen->sort = NULL;
	view->screen->reverse = false;
	screen_stale(view->screen);
}

/* One column to the left or right; left of the first is the order of
   suspicion.  */
static void next_column_key(struct view *view, int step)
{
	struct screen *screen = view->screen;
	int count = (int)column_count;
	int at = screen->sort ? (int)(screen->sort - columns) : -1;

	at += step;
	if (at < -1)
		at = count - 1;
	screen->sort = at >= 0 && at < count ? &columns[at] : NULL;
	screen->reverse = false;
	screen_stale(screen);
}

static void reverse_key(struct view *view, int argument)
{
	(void)argument;
	view->screen->reverse = !view->screen->reverse;
	screen_stale(view->screen);
}

/* The rest.  */

static void life_key(struct view *view, int argument)
{
	const struct row *row = suspects_selected(suspects_of(view));

	(void)argument;
	if (row)
		screen_push(view->screen, lifecycle_open(view->screen, row->size));
	else
		suspects_say_none(view);
}

static void focus_key(struct view *view, int argument)
{
	const struct row *row = suspects_selected(suspects_of(view));

	(void)argument;
	if (row)
		screen_focus(view->screen, row->size);
	else
		suspects_say_none(view);
}

static void pane_key(struct view *view, int argument)
{
	struct suspects *suspects = suspects_of(view);

	(void)argument;
	suspects->pane = suspects_pane(suspects) ? PANE_OFF : PANE_ON;
}

static void shift_key(struct view *view, int cells)
{
	struct suspects *suspects = suspects_of(view);

	suspects->shift += cells;
	if (suspects->shift < 0)
		suspects->shift = 0;
	if (suspects->shift > 512)
		suspects->shift = 512;
}

static const struct key keys[] = {
	{
		.codes = {'\n'}, .label = N_("Life"),
		.help = N_("the life of all blocks of this size, event by event"),
		.action = life_key,
	},
	{
		.codes = {'f'}, .label = N_("Filter"),
		.help = N_("show only some sizes: 3072, 0xc00, 1k-4k, >1M, or a list of those"),
		.action = suspects_filter_key,
	},
	{
		.codes = {'='}, .label = N_("ThisSize"),
		.help = N_("show only the size of the selected line"), .action = suspects_this_size_key,
	},
	{
		.codes = {'c', KEY_OF(KEY_BACKSPACE)}, .label = N_("AllSizes"),
		.help = N_("show all sizes again"), .action = suspects_all_sizes_key,
	},
	{
		.codes = {'>', '.'}, .label = N_("Sort"),
		.help = N_("sort by the next column"), .action = next_column_key, .argument = 1,
	},
	{
		.codes = {'<', ','},
		.help = N_("sort by the column before"), .action = next_column_key,
		.argument = -1,
	},
	{
		.codes = {'I'},
		.help = N_("turn the order round"), .action = reverse_key,
	},
	{
		.codes = {'d'},
		.help = N_("the order of suspicion: what accumulates steadily comes first"),
		.action = suspicion_key,
	},
	{
		.codes = {'/'}, .label = N_("Search"),
		.help = N_("search in the call sites"), .action = suspects_search_key,
	},
	{
		.codes = {'n'},
		.help = N_("the next one that was searched for"), .action = suspects_again_key,
	},
	{
		.codes = {'N'},
		.help = N_("the one before"), .action = suspects_again_key, .argument = 1,
	},
	{
		.codes = {'F'}, .label = N_("Focus"),
		.help = N_("take the whole stack at each allocation of this size; again: no more"),
		.action = focus_key,
	},
	{
		.codes = {'w'}, .label = N_("Where"),
		.help = N_("show or hide the call chain of the selected line"),
		.action = pane_key,
	},
	{
		.codes = {'s'},
		.help = N_("show functions, offsets, lines or raw addresses in call chains"),
		.action = stack_names_key,
	},
	{
		.codes = {KEY_OF(KEY_LEFT)},
		.help = N_("scroll call sites to the left"), .action = shift_key,
		.argument = -SHIFT_STEP,
	},
	{
		.codes = {KEY_OF(KEY_RIGHT)},
		.help = N_("scroll call sites to the right"), .action = shift_key,
		.argument = SHIFT_STEP,
	},
};

static struct list *list_of(struct view *view)
{
	return &suspects_of(view)->list;
}

static void moved(struct view *view, enum motion motion)
{
	suspects_of(view)->moved = motion != MOTION_FIRST;
}

static void close_view(struct view *view)
{
	rows_clear(&suspects_of(view)->rows);
	chains_unref(suspects_of(view)->chains);
	free(view);
}

static const struct view_ops ops = {
	.name = N_("Suspects"),
	.keys = KEY_TABLE(keys),
	.other_key = column_key,
	.update = update,
	.draw = suspects_draw,
	.list = list_of,
	.moved = moved,
	.close = close_view,
};

struct view *suspects_open(struct screen *screen)
{
	struct suspects *suspects = calloc(1, sizeof(*suspects));

	if (!suspects)
		return NULL;
	suspects->view = (struct view){.ops = &ops, .screen = screen};
	return &suspects->view;
}
