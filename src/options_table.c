/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "options_table.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"

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

const struct option_row option_rows[] = {
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

const size_t option_row_count = sizeof(option_rows) / sizeof(*option_rows);
_Static_assert(sizeof(option_rows) / sizeof(*option_rows) <= OPTION_ROWS_MAX,
	       "too many options");
