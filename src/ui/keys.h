/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_UI_KEYS_H
#define LEAKTOP_UI_KEYS_H

#include <curses.h>
#include <stdbool.h>
#include <stddef.h>

struct screen;
struct view;

/* A key is a character, or one of curses' KEY_ codes, which would otherwise
   be the same numbers as some letters.  */
#define KEY_SPECIAL 0x40000000
#define KEY_OF(code) (KEY_SPECIAL | (code))
#define KEY_CTRL(letter) ((letter) & 0x1f)
#define KEY_ESCAPE 27
#define KEY_DELETE 127

/* One thing that keys do.  The tables of these rows are what dispatches keys,
   what the help shows and what the bottom line shows.  */
struct key {
	int codes[4];           /* that do it; 0: unused */
	const char *label;      /* one word for the bottom line, or NULL; N_() */
	/* Whether it stands there; NULL: always.  */
	bool (*offered)(const struct screen *screen);
	const char *help;       /* N_() */
	void (*action)(struct view *view, int argument);
	int argument;
};

struct key_table {
	const struct key *keys;
	size_t count;
};

#define KEY_TABLE(array) {(array), sizeof(array) / sizeof((array)[0])}

/* The row for CODE, or NULL.  */
const struct key *key_lookup(const struct key_table *table, int code);

/* "q", "Enter", "^L", "PgDn".  */
void key_label(int code, char *text, size_t size);
/* All keys of the row: "Up k".  */
void key_names(const struct key *key, char *text, size_t size);

/* Different codes that terminals send for the same key become one.  */
int key_normalize(int code);

/* The next key that is waiting at WINDOW (keypad, nodelay), or ERR.  Sequences
   that curses does not know are swallowed, lest their letters act as keys.  */
int key_read(WINDOW *window);

#endif
