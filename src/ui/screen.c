/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "present/format.h"
#include "present/lacking.h"
#include "ui/header.h"

struct view *screen_top(struct screen *screen)
{
	return screen->views[screen->depth - 1];
}

struct cell_context screen_cells(const struct screen *screen)
{
	return (struct cell_context){
		.snapshot = screen->picture->heap,
		.symbols = screen->feed->symbols,
		.ascii = screen->look.ascii,
	};
}

void screen_stale(struct screen *screen)
{
	for (unsigned i = 0; i < screen->depth; i++)
		screen->views[i]->stale = true;
	screen->dirty = true;
}

void screen_say(struct screen *screen, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(screen->message, sizeof(screen->message), format, args);
	va_end(args);
	screen->dirty = true;
}

void screen_push(struct screen *screen, struct view *view)
{
	if (!view) {
		screen_say(screen, "%s", _("out of memory"));
		return;
	}
	if (screen->depth == VIEW_DEPTH) {
		view->ops->close(view);
		return;
	}
	view->screen = screen;
	view->stale = true;
	screen->views[screen->depth++] = view;
	screen->dirty = true;
}

void screen_pop(struct screen *screen)
{
	struct view *view = screen_top(screen);

	if (screen->depth <= 1)
		return;
	screen->depth--;
	view->ops->close(view);
	screen->dirty = true;
}

/* Keys that work everywhere.  */

/* A command that leaktop started, and that would lose its terminal.  */
static bool holds_command(const struct screen *screen)
{
	return screen->feed->output && (screen->picture->state == STATE_STARTING ||
					screen->picture->state == STATE_WATCHING);
}

static void quit_key(struct view *view, int argument)
{
	struct screen *screen = view->screen;

	(void)argument;
	if (holds_command(screen) && !screen->asked) {
		screen->asks = true;
		screen_say(screen, _("q again ends %s (SIGHUP): it still runs"),
			   screen->picture->command);
		return;
	}
	screen->quit = true;
}

static void help_key(struct view *view, int argument)
{
	(void)argument;
	screen_push(view->screen, help_open(view->screen, view));
}

static void back_key(struct view *view, int argument)
{
	(void)argument;
	screen_pop(view->screen);
}

static void freeze_key(struct view *view, int argument)
{
	struct screen *screen = view->screen;
	bool goes_on = screen->picture->state <= STATE_WATCHING;

	(void)argument;
	screen->frozen = !screen->frozen;
	if (!screen->frozen)
		screen_news(screen);
	screen_say(screen, "%s", !screen->frozen ? _("The screen is up to date again") :
				 goes_on ? _("The screen stands still, watching goes on") :
					   _("The screen stands still; Z goes on"));
}

/* What is said of a command: where it can't be, and what it leads to.  */
static const struct {
	const char *file;
	/* By whether what the other command switches is on, and whether this
	   one's is on by now.  */
	const char *leads_to[2][2];
} commands[] = {
	[FEED_PAUSE] = {
		.file = N_("A recording can't be paused"),
		.leads_to = {
			{N_("Watching goes on; ? marks what may have been freed meanwhile"),
			 N_("Pausing: nothing is seen, and the process runs at its full speed")},
			{N_("Draining goes on: only frees are seen"),
			 N_("Pausing: nothing is seen, and the process runs at its full speed")},
		},
	},
	[FEED_DRAIN] = {
		.file = N_("A recording can't be drained"),
		.leads_to = {
			{N_("Watching all again; what was allocated meanwhile is not known"),
			 N_("Draining: from now on only frees are seen")},
			{N_("Paused; all will be seen when p goes on"),
			 N_("Paused; only frees will be seen when p goes on")},
		},
	},
};

/* The mode by now, whatever is shown.  */
static enum watch_mode feed_mode(const struct feed *feed)
{
	struct picture *picture = feed->picture(feed->context);
	enum watch_mode mode = picture->mode;

	picture_unref(picture);
	return mode;
}

static void command_key(struct view *view, int command)
{
	struct screen *screen = view->screen;
	const struct feed *feed = screen->feed;
	enum source_state state = screen->picture->state;

	if (feed->source->kind == SOURCE_FILE) {
		screen_say(screen, "%s", _(commands[command].file));
	} else if (!feed->command) {
		screen_say(screen, "%s", _("What is watched can't be changed here"));
	} else if (state == STATE_EXITED || state == STATE_FAILED) {
		screen_say(screen, "%s", _("Nothing is watched any more"));
	} else {
		bool paused = feed_mode(feed) == WATCH_PAUSED;
		bool pauses = command == FEED_PAUSE;

		feed->command(feed->context, (enum feed_command)command);
		if (pauses)
			paused = !paused;
		else
			screen->draining = !screen->draining;
		screen_say(screen, "%s", _(commands[command].leads_to
					   [pauses ? screen->draining : paused]
					   [pauses ? paused : screen->draining]));
	}
}

