/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/intl.h"
#include "capture/check.h"
#include "capture/internal.h"
#include "capture/target.h"

/* What a watched process executes may call the functions of another file: it
   is statically linked, has another C library or an allocator of its own.  The
   kernel tells of an exec before it maps the new program, and the dynamic
   loader maps its libraries a moment later still.  So it is looked at again
   and again, in growing intervals, until it is known what serves it.  */

/* How long, and between the first looks, ns.  */
#define SEARCH_NS 2000000000u
#define PAUSE_NS 1000000u
#define PAUSE_MAX_NS 64000000u

static void begin_search(struct execs *execs, pid_t pid)
{
	uint64_t time = clock_now();
	unsigned i = 0;

	while (i < execs->count && execs->search[i].pid != pid)
		i++;
	/* The oldest one has had most time.  */
	if (i == EXECS_MAX) {
		i--;
		memmove(execs->search, execs->search + 1,
			i * sizeof *execs->search);
	} else if (i == execs->count) {
		execs->count++;
	}
	execs->search[i] = (struct exec_search){
		.pid = pid, .deadline = time + SEARCH_NS, .next = time,
		.pause = PAUSE_NS,
	};
}

/* Whether process PID has what it takes to tell where its functions are: it has
   a C library, or will not get any.  */
static bool is_loaded(pid_t pid)
{
	ElfW(auxv_t) entry;
	bool is_static = false;
	char path[64];
	FILE *file;

	if (libc_is_mapped(pid))
		return true;
	snprintf(path, sizeof path, "/proc/%d/auxv", (int)pid);
	file = fopen(path, "re");
	while (file && fread(&entry, sizeof entry, 1, file) == 1) {
		if (entry.a_type == AT_BASE)
			is_static = !entry.a_un.a_val;
	}
	if (file)
		fclose(file);
	return is_static;
}

/* Finds what serves PID and makes its probes, unless it has some.  NULL with
   ERROR.  */
static struct program *find_program(struct capture *capture, pid_t pid,
				    struct error *error)
{
	const struct capture_options options = {
		.pid = pid, .force = capture->force
	};
	struct program *program, *known;

	if (capture_check(&options, error))
		return NULL;
	program = program_find(pid, error);
	known = program ? program_known(capture, program) : NULL;
	if (!program || known) {
		program_free(program);
		return known;
	}
	/* One watch has the probes of one program.  */
	if (!family_is_alone(capture->family, pid)) {
		error_set(error, _("its allocation functions are in %s, those of the other processes in %s"),
			  program->libc.name, capture->libc.name);
	} else if (!program_add(capture, program, error)) {
		return program;
	}
	program_free(program);
	return NULL;
}

static void complain(struct capture *capture, pid_t pid,
		     const struct error *error)
{
	struct execs *execs = &capture->execs;
	char name[TARGET_COMM];

	capture_name(pid, name, sizeof name);
	/* It has ended meanwhile.  */
	if (!*name)
		return;
	execs->strange = pid;
	snprintf(execs->trouble, sizeof execs->trouble,
		 _("process %d runs %s, which can't be watched: %s"), (int)pid,
		 name, error->text);
	details_make(capture);
}

static void be_content(struct capture *capture, pid_t pid)
{
	struct execs *execs = &capture->execs;

	if (execs->strange != pid)
		return;
	execs->strange = 0;
	execs->trouble[0] = '\0';
	details_make(capture);
}

/* Returns whether the search is over.  */
static bool look(struct capture *capture, struct exec_search *search,
		 const struct sink *sink)
{
	struct error error = { "" };
	struct program *program = NULL;
	bool is_late = clock_now() >= search->deadline;

	if (!is_late && !is_loaded(search->pid))
		return false;
	program = find_program(capture, search->pid, &error);
	if (!program && !is_late)
		return false;
	if (!program || (program != capture->program &&
			 mode_move(capture, program, sink, &error)))
		complain(capture, search->pid, &error);
	else
		be_content(capture, search->pid);
	return true;
}

void exec_look(struct capture *capture, const struct sink *sink)
{
	struct execs *execs = &capture->execs;
	unsigned i = 0;
	pid_t pid;

	while ((pid = family_take_exec(capture->family)))
		begin_search(execs, pid);
	while (i < execs->count) {
		struct exec_search *search = &execs->search[i];

		if (clock_now() < search->next) {
			i++;
		} else if (look(capture, search, sink)) {
			memmove(search, search + 1, (execs->count - i - 1) *
				sizeof *search);
			execs->count--;
		} else {
			search->next = clock_now() + search->pause;
			if (search->pause < PAUSE_MAX_NS)
				search->pause *= 2;
			i++;
		}
	}
}

int exec_timeout(const struct capture *capture, int timeout_ms)
{
	const struct execs *execs = &capture->execs;
	uint64_t time = execs->count ? clock_now() : 0;

	for (unsigned i = 0; i < execs->count; i++) {
		uint64_t next = execs->search[i].next;
		int ms = next > time ? (int)((next - time) / 1000000) + 1 : 0;

		if (timeout_ms < 0 || timeout_ms > ms)
			timeout_ms = ms;
	}
	return timeout_ms;
}
