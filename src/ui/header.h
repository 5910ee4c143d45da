/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_UI_HEADER_H
#define LEAKTOP_UI_HEADER_H

#include <curses.h>

struct screen;

/* How many lines the header takes of a screen with LINES.  */
int header_lines(const struct screen *screen, int lines);
void header_draw(const struct screen *screen, WINDOW *window);

/* The bottom line: the keys of the top view.  */
void footer_draw(const struct screen *screen, WINDOW *window);

#endif
