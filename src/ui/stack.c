/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/stack.h"

#include <stdio.h>

#include "base/intl.h"
#include "present/format.h"
#include "ui/pen.h"

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

static void draw_frame(const struct stack *stack, WINDOW *window, const struct look *look,
		       unsigned i, int y)
{
	struct pen pen = pen_at(window, look, y, stack->x, stack->width);
	enum role role = i == stack->site ? ROLE_VALUE : ROLE_TEXT;
	struct frame frame;
	char text[640];

	symbols_frame(stack->symbols, stack->chain.space, stack->chain.addresses[i],
		      stack->flags | FRAME_RETURN, &frame);
	format_frame(text, sizeof(text), &frame, stack->chain.addresses[i]);
	pen_printf(&pen, ROLE_DIM, "%s#%-3u", i == stack->site ? ">" : " ", i);
	pen.skip = stack->skip;
	pen_text(&pen, frame.allocator ? ROLE_DIM : role, text);
}

void stack_draw(const struct stack *stack, WINDOW *window, const struct look *look)
{
	unsigned count = stack->chain.count;
	int room = stack->height - 1;
	struct pen pen;

	if (stack->height <= 0)
		return;
	draw_title(stack, window, look);
	if (room > 0 && count == 0) {
		pen = pen_at(window, look, stack->y + 1, stack->x, stack->width);
		pen_text(&pen, ROLE_DIM, _("  no call chain was recorded here"));
		return;
	}
	for (int i = 0; i < room && (unsigned)i < count; i++) {
		/* The last line tells what there is no room for.  */
		if (i == room - 1 && count > (unsigned)room && room > 1) {
			pen = pen_at(window, look, stack->y + 1 + i, stack->x, stack->width);
			pen_printf(&pen, ROLE_DIM, _("  %u more callers"), count - (unsigned)i);
			return;
		}
		draw_frame(stack, window, look, (unsigned)i, stack->y + 1 + i);
	}
}
