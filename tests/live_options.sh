#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# What --free-chains and --max-overhead change in the report, and for the
# process that is watched.

# The dollars in single quotes are Perl's.
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 99
need_uprobes
need_program script

#
# --free-chains: in the life of a block stands who frees it.
#

# count_frees FUNCTION: sets $by to how many of the exits in $work/out have it
# as their caller, $none to how many have none.
count_frees()
{
	by=$(grep -c "^ *[0-9.]* .* exit .* $1+0x" "$work/out")
	none=$(grep -c '^ *[0-9.]* .* exit  *0x[0-9a-f]* *$' "$work/out")
}

start_target "$LEAKTOP_DEMO" --interval=20
run_leaktop --batch -p "$target" --duration=1.5 --follow=3072
[ $status -eq 0 ] || fail "free-chains, without: $(cat "$work/err")"
count_frees free_converted_font
if [ "$by" -ne 0 ] || [ "$none" -lt 5 ]; then
	fail "without --free-chains $by frees have a caller, $none have none"
fi
run_leaktop --batch -p "$target" --duration=1.5 --follow=3072 --free-chains
[ $status -eq 0 ] || fail "free-chains: $(cat "$work/err")"
count_frees free_converted_font
if [ "$by" -lt 5 ] || [ "$none" -ne 0 ]; then
	fail "with --free-chains $by frees have their caller, $none have none"
fi
# The allocations' are as before.
awk '$4 == "enter" && index($6, "load_query_font") != 1 &&
	index($6, "query_font_info") != 1 { print; bad = 1 }
	END { exit bad }' "$work/out" || fail "with --free-chains: wrong allocators"
end_process "$target" KILL

#
# --max-overhead: first the call chains go, then watching rests in turns.
#

# storm_takes PAIRS: the time from the byte to "done", ns per pair.
storm_takes()
{
	perl -MTime::HiRes=time,sleep -e '
		my ($in, $out, $pairs) = @ARGV;
		open my $file, ">>", $in or die "$in: $!\n";
		my $start = time;
		syswrite $file, "x";
		sleep 0.001 until -s $out > 6 || time - $start > 120;
		printf "%.0f\n", (time - $start) * 1e9 / $pairs' \
		"$work/target.in" "$work/target.out" "$1"
}

# storm_under PAIRS NAME [OPTION]...: storm, which leaks every thousandth block,
# watched so; sets $pair, and the report is $work/NAME.json.
storm_under()
{
	storm_pairs=$1 storm_name=$2
	shift 2
	start_target "$targets/storm" --wait --threads=1 --pairs="$storm_pairs" \
		--leak=1000
	wait_line '^ready$' "$work/target.out" "$target"
	start_leaktop "$work/$storm_name.json" --format=json --ring-size=16384 "$@"
	# What a hit costs is known half a second later at most.
	sleep 1
	pair=$(storm_takes "$storm_pairs")
	grep -q '^done' "$work/target.out" || fail "$storm_name: storm does not end"
	kill -INT "$leaktop"
	wait_leaktop
	[ $status -eq 0 ] || fail "$storm_name: status $status"
	no_probes_of "$leaktop"
	tell_target
	status=0
	wait "$target" || status=$?
	[ $status -eq 0 ] || fail "storm: status $status"
}

storm_under 200000 full
full=$pair
check_json "$work/full.json" '$j->{operations}{malloc} + $j->{lost} >= 200000' \
	'!grep { !@{$_->{stack}} } @{$j->{suspects}}'

# At full speed this takes some seconds, at full cost a quarter of an hour.
storm_under 50000000 limited --max-overhead=20
echo "a pair takes $full ns with all its hits, $pair ns with --max-overhead=20"
[ $((pair * 10)) -lt "$full" ] ||
	fail "with --max-overhead=20 a pair takes $pair ns, without $full ns"

# Both with chains and without blocks stayed, the former earlier.  What was
# alive when watching rested is doubtful; of the rest no more can be alive than
# really are.
check_json "$work/limited.json" \
	'$j->{operations}{malloc} > 5000' \
	'$j->{operations}{malloc} + $j->{lost} < 40_000_000' \
	'(my @chained = grep { @{$_->{stack}} } @{$j->{suspects}})' \
	'(my @bare = grep { !@{$_->{stack}} } @{$j->{suspects}})' \
	'my %first; for (@{$j->{suspects}}) {
		my $kind = @{$_->{stack}} ? "chained" : "bare";
		$first{$kind} = $_->{first}
			if !exists $first{$kind} || $_->{first} < $first{$kind};
	} $first{chained} < $first{bare}' \
	'my $doubtful = 0; $doubtful += $_->{doubtful} for @{$j->{suspects}};
		$doubtful > 0' \
	'my $sure = 0; $sure += $_->{blocks} - $_->{doubtful} for @{$j->{suspects}};
		$sure <= 50_000' \
	'!grep { $_->{doubtful} > $_->{blocks} } @{$j->{suspects}}' \
	'$j->{anomalies}{double_free} == 0' '$j->{anomalies}{double_alloc} == 0'
exit 0
