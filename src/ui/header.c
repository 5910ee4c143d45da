/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/header.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "present/format.h"
#include "ui/pen.h"
#include "ui/screen.h"

#define GRAPH_MAX 512
#define BAR_CELLS 10
#define SAMPLES_PER_SECOND 4

/* In words, for a wide screen and for a narrow one.  */
static const struct {
	const char *live;
	const char *file;
	const char *brief;
	enum role role;
} states[] = {
	[STATE_STARTING] = {N_("attaching"), N_("opening"), N_("starting"), ROLE_LABEL},
	[STATE_LOADING] = {N_("loading"), N_("loading"), N_("loading"), ROLE_LABEL},
	[STATE_WATCHING] = {N_("watching"), N_("watching"), N_("watching"), ROLE_GOOD},
	[STATE_COMPLETE] = {N_("complete"), N_("complete"), N_("complete"), ROLE_GOOD},
	[STATE_EXITED] = {N_("exited"), N_("exited"), N_("exited"), ROLE_LOUD},
	[STATE_DAMAGED] = {N_("damaged"), N_("damaged"), N_("damaged"), ROLE_LOUD},
	[STATE_FAILED] = {N_("failed"), N_("failed"), N_("failed"), ROLE_LOUD},
};

/* What is watched while the state is STATE_WATCHING, instead of its words.  */
static const struct {
	const char *words;      /* NULL: as the state says */
	const char *brief;
	enum role role;
} modes[] = {
	[WATCH_ALL] = {NULL, NULL, ROLE_GOOD},
	[WATCH_NO_CHAINS] = {N_("watching, no call chains"), N_("no chains"), ROLE_LABEL},
	[WATCH_RESTING] = {N_("resting (overhead)"), N_("resting"), ROLE_LOUD},
	[WATCH_PAUSED] = {N_("PAUSED"), N_("PAUSED"), ROLE_LOUD},
	[WATCH_DRAINING] = {N_("draining, only frees are seen"), N_("draining"), ROLE_LOUD},
};

#define WIDE_ENOUGH 70

static bool wide(const struct pen *pen)
{
	return pen->end >= WIDE_ENOUGH;
}

/* A label and its value, unless there is no room: half a number is a wrong
   one.  */
static void item(struct pen *pen, const char *label, enum role role, const char *value)
{
	int gap = pen->x == 0 ? 0 : wide(pen) ? 2 : 1;
	int needs = gap + text_cells(pen->look, label) + text_cells(pen->look, value);

	if (pen->x > 0 && pen->x + needs > pen->end)
		return;
	pen_spaces(pen, ROLE_TEXT, gap);
	pen_text(pen, ROLE_LABEL, label);
	pen_text(pen, role, value);
}

static bool special_mode(const struct picture *picture)
{
	return picture->state == STATE_WATCHING && modes[picture->mode].words;
}

static enum role state_role(const struct screen *screen)
{
	const struct picture *picture = screen->picture;

	if (screen->frozen)
		return ROLE_LOUD;
	return special_mode(picture) ? modes[picture->mode].role : states[picture->state].role;
}

/* In at most WIDTH cells, if that can be.  */
static void exited_words(const struct screen *screen, int width, const char *watched, char *text,
			 size_t size)
{
	size_t used;

	snprintf(text, size, "%s", screen->frozen ? _("FROZEN ") : "");
	used = strlen(text);
	snprintf(text + used, size - used,
		 _("has exited after %s: its blocks can still be looked at"), watched);
	if (text_cells(&screen->look, text) > width)
		snprintf(text + used, size - used, _("exited after %s"), watched);
}

/* In at most WIDTH cells, if that can be.  */
static void damaged_words(const struct screen *screen, int width, char *text, size_t size)
{
	char hits[24];
	size_t used;

	snprintf(text, size, "%s", screen->frozen ? _("FROZEN ") : "");
	used = strlen(text);
	format_count(hits, sizeof(hits), screen->picture->heap->hits);
	snprintf(text + used, size - used, _("damaged after %s hits"), hits);
	if (text_cells(&screen->look, text) > width)
		snprintf(text + used, size - used, "%s", _("damaged"));
}

