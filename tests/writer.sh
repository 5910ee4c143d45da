#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# Recordings that leaktop's writer makes, as perf reads them.  What is written
# is what perf recorded on the spot, so both files must say the same.

# The dollars in single quotes are for other shells and Perl.
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 99
need_uprobes
need_perf

copier=${abs_top_builddir:-.}/tests/test_writer
[ -x "$copier" ] || cannot_run "no test_writer"

libc=$(libc_of $$)
[ -n "$libc" ] || cannot_run "the shell has no C library"
make_probes "$libc" "$group" all

# perf_text FILE: in $work/FILE.text, with what perf says of it in .err
perf_text()
{
	perf script -i "$work/$1" --show-mmap-events --show-task-events \
		--show-lost-events >"$work/$1.text" 2>"$work/$1.err" ||
		fail "perf script $1: $(cat "$work/$1.err")"
	[ -s "$work/$1.text" ] || fail "perf script $1 prints nothing"
}

leaktop_text()
{
	run_leaktop --batch --format=json "$work/$1"
	[ $status -eq 0 ] || fail "leaktop $1: $(cat "$work/err")"
	[ ! -s "$work/err" ] || fail "leaktop $1: $(cat "$work/err")"
	# What tells of the file itself.
	perl -MJSON::PP -e '
		my $j = decode_json(join "", <STDIN>);
		delete @{$j->{source}}{qw(path command pid)};
		print JSON::PP->new->canonical->pretty->encode($j);' \
		<"$work/out" >"$work/$1.json" || fail "leaktop $1: no JSON"
}

# same_files A B
same_files()
{
	cmp -s "$work/$1" "$work/$2" ||
		fail "$1 and $2 differ: $(diff "$work/$1" "$work/$2" | head -n 5)"
}

# record NAME [OPTION]... COMMAND [ARGUMENT]...
record()
{
	name=$1
	shift
	sh "$tests/record_target.sh" -k -g "$group" -o "$work/$name.data" "$@" \
		>"$work/$name.log" 2>&1 || fail "$name: $(cat "$work/$name.log")"
}

# copy_and_compare NAME
copy_and_compare()
{
	"$copier" --copy "$work/$1.data" "$work/$1.copy" >"$work/$1.figures" ||
		fail "copy of $1"
	perf_text "$1.data"
	perf_text "$1.copy"
	same_files "$1.data.text" "$1.copy.text"
	leaktop_text "$1.data"
	leaktop_text "$1.copy"
	same_files "$1.data.json" "$1.copy.json"
	same_files "$1.data.err" "$1.copy.err"
}

record storm "$targets/storm" --wait --pairs=30000 --leak=100
copy_and_compare storm
record children "$targets/churn" --calls=1000 --threads=4 --fork --exec
copy_and_compare children
record loss -m 1 "$targets/storm" --wait --pairs=20000
copy_and_compare loss
grep -q PERF_RECORD_LOST "$work/loss.copy.text" || fail "no loss in loss.copy"

# perf report counts the same, and knows the events by name.
for file in storm.data storm.copy; do
	perf report -i "$work/$file" --stdio --no-children -g none \
		2>"$work/err" | grep -v '^# *$' >"$work/$file.report"
	[ ! -s "$work/err" ] || fail "perf report $file: $(cat "$work/err")"
done
grep -q "event '$group:malloc'" "$work/storm.copy.report" ||
	fail "perf report: $(head -n 20 "$work/storm.copy.report")"
same_files storm.data.report storm.copy.report

# The header has what perf's has, but for what says little here.
perf report -i "$work/storm.copy" --header-only >"$work/header" 2>"$work/err" ||
	fail "perf report --header-only: $(cat "$work/err")"
for line in "hostname : $(uname -n)" "os release : $(uname -r)" \
	"arch : $(uname -m)" 'perf version : leaktop ' 'nrcpus online : ' \
	'cmdline : leaktop' "event : name = $group:malloc, , id = {"; do
	grep -q "^# $line" "$work/header" || fail "header: no $line"
done

# Build ids that mappings come with, and what the clock says at a time of day.
# Older perfs have no such option.
if perf record -q -N -k CLOCK_MONOTONIC --buildid-mmap -e sched:sched_switch \
	-o "$work/ids.data" sh -c 'ls /usr >/dev/null; sleep 0.1' \
	>"$work/log" 2>&1; then
	"$copier" --copy "$work/ids.data" "$work/ids.copy" >/dev/null ||
		fail "copy of ids"
	for file in ids.data ids.copy; do
		perf script -i "$work/$file" -F comm,tod,event 2>"$work/err" |
			wc -l >"$work/$file.lines"
		[ ! -s "$work/err" ] || fail "perf script $file: $(cat "$work/err")"
	done
	if command -v readelf >/dev/null; then
		id=$(readelf -n "$libc" | sed -n 's/.*Build ID: //p')
		perf buildid-list -i "$work/ids.copy" | grep -qF "$id $libc" ||
			fail "no build id $id of $libc"
	fi
	same_files ids.data.lines ids.copy.lines
fi

# Killed before the end: what has been written is a file, for perf as well.
status=0
sh -c '"$0" --kill "$1" "$2"; exit $?' "$copier" "$work/storm.data" \
	"$work/killed.copy" 2>"$work/err" || status=$?
[ $status -eq 137 ] || fail "the copier was not killed: $status"
perf_text killed.copy
leaktop_text killed.copy
[ ! -s "$work/killed.copy.err" ] ||
	fail "perf script killed.copy: $(cat "$work/killed.copy.err")"
# leaktop also reads what was written when there was no time to tell of it.
hits=$(grep -c " $group:" "$work/killed.copy.text")
grep " $group:" "$work/storm.data.text" | sort >"$work/all"
check_json "$work/killed.copy.json" "\$j->{hits} >= $hits" "$hits > 1000" \
	"\$j->{hits} <= $(wc -l <"$work/all")"
# All that is there is as it was.
grep " $group:" "$work/killed.copy.text" | sort >"$work/some"
[ -z "$(comm -13 "$work/all" "$work/some")" ] ||
	fail "killed.copy has what storm.data has not"
perf report -i "$work/killed.copy" --stdio >"$work/out" 2>"$work/err" ||
	fail "perf report killed.copy: $(cat "$work/err")"
grep -q "event '$group:malloc'" "$work/out" || fail "perf report killed.copy"
exit 0
