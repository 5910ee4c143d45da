/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "perfdata/cmdline.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "perfdata/features.h"

/* perf record's options with an argument of their own.  */
static const char short_with_argument[] = "cCDeFGjkmoprtu";
/* Those whose argument can only follow in the same word.  */
static const char short_with_optional[] = "ISz";
static const char *const long_with_argument[] = {
	"affinity", "branch-filter", "call-graph", "cgroup", "clang-opt",
	"clang-path", "clockid", "control", "count", "cpu", "delay", "event",
	"filter", "freq", "max-size", "mmap-flush", "mmap-pages",
	"num-thread-synthesize", "output", "pid", "proc-map-timeout",
	"realtime", "switch-max-files", "switch-output-event", "synth", "tid",
	"uid", "vmlinux", NULL
};

static bool long_takes_argument(const char *name)
{
	for (int i = 0; long_with_argument[i]; i++) {
		if (!strcmp(long_with_argument[i], name))
			return true;
	}
	return false;
}

/* Says which option ARG is and where its argument begins: "" when it comes
   next; NULL when it takes none.  */
static char parse_option(const char *arg, const char **argument)
{
	*argument = NULL;
	if (arg[1] == '-') {
		const char *equals = strchr(arg, '=');

		if (equals)
			*argument = equals + 1;
		else if (long_takes_argument(arg + 2))
			*argument = "";
		return strncmp(arg, "--pid", 5) ? '-' : 'p';
	}
	for (arg++; *arg && !strchr(short_with_optional, *arg); arg++) {
		if (strchr(short_with_argument, *arg)) {
			*argument = arg + 1;
			return *arg;
		}
	}
	return '-';
}

static uint32_t parse_pid(const char *text)
{
	unsigned long pid = strtoul(text, NULL, 10);

	return pid <= INT32_MAX ? (uint32_t)pid : 0;
}

/* Goes through the arguments after "record".  */
static void parse_arguments(struct cmdline *cmdline, struct cursor cursor,
			    uint32_t left)
{
	const char *arg;

	while (left-- && (arg = feature_string(&cursor))) {
		const char *argument;
		char option;

		if (arg[0] != '-' || !strcmp(arg, "--")) {
			cmdline->starts_command = arg[0] != '-' || left;
			return;
		}
		option = parse_option(arg, &argument);
		if (argument && !*argument) {
			if (!left--)
				return;
			argument = feature_string(&cursor);
		}
		if (option == 'p' && argument && !cmdline->pid)
			cmdline->pid = parse_pid(argument);
	}
}

/* Joins the arguments.  Returns 0 or -1.  */
static int join(struct cmdline *cmdline, struct cursor cursor, uint32_t count)
{
	size_t room = cursor.left + 1;
	size_t length = 0;
	const char *arg;

	cmdline->text = malloc(room);
	if (!cmdline->text)
		return -1;
	cmdline->text[0] = '\0';
	/* Each takes more bytes in the section than here.  */
	while (count-- && (arg = feature_string(&cursor))) {
		if (length)
			cmdline->text[length++] = ' ';
		length += text_clean(cmdline->text + length, room - length, arg);
	}
	return 0;
}

int cmdline_read(struct cmdline *cmdline, const struct file *file)
{
	struct cursor cursor = feature_section(file, FEATURE_CMDLINE);
	uint32_t count;
	const char *arg;

	*cmdline = (struct cmdline){ 0 };
	if (!cursor_u32(&cursor, &count))
		return 0;
	if (join(cmdline, cursor, count))
		return -1;
	while (count-- && (arg = feature_string(&cursor))) {
		if (!strcmp(arg, "record")) {
			parse_arguments(cmdline, cursor, count);
			break;
		}
	}
	return 0;
}

void cmdline_free(struct cmdline *cmdline)
{
	free(cmdline->text);
	cmdline->text = NULL;
}
