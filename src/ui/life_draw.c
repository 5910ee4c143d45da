/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/life.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "present/format.h"
#include "ui/fit.h"
#include "ui/pen.h"
#include "ui/screen.h"
#include "ui/stack.h"

/* Cells of the list when the call chain stands to the right of it.  */
#define BESIDE_FROM_COLUMNS 140
/* A call chain needs that many to be worth it.  */
#define SHALLOW_CELLS 40

/* Cells of the list when the call chain stands to the right of it.  */
#define LIST_CELLS 88
#define REST_MIN 10
#define STRIP_MAX 512

/* One event, and what a cell needs to tell of it.  */
struct event {
	const struct life *life;
	size_t index;
	const struct log_entry *entry;
	const struct log_entry *partner;
};

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a < b ? b - a : a - b;
}

static void time_cell(const struct event *event, char *text, size_t size)
{
	uint64_t start = event->life->view.screen->picture->heap->start;

	format_time(text, size, event->entry->time > start ? event->entry->time - start : 0);
}

static void delta_cell(const struct event *event, char *text, size_t size)
{
	const struct log_entry *before =
		event->index ? life_entry(event->life, event->index - 1) : NULL;

	text[0] = '\0';
	if (!before)
		return;
	text[0] = '+';
	format_duration(text + 1, size - 1, apart(event->entry->time, before->time));
}

static void tid_cell(const struct event *event, char *text, size_t size)
{
	snprintf(text, size, "%" PRIu32, event->entry->tid);
}

static void address_cell(const struct event *event, char *text, size_t size)
{
	snprintf(text, size, "0x%" PRIx64, event->entry->address);
}

static void live_cell(const struct event *event, char *text, size_t size)
{
	format_count(text, size, event->entry->live);
}

static void event_cell(const struct event *event, char *text, size_t size)
{
	snprintf(text, size, "%s", event->entry->enter ? _("enter") : _("exit"));
}

static void mark_cell(const struct event *event, char *text, size_t size)
{
	snprintf(text, size, "%s", event->entry->enter && !event->partner ? "*" : "");
}

static void where_cell(const struct event *event, char *text, size_t size)
{
	const struct screen *screen = event->life->view.screen;
	struct symbols *symbols = screen->feed->symbols;
	struct chain chain = chains_get(screen->picture->heap->chains, event->entry->chain);
	char lived[24];
	struct frame frame;
	unsigned site;

	if (!event->entry->enter && event->partner) {
		format_duration(lived, sizeof(lived),
				apart(event->entry->time, event->partner->time));
		snprintf(text, size, _("after %s"), lived);
	} else if (!event->entry->enter) {
		snprintf(text, size, "%s", _("allocated earlier"));
	} else if (chain.count == 0) {
		snprintf(text, size, "%s", _("(call chain not known)"));
	} else {
		site = stack_site(symbols, &chain);
		symbols_frame(symbols, chain.space, chain.addresses[site], FRAME_RETURN, &frame);
		format_site(text, size, &frame, chain.addresses[site]);
	}
}

static const struct {
	const char *title;
	int width;
	unsigned drop;
	bool left;
	void (*cell)(const struct event *event, char *text, size_t size);
} cells[] = {
	{N_("TIME"), 0, 0, false, time_cell},
	{N_("DELTA"), 7, 4, false, delta_cell},
	{N_("THREAD"), 7, 3, false, tid_cell},
	{N_("ADDRESS"), 14, 2, false, address_cell},
	{N_("LIVE"), 6, 1, false, live_cell},
	{N_("EVENT"), 5, 0, true, event_cell},
	{"*", 1, 0, true, mark_cell},
	{N_("WHERE"), 0, 0, true, where_cell},
};

#define CELL_COUNT (sizeof(cells) / sizeof(cells[0]))

/* Times are as wide as the last one, and apart from the mark.  */
static int time_width(const struct life *life)
{
	const struct snapshot *heap = life->view.screen->picture->heap;
	char text[32];

	format_time(text, sizeof(text), heap->end - heap->start);
	return (int)strlen(text) + 1;
}

static int cell_width(const struct pen *pen, const struct fit *fit)
{
	return fit->width ? fit->width : pen->end - pen->x;
}

static void draw_event(const struct event *event, struct pen *pen, const struct fit *fits)
{
	bool live = event->entry->enter && !event->partner;
	enum role role = live ? ROLE_STILL_LIVE : event->entry->enter ? ROLE_ENTER : ROLE_EXIT;

	pen_text(pen, ROLE_TEXT, event->index == event->life->list.selected ? ">" : " ");
	for (size_t i = 0; i < CELL_COUNT; i++) {
		bool telling = cells[i].cell == event_cell || cells[i].cell == mark_cell;
		char text[512];

		if (!fits[i].shown)
			continue;
		cells[i].cell(event, text, sizeof(text));
		pen_cell(pen, telling ? role : ROLE_TEXT, text, cell_width(pen, &fits[i]),
			 cells[i].left);
		pen_text(pen, ROLE_TEXT, " ");
	}
	pen_fill(pen, ROLE_TEXT);
}

