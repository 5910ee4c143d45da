#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# What leaktop costs, on this machine and now: "make bench".  Needs root, perf,
# script(1), 2 GB where temporary files go, and some minutes in which nothing
# else runs.
#
#   RUNS=N   runs of which the median is taken (3)
#   PAIRS=N  pairs of malloc and free in the recording (1100000)
#   KEEP=1   the recording is kept; its name is in the table
#   FILE=F   this recording is read, and none is made
#   STORM=N  seconds of storm in which nothing may be lost (60)

# The dollars in single quotes are Perl's.
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 99
need_uprobes
need_perf
need_program script taskset

runs=${RUNS:-3}
pairs=${PAIRS:-1100000}
data=${FILE:-$work/storm.data}
libc=$(libc_of $$)

say()
{
	echo "bench: $*" >&2
}

# row NAME VALUE [REMARK]
row()
{
	printf '%-48s %12s  %s\n' "$1" "$2" "${3-}"
}

calculate()
{
	perl -e "printf '$1', $2"
}

# median: of the numbers, one a line, on standard input
median()
{
	sort -n | awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)] }'
}

# measured COMMAND [ARGUMENT]...: sets $seconds and $peak (KiB), medians.
measured()
{
	: >"$work/measured"
	for _ in $(seq "$runs"); do
		"$targets/measure" "$@" >>"$work/measured" || exit 1
	done
	seconds=$(cut -d' ' -f1 "$work/measured" | median)
	peak=$(cut -d' ' -f3 "$work/measured" | median)
}

mebibytes()
{
	calculate %.0f "$1 / 1024"
}

hits_of()
{
	"$LEAKTOP" --batch --format=json "$1" |
		perl -MJSON::PP -0777 -ne 'print decode_json($_)->{hits}'
}

# The wall time of storm's run from byte to "done", per pair in ns.
# time_storm PAIRS: for the $target that waits
time_storm()
{
	perl -MTime::HiRes=time,sleep -e '
		my ($in, $out, $pairs) = @ARGV;
		open my $file, ">>", $in or die "$in: $!\n";
		my $start = time;
		syswrite $file, "x";
		sleep 0.001 until -s $out > 6 || time - $start > 300;
		printf "%.1f\n", (time - $start) * 1e9 / $pairs' \
		"$work/target.in" "$work/target.out" "$1"
}

start_storm()
{
	storm_pairs=$1
	shift
	start_target "$targets/storm" --wait --threads=1 --pairs="$storm_pairs" "$@"
	wait_line '^ready$' "$work/target.out" "$target"
}

end_storm()
{
	tell_target
	wait "$target"
}

#
# Reading a recording
#

if [ -z "${FILE-}" ]; then
	say "recording $pairs pairs of malloc and free with perf"
	sh "$tests/record_target.sh" -g "$group" -m 8192 -o "$data" \
		"$targets/storm" --wait --pairs="$pairs" >"$work/log" 2>&1 ||
		fail "$(cat "$work/log")"
fi
cat "$data" >/dev/null
"$LEAKTOP" --batch --format=json "$data" >"$work/read.json" || exit 1
hits=$(perl -MJSON::PP -0777 -ne 'print decode_json($_)->{hits}' "$work/read.json")
[ "$hits" -ge 3000000 ] || say "only $hits hits: the figure wants 3 million"

say "reading it, $runs times each"
measured "$LEAKTOP" --batch "$data"
text_seconds=$seconds text_peak=$peak
measured taskset -c "$(taskset -cp $$ | sed 's/.*: *//; s/[-,].*//')" "$LEAKTOP" --batch "$data"
single_seconds=$seconds
measured "$LEAKTOP" --batch --format=json "$data"
json_seconds=$seconds json_peak=$peak
say "perf script and perf report, $runs times"
measured perf script -i "$data"
perf_seconds=$seconds perf_peak=$peak
measured perf report --stdio -i "$data"
report_seconds=$seconds
say "perf script piped into a plain follower"
all_runs=$runs runs=1
measured sh -c 'perf script -i "$1" 2>/dev/null | perl "$2"' sh "$data" \
	"$tests/follow_plain.pl"
