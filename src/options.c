/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"

/* Entries kept of a live process: 160 MiB at most.  */
#define LIVE_LOG_LIMIT (UINT64_C(4) << 20)

/* One option; help and getopt's tables are made of these.  */
struct option_row {
	const char *name;
	int letter;             /* 0: only the long name */
	const char *argument;   /* N_(); NULL: takes none */
	const char *help;       /* N_() */
	int (*set)(struct options *options, const char *value,
		   struct error *error);
};

static int parse_number(const char *text, unsigned long max,
			unsigned long *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	*number = strtoul(text, &end, 10);
	return *end || errno || *number > max ? -1 : 0;
}

/* Not strtod(), which takes what the locale takes, and more.  */
static int parse_decimal(const char *text, double *number)
{
	double scale = 1;
	const char *at = text;

	*number = 0;
	for (; *at >= '0' && *at <= '9'; at++)
		*number = *number * 10 + (*at - '0');
	if (*at == '.') {
		for (at++; *at >= '0' && *at <= '9'; at++) {
			scale /= 10;
			*number += (*at - '0') * scale;
		}
	}
	return *at || at == text ? -1 : 0;
}

static int set_pid(struct options *options, const char *value,
		   struct error *error)
{
	unsigned long pid;

	if (parse_number(value, INT_MAX, &pid) < 0 || !pid)
		return error_set(error, _("'%s' is no process number"), value);
	options->session.capture.pid = (pid_t)pid;
	options->have_pid = true;
	return 0;
}

static int set_mode(struct options *options, enum run_mode mode,
		    struct error *error)
{
	if (options->mode != RUN_SCREEN && options->mode != mode)
		return error_set(error, _("--batch, --check and --cleanup "
			"exclude each other"));
	options->mode = mode;
	return 0;
}

static int set_batch(struct options *options, const char *value,
		     struct error *error)
{
	(void)value;
	return set_mode(options, RUN_BATCH, error);
}

static int set_format(struct options *options, const char *value,
		      struct error *error)
{
	options->format = report_format_by_name(value);
	if (!options->format)
		return error_set(error, _("no report format is called '%s'"),
				 value);
	return 0;
}

static int set_duration(struct options *options, const char *value,
			struct error *error)
{
	if (parse_decimal(value, &options->duration) < 0 ||
	    options->duration <= 0 || options->duration > 1e9)
		return error_set(error, _("'%s' is no number of seconds"),
				 value);
	return 0;
}

static int set_top(struct options *options, const char *value,
		   struct error *error)
{
	unsigned long top;

	if (parse_number(value, UINT_MAX, &top) < 0)
		return error_set(error, _("'%s' is no number of suspects"),
				 value);
	options->top = (unsigned)top;
	options->have_top = true;
	return 0;
}

static int set_size(struct options *options, const char *value,
		    struct error *error)
{
	return sizespec_parse(&options->sizes, value, error);
}

static int set_follow(struct options *options, const char *value,
		      struct error *error)
{
	struct sizespec spec;

	if (sizespec_parse(&spec, value, error) < 0)
		return -1;
	if (spec.count != 1 || spec.range[0].low != spec.range[0].high)
		return error_set(error,
			_("--follow takes one size, such as 3072; not '%s'"),
			value);
	options->follow = true;
	options->follow_size = spec.range[0].low;
	return 0;
}

static int set_sort(struct options *options, const char *value,
		    struct error *error)
{
	options->sort = column_by_name(value);
	if (!options->sort)
		return error_set(error, _("no column is called '%s'; "
			"leaktop --help lists them"), value);
	return 0;
}

static int set_ring(struct options *options, const char *value,
		    struct error *error)
{
	unsigned long kib;

	if (parse_number(value, 1 << 20, &kib) < 0 || kib < 64 ||
	    (kib & (kib - 1)))
		return error_set(error, _("'%s' is no ring size: a power of "
			"two from 64 to 1048576, in KiB"), value);
	options->session.capture.ring_kib = (unsigned)kib;
	return 0;
}

static int set_depth(struct options *options, const char *value,
		     struct error *error)
{
	unsigned long depth;

	if (parse_number(value, CHAIN_DEPTH_MAX, &depth) < 0 || !depth)
		return error_set(error,
			_("'%s' is no depth of call chains: 1 to %d"), value,
			CHAIN_DEPTH_MAX);
	options->session.capture.chain_depth = (unsigned)depth;
	return 0;
}

static int set_sysroot(struct options *options, const char *value,
		       struct error *error)
{
	(void)error;
	options->session.sysroot = value;
	return 0;
}

static int set_map(struct options *options, const char *value,
		   struct error *error)
{
	size_t count = options->session.maps.count;

