/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/view.h"

#include <stdlib.h>

#include "base/intl.h"
#include "base/transcript.h"
#include "ui/pen.h"
#include "ui/screen.h"

/* How often new output is looked for, ns.  */
#define LOOK_TIME UINT64_C(100000000)
#define SHIFT_STEP 8
#define SHIFT_MAX 512

/* Bodies of so many lines have a title.  */
#define TITLE_FROM_LINES 3

/* What a launched command prints, as tail -f shows it.  */
struct output {
	struct view view;
	struct transcript *transcript;
	uint64_t changes;       /* of what is shown */
	uint64_t first;         /* number of the list's first line */
	struct list list;       /* its selected line is the one at the top */
	bool follow;            /* stays at the end */
	int shift;
};

static struct output *output_of(struct view *view)
{
	return (struct output *)view;
}

/* The top line on a window that shows the end.  */
static size_t last_top(const struct list *list)
{
	size_t lines = list->height > 0 ? (size_t)list->height : 1;

	return list->count > lines ? list->count - lines : 0;
}

/* Takes over what there is by now, and keeps the same lines on the screen as
   long as they exist.  */
static void look(struct output *output)
{
	struct list *list = &output->list;
	uint64_t first, end, gone;
	uint64_t changes = transcript_range(output->transcript, &first, &end);

	bool seen = output->changes != UINT64_MAX;

	/* What a frozen screen shows is of the moment when it was opened.  */
	if (changes == output->changes ||
	    (seen && output->view.screen->frozen))
		return;
	gone = first - output->first;
	list->selected = list->selected > gone ? list->selected - gone : 0;
	list->count = end - first;
	output->first = first;
	output->changes = changes;
	output->view.screen->dirty = true;
}

/* Its content does not come with the pictures.  */
static void update(struct view *view)
{
	look(output_of(view));
}

static uint64_t tick(struct view *view, uint64_t now)
{
	look(output_of(view));
	return now + LOOK_TIME;
}

static void draw_title(const struct output *output, WINDOW *window)
{
	const struct screen *screen = output->view.screen;
	const struct list *list = &output->list;
	struct pen pen = pen_at(window, &screen->look, 0, 0, getmaxx(window));
	size_t last = list->selected + (size_t)list->height;

	if (last > list->count)
		last = list->count;
	pen_text(&pen, ROLE_HEAD, _(" Output"));
	if (list->count > 0)
		pen_printf(&pen, ROLE_HEAD, _("  lines %llu-%llu of %llu"),
			   (unsigned long long)(output->first + list->selected + 1),
			   (unsigned long long)(output->first + last),
			   (unsigned long long)(output->first + list->count));
	if (output->follow)
		pen_text(&pen, ROLE_HEAD, _("  follows"));
	pen_fill(&pen, ROLE_HEAD);
}

static void draw_lines(const struct output *output, WINDOW *window, int y)
{
	const struct list *list = &output->list;

	for (size_t i = list->selected; i < list->count && y < getmaxy(window); i++, y++) {
		struct pen pen = pen_at(window, &output->view.screen->look, y, 0,
					getmaxx(window));
		char text[TRANSCRIPT_LINE + 1];

		pen.skip = output->shift;
		/* It may have gone since it was counted: then it is empty.  */
		transcript_line(output->transcript, output->first + i, text, sizeof(text));
		pen_text(&pen, ROLE_TEXT, text);
	}
}

static void draw(struct view *view, WINDOW *window)
{
	struct output *output = output_of(view);
	struct list *list = &output->list;
	int title = getmaxy(window) >= TITLE_FROM_LINES;
	struct pen pen = pen_at(window, &view->screen->look, title, 0, getmaxx(window));

	list->height = getmaxy(window) - title;
	if (output->follow || list->selected > last_top(list))
		list->selected = last_top(list);
	if (title)
		draw_title(output, window);
	draw_lines(output, window, title);
	if (list->count == 0)
		pen_text(&pen, ROLE_DIM, _("It has printed nothing so far."));
}

static void moved(struct view *view, enum motion motion)
{
	struct output *output = output_of(view);

	(void)motion;
	if (output->list.selected > last_top(&output->list))
		output->list.selected = last_top(&output->list);
	output->follow = output->list.selected == last_top(&output->list);
}

static void shift_key(struct view *view, int cells)
{
	struct output *output = output_of(view);

	output->shift += cells;
	output->shift = output->shift < 0 ? 0 :
			output->shift > SHIFT_MAX ? SHIFT_MAX : output->shift;
}

static void leave_key(struct view *view, int argument)
{
	(void)argument;
	screen_pop(view->screen);
}

static const struct key keys[] = {
	{
		.codes = {KEY_ESCAPE, KEY_OF(KEY_BACKSPACE), 'o'}, .label = N_("Back"),
		.help = N_("leave the output"), .action = leave_key,
	},
	{
		.codes = {KEY_OF(KEY_LEFT)},
		.help = N_("scroll to the left"), .action = shift_key,
		.argument = -SHIFT_STEP,
	},
	{
		.codes = {KEY_OF(KEY_RIGHT)},
		.help = N_("scroll to the right"), .action = shift_key,
		.argument = SHIFT_STEP,
	},
};

static struct list *list_of(struct view *view)
{
	return &output_of(view)->list;
}

static void close_view(struct view *view)
{
	free(view);
}

static const struct view_ops ops = {
	.name = N_("Output"),
	.keys = KEY_TABLE(keys),
	.update = update,
	.draw = draw,
	.list = list_of,
	.moved = moved,
	.tick = tick,
	.close = close_view,
};

struct view *output_open(struct screen *screen)
{
	struct output *output = calloc(1, sizeof(*output));

	if (!output)
		return NULL;
	output->view = (struct view){.ops = &ops, .screen = screen};
	output->transcript = screen->feed->output;
	/* That of no transcript, so that the first look counts.  */
	output->changes = UINT64_MAX;
	output->follow = true;
	return &output->view;
}