runs=$all_runs follower_seconds=$seconds

# Blocks that stay: what each takes, beyond what reading takes.
say "a recording with a million blocks that stay"
sh "$tests/record_target.sh" -g "$group" -m 8192 -o "$work/live.data" \
	"$targets/storm" --wait --leak=1 --pairs=1000000 >"$work/log" 2>&1 ||
	fail "$(cat "$work/log")"
measured "$LEAKTOP" --batch "$work/live.data"
live_peak=$peak
live_blocks=$("$LEAKTOP" --batch --format=json "$work/live.data" |
	perl -MJSON::PP -0777 -ne 'print decode_json($_)->{live}{blocks}')
rm -f "$work/live.data"

# The case that leaktop began with.
frames_hits=
if command -v Xvfb >/dev/null && command -v emacs-lucid >/dev/null; then
	say "emacs, whose frames come and go"
	sh "$tests/record_emacs.sh" -g "$group" -s 5 -o "$work/frames.data" \
		>"$work/log" 2>&1 || fail "$(cat "$work/log")"
	cat "$work/frames.data" >/dev/null
	frames_hits=$(hits_of "$work/frames.data")
	frames_size=$(($(wc -c <"$work/frames.data") / 1048576))
	measured "$LEAKTOP" --batch --format=json "$work/frames.data"
	frames_seconds=$seconds
	measured perf script -i "$work/frames.data"
	frames_perf=$seconds
	rm -f "$work/frames.data"
fi

#
# Live
#

say "first frame"
: >"$work/frames"
start_target "$LEAKTOP_DEMO" --interval=50
for _ in $(seq 5); do
	"$targets/onpty" -s 1 "PID $target" "$LEAKTOP" -p "$target" >"$work/frame" ||
		fail "no first frame"
	tr '\n' ' ' <"$work/frame" >>"$work/frames"
	echo >>"$work/frames"
done
end_process "$target" KILL
live_frame=$(cut -d' ' -f1 "$work/frames" | median)
live_leave=$(cut -d' ' -f2 "$work/frames" | median)
: >"$work/frames"
for _ in $(seq 5); do
	"$targets/onpty" "$(basename "$data")" "$LEAKTOP" "$data" >"$work/frame" ||
		fail "no first frame of the recording"
	tr '\n' ' ' <"$work/frame" >>"$work/frames"
	echo >>"$work/frames"
done
file_frame=$(cut -d' ' -f1 "$work/frames" | median)
file_leave=$(cut -d' ' -f2 "$work/frames" | median)

say "the cost to the target, $runs times each"
: >"$work/probes" && : >"$work/bare" && : >"$work/batch" && : >"$work/screen" && : >"$work/perf"
live_lost=0 perf_lost=0
for _ in $(seq "$runs"); do
	start_storm 50000000
	time_storm 50000000 >>"$work/bare"
	end_storm

	start_storm 500000
	start_leaktop "$work/live.json" --format=json
	grep ":leaktop_${leaktop}_[^/]*/lt_\(malloc\|malloc_ret\|free\) " "$uprobe_events" \
		>"$work/probes"
	time_storm 500000 >>"$work/batch"
	kill -INT "$leaktop"
	wait_leaktop
	end_storm
	check_json "$work/live.json" '$j->{operations}{malloc} + $j->{lost} >= 500000'
	lost=$(perl -MJSON::PP -0777 -ne 'print decode_json($_)->{lost}' "$work/live.json")
	live_lost=$((live_lost + lost))

	start_storm 500000
	"$targets/onpty" -s 1000 "PID $target" sh -c \
		"echo \$\$ >'$work/leaktop.pid'; exec '$LEAKTOP' -p $target" \
		>"$work/frame" 2>&1 &
	screen=$!
	wait_line '^[0-9]' "$work/frame" $screen
	# Its threads are attached by then.
	sleep 1.5
	time_storm 500000 >>"$work/screen"
	kill -TERM "$(cat "$work/leaktop.pid")"
	wait $screen
	rm -f "$work/leaktop.pid"
	end_storm