void screen_focus(struct screen *screen, uint64_t size)
{
	static const char *const answers[] = {
		[FOCUS_BEGINS] = N_("whole stacks from now on"),
		[FOCUS_ENDS] = N_("no whole stacks any more"),
		[FOCUS_FULL] = N_("no room, too many in focus"),
	};
	const struct feed *feed = screen->feed;
	enum source_state state = screen->picture->state;
	char number[24];

	format_count(number, sizeof(number), size);
	if (feed->source->kind == SOURCE_FILE)
		screen_say(screen, "%s", _("Not in a recording: it has the stacks that were taken then"));
	else if (!feed->focus || state == STATE_EXITED || state == STATE_FAILED)
		screen_say(screen, "%s", _("Nothing is watched any more"));
	else if (!size)
		screen_say(screen, "%s",
			   _("Not blocks of 0 bytes: the kernel can't tell them from others"));
	else
		screen_say(screen, _("Size %s: %s"), number,
			   _(answers[feed->focus(feed->context, size)]));
}

static bool has_output(const struct screen *screen)
{
	return screen->feed->output;
}

static void output_key(struct view *view, int argument)
{
	(void)argument;
	if (has_output(view->screen))
		screen_push(view->screen, output_open(view->screen));
	else
		screen_say(view->screen, "%s",
			   _("Only what a command prints that leaktop starts is known "
			     "(leaktop -- COMMAND)"));
}

static void repaint_key(struct view *view, int argument)
{
	(void)argument;
	view->screen->repaint = true;
}

static const struct key everywhere[] = {
	{
		.codes = {'?', KEY_OF(KEY_F(1)), 'h'}, .label = N_("Help"),
		.help = N_("this help"), .action = help_key,
	},
	{
		.codes = {'q', KEY_OF(KEY_F(10))}, .label = N_("Quit"),
		.help = N_("quit; the watched process runs on, a command that leaktop started is "
			   "hung up"), .action = quit_key,
	},
	{
		.codes = {KEY_ESCAPE},
		.help = N_("back to where you came from"), .action = back_key,
	},
	{
		.codes = {'Z'},
		.help = N_("freeze the screen, and go on; watching itself goes on"),
		.action = freeze_key,
	},
	{
		.codes = {'p'},
		.help = N_("pause watching a process, and go on"),
		.action = command_key, .argument = FEED_PAUSE,
	},
	{
		.codes = {'D'},
		.help = N_("drain: watch only frees, for less cost, until the suspects are "
			   "those that stay; and all again"),
		.action = command_key, .argument = FEED_DRAIN,
	},
	{
		.codes = {'o'}, .label = N_("Output"), .offered = has_output,
		.help = N_("what the command prints that leaktop started"),
		.action = output_key,
	},
	{
		.codes = {KEY_CTRL('l')},
		.help = N_("draw the screen anew"), .action = repaint_key,
	},
};

const struct key_table screen_keys = KEY_TABLE(everywhere);

static void motion_key(struct view *view, int argument)
{
	struct list *list = view->ops->list(view);
	enum motion motion = (enum motion)argument;

	list_move(list, motion);
	if (view->ops->moved)
		view->ops->moved(view, motion);
}

static const struct key motions[] = {
	{
		.codes = {KEY_OF(KEY_UP), 'k'}, .help = N_("one line up"),
		.action = motion_key, .argument = MOTION_UP,
	},
	{
		.codes = {KEY_OF(KEY_DOWN), 'j'}, .help = N_("one line down"),
		.action = motion_key, .argument = MOTION_DOWN,
	},
	{
		.codes = {KEY_OF(KEY_PPAGE)}, .help = N_("one page up"),
		.action = motion_key, .argument = MOTION_PAGE_UP,
	},
	{
		.codes = {KEY_OF(KEY_NPAGE)}, .help = N_("one page down"),
		.action = motion_key, .argument = MOTION_PAGE_DOWN,
	},
	{
		.codes = {KEY_OF(KEY_HOME), 'g'}, .help = N_("to the first line"),
		.action = motion_key, .argument = MOTION_FIRST,
	},
	{
		.codes = {KEY_OF(KEY_END), 'G'}, .help = N_("to the last line"),
		.action = motion_key, .argument = MOTION_LAST,
	},
};

const struct key_table motion_keys = KEY_TABLE(motions);

static void update_top(struct screen *screen)
{
	struct view *view = screen_top(screen);

	if (!view->stale)
		return;
	view->stale = false;
	view->ops->update(view);
}

