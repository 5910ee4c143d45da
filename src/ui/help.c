/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "present/columns.h"
#include "ui/pen.h"
#include "ui/screen.h"

#define NAME_CELLS 14

/* The lines are not kept: they are written anew for each drawing, and only
   those in the window come to something.  */
struct help {
	struct view view;
	const struct view *below;
	struct list list;       /* its selected line is the one at the top */
};

/* Where the next line goes.  */
struct page {
	WINDOW *window;         /* NULL: only counts */
	const struct look *look;
	int width;
	size_t top;
	size_t line;
};

static struct help *help_of(struct view *view)
{
	return (struct help *)view;
}

/* The pen for the next line, or one that writes nothing.  */
static bool next_line(struct page *page, struct pen *pen)
{
	size_t line = page->line++;

	if (!page->window || line < page->top ||
	    line - page->top >= (size_t)getmaxy(page->window))
		return false;
	*pen = pen_at(page->window, page->look, (int)(line - page->top), 0,
		      getmaxx(page->window));
	return true;
}

/* As many words of TEXT as CELLS hold, at least one; returns the rest.  */
static const char *take_words(const struct look *look, const char *text, int cells, char *line,
			      size_t size)
{
	size_t taken = 0;

	for (size_t end = 1; text[end - 1]; end++) {
		if (text[end] != ' ' && text[end] != '\0')
			continue;
		snprintf(line, size, "%.*s", (int)end, text);
		if (taken > 0 && text_cells(look, line) > cells)
			break;
		taken = end;
	}
	snprintf(line, size, "%.*s", (int)taken, text);
	text += taken;
	return text + strspn(text, " ");
}

static void write_line(struct page *page, enum role role, const char *name, const char *text)
{
	do {
		struct pen pen;
		char words[512];

		text = take_words(page->look, text, page->width - NAME_CELLS - 2, words,
				  sizeof(words));
		if (next_line(page, &pen)) {
			pen_text(&pen, ROLE_TEXT, " ");
			pen_cell(&pen, role, name, NAME_CELLS, true);
			pen_text(&pen, ROLE_TEXT, " ");
			pen_text(&pen, ROLE_TEXT, words);
		}
		name = "";
	} while (*text);
}

static void write_head(struct page *page, const char *text)
{
	struct pen pen;

	if (page->line > 0)
		page->line++;
	if (next_line(page, &pen))
		pen_text(&pen, ROLE_VALUE, text);
}

static void write_keys(struct page *page, const struct key_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		char names[64];

		key_names(&table->keys[i], names, sizeof(names));
		write_line(page, ROLE_KEY, names, _(table->keys[i].help));
	}
}

static void write_columns(struct page *page)
{
	write_head(page, _("Columns, and the key that sorts by each (again: the other way round)"));
	for (size_t i = 0; i < column_count; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%c  %s", columns[i].key, _(columns[i].title));
		write_line(page, ROLE_KEY, name, _(columns[i].help));
	}
}

static void write_verdicts(struct page *page)
{
	write_head(page, _("Verdicts"));
	for (int i = 0; i < VERDICT_COUNT; i++)
		write_line(page, ROLE_KEY, verdict_name((enum verdict)i),
			   verdict_help((enum verdict)i));
}

/* Without a name, as wide as the page.  */
static void write_text(struct page *page, enum role role, const char *text)
{
	do {
		struct pen pen;
		char words[512];

		text = take_words(page->look, text, page->width - 2, words, sizeof(words));
		if (next_line(page, &pen)) {
			pen_text(&pen, role, " ");
			pen_text(&pen, role, words);
		}
	} while (*text);
}

static void write_marks(struct page *page)
{
	write_head(page, _("Marks"));
	write_line(page, ROLE_KEY, "*", _("in a life: the block is still live"));
	write_line(page, ROLE_KEY, "> #3",
		   _("in a table the selected line, in a call chain the call site; frames count "
		     "from the allocator"));
	write_line(page, ROLE_KEY, _("(inlined)"),
		   _("the compiler has put this function into the next one of the chain"));
	write_text(page, ROLE_KEY, _("Without the stack dump"));
	write_line(page, ROLE_KEY, "",
		   _("the call chain by frame pointers, beside the one from the whole stack"));
	write_line(page, ROLE_KEY, "123?",
		   _("blocks some of which were alive when events were lost or not watched: "
		     "they may have been freed unseen"));
}