/* What is more than a word, where WIDTH cells have room for it.  */
static void state_words(const struct screen *screen, int width, char *text, size_t size)
{
	const struct picture *picture = screen->picture;
	const struct snapshot *heap = picture->heap;
	bool file = screen->feed->source->kind == SOURCE_FILE;
	char watched[24] = "";
	char done[24] = "";
	const char *words;

	if (special_mode(picture))
		words = screen->columns < WIDE_ENOUGH ? modes[picture->mode].brief
						      : modes[picture->mode].words;
	else if (screen->columns < WIDE_ENOUGH)
		words = states[picture->state].brief;
	else
		words = file ? states[picture->state].file : states[picture->state].live;
	if (heap->end > heap->start && picture->state != STATE_LOADING)
		format_duration(watched, sizeof(watched), heap->end - heap->start);
	if (picture->state == STATE_DAMAGED) {
		damaged_words(screen, width, text, size);
		return;
	}
	if (picture->state == STATE_EXITED && watched[0]) {
		exited_words(screen, width, watched, text, size);
		return;
	}
	if (picture->state == STATE_LOADING)
		snprintf(done, sizeof(done), " %d%%", (int)(picture->done * 100));
	snprintf(text, size, "%s%s%s%s%s", screen->frozen ? _("FROZEN ") : "", _(words), done,
		 watched[0] ? " " : "", watched);
}

static void draw_bar(struct pen *pen, double done)
{
	int full = (int)(done * BAR_CELLS + 0.5);

	full = full < 0 ? 0 : full > BAR_CELLS ? BAR_CELLS : full;
	pen_repeat(pen, ROLE_SPARK, look_glyph(pen->look, GLYPH_BAR_FULL), full);
	pen_repeat(pen, ROLE_DIM, look_glyph(pen->look, GLYPH_BAR_EMPTY), BAR_CELLS - full);
	pen_text(pen, ROLE_TEXT, " ");
}

static void target_words(const struct screen *screen, int width, char *text, size_t size)
{
	const struct source *source = screen->feed->source;
	const char *command = screen->picture->command;
	const char *slash = strrchr(source->path, '/');

	if (source->kind == SOURCE_LIVE) {
		snprintf(text, size, _("PID %lu %s"), (unsigned long)source->pid, command);
		return;
	}
	snprintf(text, size, "%s%s%s", source->path, command[0] ? "  " : "", command);
	/* The end of a path says more than its beginning.  */
	if (slash && text_cells(&screen->look, text) > width)
		snprintf(text, size, "%s%s%s", slash + 1, command[0] ? "  " : "", command);
}

static void draw_target(const struct screen *screen, struct pen *pen)
{
	bool loading = screen->picture->state == STATE_LOADING;
	char words[128];
	char target[800];
	int right;
	struct pen left = *pen;

	target_words(screen, pen->end, target, sizeof(target));
	state_words(screen, pen->end - text_cells(pen->look, target) - 1, words, sizeof(words));
	right = text_cells(&screen->look, words) + (loading ? BAR_CELLS + 1 : 0);
	left.end = pen->end - right - 1;
	if (left.end < pen->end / 3)
		left.end = pen->end / 3;
	target_words(screen, left.end, target, sizeof(target));
	pen_text(&left, ROLE_VALUE, target);
	pen->x = left.x;
	pen_spaces(pen, ROLE_TEXT, pen->end - right - pen->x);
	if (pen->x == left.x)
		pen_text(pen, ROLE_TEXT, " ");
	if (loading)
		draw_bar(pen, screen->picture->done);
	pen_text(pen, state_role(screen), words);
}

/* As large as the line has room for, drawn out to it if STRETCH.  The scale
   begins at the lowest value, for growth is what one looks for; but noise is
   not blown up.  */
static void draw_graph(struct pen *pen, const uint64_t *values, unsigned count, bool stretch)
{
	uint64_t cells[GRAPH_MAX];
	char text[GRAPH_MAX * 4];
	uint64_t low = UINT64_MAX;
	uint64_t high = 0;
	int room = pen->end - pen->x;

	if (room <= 0 || count == 0)
		return;
	room = room < GRAPH_MAX ? room : GRAPH_MAX;
	if (stretch && (unsigned)room > count) {
		for (unsigned i = 0; i < (unsigned)room; i++)
			cells[i] = values[i * count / (unsigned)room];
		count = (unsigned)room;
	} else {
		count = resample(cells, (unsigned)room, values, count);
	}
	for (unsigned i = 0; i < count; i++) {
		low = cells[i] < low ? cells[i] : low;
		high = cells[i] > high ? cells[i] : high;
	}
	if (high - low < high / 64)
		high = low + high / 64;
	format_spark_between(text, sizeof(text), cells, count, low, high, pen->look->ascii);
	pen_text(pen, ROLE_SPARK, text);
}

