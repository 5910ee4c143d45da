/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "options_table.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"

/* Entries of the log: 160 MiB at most of a live process, or of what one size of a
   recording wants; 40 of a recording at first.  */
#define LIVE_LOG_LIMIT (UINT64_C(4) << 20)
#define FILE_LOG_LIMIT (UINT64_C(1) << 20)

/* getopt_long() returns this plus the row's number.  */
#define FIRST_VALUE 256
/* What it returns for an argument that is no option.  */
#define OTHER_VALUE 1

static void getopt_tables(struct option *longs, char *shorts)
{
	/* All in the order in which it stands: what is behind -- is another
	   program's.  Errors are reported here, not by getopt.  */
	*shorts++ = '-';
	*shorts++ = ':';
	for (size_t i = 0; i < option_row_count; i++) {
		longs[i] = (struct option) {
			.name = option_rows[i].name,
			.has_arg = option_rows[i].argument ? required_argument :
				   no_argument,
			.val = FIRST_VALUE + (int)i,
		};
		if (option_rows[i].letter) {
			*shorts++ = (char)option_rows[i].letter;
			if (option_rows[i].argument)
				*shorts++ = ':';
		}
	}
	longs[option_row_count] = (struct option) { 0 };
	*shorts = '\0';
}

static const struct option_row *row_of(int value)
{
	if (value >= FIRST_VALUE)
		return &option_rows[value - FIRST_VALUE];
	for (size_t i = 0; i < option_row_count; i++) {
		if (option_rows[i].letter == value)
			return &option_rows[i];
	}
	return NULL;
}

static int bad_option(int value, char **argv, struct error *error)
{
	const char *word = argv[optind - 1];

	if (value == ':')
		return error_set(error, _("option '%s' needs a value"), word);
	if (optopt >= FIRST_VALUE)
		return error_set(error, _("option '%s' takes no value"), word);
	if (optopt)
		return error_set(error, _("there is no option '-%c'"), optopt);
	return error_set(error, _("there is no option '%s', or more than one "
		"begins so"), word);
}

/* The first option given that a recording has no use for; NULL: none.  */
static const char *live_only(const struct options *options)
{
	const struct session_options *session = &options->session;
	const struct capture_options *capture = &session->capture;
	const struct {
		const char *name;
		bool given;
	} checks[] = {
		{ "--ring-size", capture->ring_kib },
		{ "--chain-depth", capture->chain_depth },
		{ "--free-chains", capture->free_chains },
		{ "--max-overhead", session->max_overhead > 0 },
		{ "--focus", session->focus.count },
		{ "--call-graph", session->focus.dump_bytes },
		{ "--no-auto-focus", session->no_auto_focus },
		{ "--follow-forks", capture->follow_forks },
		{ "--output", session->record },
		{ "--force", capture->force },
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		if (checks[i].given)
			return checks[i].name;
	}
	return NULL;
}

/* Of the process, the recording and the command there is just one.  */
static int check_source(const struct options *options, struct error *error)
{
	bool file = options->session.path, launches = options->launch.command;

	if (options->have_pid && file)
		return error_set(error,
			_("either -p PID or a recording, not both"));
	if (options->have_pid && launches)
		return error_set(error,
			_("either -p PID or a command to start, not both"));
	if (file && launches)
		return error_set(error, _("either a recording or a command to "
			"start, not both: what is '%s' for?"),
			options->session.path);
	if (!options->have_pid && !file && !launches)
		return error_set(error, _("what is to be looked at? "
			"Give -p PID, a recording, or -- COMMAND"));
	return 0;
}

static int check_pairs(const struct options *options, struct error *error)
{
	bool file = options->session.path;

	if (file && live_only(options))
		return error_set(error, _("%s goes with -p PID or a command, "
			"not with a recording"), live_only(options));
	if (!file && options->session.maps.count)
		return error_set(error, _("--map goes with a recording"));
	if (!file && options->session.sysroot)
		return error_set(error, _("--sysroot goes with a recording"));
	if (options->launch.log && !options->launch.command)
		return error_set(error, _("--output-log goes with a command "
			"that leaktop starts"));
	if (options->duration > 0 && (file || options->mode != RUN_BATCH))
		return error_set(error, _("--duration goes with --batch, and -p "
			"PID or a command"));
	if (options->mode == RUN_BATCH)
		return 0;
	if (options->follow)
		return error_set(error, _("--follow goes with --batch; on the "
			"screen it is the Enter key"));
	if (options->format || options->have_top)
		return error_set(error, _("--format and --top go with "
			"--batch"));
	return 0;
}

static int check(const struct options *options, struct error *error)
{
	if (options->mode == RUN_CHECK || options->mode == RUN_CLEANUP)
		return options->session.path || options->launch.command ?
			error_set(error, _("a recording or a command needs "
				"neither --check nor --cleanup")) :
			options->have_pid && options->mode == RUN_CLEANUP ?
			error_set(error, _("--cleanup removes what all dead "
				"leaktops have left: it takes no --pid")) : 0;
	return check_source(options, error) < 0 ? -1 :
	       check_pairs(options, error);
}