done

# The first hit: of a thread that allocates all the time.
say "attach to first hit"
: >"$work/attach"
for _ in $(seq 5); do
	start_storm 1000000000
	tell_target
	perl -MTime::HiRes=clock_gettime,CLOCK_MONOTONIC -MJSON::PP -e '
		my ($leaktop, $pid) = @ARGV;
		my $start = clock_gettime(CLOCK_MONOTONIC);
		open my $out, "-|", $leaktop, "--batch", "--format=json",
			"--duration=0.3", "-p", $pid or die;
		my $j = do { local $/; decode_json(<$out>) };
		my ($first) = sort { $a <=> $b } map { $_->{first} } @{$j->{suspects}};
		printf "%.1f\n", ($first - $start) * 1e3' \
		"$LEAKTOP" "$target" >>"$work/attach" || fail "no first hit"
	end_process "$target" KILL
done
attach=$(median <"$work/attach")

# Nothing lost, while the screen is live.
say "a storm of ${STORM:-60} s under the screen"
start_storm 1000000000
"$targets/onpty" -s "${STORM:-60}" -l "$work/screen.log" "PID $target" sh -c \
	"echo \$\$ >'$work/leaktop.pid'; exec '$LEAKTOP' -p $target" \
	>"$work/frame" 2>&1 &