static void draw_list(struct life *life, WINDOW *window, int y, int lines, int width)
{
	const struct look *look = &life->view.screen->look;
	struct pen pen = pen_at(window, look, y, 0, width);
	struct fit fits[CELL_COUNT];

	for (size_t i = 0; i < CELL_COUNT; i++)
		fits[i] = (struct fit){.width = cells[i].width, .drop = cells[i].drop};
	fits[0].width = time_width(life);
	fit_columns(fits, CELL_COUNT, width - 1, REST_MIN);
	pen_text(&pen, ROLE_HEAD, " ");
	for (size_t i = 0; i < CELL_COUNT; i++) {
		if (!fits[i].shown)
			continue;
		pen_cell(&pen, ROLE_HEAD, _(cells[i].title), cell_width(&pen, &fits[i]), cells[i].left);
		pen_text(&pen, ROLE_HEAD, " ");
	}
	pen_fill(&pen, ROLE_HEAD);

	list_show(&life->list, lines - 1);
	for (int line = 0; line < life->list.height; line++) {
		struct event event = {.life = life, .index = life->list.top + (size_t)line};

		event.entry = life_entry(life, event.index);
		if (!event.entry)
			break;
		event.partner = life_partner(life, event.index);
		pen = pen_at(window, look, y + 1 + line, 0, width);
		if (event.index == life->list.selected)
			pen.over = ROLE_SELECTED;
		draw_event(&event, &pen, fits);
	}
}

