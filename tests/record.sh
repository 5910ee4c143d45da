#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# leaktop -o: what leaktop says live it says of its recording, and so does the
# independent follower; perf reads it; and nothing that happens to the file
# harms the watching.

# The dollars in single quotes are Perl's, or another shell's.
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 99
need_uprobes
need_perf
need_program script

mounted=
# shellcheck disable=SC2317 # the trap calls it
unmount()
{
	set -- $?
	[ -z "$mounted" ] || umount "$mounted"
	(exit "$1")
	cleanup
}
trap unmount EXIT

# facts NAME: all that a report says but for what it was read from, and what
# hangs on when that was
facts()
{
	perl -MJSON::PP -0777 -ne '
		my $j = decode_json($_);
		delete @$j{qw(source window)};
		delete @$_{qw(rank verdict)} for @{$j->{suspects}};
		my $json = JSON::PP->new->canonical;
		$j->{suspects} = [sort { $json->encode($a) cmp $json->encode($b) }
			@{$j->{suspects}}];
		print $json->pretty->encode($j)' "$1" >"$1.facts" ||
		fail "$1: no JSON"
}

# perf_text NAME: into $work/NAME.text
perf_text()
{
	perf script -i "$work/$1.data" --show-task-events --show-lost-events \
		>"$work/$1.text" 2>"$work/err" || fail "perf script $1: $(cat "$work/err")"
}

# perf_reads NAME: the same, without a word on stderr
perf_reads()
{
	perf_text "$1"
	[ ! -s "$work/err" ] || fail "perf script $1: $(cat "$work/err")"
}

# agree NAME: NAME.json is leaktop's report of what NAME.data has recorded
agree()
{
	run_leaktop --batch --format=json "$work/$1.data"
	[ $status -eq 0 ] || fail "$1: status $status: $(cat "$work/err")"
	[ ! -s "$work/err" ] || fail "$1: $(cat "$work/err")"
	mv "$work/out" "$work/$1.read"
	facts "$work/$1.json"
	facts "$work/$1.read"
	cmp -s "$work/$1.json.facts" "$work/$1.read.facts" ||
		fail "$1: live and recording differ:" \
			"$(diff "$work/$1.json.facts" "$work/$1.read.facts" | head -n 20)"
	perf_reads "$1"
	perl "$tests/follow.pl" "$work/$1.data" >"$work/$1.follow" \
		2>"$work/err" || fail "follow.pl $1: $(cat "$work/err")"
	same "$work/$1.follow" "$work/$1.read" \
		--keys=hits,lost,unpaired,operations,live,anomalies,sizes
}

# Every function in every form, and its own count.
start_target "$targets/churn" --calls=3000 --threads=6
wait_line '^ready$' "$work/target.out" "$target"
start_leaktop "$work/churn.json" --format=json --ring-size=32768 \
	--output="$work/churn.data"
tell_target
wait_line '\]}$' "$work/target.out" "$target"
kill -INT "$leaktop"
wait_leaktop
[ $status -eq 0 ] || fail "churn: status $status"
no_probes_of "$leaktop"
sed 1d "$work/target.out" >"$work/churn.truth"
agree churn
same "$work/churn.truth" "$work/churn.read" \
	--keys=lost,unpaired,operations,live,anomalies,sizes
[ "$(stat -c %a "$work/churn.data")" = 600 ] || fail "others may read churn.data"
check_json "$work/churn.read" '$j->{source}{kind} eq "perf.data"' \
	'$j->{source}{command} eq "churn"' "\$j->{source}{pid} == $target" \
	'$j->{window}{start} < $j->{window}{end}'
tell_target
wait "$target"

# Two threads, few call chains, the names of all.
start_target "$targets/storm" --wait --pairs=50000 --leak=100
wait_line '^ready$' "$work/target.out" "$target"
start_leaktop "$work/storm.json" --format=json --ring-size=32768 \
	--free-chains -o "$work/storm.data"
