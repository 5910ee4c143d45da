# SPDX-License-Identifier: LGPL-3.0-or-later
# shellcheck shell=sh
#
# For the test scripts; read with ".".  It gives them $work, a directory that
# goes when the script ends, as do the processes and probes that were made with
# the functions here.
#
# make check sets LEAKTOP, LEAKTOP_DEMO and abs_top_builddir.

set -u

# Under nohup SIGHUP is ignored, which no shell can change for itself.
case $(sed -n 's/^SigIgn:.*\(.\)$/\1/p' /proc/self/status) in
[13579bdf])
	# shellcheck disable=SC2016 # the dollar is Perl's
	exec perl -e '$SIG{HUP} = "DEFAULT"; exec @ARGV' sh "$0" "$@" ;;
esac

LC_ALL=C
export LC_ALL
unset NO_COLOR LEAKTOP_OPTIONS

: "${LEAKTOP:?is to be set to the leaktop under test}"
tests=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck disable=SC2034 # for the scripts
targets=${abs_top_builddir:-.}/tests/targets
# No other test, nor a second run of this one, has probes of this name.
group=lttest_$(basename "$0" .sh)_$$

fail()
{
	echo "$(basename "$0"): $*"
	exit 1
}
# shellcheck disable=SC2034
FATAL=fail
# shellcheck source=tests/probes.sh
. "$tests/probes.sh"

# This machine can't run the test.  Where CI=true that is an error, so that a
# test that must run there does not quietly stop doing so.
cannot_run()
{
	if [ "${CI-}" = true ]; then
		echo "cannot run, and must where CI=true: $*"
		exit 99
	fi
	echo "skipped: $*"
	exit 77
}

need_uprobes()
{
	[ -w "$uprobe_events" ] ||
		cannot_run "no permission to make uprobes, or tracefs not mounted"
}

# Debian's perf is a script that may find nothing to start.
need_perf()
{
	perf --version >/dev/null 2>&1 || cannot_run "no perf"
}

need_program()
{
	for program in "$@"; do
		command -v "$program" >/dev/null || cannot_run "no $program"
	done
}

work=$(mktemp -d) || exit 1
recorder=
started=

cleanup()
{
	status=$?
	trap - EXIT
	trap '' HUP INT TERM
	end_process "$recorder" INT
	# One that runs under script(1) is no child of this shell.
	[ ! -s "$work/leaktop.pid" ] ||
		end_process "$(cat "$work/leaktop.pid")" TERM
	for process in $started; do
		end_process "$process" KILL
	done
	wait
	delete_probes "$group"
	rm -rf "$work"
	exit $status
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# wait_line REGEX FILE PROCESS: until FILE has such a line, as long as PROCESS
# may still write it.
wait_line()
{
	until grep -q "$1" "$2" 2>/dev/null; do
		if ! alive "$3"; then
			grep -q "$1" "$2" 2>/dev/null && return
			fail "process $3 ended without '$1': $(tail -n 3 "$2" 2>&1)"
		fi
		sleep 0.02
	done
}

# start_target COMMAND [ARGUMENT]...: sets $target; tell_target sends it a byte.
start_target()
{
	rm -f "$work/target.in"
	mkfifo "$work/target.in" || exit 1
	# Opened for both ways, so that neither end waits for the other.
	exec 7<>"$work/target.in"
	# Before what is in it from another one could be taken for this one's.
	: >"$work/target.out"
	"$@" <&7 >"$work/target.out" 2>"$work/target.err" 7>&- &
	target=$!
	started="$started $target"
}

# wait_comm NAME: until $target has become that program.
wait_comm()
{
	until [ "$(cat "/proc/$target/comm" 2>/dev/null)" = "$1" ]; do
		alive "$target" || fail "$1 has ended"
		sleep 0.02
	done
}

tell_target()
{
	printf x >&7
}

# start_leaktop OUTPUT [OPTION]...: leaktop --batch on $target; returns when it
# watches, which the progress on its terminal tells.  Sets $leaktop.  Options
# have no blanks.
start_leaktop()
{
	WATCH_OUTPUT=$1 WATCH_PID=$target WATCH_FILE=$work/leaktop.pid
	shift
	WATCH_OPTIONS=$*
	WATCH_BEFORE=${WATCH_BEFORE:-:}
	export LEAKTOP WATCH_OUTPUT WATCH_PID WATCH_FILE WATCH_OPTIONS WATCH_BEFORE
	rm -f "$WATCH_FILE"
	: >"$work/progress"
	# The variables are for the shell that script starts.
	# shellcheck disable=SC2016
	SHELL=/bin/sh script -qefc 'eval "$WATCH_BEFORE"; echo $$ >"$WATCH_FILE"
		exec "$LEAKTOP" --batch -p "$WATCH_PID" $WATCH_OPTIONS \
			>"$WATCH_OUTPUT"' "$work/progress" </dev/null >/dev/null 2>&1 &
	watcher=$!
	started="$started $watcher"
	wait_line 'watching' "$work/progress" $watcher
	# shellcheck disable=SC2034 # for the scripts
	leaktop=$(cat "$WATCH_FILE")
}

# wait_leaktop: sets $status to leaktop's.
wait_leaktop()
{
	status=0
	wait "$watcher" || status=$?
}

# no_probes_of PID
no_probes_of()
{
	! grep ":leaktop_$1_" "$uprobe_events" ||
		fail "leaktop $1 left probes behind"
}

# run_leaktop [ARGUMENT]...: sets $status; $work/out and $work/err.
run_leaktop()
{
	status=0
	"$LEAKTOP" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}

# check_json FILE EXPRESSION...: Perl, about the document $j.
check_json()
{
	perl -MJSON::PP -e '
		my $path = shift;
		open my $file, "<", $path or die "$path: $!\n";
		my $j = eval { local $/; decode_json(<$file>) };
		die "$path: no JSON: $@" if !$j;
		my $bad = 0;
		for (@ARGV) {
			my $value = eval;
			die "$_: $@" if $@;
			next if $value;
			print "$path: does not hold: $_\n";
			$bad = 1;
		}
		exit $bad' "$@" || exit 1
}

# same A B [OPTION]...: as tests/compare.pl reads them.
same()
{
	same_a=$1 same_b=$2
	shift 2
	perl "$tests/compare.pl" "$@" "$same_a" "$same_b" ||
		fail "these differ: $same_a $same_b"
}