	if (count == OPTIONS_MAPS_MAX)
		return error_set(error, _("more than %d events are mapped"),
				 OPTIONS_MAPS_MAX);
	options->session.maps.map = options->maps;
	options->session.maps.count++;
	return event_map_parse(&options->maps[count], value, error);
}

static int set_overhead(struct options *options, const char *value,
			struct error *error)
{
	double percent;

	if (parse_decimal(value, &percent) < 0 || percent <= 0 || percent > 100)
		return error_set(error, _("'%s' is no percentage: more than 0, "
			"up to 100"), value);
	options->session.max_overhead = percent / 100;
	return 0;
}

static int set_free_chains(struct options *options, const char *value,
			   struct error *error)
{
	(void)value;
	(void)error;
	options->session.capture.free_chains = true;
	return 0;
}

/* One or more single sizes.  */
static int set_focus(struct options *options, const char *value,
		     struct error *error)
{
	struct capture_focus *focus = &options->session.focus;
	struct sizespec spec;

	if (sizespec_parse(&spec, value, error) < 0)
		return -1;
	if (!spec.count || spec.count > CAPTURE_FOCUS_MAX)
		return error_set(error, _("--focus takes 1 to %d sizes"),
				 CAPTURE_FOCUS_MAX);
	for (unsigned i = 0; i < spec.count; i++) {
		if (spec.range[i].low != spec.range[i].high ||
		    !spec.range[i].low)
			return error_set(error, _("--focus takes sizes of one "
				"byte or more, such as 3072 or 512,3072, not "
				"'%s'"), value);
		focus->size[i] = spec.range[i].low;
	}
	focus->count = spec.count;
	return 0;
}

static int set_call_graph(struct options *options, const char *value,
			  struct error *error)
{
	static const char method[] = "dwarf";
	const char *bytes = value + sizeof(method) - 1;
	unsigned long number;

	if (!strcmp(value, method))
		return 0;
	if (strncmp(value, method, sizeof(method) - 1) || *bytes != ',' ||
	    parse_number(bytes + 1, CAPTURE_DUMP_MAX, &number) < 0 ||
	    number < 256)
		return error_set(error, _("--call-graph takes dwarf or "
			"dwarf,BYTES of the stack, 256 to %d, not '%s'"),
			CAPTURE_DUMP_MAX, value);
	options->session.focus.dump_bytes = (number + 7) / 8 * 8;
	return 0;
}

static int set_no_auto_focus(struct options *options, const char *value,
			     struct error *error)
{
	(void)value;
	(void)error;
	options->session.no_auto_focus = true;
	return 0;
}

static int set_forks(struct options *options, const char *value,
		     struct error *error)
{
	(void)value;
	(void)error;
	options->session.capture.follow_forks = true;
	return 0;
}

static int set_output(struct options *options, const char *value,
		      struct error *error)
{
	if (!*value)
		return error_set(error, _("--output needs a file"));
	options->session.record = value;
	return 0;
}

static int set_output_log(struct options *options, const char *value,
			  struct error *error)
{
	if (!*value)
		return error_set(error, _("--output-log needs a file"));
	options->launch.log = value;
	return 0;
}

static int set_force(struct options *options, const char *value,
		     struct error *error)
{
	(void)value;
	(void)error;
	options->session.capture.force = true;
	return 0;
}

static int set_verbose(struct options *options, const char *value,
		       struct error *error)
{
	(void)value;
	(void)error;
	options->verbose = true;
	return 0;
}

static int set_check(struct options *options, const char *value,
		     struct error *error)
{
	(void)value;
	return set_mode(options, RUN_CHECK, error);
}

static int set_cleanup(struct options *options, const char *value,
		       struct error *error)
{
	(void)value;
	return set_mode(options, RUN_CLEANUP, error);
}

static int set_ascii(struct options *options, const char *value,
		     struct error *error)
{
	(void)value;
	(void)error;
	options->ascii = true;
	return 0;
}

static int set_monochrome(struct options *options, const char *value,
			  struct error *error)
{
	(void)value;
	(void)error;
	options->monochrome = true;
	return 0;
}

static int set_help(struct options *options, const char *value,
		    struct error *error)
{
	(void)value;
	(void)error;
	options->mode = RUN_HELP;
	return 1;
}

static int set_version(struct options *options, const char *value,
		       struct error *error)
{
	(void)value;
	(void)error;
	options->mode = RUN_VERSION;
	return 1;
}