static void draw_rss(const struct picture *picture, struct pen *pen)
{
	uint64_t first = picture->rss[0];
	uint64_t last = picture->rss[picture->rss_count - 1];
	char bytes[16];
	char change[16];
	char period[16];

	format_bytes(bytes, sizeof(bytes), last);
	format_bytes(change, sizeof(change), last < first ? first - last : last - first);
	format_duration(period, sizeof(period),
			picture->rss_count * (UINT64_C(1000000000) / SAMPLES_PER_SECOND));
	item(pen, _("RSS "), ROLE_VALUE, bytes);
	pen_text(pen, ROLE_TEXT, " ");
	pen_printf(pen, ROLE_TEXT, _("%s%s in %s"), last < first ? "-" : "+", change, period);
	pen_text(pen, ROLE_TEXT, " ");
	draw_graph(pen, picture->rss, picture->rss_count, false);
}

static void draw_memory(const struct screen *screen, struct pen *pen)
{
	const struct picture *picture = screen->picture;
	const struct snapshot *heap = picture->heap;
	unsigned slices = heap->slices < SLICES ? heap->slices : SLICES;

	if (picture->rss_count > 0) {
		draw_rss(picture, pen);
		return;
	}
	pen_text(pen, ROLE_LABEL, _("heap over time"));
	pen_text(pen, ROLE_LABEL, " ");
	if (heap->end > heap->start)
		draw_graph(pen, heap->live_bytes_at, slices, true);
}

/* What watching costs the target, and the limit of that.  */
static void draw_cost(const struct picture *picture, struct pen *pen)
{
	bool over = picture->max_overhead > 0 && picture->overhead > picture->max_overhead;
	char cost[16] = "?";
	char text[64];

	if (picture->overhead < 0 && picture->max_overhead <= 0)
		return;
	if (picture->overhead >= 0)
		snprintf(cost, sizeof(cost), "%.1f %%", picture->overhead * 100);
	if (picture->max_overhead > 0)
		snprintf(text, sizeof(text), _("%s of %.4g %%"), cost,
			 picture->max_overhead * 100);
	else
		snprintf(text, sizeof(text), "%s", cost);
	item(pen, _("cost "), over ? ROLE_LOUD : ROLE_VALUE, text);
}

static void draw_heap(const struct screen *screen, struct pen *pen)
{
	const struct picture *picture = screen->picture;
	char text[32];

	format_bytes(text, sizeof(text), picture->heap->live_bytes);
	item(pen, _("live "), ROLE_VALUE, text);
	format_count(text, sizeof(text), picture->heap->live_blocks);
	item(pen, _("blocks "), ROLE_VALUE, text);
	format_count(text, sizeof(text) - 2, (uint64_t)(picture->allocation_rate + 0.5));
	item(pen, wide(pen) ? _("alloc ") : "+", ROLE_VALUE, strcat(text, "/s"));
	format_count(text, sizeof(text) - 2, (uint64_t)(picture->free_rate + 0.5));
	item(pen, wide(pen) ? _("free ") : "-", ROLE_VALUE, strcat(text, "/s"));
	draw_cost(picture, pen);
}

static void draw_lost(const struct snapshot *heap, struct pen *pen)
{
	uint64_t since = heap->last_lost > heap->start ? heap->last_lost - heap->start : 0;
	char count[16];
	char time[16];
	char text[64];

	format_count(count, sizeof(count), heap->lost);
	format_duration(time, sizeof(time), since);
	if (heap->last_lost && wide(pen))
		snprintf(text, sizeof(text), heap->lost ? _("%s!, last at %s") : _("%s, gap at %s"),
			 count, time);
	else
		snprintf(text, sizeof(text), "%s%s", count,
			 heap->lost || heap->last_lost ? "!" : "");
	item(pen, _("lost "), heap->lost || heap->last_lost ? ROLE_LOUD : ROLE_GOOD, text);
}