/* How many events there are up to TIME.  */
static size_t events_until(const struct life *life, uint64_t time)
{
	size_t low = 0;
	size_t high = life->events.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct log_entry *entry = life_entry(life, middle);

		if (entry && entry->time <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Live blocks over the whole time, with the selected moment marked.  */
static void draw_strip(const struct life *life, WINDOW *window, int y, int width)
{
	const struct snapshot *heap = life->view.screen->picture->heap;
	const struct log_entry *selected = life_entry(life, life->list.selected);
	struct pen pen = pen_at(window, &life->view.screen->look, y, 0, width);
	uint64_t span = heap->end > heap->start ? heap->end - heap->start : 1;
	uint64_t values[STRIP_MAX];
	uint64_t high = 0;
	int room;

	pen_text(&pen, ROLE_LABEL, _("live over time "));
	room = pen.end - pen.x < STRIP_MAX ? pen.end - pen.x : STRIP_MAX;
	for (int i = 0; i < room; i++) {
		uint64_t until = heap->start + (uint64_t)((double)span * (i + 1) / room);
		size_t before = events_until(life, until);
		const struct log_entry *entry = life_entry(life, before ? before - 1 : 0);

		values[i] = entry && (before || life->events.dropped) ? entry->live : 0;
		high = values[i] > high ? values[i] : high;
	}
	for (int i = 0; i < room; i++) {
		char glyph[8];
		double place = selected && selected->time > heap->start
				       ? (double)(selected->time - heap->start) / (double)span
				       : 0;
		int here = (int)(place * room);

		here = here < room ? here : room - 1;
		format_spark_between(glyph, sizeof(glyph), &values[i], 1, 0, high,
				     pen.look->ascii);
		pen_text(&pen, selected && i == here ? ROLE_SELECTED : ROLE_SPARK, glyph);
	}
}

/* Whether more will come of the whole recording.  */
static bool is_read_again(const struct life *life)
{
	const struct picture *picture = life->view.screen->picture;

	return life_is_again(life) && !picture->life && !picture->life_trouble;
}

static void draw_title(const struct life *life, WINDOW *window, int width)
{
	struct pen pen = pen_at(window, &life->view.screen->look, 0, 0, width);
	const struct lifecycle *events = &life->events;
	const struct log_entry *last = life_entry(life, events->count - 1);
	bool wide = width >= 70;
	char number[24];

	pen_printf(&pen, ROLE_VALUE, wide ? _("Life of %llu-byte blocks") : _("%llu bytes"),
		   (unsigned long long)events->size);
	if (events->count > 0)
		pen_printf(&pen, ROLE_TEXT, wide ? _("  event %zu of %zu") : _(" %zu/%zu"),
			   life->list.selected + 1, events->count);
	/* What is missing is on its way.  */
	if (is_read_again(life))
		pen_printf(&pen, ROLE_LABEL, wide ? _(", reading the file again %.0f %%") : _(" +%.0f %%"),
			   life->view.screen->picture->life_done * 100);
	else if (life_is_again(life) && life->view.screen->picture->life_trouble)
		pen_printf(&pen, ROLE_LOUD, ", %s", life->view.screen->picture->life_trouble);
	else if (events->dropped > 0)
		pen_printf(&pen, ROLE_LOUD, wide ? _(", %llu earlier dropped") : _(" +%llu gone"),
			   (unsigned long long)events->dropped);
	if (last) {
		format_count(number, sizeof(number), last->live);
		pen_printf(&pen, ROLE_TEXT, wide ? _("  live %s") : _(" live %s"), number);
	}
	if (life->playing)
		pen_printf(&pen, ROLE_GOOD, _("  playing %s%g"),
			   look_glyph(pen.look, GLYPH_TIMES), life_speed(life));
	else if (life->follow)
		pen_text(&pen, ROLE_GOOD, _("  following"));
	if (life->unread)
		pen_text(&pen, ROLE_LABEL, _("  reading the log"));
}

static void stack_title(const struct event *event, char *text, size_t size)
{
	char lived[24] = "";

	if (event->partner)
		format_duration(lived, sizeof(lived),
				apart(event->entry->time, event->partner->time));
	if (event->entry->enter && event->partner)
		snprintf(text, size, _("0x%llx, freed after %s by thread %lu"),
			 (unsigned long long)event->entry->address, lived,
			 (unsigned long)event->partner->tid);
	else if (event->entry->enter)
		snprintf(text, size, _("0x%llx, still live"),
			 (unsigned long long)event->entry->address);
	else if (event->partner)
		snprintf(text, size, _("0x%llx was allocated %s before, by thread %lu"),
			 (unsigned long long)event->entry->address, lived,
			 (unsigned long)event->partner->tid);
	else
		snprintf(text, size, _("0x%llx was allocated before the log begins"),
			 (unsigned long long)event->entry->address);
}

/* Next to the chain from a stack dump, what was known without it: beside it,
   else below.  STACK gives up the room for that.  */
static void draw_shallow(struct stack *stack, WINDOW *window, const struct look *look,
			 struct chain chain)
{
	struct stack other = *stack;

	if (stack->width >= 2 * SHALLOW_CELLS) {
		other.width = stack->width / 2;
		stack->width -= other.width + 1;
		other.x += stack->width + 1;
	} else {
		other.height = (int)chain.count + 1;
		if (other.height > stack->height / 3)
			other.height = stack->height / 3;
		stack->height -= other.height;
		other.y += stack->height;
	}
	if (other.height < 2)
		return;
	other.chain = chain;
	other.site = stack_site(other.symbols, &other.chain);
	other.title = _("Without the stack dump");
	stack_draw(&other, window, look);
}

static void draw_stack(const struct life *life, WINDOW *window, struct stack stack)
{
	const struct screen *screen = life->view.screen;
	struct event event = {.life = life, .index = life->list.selected};
	char title[160];
	uint32_t chain, shallow;

	event.entry = life_entry(life, event.index);
	event.partner = life_partner(life, event.index);
	if (!event.entry)
		return;
	chain = event.entry->chain;
	/* Who allocated it is what one asks at a release as well.  */
	if (!event.entry->enter && event.partner)
		chain = event.partner->chain;
	stack_title(&event, title, sizeof(title));
	stack.symbols = screen->feed->symbols;
	stack.chain = chains_get(screen->picture->heap->chains, chain);
	stack.site = stack_site(stack.symbols, &stack.chain);
	/* Source lines are slow to find, too slow for a film.  */
	stack.flags = life->playing ? 0 : FRAME_LINE;
	stack.names = screen->names;
	stack.title = title;
	stack.skip = life->shift;
	shallow = chains_shallow(screen->picture->heap->chains, chain);
	if (shallow)
		draw_shallow(&stack, window, &screen->look,
			     chains_get(screen->picture->heap->chains, shallow));
	stack_draw(&stack, window, &screen->look);
}

bool life_pane_shown(const struct life *life, int lines)
{
	return life->pane == LIFE_PANE_ON || (life->pane == LIFE_PANE_AUTO && lines >= 12);
}

static void draw_nothing(const struct life *life, WINDOW *window, int y)
{
	struct pen pen = pen_at(window, &life->view.screen->look, y, 2, getmaxx(window) - 2);

	if (!life->view.screen->picture->heap->log)
		pen_text(&pen, ROLE_TEXT, _("No log of single events is kept here."));
	else if (life->unread || is_read_again(life))
		pen_text(&pen, ROLE_TEXT, _("Reading the log."));
	else
		pen_text(&pen, ROLE_TEXT, _("The log has no event of this size."));
}

void life_draw(struct view *view, WINDOW *window)
{
	struct life *life = life_of(view);
	int lines = getmaxy(window);
	int width = getmaxx(window);
	bool pane = life_pane_shown(life, lines) && lines >= 6;
	bool beside = pane && width >= BESIDE_FROM_COLUMNS;
	int below = pane && !beside ? (lines - 2) * 2 / 5 : 0;
	int y = lines >= 6 ? 2 : lines >= 3;
	struct stack stack = {.y = lines - below, .height = below, .width = width};

	if (beside)
		stack = (struct stack){
			.y = y, .x = LIST_CELLS + 1, .height = lines - y,
			.width = width - LIST_CELLS - 1,
		};
	if (y > 0)
		draw_title(life, window, width);
	if (y > 1)
		draw_strip(life, window, 1, width);
	draw_list(life, window, y, lines - y - below, beside ? LIST_CELLS : width);
	if (life->events.count == 0)
		draw_nothing(life, window, y + 1 < lines ? y + 1 : lines - 1);
	else if (pane)
		draw_stack(life, window, stack);
}
