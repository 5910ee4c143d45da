/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * The lines of perf script's text, each in a buffer of its own.
 */
#include "config.h"

#include "fuzz.h"

#include "perfdata/text_parser.h"

/* Returns what text_parser_line() does.  */
static int take_line(struct text_parser *parser, const char *line, size_t size)
{
	char *copy = fuzz_copy(line, size);
	struct error error;
	int result = text_parser_line(parser, copy, copy + size, &error);

	/* What is held back until the next line must not point into this.  */
	free(copy);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct sink sink = fuzz_sink();
	struct text_parser *parser = malloc(sizeof(*parser));

	if (!parser)
		abort();
	text_parser_init(parser, &sink);
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if (!newline || take_line(parser, at, (size_t)(newline - at)))
			break;
		at = newline + 1;
	}
	text_parser_flush(parser);
	text_parser_free(parser);
	free(parser);
	return 0;
}