tell_target
wait_line '^done$' "$work/target.out" "$target"
tell_target
wait_leaktop
[ $status -eq 0 ] || fail "storm: status $status"
agree storm
check_json "$work/storm.read" '$j->{lost} == 0' \
	'$j->{operations}{malloc} == 50000' '$j->{live}{blocks} == 500' \
	'$j->{suspects}[0]{site}{symbol} =~ /^(left|right)$/'
grep -q '^ *storm .*lt_malloc:' "$work/storm.text" ||
	fail "perf script does not know the threads' names"
perf report -i "$work/storm.data" --stdio -g none >"$work/report" 2>"$work/err" ||
	fail "perf report: $(cat "$work/err")"
for line in 'of event .leaktop_.*:lt_malloc_ret' ' storm *libc.so.6 *\[.\] malloc' \
	' storm *storm *\[.\] \(left\|right\)'; do
	grep -q "$line" "$work/report" || fail "perf report has no '$line'"
done
# The files that were mapped have their build ids, the other header lines are
# there.
perf buildid-list -i "$work/storm.data" >"$work/ids" 2>&1
grep -q "^[0-9a-f]\{40\} $(libc_of $$)\$" "$work/ids" ||
	fail "no build id of the C library: $(cat "$work/ids")"
perf report -i "$work/storm.data" --header-only >"$work/header" 2>"$work/err"
grep -q "^# cmdline : $LEAKTOP --batch -p $target " "$work/header" ||
	fail "no command line: $(grep cmdline "$work/header")"

# What leaktop starts, from its first allocation on.
for option in '' --fork --exec; do
	# shellcheck disable=SC2086
	run_leaktop --batch --format=json --output-log="$work/log" \
		-o "$work/early.data" -- "$targets/early" $option
	[ $status -eq 0 ] || fail "early: status $status: $(cat "$work/err")"
	mv "$work/out" "$work/early.json"
	agree early
	sed -n 's/^truth: //p' "$work/log" >"$work/truth"
	same "$work/truth" "$work/early.read" --keys=operations,live
done
# The one before is kept.
cmp -s "$work/early.data" "$work/early.data.old" && fail "early.data.old is the same"
run_leaktop --batch --format=json "$work/early.data.old"
[ $status -eq 0 ] || fail "early.data.old: $(cat "$work/err")"

# Rings that are too small: the same losses, and the same doubts.
start_target "$targets/storm" --wait --pairs=300000 --leak=1000
wait_line '^ready$' "$work/target.out" "$target"
start_leaktop "$work/loss.json" --format=json --ring-size=64 \
	-o "$work/loss.data"
kill -STOP "$leaktop"
tell_target
wait_line '^done$' "$work/target.out" "$target"
# script stops when what it runs does.
kill -CONT "$leaktop" "$watcher"
tell_target
wait_leaktop
[ $status -eq 0 ] || fail "loss: status $status"
run_leaktop --batch --format=json "$work/loss.data"
mv "$work/out" "$work/loss.read"
facts "$work/loss.json"
facts "$work/loss.read"
cmp -s "$work/loss.json.facts" "$work/loss.read.facts" ||
	fail "loss: $(diff "$work/loss.json.facts" "$work/loss.read.facts")"
check_json "$work/loss.read" '$j->{lost} > 1000'
perf_text loss
grep -q 'samples and lost' "$work/err" || fail "loss: perf script sees none"
grep -q PERF_RECORD_LOST "$work/loss.text" || fail "loss: perf script has none"

