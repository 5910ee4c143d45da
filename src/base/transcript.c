/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "base/transcript.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define TAB_CELLS 8

/* Of control sequences, as ECMA-48 has them.  */
enum state {
	STATE_TEXT,
	STATE_ESCAPE,           /* after ESC */
	STATE_INTERMEDIATE,     /* after ESC and some of 0x20..0x2f */
	STATE_CONTROL,          /* after ESC [, up to a byte of 0x40..0x7e */
	STATE_STRING,           /* after ESC ], P, X, ^ or _, up to BEL or ST */
	STATE_STRING_ESCAPE     /* after an ESC in there, which may begin ST */
};

/* Bytes and lines are counted from the very beginning; where they are in the
   arrays is their number modulo the size.  */
struct transcript {
	pthread_mutex_t lock;
	uint64_t changes;
	uint64_t first;                 /* line */
	uint64_t end;                   /* the line that is unfinished */
	uint64_t start[TRANSCRIPT_LINES];       /* byte that each begins with */
	uint64_t bytes;                 /* end of the last finished line */
	char text[TRANSCRIPT_BYTES];
	char line[TRANSCRIPT_LINE];     /* unfinished */
	size_t length;
	bool returned;                  /* the next character begins it anew */
	enum state state;
};

struct transcript *transcript_new(void)
{
	struct transcript *transcript = calloc(1, sizeof(*transcript));

	if (transcript)
		pthread_mutex_init(&transcript->lock, NULL);
	return transcript;
}

void transcript_free(struct transcript *transcript)
{
	if (!transcript)
		return;
	pthread_mutex_destroy(&transcript->lock);
	free(transcript);
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Whether the oldest line has to go for LENGTH more bytes in one more line.  */
static bool is_full(const struct transcript *transcript, size_t length)
{
	uint64_t lines = transcript->end - transcript->first;

	return lines && (lines == TRANSCRIPT_LINES ||
			 transcript->bytes + length -
			 transcript->start[transcript->first % TRANSCRIPT_LINES] >
			 TRANSCRIPT_BYTES);
}

static void end_line(struct transcript *transcript)
{
	while (is_full(transcript, transcript->length))
		transcript->first++;
	transcript->start[transcript->end++ % TRANSCRIPT_LINES] =
		transcript->bytes;
	for (size_t i = 0; i < transcript->length; i++)
		transcript->text[transcript->bytes++ % TRANSCRIPT_BYTES] =
			transcript->line[i];
	transcript->length = 0;
	transcript->returned = false;
}

static void put(struct transcript *transcript, char c)
{
	if (transcript->returned)
		transcript->length = 0;
	transcript->returned = false;
	/* Not in the middle of a character, which has 4 bytes at most.  */
	if (transcript->length == TRANSCRIPT_LINE ||
	    (transcript->length > TRANSCRIPT_LINE - 4 && (unsigned char)c >= 0xc0))
		end_line(transcript);
	transcript->line[transcript->length++] = c;
}

static void put_tab(struct transcript *transcript)
{
	size_t characters = 0;

	for (size_t i = 0; !transcript->returned && i < transcript->length; i++)
		characters += !is_continuation(transcript->line[i]);
	do
		put(transcript, ' ');
	while (++characters % TAB_CELLS);
}

static void take_back(struct transcript *transcript)
{
	size_t length = transcript->length;

	if (transcript->returned)
		return;
	while (length && is_continuation(transcript->line[length - 1]))
		length--;
	transcript->length = length ? length - 1 : 0;
}

static void take_text(struct transcript *transcript, char c)
{
	switch (c) {
	case '\n':
		end_line(transcript);
		break;
	case '\r':
		transcript->returned = true;
		break;
	case '\t':
		put_tab(transcript);
		break;
	case '\b':
		take_back(transcript);
		break;
	case '\033':
		transcript->state = STATE_ESCAPE;
		break;
	default:
		if ((unsigned char)c >= ' ' && c != '\177')
			put(transcript, c);
		break;
	}
}

static enum state after_escape(char c)
{
	if (c == '[')
		return STATE_CONTROL;
	if (c && strchr("]PX^_", c))
		return STATE_STRING;
	return c >= ' ' && c <= '/' ? STATE_INTERMEDIATE : STATE_TEXT;
}

static void take(struct transcript *transcript, char c)
{
	enum state *state = &transcript->state;

	/* These end any sequence, as a lost end would else swallow the rest;
	   strings may have line ends in them only by mistake.  */
	if (*state != STATE_TEXT && (c == '\n' || c == '\030' || c == '\032'))
		*state = STATE_TEXT;
	switch (*state) {
	case STATE_TEXT:
		take_text(transcript, c);
		break;
	case STATE_ESCAPE:
		*state = after_escape(c);
		break;
	case STATE_INTERMEDIATE:
		if (c < ' ' || c > '/')
			*state = STATE_TEXT;
		break;
	case STATE_CONTROL:
		if (c >= '@' && c <= '~')
			*state = STATE_TEXT;
		break;
	case STATE_STRING:
		*state = c == '\a' ? STATE_TEXT :
			 c == '\033' ? STATE_STRING_ESCAPE : STATE_STRING;
		break;
	case STATE_STRING_ESCAPE:
		*state = c == '\\' ? STATE_TEXT : STATE_STRING;
		break;
	}
}

void transcript_add(struct transcript *transcript, const char *text,
		    size_t size)
{
	pthread_mutex_lock(&transcript->lock);
	for (size_t i = 0; i < size; i++)
		take(transcript, text[i]);
	transcript->changes++;
	pthread_mutex_unlock(&transcript->lock);
}

uint64_t transcript_range(struct transcript *transcript, uint64_t *first,
			  uint64_t *end)
{
	uint64_t changes;

	pthread_mutex_lock(&transcript->lock);
	*first = transcript->first;
	*end = transcript->end + (transcript->length > 0);
	changes = transcript->changes;
	pthread_mutex_unlock(&transcript->lock);
	return changes;
}

/* Copies a finished line to LINE; its length.  */
static size_t copy_line(const struct transcript *transcript, uint64_t number,
			char *line)
{
	uint64_t at = transcript->start[number % TRANSCRIPT_LINES];
	uint64_t end = number + 1 < transcript->end ?
		       transcript->start[(number + 1) % TRANSCRIPT_LINES] :
		       transcript->bytes;
	size_t length = 0;

	while (at < end)
		line[length++] = transcript->text[at++ % TRANSCRIPT_BYTES];
	return length;
}

bool transcript_line(struct transcript *transcript, uint64_t number,
		     char *text, size_t size)
{
	char line[TRANSCRIPT_LINE];
	size_t length = 0;
	bool found = true;

	pthread_mutex_lock(&transcript->lock);
	if (number >= transcript->first && number < transcript->end) {
		length = copy_line(transcript, number, line);
	} else if (number == transcript->end && transcript->length) {
		length = transcript->length;
		memcpy(line, transcript->line, length);
	} else {
		found = false;
	}
	pthread_mutex_unlock(&transcript->lock);
	text_clean_n(text, size, line, length);
	return found;
}
