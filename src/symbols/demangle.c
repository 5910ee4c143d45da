/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/demangle.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBIBERTY_DEMANGLE_H
#include <libiberty/demangle.h>
#else
#include <demangle.h>
#endif

/* Longer ones are shown as they are.  */
#define MANGLED_MAX 8192

struct output {
	char *text;
	size_t size;
	size_t length;
	jmp_buf full;
};

/* A mangled name of a few hundred bytes can stand for gigabytes of text,
   since it may refer to its own parts.  libiberty's printers can't be told to
   stop, but have next to nothing on the heap while they call back (Rust's at
   most one identifier), so they can be left.  */
static void append(const char *text, size_t length, void *opaque)
{
	struct output *output = opaque;
	size_t room = output->size - 1 - output->length;

	memcpy(output->text + output->length, text,
	       length < room ? length : room);
	if (length > room) {
		output->length += room;
		longjmp(output->full, 1);
	}
	output->length += length;
}

static bool unfold(struct output *output, const char *symbol)
{
	const int options = DMGL_PARAMS | DMGL_ANSI;

	if (setjmp(output->full))
		return true;
	/* Rust's older names are C++ names too: theirs first.  */
	if (rust_demangle_callback(symbol, options, append, output))
		return true;
	output->length = 0;
	return cplus_demangle_v3_callback(symbol, options, append, output);
}

char *demangle(char *dst, size_t size, const char *symbol)
{
	char name[MANGLED_MAX];
	size_t length = strlen(symbol);
	const char *version = memchr(symbol, '@', length);

	/* "@VERSION" is the linker's; an '@' at the start is somebody's.  */
	if (version && version > symbol)
		length = (size_t)(version - symbol);
	if (length < sizeof(name)) {
		memcpy(name, symbol, length);
		name[length] = '\0';
		if (name[0] == '_' && (name[1] == 'Z' || name[1] == 'R')) {
			struct output output = { .text = dst, .size = size };

			if (unfold(&output, name)) {
				dst[output.length] = '\0';
				return dst;
			}
		} else if (name[0] == '_' && name[1] == 'D') {
			char *text = dlang_demangle(name, 0);

			if (text) {
				size_t fits = strlen(text);

				if (fits >= size)
					fits = size - 1;
				memcpy(dst, text, fits);
				dst[fits] = '\0';
				free(text);
				return dst;
			}
		}
	}
	if (length >= size)
		length = size - 1;
	memcpy(dst, symbol, length);
	dst[length] = '\0';
	return dst;
}