# A report, and nothing else, on a full disk.
mkdir "$work/small"
if mount -t tmpfs -o size=1m leaktop-test "$work/small" 2>"$work/err"; then
	mounted=$work/small
	start_target "$targets/storm" --wait --pairs=50000 --leak=100
	wait_line '^ready$' "$work/target.out" "$target"
	start_leaktop "$work/full.json" --format=json --ring-size=32768 \
		-o "$work/small/full.data"
	tell_target
	wait_line '^done$' "$work/target.out" "$target"
	tell_target
	wait_leaktop
	[ $status -eq 1 ] || fail "full disk: status $status"
	# Its progress and its errors are on one terminal.
	grep -q 'leaktop: .*/full.data: the recording ends here: No space' \
		"$work/progress" || fail "full disk: $(cat "$work/progress")"
	[ "$(grep -c 'No space' "$work/progress")" -eq 1 ] ||
		fail "full disk: said twice"
	check_json "$work/full.json" '$j->{lost} == 0' \
		'$j->{operations}{malloc} == 50000' '$j->{live}{blocks} == 500'
	run_leaktop --batch --format=json "$work/small/full.data"
	[ $status -eq 0 ] || fail "full.data: $(cat "$work/err")"
	check_json "$work/out" '$j->{hits} > 1000' '$j->{hits} < 150000'
	cp "$work/small/full.data" "$work/full.data"
	perf_reads full
	umount "$mounted" && mounted=
fi

# Killed in the middle: the file is there, up to about a second before.
start_target "$targets/storm" --wait --pairs=100000000
wait_line '^ready$' "$work/target.out" "$target"
start_leaktop "$work/killed.json" -o "$work/killed.data" --ring-size=32768
tell_target
until [ "$(stat -c %s "$work/killed.data")" -gt 4000000 ]; do
	alive "$leaktop" || fail "killed: leaktop ended"
	sleep 0.1
done
kill -KILL "$leaktop"
wait_leaktop
end_process "$target" KILL
run_leaktop --cleanup
[ $status -eq 0 ] || fail "--cleanup: $(cat "$work/err")"
no_probes_of "$leaktop"
run_leaktop --batch --format=json "$work/killed.data"
[ $status -eq 0 ] || fail "killed.data: $(cat "$work/err")"
check_json "$work/out" '$j->{hits} > 10000' '$j->{source}{command} eq "storm"'
hits=$(perl -MJSON::PP -0777 -ne 'print decode_json($_)->{hits}' "$work/out")
# A pipe is meant.
# shellcheck disable=SC2002
cat "$work/killed.data" | "$LEAKTOP" --batch --format=json - \
	>"$work/killed.pipe" 2>"$work/err" ||
	fail "killed.data through a pipe: $(cat "$work/err")"
check_json "$work/killed.pipe" "\$j->{hits} == $hits"
perf_reads killed
read=$(grep -c ':lt_' "$work/killed.text")
# leaktop also reads what was written when there was no time to tell of it.
if [ "$read" -le 10000 ] || [ "$read" -gt "$hits" ]; then
	fail "killed: perf script has $read hits, leaktop $hits"
fi

# refused STATUS WORD [ARGUMENT]...: one line, and a command does not run
refused()
{
	expected=$1 word=$2
	shift 2
	run_leaktop --batch "$@"
	[ "$status" -eq "$expected" ] || fail "$*: status $status"
	head -n 1 "$work/err" | grep -q "^leaktop: .*$word" ||
		fail "$*: $(cat "$work/err")"
	[ ! -s "$work/out" ] || fail "$*: $(cat "$work/out")"
	[ ! -e "$work/ran" ] || fail "$*: the command ran"
}

refused 1 directory -o "$work" -- touch "$work/ran"
refused 1 "$work/none/data" -o "$work/none/data" -- touch "$work/ran"
refused 2 'needs a file' -o '' -- touch "$work/ran"
refused 2 output -o "$work/new.data" "$work/early.data"
[ ! -e "$work/new.data" ] || fail "a recording of a recording"
# What comes to nothing leaves all as it was.
sum=$(cksum <"$work/early.data")
old=$(cksum <"$work/early.data.old")
refused 127 'no-such-command' -o "$work/early.data" -- no-such-command
refused 1 process -o "$work/early.data" -p 4194304
if [ "$sum" != "$(cksum <"$work/early.data")" ] ||
	[ "$old" != "$(cksum <"$work/early.data.old")" ]; then
	fail "early.data was changed for nothing"
fi
exit 0