/* Lines; loud ones begin with "!".  */
static void write_probes(struct page *page, const char *details)
{
	write_head(page, _("Probes"));
	while (*details) {
		size_t length = strcspn(details, "\n");
		bool loud = *details == '!';
		char line[512];

		snprintf(line, sizeof(line), "%.*s", (int)length, details);
		write_text(page, loud ? ROLE_LOUD : ROLE_TEXT, line);
		details += length + (details[length] == '\n');
	}
}

static void write_header_words(struct page *page)
{
	write_head(page, _("The top of the screen"));
	write_line(page, ROLE_KEY, "RSS",
		   _("memory of the process; +X in Y: by how much it grew, and in what time"));
	write_line(page, ROLE_KEY, _("heap over time"), _("live bytes of a recording"));
	write_line(page, ROLE_KEY, _("live, blocks"),
		   _("allocated while watched and not freed: bytes, and how many blocks"));
	write_line(page, ROLE_KEY, _("alloc, free"), _("how many per second, of late"));
	write_line(page, ROLE_KEY, _("cost"),
		   _("share of the process's time that watching takes, about; and its limit"));
	write_line(page, ROLE_KEY, _("lost"),
		   _("events that were lost, and when: a lost free looks like a leak"));
	write_line(page, ROLE_KEY, _("gap"),
		   _("when not all was watched, last: as if all events had been lost"));
	write_line(page, ROLE_KEY, _("unexpected"),
		   _("frees of blocks never seen or freed twice, allocations at live addresses"));
	write_line(page, ROLE_KEY, _("by"), _("the order of the table"));
	write_line(page, ROLE_KEY, _("sizes"), _("the filter, if there is one"));
	write_line(page, ROLE_KEY, _("focus"),
		   _("sizes whose whole stacks are taken: F, --focus, or by itself"));
	write_line(page, ROLE_KEY, _("PAUSED"), _("nothing is watched: p"));
	write_line(page, ROLE_KEY, _("draining"), _("only frees are watched: D"));
	write_line(page, ROLE_KEY, _("no chains"),
		   _("for less cost call chains are not taken (--max-overhead)"));
	write_line(page, ROLE_KEY, _("resting"),
		   _("nothing is watched for a while, for less cost (--max-overhead)"));
	write_line(page, ROLE_KEY, _("FROZEN"), _("the screen stands still: Z"));
}

static void write_all(const struct help *help, struct page *page)
{
	const char *details = help->view.screen->picture->details;

	write_head(page, _(help->below->ops->name));
	write_keys(page, &help->below->ops->keys);
	write_head(page, _("Everywhere"));
	write_keys(page, &motion_keys);
	write_keys(page, &screen_keys);
	write_columns(page);
	write_verdicts(page);
	write_marks(page);
	write_header_words(page);
	if (details)
		write_probes(page, details);
}

/* It is written anew for each drawing.  */
static void update(struct view *view)
{
	(void)view;
}

static void draw(struct view *view, WINDOW *window)
{
	struct help *help = help_of(view);
	size_t lines = (size_t)getmaxy(window);
	struct page page = {.look = &view->screen->look, .width = getmaxx(window)};

	write_all(help, &page);
	help->list.count = page.line;
	help->list.height = (int)lines;
	if (help->list.count <= lines)
		help->list.selected = 0;
	else if (help->list.selected > help->list.count - lines)
		help->list.selected = help->list.count - lines;
	page.window = window;
	page.top = help->list.selected;
	page.line = 0;
	write_all(help, &page);
}

static void leave_key(struct view *view, int argument)
{
	(void)argument;
	screen_pop(view->screen);
}

static const struct key keys[] = {
	{
		.codes = {KEY_ESCAPE, '?', KEY_OF(KEY_F(1)), 'h'}, .label = N_("Back"),
		.help = N_("leave the help"), .action = leave_key,
	},
};

static struct list *list_of(struct view *view)
{
	return &help_of(view)->list;
}

static void close_view(struct view *view)
{
	free(view);
}

static const struct view_ops ops = {
	.name = N_("Help"),
	.keys = KEY_TABLE(keys),
	.update = update,
	.draw = draw,
	.list = list_of,
	.close = close_view,
};

struct view *help_open(struct screen *screen, const struct view *below)
{
	struct help *help = calloc(1, sizeof(*help));

	if (!help)
		return NULL;
	help->view = (struct view){.ops = &ops, .screen = screen};
	help->below = below;
	return &help->view;
}