/* What is kept of the blocks' lives: for a report what it asks for; for the
   screen as much as memory may take, as a recording can be read again for more,
   and what a live process has done cannot.  */
static void set_kept(struct options *options)
{
	struct heap_options *heap = &options->session.heap;

	if (options->mode == RUN_BATCH) {
		options->session.report_only = true;
		heap->log = options->follow;
		heap->log_sizes = sizespec_only(options->follow_size);
		return;
	}
	heap->log = true;
	heap->log_limit = options->session.path ? FILE_LOG_LIMIT :
			  LIVE_LOG_LIMIT;
	heap->life_limit = LIVE_LOG_LIMIT;
}

static int take_recording(struct options *options, const char *path,
			  struct error *error)
{
	if (options->session.path)
		return error_set(error,
			_("one recording at a time: what is '%s' for?"), path);
	options->session.path = path;
	return 0;
}

static int take_command(struct options *options, char **words,
			struct error *error)
{
	if (!*words)
		return error_set(error, _("-- is followed by a command to "
			"start, and its arguments"));
	options->launch.command = words;
	return 0;
}

/* Takes what getopt_long() found: VALUE.  Returns what an option's set()
   does.  */
static int take_argument(struct options *options, int value, char **argv,
			 struct error *error)
{
	const struct option_row *row;

	if (value == OTHER_VALUE)
		return take_recording(options, optarg, error);
	row = row_of(value);
	if (!row)
		return bad_option(value, argv, error);
	return row->set(options, optarg, error);
}

int options_read(struct options *options, int argc, char **argv,
		 struct error *error)
{
	struct option longs[OPTION_ROWS_MAX + 1];
	char shorts[2 * OPTION_ROWS_MAX + 3];
	int value, status, before;

	*options = (struct options) {
		.mode = RUN_SCREEN, .top = 20,
		.session.arguments = (const char *const *)argv,
	};
	getopt_tables(longs, shorts);
	/* Also forgets what a reading before has left.  */
	optind = 0;
	for (;;) {
		before = optind;
		value = getopt_long(argc, argv, shorts, longs, NULL);
		if (value == -1)
			break;
		status = take_argument(options, value, argv, error);
		if (status)
			return status < 0 ? -1 : 0;
	}
	/* The last step was over a "--", which is no option's value then.  */
	if (optind > (before ? before : 1) &&
	    take_command(options, argv + optind, error) < 0)
		return -1;
	if (check(options, error) < 0)
		return -1;
	if (!options->format)
		options->format = &report_formats[0];
	set_kept(options);
	return 0;
}

static void put_option(const struct option_row *row, FILE *out)
{
	char left[64];
	int used = row->letter ?
		snprintf(left, sizeof(left), "-%c, --%s", row->letter,
			 row->name) :
		snprintf(left, sizeof(left), "    --%s", row->name);

	if (row->argument)
		snprintf(left + used, sizeof(left) - (size_t)used, "=%s",
			 _(row->argument));
	fprintf(out, "  %-24s %s\n", left, _(row->help));
}

void options_help(FILE *out)
{
	fputs(_("Usage: leaktop [OPTION]... -p PID\n"
		"  or:  leaktop [OPTION]... -- COMMAND [ARGUMENT]...\n"
		"  or:  leaktop [OPTION]... FILE\n"
		"  or:  leaktop --check [-p PID]\n"
		"  or:  leaktop --cleanup\n"
		"Shows which allocations of a process, running or started for it, "
		"or of a\nrecording by perf in FILE (- is standard input), are never "
		"freed: by size and\ncall site, and the life of each block.\n\n"),
		out);
	for (size_t i = 0; i < option_row_count; i++)
		put_option(&option_rows[i], out);
	fputs(_("\nReport formats:\n"), out);
	for (size_t i = 0; i < report_format_count; i++)
		fprintf(out, "  %-24s %s\n", report_formats[i].name,
			_(report_formats[i].help));
	fputs(_("\nColumns:\n"), out);
	for (size_t i = 0; i < column_count; i++)
		fprintf(out, "  %-24s %s\n", columns[i].name,
			_(columns[i].help));
	fputs(_("\nVerdicts:\n"), out);
	for (int i = 0; i < VERDICT_COUNT; i++)
		fprintf(out, "  %-24s %s\n", verdict_name((enum verdict)i),
			verdict_help((enum verdict)i));
	fputs(_("\nExit status: 0 on success, 1 on failure, 2 on wrong usage,\n"
		"128 and a signal's number when that ended it; of a COMMAND with "
		"--batch its own,\n127 if it is not found, 126 if it can't be "
		"executed.\n"
		"On the screen, ? shows the keys.\n"), out);
}
