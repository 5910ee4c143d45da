#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# Whole stacks for chosen sizes, out of code without frame pointers: live, out
# of the recording, and as perf script shows it.

# The dollars in single quotes are Perl's.
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 99
need_uprobes
need_perf

rounds=400

# watch OUTPUT OPTION...: noframe from beginning to end.
watch()
{
	output=$1
	shift
	rm -f "$work/target.out"
	start_target "$targets/noframe" $rounds
	wait_line '^ready$' "$work/target.out" "$target"
	start_leaktop "$output" --format=json "$@"
	tell_target
	wait_line '^half$' "$work/target.out" "$target"
	# Time to see what is worth a focus.
	sleep "${between:-0}"
	tell_target
	wait_line '^done$' "$work/target.out" "$target"
	kill -INT "$leaktop"
	wait_leaktop
	tell_target
	wait "$target"
	no_probes_of "$leaktop"
}

# All counts, whatever is in focus.  The row of a size stays one.
counts='
	my %want = (3072 => 400, 306 => 400, 704 => 400, 1024 => 400);
	my @rows = grep { $want{$_->{size}} } @{$j->{suspects}};
	@rows == 4 && !$j->{lost} && !grep({ $_ } values %{$j->{anomalies}}) &&
	!grep { $_->{blocks} != 400 || $_->{allocated} != 400 || $_->{freed} ||
		$_->{doubtful} } @rows'
stack_of='
	my $stack_of = sub {
		my ($row) = grep { $_->{size} == $_[0] } @{$j->{suspects}};
		join " ", map { $_->{symbol} // "?" } @{$row->{stack}};
	};'
whole='^lowest middle upper rounds main __libc_start_call_main \S+ _start$'

watch "$work/plain.json" --no-auto-focus
check_json "$work/plain.json" "$counts"
check_json "$work/plain.json" \
	"$stack_of"' !grep { $stack_of->($_) =~ /main/ } 3072, 306, 704, 1024'

watch "$work/all.json" --no-auto-focus --focus=3072,306,704,1024 \
	--output="$work/focus.data"
check_json "$work/all.json" "$counts"
check_json "$work/all.json" \
	"$stack_of"' !grep { $stack_of->($_) !~ /'"$whole"'/ } 3072, 306, 704, 1024'

run_leaktop --batch --format=json "$work/focus.data"
[ $status -eq 0 ] || fail "recording: $(cat "$work/err")"
cp "$work/out" "$work/file.json"
check_json "$work/file.json" "$counts"
check_json "$work/file.json" \
	"$stack_of"' !grep { $stack_of->($_) !~ /'"$whole"'/ } 3072, 306, 704, 1024'

# perf unwinds the same dumps.
perf script -i "$work/focus.data" -F comm,event,ip,sym >"$work/script" 2>/dev/null ||
	fail "perf script does not read the recording"
perl -00 -ne '
	# A malloc inside of realloc has a hijacked return address.
	next if !/lt_\w+: *\n\s+[0-9a-f]+ .*\n\s+[0-9a-f]+ lowest\n/;
	$dumps++;
	$whole++ if /lowest\n.* middle\n.* upper\n.* rounds\n.* main\n(.*\n)*.* _start$/m;
	# A ring that was full for a moment has dropped some.
	END { print "$dumps dumps, $whole whole\n";
		exit !($dumps > 800 && $dumps <= 1600 && $whole == $dumps) }' \
	"$work/script" || fail "perf script shows other stacks"

# Code without unwind tables: nothing is made up, and it is said.
rm -f "$work/target.out"
start_target "$targets/notables" $rounds
wait_line '^ready$' "$work/target.out" "$target"
start_leaktop "$work/tables.json" --format=json --no-auto-focus --focus=3072
tell_target
wait_line '^half$' "$work/target.out" "$target"
kill -INT "$leaktop"
wait_leaktop
end_process "$target" KILL
check_json "$work/tables.json" "$stack_of"'$stack_of->(3072) eq "lowest"'
grep -q 'the stacks end in .*notables, which has no unwind tables' \
	"$work/progress" || fail "notables: not told: $(cat "$work/progress")"

# One size of two in focus, with a dump too small for all frames.
watch "$work/one.json" --no-auto-focus --focus=306 --call-graph=dwarf,256
check_json "$work/one.json" "$counts"
check_json "$work/one.json" "$stack_of"'
	$stack_of->(306) =~ /^lowest\b/ && $stack_of->(306) !~ /_start/ &&
	$stack_of->(3072) !~ /main/'

# Without being asked, as the chains tell too little.
between=4
watch "$work/auto.json"
check_json "$work/auto.json" "$counts"
check_json "$work/auto.json" "$stack_of"' $stack_of->(3072) =~ /'"$whole"'/'
exit 0
