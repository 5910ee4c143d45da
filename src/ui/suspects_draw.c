/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/suspects.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "present/format.h"
#include "ui/fit.h"
#include "ui/pen.h"
#include "ui/screen.h"
#include "ui/stack.h"

#define PANE_MAX 16
#define COLUMNS_MAX 32

static int column_cells(const struct pen *pen, const struct column *column)
{
	return column->width ? column->width : pen->end - pen->x;
}

static void draw_head(const struct suspects *suspects, struct pen *pen, const struct fit *fits)
{
	const struct screen *screen = suspects->view.screen;

	pen_text(pen, ROLE_HEAD, " ");
	for (size_t i = 0; i < column_count; i++) {
		bool sorted = screen->sort == &columns[i];
		enum role role = sorted ? ROLE_HEAD_SORTED : ROLE_HEAD;
		char title[64];

		if (!fits[i].shown)
			continue;
		snprintf(title, sizeof(title), "%s%s", _(columns[i].title),
			 !sorted ? ""
				 : look_glyph(pen->look, columns[i].descending != screen->reverse
								 ? GLYPH_DOWN
								 : GLYPH_UP));
		pen_cell(pen, role, title, column_cells(pen, &columns[i]), columns[i].left);
		pen_text(pen, ROLE_HEAD, " ");
	}
	pen_fill(pen, ROLE_HEAD);
}

static enum role row_role(const struct row *row, const struct column *column)
{
	static const enum role by_verdict[] = {
		[VERDICT_STEADY] = ROLE_STEADY,
		[VERDICT_GROWING] = ROLE_GROWING,
		[VERDICT_STILL] = ROLE_TEXT,
		[VERDICT_FRESH] = ROLE_DIM,
		[VERDICT_UNKNOWN] = ROLE_TEXT,
	};

	if (strcmp(column->name, "trend") == 0 || strcmp(column->name, "verdict") == 0)
		return by_verdict[row->verdict];
	return ROLE_TEXT;
}

static void draw_row(const struct suspects *suspects, struct pen *pen, const struct fit *fits,
		     const struct row *row)
{
	struct cell_context context = screen_cells(suspects->view.screen);

	pen_text(pen, ROLE_TEXT, row == suspects_selected(suspects) ? ">" : " ");
	for (size_t i = 0; i < column_count; i++) {
		char text[512];

		if (!fits[i].shown)
			continue;
		columns[i].cell(row, &context, text, sizeof(text));
		if (columns[i].width == 0)
			pen->skip = suspects->shift;
		pen_cell(pen, row_role(row, &columns[i]), text, column_cells(pen, &columns[i]),
			 columns[i].left);
		pen->skip = 0;
		pen_text(pen, ROLE_TEXT, " ");
	}
	pen_fill(pen, ROLE_TEXT);
}

static const char *nothing_words(const struct screen *screen)
{
	const struct picture *picture = screen->picture;

	if (picture->heap->live_blocks > 0 && screen->sizes.count > 0)
		return _("No live block has one of these sizes: c shows all.");
	if (picture->state == STATE_WATCHING && picture->mode == WATCH_PAUSED)
		return _("Paused: p goes on.");
	if (picture->state == STATE_WATCHING || picture->state == STATE_STARTING)
		return screen->feed->source->kind == SOURCE_LIVE
			       ? _("Waiting for the first allocation.")
			       : _("Opening the file.");
	if (picture->state == STATE_LOADING)
		return _("Reading.");
	return _("Nothing is left: every block that was allocated has been freed.");
}

static int pane_height(const struct suspects *suspects, int lines)
{
	int height = lines >= 20 ? lines / 3 : lines / 2;

	if (!suspects_pane(suspects) || lines < 6 || suspects->rows.count == 0)
		return 0;
	return height < PANE_MAX ? height : PANE_MAX;
}

static void draw_pane(const struct suspects *suspects, WINDOW *window, int height)
{
	const struct screen *screen = suspects->view.screen;
	const struct snapshot *heap = screen->picture->heap;
	const struct row *row = suspects_selected(suspects);
	struct stack stack = {
		.symbols = screen->feed->symbols,
		.y = getmaxy(window) - height,
		.height = height,
		.width = getmaxx(window),
		.flags = FRAME_LINE,
		.names = screen->names,
		.skip = suspects->shift,
	};
	char first[24];
	char last[24];
	char title[160];

	if (!row)
		return;
	format_duration(first, sizeof(first), heap->end - row->first);
	format_duration(last, sizeof(last), heap->end - row->last);
	snprintf(title, sizeof(title), _("%llu bytes, first %s ago, last %s ago"),
		 (unsigned long long)row->size, first, last);
	stack.title = title;
	stack.chain = chains_get(heap->chains, row->chain);
	stack.site = row->site;
	stack_draw(&stack, window, &screen->look);
}

void suspects_draw(struct view *view, WINDOW *window)
{
	struct suspects *suspects = suspects_of(view);
	const struct look *look = &view->screen->look;
	int width = getmaxx(window);
	int lines = getmaxy(window);
	int pane = pane_height(suspects, lines);
	struct fit fits[COLUMNS_MAX] = {0};
	struct pen pen = pen_at(window, look, 0, 0, width);

	for (size_t i = 0; i < column_count; i++)
		fits[i] = (struct fit){.width = columns[i].width, .drop = columns[i].drop};
	fit_columns(fits, column_count, width - 1, COLUMN_REST_MIN);
	draw_head(suspects, &pen, fits);
	list_show(&suspects->list, lines - 1 - pane);
	for (int y = 0; y < suspects->list.height; y++) {
		size_t i = suspects->list.top + (size_t)y;

		if (i >= suspects->rows.count)
			break;
		pen = pen_at(window, look, y + 1, 0, width);
		if (i == suspects->list.selected)
			pen.over = ROLE_SELECTED;
		draw_row(suspects, &pen, fits, &suspects->rows.row[i]);
	}
	if (suspects->rows.count == 0) {
		pen = pen_at(window, look, 2 < lines ? 2 : lines - 1, 2, width - 2);
		pen_text(&pen, ROLE_TEXT, nothing_words(view->screen));
	}
	if (pane)
		draw_pane(suspects, window, pane);
}