void screen_key(struct screen *screen, int code, uint64_t now)
{
	struct view *view = screen_top(screen);
	const struct key *key;

	screen->now = now;
	if (code == KEY_OF(KEY_RESIZE))
		return;
	screen->dirty = true;
	screen->message[0] = '\0';
	screen->asked = screen->asks;
	screen->asks = false;
	if (screen->prompt.ops) {
		prompt_key(&screen->prompt, code);
		return;
	}
	/* Keys work on what is shown now, not on what was shown before.  */
	update_top(screen);
	if (view->ops->other_key && view->ops->other_key(view, code))
		return;
	key = key_lookup(&view->ops->keys, code);
	if (!key && view->ops->list)
		key = key_lookup(&motion_keys, code);
	if (!key)
		key = key_lookup(&screen_keys, code);
	if (key)
		key->action(view, key->argument);
}

uint64_t screen_tick(struct screen *screen, uint64_t now)
{
	struct view *view = screen_top(screen);

	screen->now = now;
	update_top(screen);
	return view->ops->tick ? view->ops->tick(view, now) : 0;
}

void screen_news(struct screen *screen)
{
	struct picture *picture;

	if (screen->frozen)
		return;
	picture = screen->feed->picture(screen->feed->context);
	if (picture->heap != screen->picture->heap ||
	    picture->life != screen->picture->life)
		screen_stale(screen);
	picture_unref(screen->picture);
	screen->picture = picture;
	screen->dirty = true;
}

/* Of files that turned out to have no names.  */
static void say_lacking(struct screen *screen)
{
	char text[sizeof(screen->message)];

	for (enum lacking why = 0; why < LACKING_KINDS; why++) {
		unsigned count = lacking_words(text, sizeof(text), screen->feed->source,
					       screen->feed->symbols, why);

		if (count == screen->lacking[why])
			continue;
		screen->lacking[why] = count;
		/* One after the other.  */
		screen_say(screen, "%s", text);
		break;
	}
}

void screen_names(struct screen *screen)
{
	unsigned generation = symbols_generation(screen->feed->symbols);

	/* The call sites of the rows may be others.  */
	if (generation != screen->generation)
		screen_stale(screen);
	screen->generation = generation;
	screen->dirty = true;
	say_lacking(screen);
}

static void drop_window(WINDOW **window)
{
	if (*window)
		delwin(*window);
	*window = NULL;
}

/* Windows of these heights, from the top down.  */
static void lay_out(struct screen *screen)
{
	int header = header_lines(screen, screen->lines);
	int footer = screen->lines >= 3;
	int body;

	if (screen->prompt.ops)
		footer = screen->prompt.error.text[0] && screen->lines >= 4 ? 2 : 1;
	body = screen->lines - header - footer;
	if (screen->header && header == getmaxy(screen->header) && screen->body &&
	    body == getmaxy(screen->body) && screen->columns == getmaxx(screen->body))
		return;
	drop_window(&screen->header);
	drop_window(&screen->body);
	drop_window(&screen->footer);
	if (header > 0)
		screen->header = newwin(header, screen->columns, 0, 0);
	if (body > 0)
		screen->body = newwin(body, screen->columns, header, 0);
	if (footer > 0)
		screen->footer = newwin(footer, screen->columns, screen->lines - footer, 0);
}

void screen_resize(struct screen *screen, int lines, int width)
{
	drop_window(&screen->header);
	drop_window(&screen->body);
	drop_window(&screen->footer);
	screen->lines = lines > 0 ? lines : 1;
	screen->columns = width > 0 ? width : 1;
	screen->dirty = true;
}

void screen_draw(struct screen *screen)
{
	struct view *view = screen_top(screen);

	screen->dirty = false;
	update_top(screen);
	lay_out(screen);
	if (screen->header) {
		header_draw(screen, screen->header);
		wnoutrefresh(screen->header);
	}
	if (screen->body) {
		werase(screen->body);
		view->ops->draw(view, screen->body);
		wnoutrefresh(screen->body);
	}
	/* Last, for the cursor stays where it was written last.  */
	if (screen->footer) {
		footer_draw(screen, screen->footer);
		leaveok(screen->footer, FALSE);
		wnoutrefresh(screen->footer);
	}
}

struct screen *screen_new(const struct ui_options *options, const struct feed *feed)
{
	struct screen *screen = calloc(1, sizeof(*screen));
	struct view *suspects;

	if (!screen)
		return NULL;
	screen->feed = feed;
	screen->sizes = options->sizes;
	screen->sort = options->sort ? column_by_name(options->sort) : NULL;
	screen->picture = feed->picture(feed->context);
	screen->lines = screen->columns = 1;
	look_init(&screen->look, options->ascii, options->monochrome);
	suspects = suspects_open(screen);
	if (!suspects) {
		screen_free(screen);
		return NULL;
	}
	screen_push(screen, suspects);
	return screen;
}

void screen_free(struct screen *screen)
{
	if (!screen)
		return;
	while (screen->depth > 0) {
		struct view *view = screen_top(screen);

		screen->depth--;
		view->ops->close(view);
	}
	drop_window(&screen->header);
	drop_window(&screen->body);
	drop_window(&screen->footer);
	picture_unref(screen->picture);
	free(screen);
}