screen_pid=$!
wait_line '^[0-9]' "$work/frame" $screen_pid
tell_target
storm_leaktop=$(cat "$work/leaktop.pid")
sleep "$(calculate %.1f "${STORM:-60} - 1")"
storm_cpu=$(awk '{ print $14 + $15 }' "/proc/$storm_leaktop/stat")
wait $screen_pid
rm -f "$work/leaktop.pid"
end_process "$target" KILL
storm_lost=$(perl -0777 -ne 's/\e\[[0-9;?]*[A-Za-z]//g; s/\e\([A-Z0-9]//g;
	print /lost\s+(\S+)/ ? $1 : "unknown"' "$work/screen.log")
# What it takes of a CPU for each hit, and to attach and to end.
start_storm 1000000000
tell_target
own=$(perl -MJSON::PP -e '
	my ($leaktop, $pid) = @ARGV;
	open my $out, "-|", $leaktop, "--batch", "--format=json",
		"--duration=5", "-p", $pid or die;
	my $j = do { local $/; decode_json(<$out>) };
	close $out or die;
	my (undef, undef, $user, $system) = times;
	printf "%.0f", ($user + $system) * 1e9 / $j->{hits}' \
	"$LEAKTOP" "$target") || exit 1
end_process "$target" KILL

# Focus on one size of a thousand.
say "focus, $runs times"
sizes=$(seq 999 | sed 's/.*/64/' | tr '\n' ,)3072
: >"$work/unfocused" && : >"$work/unfocused--focus=3072"
for _ in $(seq "$runs"); do
	for focus in '' --focus=3072; do
		start_storm 500000 --sizes="$sizes"
		start_leaktop "$work/focus.json" --format=json --no-auto-focus $focus
		time_storm 500000 >>"$work/unfocused$focus"
		kill -INT "$leaktop"
		wait_leaktop
		end_storm
	done
done
unfocused=$(median <"$work/unfocused")
focused=$(median <"$work/unfocused--focus=3072")

# The same traps, with nobody to hear of them: what no watcher can go below.
sed "s,:leaktop_[^/]*,:$group,; s, [a-z0-9]*=.*,," "$work/probes" \
	>"$work/traps" && : >"$work/floor"
cat "$work/traps" >>"$uprobe_events" || exit 1
for _ in $(seq "$runs"); do
	start_storm 500000
	perf stat -e "$group:*" -p "$target" >"$work/log" 2>&1 &
	counter=$!
	sleep 1
	time_storm 500000 >>"$work/floor"
	kill -INT $counter
	wait $counter
	end_storm
done
sed 's/^.\([^ ]*\).*/-\1/' "$work/traps" >>"$uprobe_events"

make_probes "$libc" "$group"
for _ in $(seq "$runs"); do
	start_storm 150000
	start_recorder "$work" "$work/live.data" "$group" "$target" -m 8192
	time_storm 150000 >>"$work/perf"
	stop_recorder
	end_storm
	lost=$("$LEAKTOP" --batch --format=json "$work/live.data" |
		perl -MJSON::PP -0777 -ne 'print decode_json($_)->{lost}')
	perf_lost=$((perf_lost + lost))
done

# Stack dumps of a large program without frame pointers.
emacs=$(find_emacs)
chains=
if [ -n "$emacs" ]; then
	say "stack dumps of $emacs, $runs times"
	HOME=$work start_target "$emacs" -Q --batch --eval "$(compile_lisp 3000)"
	wait_line '^ready$' "$work/target.out" "$target"
	start_recorder "$work" "$work/dwarf.data" "$group" "$target" -m 8192 \
		--call-graph=dwarf,8192
	tell_target
	echo >&7
	wait_line '^done$' "$work/target.out" "$target"
	stop_recorder
	end_process "$target" KILL
	cat "$work/dwarf.data" >/dev/null
	chains=$(hits_of "$work/dwarf.data")
	measured "$LEAKTOP" --batch "$work/dwarf.data"
	chain_seconds=$seconds chain_peak=$peak
	measured perf script -i "$work/dwarf.data"
	chain_perf=$seconds
	rm -f "$work/dwarf.data"
fi

bare=$(median <"$work/bare")
batch=$(median <"$work/batch")
screen=$(median <"$work/screen")
perf=$(median <"$work/perf")
floor=$(median <"$work/floor")

#
# A recording of leaktop's own
#

say "recording with leaktop -o, $runs times"
: >"$work/unrecorded" && : >"$work/recorded"
recorded_lost=0
for _ in $(seq "$runs"); do
	# In turn, so that what else the machine does is the same for both.
	start_storm 500000
	start_leaktop "$work/live.json" --format=json
	time_storm 500000 >>"$work/unrecorded"
	kill -INT "$leaktop"
	wait_leaktop
	end_storm

	start_storm 500000
	start_leaktop "$work/live.json" --format=json -o "$work/own.data"
	time_storm 500000 >>"$work/recorded"
	kill -INT "$leaktop"
	wait_leaktop
	[ $status -eq 0 ] || fail "leaktop -o: $(cat "$work/progress")"
	end_storm
	"$LEAKTOP" --batch --format=json "$work/own.data" >"$work/own.json" || exit 1
	lost=$(perl -MJSON::PP -0777 -ne 'print decode_json($_)->{lost}' "$work/own.json")
	recorded_lost=$((recorded_lost + lost))
done
unrecorded=$(median <"$work/unrecorded")
recorded=$(median <"$work/recorded")
own_hits=$(perl -MJSON::PP -0777 -ne 'print decode_json($_)->{hits}' "$work/own.json")
own_bytes=$(calculate %.1f "$(wc -c <"$work/own.data") / $own_hits")
perf_bytes=$(calculate %.1f "$(wc -c <"$data") / $hits")

#
# The table
#

processor=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
echo "$("$LEAKTOP" --version | head -n 1), $(perf --version)"
echo "Linux $(uname -r) $(uname -m), $(nproc) CPUs: ${processor:-unknown}," \
	"load $(cut -d' ' -f1 /proc/loadavg), medians of $runs runs"
echo
kept=
if [ -z "${FILE-}" ] && [ -n "${KEEP-}" ]; then
	kept=$(mktemp "${TMPDIR:-/tmp}/leaktop-bench.XXXXXX") && mv "$data" "$kept"
	data=$kept
fi
row "recording: hits" "$hits" \
	"$(($(wc -c <"$data") / 1048576)) MiB${kept:+, $kept}"
row "leaktop --batch: hits per second" \
	"$(calculate %.0f "$hits / $text_seconds")" \
	"$text_seconds s, $(mebibytes "$text_peak") MiB"
row "the same on one processor" \
	"$(calculate %.0f "$hits / $single_seconds")" \
	"10 million or more expected; $single_seconds s"
row "leaktop --batch --format=json: hits per second" \
	"$(calculate %.0f "$hits / $json_seconds")" \
	"$json_seconds s, $(mebibytes "$json_peak") MiB"
row "perf script: hits per second" \
	"$(calculate %.0f "$hits / $perf_seconds")" \
	"$perf_seconds s, $(mebibytes "$perf_peak") MiB"
row "perf script / leaktop --batch" \
	"$(calculate %.1f "$perf_seconds / $text_seconds")" "30 or more expected"
row "perf report --stdio / leaktop --batch" \
	"$(calculate %.1f "$report_seconds / $text_seconds")" "25 or more expected"
row "perf script and a follower / leaktop --batch" \
	"$(calculate %.0f "$follower_seconds / $text_seconds")" \
	"300 or more expected; $(calculate %.0f "$hits / $follower_seconds") hits/s"
row "bytes of memory for each live block" \
	"$(calculate %.0f "($live_peak - $text_peak) * 1024 / $live_blocks")" \
	"96 or less expected; $live_blocks blocks, $(mebibytes "$live_peak") MiB"
if [ -n "$frames_hits" ]; then
	row "emacs, $frames_hits hits: perf script / leaktop JSON" \
		"$(calculate %.1f "$frames_perf / $frames_seconds")" \
		"4 or more expected; $frames_size MiB, $frames_seconds s"
fi
row "leaktop -p: first frame, ms" "$live_frame" "200 or less expected"
row "leaktop -p: q gives the terminal back, ms" "$live_leave"
row "leaktop FILE: first frame, ms" "$file_frame" "100 or less expected"
row "leaktop FILE: q while loading, ms" "$file_leave"
row "leaktop -p: attach to first hit, ms" "$attach" "150 or less expected"
row "storm of ${STORM:-60} s under the screen: hits lost" "$storm_lost" "0 expected"
row "leaktop's own CPU per hit: ns" \
	"$own" \
	"200 or less expected; with the screen $(calculate %.0f "$storm_cpu / $(getconf CLK_TCK) / (${STORM:-60} - 1) * 100") % of a CPU"
row "malloc + free, bare: ns" "$bare"
row "the three traps of leaktop's, only counted: ns" "$floor" \
	"$(calculate %.0f "$floor / $bare") x bare"
row "under leaktop --batch: ns" "$batch" \
	"$(calculate %.0f "$batch / $bare") x bare; $live_lost hits lost"
row "under leaktop's screen: ns" "$screen" "$(calculate %.0f "$screen / $bare") x bare"
row "under perf record -g: ns" "$perf" \
	"$(calculate %.0f "$perf / $bare") x bare; $perf_lost hits lost"
row "under leaktop --batch, a thousand sizes: ns" "$unfocused"
row "the same, focus on one of them, 8 KiB each: ns" "$focused" \
	"$(calculate %.3f "$focused / $unfocused") x, 1.10 or less expected"
if [ -n "$chains" ]; then
	row "stack dumps of $emacs: chains per second" \
		"$(calculate %.0f "$chains / $chain_seconds")" \
		"100,000 or more expected; $chains chains, $(mebibytes "$chain_peak") MiB"
	row "the same: perf script / leaktop" \
		"$(calculate %.1f "$chain_perf / $chain_seconds")" "10 or more expected"
fi
row "perf record -g / leaktop's screen" "$(calculate %.1f "$perf / $screen")" \
	"8 or more expected"
row "leaktop's screen / its traps, only counted" "$(calculate %.1f "$screen / $floor")" \
	"2.0 or less expected"
row "under leaktop --batch -o: ns" "$recorded" "$unrecorded without"
row "leaktop --batch -o / the same without" \
	"$(calculate %.2f "$recorded / $unrecorded")" \
	"1.15 or less expected; $recorded_lost hits lost"
row "bytes per hit, leaktop -o" "$own_bytes" "$perf_bytes with perf record -g"
row "bytes per hit, leaktop -o / perf record -g" \
	"$(calculate %.2f "$own_bytes / $perf_bytes")" "0.70 or less expected"
exit 0
