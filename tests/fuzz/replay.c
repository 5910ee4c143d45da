/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Usage: TARGET.san [FILE]...
 *
 * Gives the files to the target that this is linked with, one after the other,
 * without libFuzzer; else those of its corpus.  What is wrong with one ends it.
 */
#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define SIZE_LIMIT ((size_t)1 << 20)

static void replay(const char *path)
{
	FILE *file = fopen(path, "re");
	uint8_t *data = malloc(SIZE_LIMIT);
	uint8_t *exact;
	size_t size;

	if (!file || !data) {
		perror(path);
		exit(99);
	}
	size = fread(data, 1, SIZE_LIMIT, file);
	fclose(file);
	exact = fuzz_copy(data, size);
	free(data);
	/* Seen where a sanitizer ends the program.  */
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Returns how many files there are.  */
static int replay_corpus(const char *target)
{
	const char *source = getenv("abs_top_srcdir");
	int length = (int)strcspn(target, ".");
	struct dirent **entries;
	char directory[1024], path[2048];
	int count;

	snprintf(directory, sizeof(directory), "%s/tests/fuzz/corpus/%.*s",
		 source ? source : ".", length, target);
	count = scandir(directory, &entries, is_visible, alphasort);
	if (count < 0) {
		perror(directory);
		return 0;
	}
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory,
			 entries[i]->d_name);
		replay(path);
		free(entries[i]);
	}
	free(entries);
	return count;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');

	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc > 1 || replay_corpus(slash ? slash + 1 : argv[0]))
		return 0;
	fprintf(stderr, "%s: there is no corpus\n", argv[0]);
	return 1;
}
