#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# Recordings that perf makes on the spot: leaktop reads them as an independent
# follower does, and as the programs know that were recorded.

# The dollars in single quotes are Perl's.
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 99
need_uprobes
need_perf

libc=$(libc_of $$)
[ -n "$libc" ] || cannot_run "the shell has no C library"
make_probes "$libc" "$group" all

# record NAME [OPTION]... COMMAND [ARGUMENT]...: one of tests/targets
record()
{
	name=$1
	shift
	sh "$tests/record_target.sh" -k -g "$group" -o "$work/$name.data" "$@" \
		>"$work/$name.log" 2>&1 || fail "$name: $(cat "$work/$name.log")"
}

keys=hits,lost,unpaired,operations,live,anomalies,sizes

# read_both NAME [OPTION]...: what leaktop and the follower say is equal.
read_both()
{
	name=$1
	shift
	sum=$(cksum <"$work/$name.data")
	run_leaktop --batch --format=json "$@" "$work/$name.data"
	[ $status -eq 0 ] || fail "$name: status $status: $(cat "$work/err")"
	[ ! -s "$work/err" ] || fail "$name: $(cat "$work/err")"
	mv "$work/out" "$work/$name.json"
	[ "$sum" = "$(cksum <"$work/$name.data")" ] ||
		fail "$name: leaktop changed the recording"
	perl "$tests/follow.pl" "$work/$name.data" >"$work/$name.follow" \
		2>"$work/err" || fail "follow.pl $name: $(cat "$work/err")"
	same "$work/$name.follow" "$work/$name.json" --keys="$keys"
}

# Every function in every form, blocks that change threads; then children, too.
record churn "$targets/churn" --calls=3000 --threads=6
read_both churn
same "$work/churn.data.truth" "$work/churn.json"
record children "$targets/churn" --calls=1000 --seed=2 --fork --exec
read_both children
same "$work/children.data.truth" "$work/children.json"

# Few sizes, call chains of their own each.
record storm "$targets/storm" --wait --pairs=20000 --leak=100
read_both storm
check_json "$work/storm.json" '$j->{lost} == 0' \
	'$j->{operations}{malloc} == 20000' '$j->{live}{blocks} == 200' \
	'@{$j->{suspects}} && $j->{suspects}[0]{site}{symbol} =~ /^(left|right)$/'

# Buffers that are too small: what is lost is counted.  perf script's text has
# not the losses that perf counts at the end; and what is made of the hits
# around a loss differs: leaktop accuses nobody of a double free there.
record loss -m 1 "$targets/storm" --wait --pairs=20000
all_keys=$keys
keys=hits
read_both loss
keys=$all_keys
told=$(sed -n 's/.*"lost": \([0-9]*\).*/\1/p' "$work/loss.follow")
check_json "$work/loss.json" "\$j->{lost} >= $told"
check_json "$work/loss.json" '$j->{lost} > 0' '$j->{hits} > 0'

# The story itself.
start_target "$LEAKTOP_DEMO" --interval=40
start_recorder "$work" "$work/demo.data" "$group" "$target" -m 512
sleep 1.5
stop_recorder
end_process "$target" KILL
read_both demo --follow=3072
check_json "$work/demo.json" '$j->{schema} == 1' \
	'$j->{source}{kind} eq "perf.data"' '$j->{source}{path} =~ m{/demo.data$}' \
	'$j->{suspects}[0]{rank} == 1' '$j->{suspects}[0]{size} == 3072' \
	'$j->{suspects}[0]{site}{symbol} eq "query_font_info"' \
	'$j->{suspects}[0]{freed} == 0' '$j->{suspects}[0]{blocks} >= 5' \
	'$j->{suspects}[0]{allocated} == $j->{suspects}[0]{blocks}' \
	'join("", map { $_->{event} eq "enter" ? "(" : ")" } @{$j->{lifecycle}})
		=~ /^\(?(?:\(\)\(){5,}(?:\(|\(\))?$/' \
	'my $live = 0; !grep {
		$live += $_->{event} eq "enter" ? 1 : -1; $_->{live} != $live
	} @{$j->{lifecycle}}'

# perf is killed, and what it wrote has no end.
start_target "$targets/churn" --calls=4000
wait_line '^ready$' "$work/target.out" "$target"
start_recorder "$work" "$work/killed.data" "$group" "$target" -m 64
tell_target
wait_line '\]}$' "$work/target.out" "$target"
kill -KILL "$recorder"
wait "$recorder" 2>/dev/null
recorder=
sed 1d "$work/target.out" >"$work/killed.truth"
sum=$(cksum <"$work/killed.data")
run_leaktop --batch --format=json "$work/killed.data"
[ $status -eq 0 ] || fail "killed: status $status: $(cat "$work/err")"
[ "$sum" = "$(cksum <"$work/killed.data")" ] || fail "killed: changed"
check_json "$work/out" '$j->{hits} > 1000' '$j->{operations}{malloc} > 100'

# The same of one that is known whole: it lacks nothing but its header's word
# for how long it is.
cp "$work/churn.data" "$work/cut.data"
perl -e '
	open my $file, "+<", $ARGV[0] or die "$ARGV[0]: $!\n";
	seek $file, 48, 0;
	print $file "\0" x 8' "$work/cut.data" || exit 1
run_leaktop --batch --format=json "$work/cut.data"
[ $status -eq 0 ] || fail "cut: status $status: $(cat "$work/err")"
same "$work/churn.data.truth" "$work/out"
exit 0
