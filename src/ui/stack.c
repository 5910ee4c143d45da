/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/stack.h"

#include <stdio.h>

#include "base/intl.h"
#include "present/format.h"
#include "ui/pen.h"
#include "ui/screen.h"

unsigned stack_site(struct symbols *symbols, const struct chain *chain)
{
	if (chain->count == 0)
		return 0;
	return symbols_call_site(symbols, chain->space, chain->addresses, chain->count);
}

static void draw_title(const struct stack *stack, WINDOW *window, const struct look *look)
{
	struct pen pen = pen_at(window, look, stack->y, stack->x, stack->width);

	pen_repeat(&pen, ROLE_SEPARATOR, look_glyph(look, GLYPH_RULE), 2);
	pen_text(&pen, ROLE_TEXT, " ");
	pen_text(&pen, ROLE_VALUE, stack->title);
	pen_text(&pen, ROLE_TEXT, " ");
	pen_repeat(&pen, ROLE_SEPARATOR, look_glyph(look, GLYPH_RULE), pen.end - pen.x);
}

void stack_names_key(struct view *view, int argument)
{
	static const char *const words[NAMES_COUNT] = {
		[NAMES_LINES] = N_("Call chains show functions, offsets and source lines"),
		[NAMES_RAW] = N_("Call chains show addresses"),
		[NAMES_FUNCTIONS] = N_("Call chains show functions"),
		[NAMES_OFFSETS] = N_("Call chains show functions and offsets"),
	};
	struct screen *screen = view->screen;

	(void)argument;
	screen->names = (screen->names + 1) % NAMES_COUNT;
	screen_say(screen, "%s", _(words[screen->names]));
}

/* Draws the frames at one address of the chain, the outermost with its number,
   as far as there is room.  Returns the lines that are used.  */
static int draw_address(const struct stack *stack, WINDOW *window, const struct look *look,
			unsigned i, int y, int room)
{
	enum role role = i == stack->site ? ROLE_VALUE : ROLE_TEXT;
	/* No names need be looked up that are not shown.  */
	unsigned flags = stack->names == NAMES_RAW ? 0 : stack->flags;
	uint64_t address = stack->chain.addresses[i];
	struct frame frames[FRAMES_PER_ADDRESS];
	unsigned count = symbols_frames(stack->symbols, stack->chain.space, address,
					flags | FRAME_RETURN, frames, FRAMES_PER_ADDRESS);
	char text[640];

	for (unsigned k = 0; k < count && room > 0; k++, room--) {
		struct pen pen = pen_at(window, look, y + (int)k, stack->x, stack->width);

		if (frames[k].inlined)
			pen_text(&pen, ROLE_DIM, "     ");
		else
			pen_printf(&pen, ROLE_DIM, "%s#%-3u", i == stack->site ? ">" : " ", i);
		pen.skip = stack->skip;
		format_frame_as(text, sizeof(text), &frames[k], address, stack->names);
		pen_text(&pen, frames[k].allocator ? ROLE_DIM : role, text);
	}
	return (int)count;
}

/* The last line, where there is no room for callers I and further out.  */
static void draw_rest(const struct stack *stack, WINDOW *window, const struct look *look,
		      unsigned i)
{
	int y = stack->y + stack->height - 1;
	struct pen pen = pen_at(window, look, y, stack->x, stack->width);

	pen_printf(&pen, ROLE_DIM, _("  %u more callers"), stack->chain.count - i);
	pen_fill(&pen, ROLE_TEXT);
}

void stack_draw(const struct stack *stack, WINDOW *window, const struct look *look)
{
	unsigned count = stack->chain.count;
	int room = stack->height - 1;
	int used = 0;
	struct pen pen;

	if (stack->height <= 0)
		return;
	draw_title(stack, window, look);
	if (room > 0 && count == 0) {
		pen = pen_at(window, look, stack->y + 1, stack->x, stack->width);
		pen_text(&pen, ROLE_DIM, _("  no call chain was recorded here"));
		return;
	}
	for (unsigned i = 0; i < count && used < room; i++) {
		bool last = i == count - 1;
		int drawn = draw_address(stack, window, look, i, stack->y + 1 + used,
					 room - used);

		if (used + drawn > room || (used + drawn == room && !last)) {
			/* Half of what is at one address is no frame.  */
			if (room > 1 && !(last && drawn == 1))
				draw_rest(stack, window, look, i);
			return;
		}
		used += drawn;
	}
}
