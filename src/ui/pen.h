/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_UI_PEN_H
#define LEAKTOP_UI_PEN_H

#include "ui/look.h"

/* Writes along one line of a window, from left to right, and never past END.
   Counts in cells, cuts between characters, and lets nothing through that a
   terminal could take for more than a character.  */
struct pen {
	WINDOW *window;
	const struct look *look;
	int y;
	int x;
	int end;        /* the cell behind the last one */
	int skip;       /* cells of what comes that are left of the window */
	int over;       /* role instead of all others, or -1 */
};

/* From X on, WIDTH cells at most.  */
struct pen pen_at(WINDOW *window, const struct look *look, int y, int x, int width);

void pen_text(struct pen *pen, enum role role, const char *text);
void pen_printf(struct pen *pen, enum role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* TEXT in exactly WIDTH cells, aligned, or cut.  */
void pen_cell(struct pen *pen, enum role role, const char *text, int width, bool left);
void pen_spaces(struct pen *pen, enum role role, int count);
void pen_repeat(struct pen *pen, enum role role, const char *glyph, int count);
/* The rest of the line.  */
void pen_fill(struct pen *pen, enum role role);

/* Cells that TEXT takes.  */
int text_cells(const struct look *look, const char *text);

#endif
