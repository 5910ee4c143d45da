/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_UI_STACK_H
#define LEAKTOP_UI_STACK_H

#include <curses.h>

#include "heap/chains.h"
#include "present/format.h"
#include "symbols/symbols.h"
#include "ui/look.h"
#include "ui/view.h"

/* A call chain, and where in the window to draw it.  */
struct stack {
	struct symbols *symbols;
	struct chain chain;
	unsigned site;          /* the frame to be marked; beyond the last: none */
	unsigned flags;         /* see symbols_frame() */
	enum names_shown names;
	const char *title;
	int y;
	int x;
	int height;
	int width;
	int skip;               /* cells that are scrolled out at the left */
};

void stack_draw(const struct stack *stack, WINDOW *window, const struct look *look);

/* The action of the key that goes on to the next way to show names.  */
void stack_names_key(struct view *view, int argument);

/* The frame where the allocation was asked for; beyond the last for an empty
   chain.  */
unsigned stack_site(struct symbols *symbols, const struct chain *chain);

#endif
