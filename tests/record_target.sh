#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# Records one of tests/targets with the probes of the scripts that leaktop
# replaces, from its start byte to its end byte, no more and no less.
#
#   record_target.sh [-ak] [-o FILE] [-g GROUP] [-m PAGES] COMMAND [ARGUMENT]...
#
#   -o FILE   the recording (target.data); what the target printed after
#             "ready", its truth, goes to FILE.truth
#   -g GROUP  group of the probes (lttest_target_PID)
#   -m PAGES  buffer for each CPU (4096)
#   -a        also probe reallocarray, memalign and valloc
#   -k        GROUP's probes are there already, and are kept
#
# COMMAND prints "ready" and waits for a byte, prints the rest and waits for
# another one.  Exit status 77: not possible on this machine.

set -u

output=target.data
group=lttest_target_$$
pages=4096
all=
keep=
while getopts ako:g:m: option; do
	case $option in
	o) output=$OPTARG ;;
	g) group=$OPTARG ;;
	m) pages=$OPTARG ;;
	a) all=all ;;
	k) keep=1 ;;
	*) sed -n '/^#   record/,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))

fail()
{
	echo "record_target.sh: $*" >&2
	exit 1
}
# shellcheck disable=SC2034 # for probes.sh
FATAL=fail
# shellcheck source=tests/probes.sh
. "$(dirname "$0")/probes.sh"

command -v perf >/dev/null ||
	{ echo "record_target.sh: no perf" >&2; exit 77; }
[ -w "$uprobe_events" ] ||
	{ echo "record_target.sh: no permission to make uprobes" >&2; exit 77; }

directory=$(mktemp -d) || exit 1
target=
recorder=
# shellcheck disable=SC2317 # the traps call it
cleanup()
{
	status=$?
	trap - EXIT
	trap '' HUP INT TERM
	end_process "$recorder" INT
	end_process "$target" KILL
	wait
	[ -n "$keep" ] || delete_probes "$group"
	rm -rf "$directory"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

mkfifo "$directory/stdin" || exit 1
exec 7<>"$directory/stdin"
"$@" <&7 >"$directory/stdout" 7>&- &
target=$!

# wait_for REGEX: a line that the target prints
wait_for()
{
	until grep -q "$1" "$directory/stdout"; do
		alive $target || fail "$1 ended"
		sleep 0.05
	done
}
wait_for '^ready$'
[ -n "$keep" ] || make_probes "$(libc_of $target)" "$group" $all
start_recorder "$directory" "$output" "$group" $target -m "$pages"
printf x >&7
wait_for '^done$\|\]}$'
stop_recorder
printf x >&7
wait $target
target=
sed 1d "$directory/stdout" >"$output.truth"
recorder_message
echo
exit 0