static const struct option_row rows[] = {
	{ "pid", 'p', N_("PID"), N_("watch the running process PID"), set_pid },
	{ "size", 's', N_("SPEC"), N_("only blocks of these sizes: 3072, 0xc00, "
	  "1k-4k, >1M, or a list"), set_size },
	{ "sort", 0, N_("COLUMN"), N_("order of the suspects; the default puts "
	  "first what accumulates"), set_sort },
	{ "batch", 'b', NULL, N_("print a report instead of the screen"),
	  set_batch },
	{ "format", 0, N_("FORMAT"), N_("of the report"), set_format },
	{ "duration", 'd', N_("SECONDS"), N_("watch a process this long, then "
	  "report; without, until it exits or ^C"), set_duration },
	{ "top", 'n', N_("N"), N_("suspects in the text report: 20; 0 for all"),
	  set_top },
	{ "follow", 'f', N_("SIZE"), N_("report the life of every block of this "
	  "size"), set_follow },
	{ "ring-size", 0, N_("KIB"), N_("buffer per CPU between kernel and "
	  "leaktop"), set_ring },
	{ "chain-depth", 0, N_("N"), N_("frames taken of each call chain"),
	  set_depth },
	{ "free-chains", 0, NULL, N_("take call chains of frees, too"),
	  set_free_chains },
	{ "max-overhead", 0, N_("PERCENT"), N_("of the process's time that "
	  "watching may take"), set_overhead },
	{ "focus", 0, N_("SIZE[,SIZE]..."), N_("take the whole stack at each "
	  "allocation of these sizes"), set_focus },
	{ "call-graph", 0, N_("dwarf,BYTES"), N_("bytes of the stack that are "
	  "taken in focus: 8192"), set_call_graph },
	{ "no-auto-focus", 0, NULL, N_("focus on no size unless asked"),
	  set_no_auto_focus },
	{ "follow-forks", 0, NULL, N_("watch child processes too, each on its "
	  "own"), set_forks },
	{ "output", 'o', N_("FILE"), N_("record what is watched to FILE, a "
	  "perf.data"), set_output },
	{ "output-log", 0, N_("FILE"), N_("write what COMMAND prints to FILE, too"),
	  set_output_log },
	{ "force", 0, NULL, N_("watch although it is dangerous for the "
	  "process"), set_force },
	{ "check", 0, NULL, N_("tell whether and how watching is possible"),
	  set_check },
	{ "cleanup", 0, NULL, N_("remove probes that killed leaktops have "
	  "left"), set_cleanup },
	{ "verbose", 'v', NULL, N_("tell where the probes are, and why"),
	  set_verbose },
	{ "map", 0, N_("EVENT=FUNCTION"), N_("what a recording's event is: "
	  "probe_app:get=malloc(size=bytes)"), set_map },
	{ "sysroot", 0, N_("DIRECTORY"), N_("look there first for the files "
	  "that a recording names"), set_sysroot },
	{ "ascii", 0, NULL, N_("no characters beyond ASCII"), set_ascii },
	{ "monochrome", 0, NULL, N_("no colours; so does NO_COLOR"),
	  set_monochrome },
	{ "help", 'h', NULL, N_("print this help"), set_help },
	{ "version", 'V', NULL, N_("print the version"), set_version },
};

#define ROWS (sizeof(rows) / sizeof(*rows))
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
	for (size_t i = 0; i < ROWS; i++) {
		longs[i] = (struct option) {
			.name = rows[i].name,
			.has_arg = rows[i].argument ? required_argument :
				   no_argument,
			.val = FIRST_VALUE + (int)i,
		};
		if (rows[i].letter) {
			*shorts++ = (char)rows[i].letter;
			if (rows[i].argument)
				*shorts++ = ':';
		}
	}
	longs[ROWS] = (struct option) { 0 };
	*shorts = '\0';
}

static const struct option_row *row_of(int value)
{
	if (value >= FIRST_VALUE)
		return &rows[value - FIRST_VALUE];
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].letter == value)
			return &rows[i];
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

static bool is_live_only(const struct options *options)
{
	const struct capture_options *capture = &options->session.capture;

	return capture->ring_kib || capture->chain_depth ||
	       capture->free_chains || capture->force || capture->follow_forks ||
	       options->session.focus.count || options->session.focus.dump_bytes ||
	       options->session.no_auto_focus ||
	       options->session.record || options->session.max_overhead > 0;
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

	if (file && is_live_only(options))
		return error_set(error, _("--ring-size, --chain-depth, "
			"--free-chains, --follow-forks, --max-overhead, "
			"--focus, --call-graph, --no-auto-focus, "
			"--output and --force go with -p PID or a command"));
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
   screen all of a recording, and of a live process as much as memory may
   take.  */
static void set_log(struct options *options)
{
	struct heap_options *heap = &options->session.heap;

	if (options->mode == RUN_BATCH) {
		heap->log = options->follow;
		heap->log_sizes = sizespec_only(options->follow_size);
		return;
	}
	heap->log = true;
	heap->log_limit = options->session.path ? 0 : LIVE_LOG_LIMIT;
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
	struct option longs[ROWS + 1];
	char shorts[2 * ROWS + 3];
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
	set_log(options);
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
	for (size_t i = 0; i < ROWS; i++)
		put_option(&rows[i], out);
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