/* The sizes that are taken with stack dumps.  */
static void draw_focus(const struct picture *picture, struct pen *pen)
{
	char text[96] = "";
	size_t used = 0;

	for (unsigned i = 0; i < picture->focus_count && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%" PRIu64,
					 i ? "," : "", picture->focus[i]);
	if (used)
		item(pen, _("focus "), ROLE_PROMPT, text);
}

static void draw_status(const struct screen *screen, struct pen *pen)
{
	const struct snapshot *heap = screen->picture->heap;
	uint64_t unexpected = 0;
	char text[200];

	for (int i = 0; i < ANOMALY_COUNT; i++)
		unexpected += heap->anomalies[i];
	draw_lost(heap, pen);
	format_count(text, sizeof(text), unexpected);
	item(pen, _("unexpected "), ROLE_VALUE, text);
	snprintf(text, sizeof(text), "%s%s", screen->sort ? _(screen->sort->title) : _("suspicion"),
		 screen->reverse ? _(" reversed") : "");
	item(pen, _("by "), ROLE_VALUE, text);
	if (screen->sizes.count > 0) {
		sizespec_format(&screen->sizes, text, sizeof(text));
		item(pen, _("sizes "), ROLE_PROMPT, text);
	}
	draw_focus(screen->picture, pen);
	if (screen->picture->recorded) {
		format_bytes(text, sizeof(text), screen->picture->recorded_bytes);
		item(pen, _("recorded "), ROLE_VALUE, text);
	}
}

static void draw_notice(const struct screen *screen, struct pen *pen)
{
	pen_text(pen, ROLE_LOUD, screen->picture->notice);
}

/* By importance: the first ones are there on the smallest screens.  */
static const struct {
	void (*draw)(const struct screen *screen, struct pen *pen);
	int from;               /* lines of the screen */
	int place;              /* order on the screen */
} header[] = {
	{draw_target, 4, 0},
	{draw_status, 7, 3},
	{draw_notice, 8, 4},
	{draw_heap, 9, 2},
	{draw_memory, 10, 1},
};

#define HEADER_LINES ((int)(sizeof(header) / sizeof(header[0])))

static bool line_shown(const struct screen *screen, int i, int lines)
{
	return lines >= header[i].from &&
	       (header[i].draw != draw_notice || screen->picture->notice[0]);
}

int header_lines(const struct screen *screen, int lines)
{
	int count = 0;

	for (int i = 0; i < HEADER_LINES; i++)
		count += line_shown(screen, i, lines);
	return count;
}

void header_draw(const struct screen *screen, WINDOW *window)
{
	int y = 0;

	werase(window);
	for (int place = 0; place < HEADER_LINES; place++) {
		for (int i = 0; i < HEADER_LINES; i++) {
			struct pen pen = pen_at(window, &screen->look, y, 0, getmaxx(window));

			if (header[i].place != place || !line_shown(screen, i, screen->lines))
				continue;
			header[i].draw(screen, &pen);
			y++;
		}
	}
}

static bool footer_key(struct pen *pen, const struct key *key)
{
	char name[32];
	int needs;

	if (!key->label)
		return true;
	key_label(key->codes[0], name, sizeof(name));
	needs = text_cells(pen->look, name) + text_cells(pen->look, _(key->label));
	if (pen->x + needs + (pen->x > 0) > pen->end)
		return false;
	if (pen->x > 0)
		pen_text(pen, ROLE_TEXT, " ");
	pen_text(pen, ROLE_KEY, name);
	pen_text(pen, ROLE_KEY_LABEL, _(key->label));
	return true;
}

void footer_draw(const struct screen *screen, WINDOW *window)
{
	const struct key_table *own = &screen->views[screen->depth - 1]->ops->keys;
	const struct key_table *tables[] = {&screen_keys, own};
	struct pen pen = pen_at(window, &screen->look, getmaxy(window) - 1, 0, getmaxx(window));

	werase(window);
	if (screen->prompt.ops) {
		prompt_draw(&screen->prompt, window, &screen->look);
		return;
	}
	if (screen->message[0]) {
		pen_text(&pen, ROLE_VALUE, screen->message);
		return;
	}
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (size_t i = 0; i < tables[t]->count; i++) {
			const struct key *key = &tables[t]->keys[i];

			/* What the view does with a key goes before what all do.  */
			if ((key->offered && !key->offered(screen)) ||
			    (tables[t] != own && key_lookup(own, key->codes[0])))
				continue;
			if (!footer_key(&pen, key))
				return;
		}
}
