/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/intl.h"
#include "capture/internal.h"

/* Each has a group of its own in tracefs, and its perf events.  */
#define PROGRAMS_MAX 32

struct program *program_find(pid_t pid, struct error *error)
{
	struct program *program = calloc(1, sizeof *program);
	struct stat st;

	if (!program) {
		error_set(error, _("out of memory"));
		return NULL;
	}
	if (libc_find(&program->libc, pid, error)) {
		program_free(program);
		return NULL;
	}
	if (stat(program->libc.path, &st)) {
		error_set(error, _("can't open %s as process %d has it mapped: %s"),
			  program->libc.name, (int)pid, strerror(errno));
		program_free(program);
		return NULL;
	}
	program->device = st.st_dev;
	program->inode = st.st_ino;
	return program;
}

void program_free(struct program *program)
{
	free(program);
}

struct program *program_known(const struct capture *capture,
			      const struct program *program)
{
	struct program *known = capture->programs;

	while (known && (known->device != program->device ||
			 known->inode != program->inode))
		known = known->next;
	return known;
}

static int add_formats(struct capture *capture, const struct probes *probes,
		       struct error *error)
{
	for (unsigned i = 0; i < probes->count; i++) {
		int size, result;
		char *text = probes_format(probes, &probes->probe[i], &size);

		if (!text)
			return error_set(error, _("can't read the format of event %s:%s"),
					 probes->group, probes->probe[i].name);
		result = decoder_add_format(capture->decoder, probes->group,
					    text, size, error);
		recording_format(capture->recording, probes->group, text,
				 size);
		free(text);
		if (result)
			return -1;
	}
	return 0;
}

int program_add(struct capture *capture, struct program *program,
		struct error *error)
{
	unsigned count = 0;

	for (const struct program *p = capture->programs; p; p = p->next)
		count++;
	if (count == PROGRAMS_MAX)
		return error_set(error, _("more than %d different C libraries"),
				 PROGRAMS_MAX);
	if (probes_make(&program->probes, &program->libc, capture->free_chains,
			error))
		return -1;
	if (add_formats(capture, &program->probes, error)) {
		probes_remove(&program->probes);
		return -1;
	}
	program->next = capture->programs;
	capture->programs = program;
	return 0;
}

void capture_use_program(struct capture *capture, struct program *program)
{
	capture->program = program;
	capture->libc = program->libc;
	capture->probes = program->probes;
}

unsigned programs_remove(struct capture *capture)
{
	unsigned left = 0;

	while (capture->programs) {
		struct program *program = capture->programs;

		capture->programs = program->next;
		left += probes_remove(&program->probes);
		program_free(program);
	}
	return left;
}
