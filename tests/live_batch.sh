#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# leaktop --batch on running processes: it says what they know of themselves,
# and on each way out they run on and no probe stays.

# The dollars in single quotes are Perl's.
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 99
need_uprobes
need_program script
need_perf

start_demo()
{
	start_target "$LEAKTOP_DEMO" --interval=20
	# It has to have its C library.
	wait_comm leaktop-demo
	until grep -q 'r-xp.*libc\.' "/proc/$target/maps"; do
		alive "$target" || fail "the demo has ended"
		sleep 0.02
	done
}

# gone_clean STATUS: leaktop ended so, without probes, and the target runs.
gone_clean()
{
	wait_leaktop
	[ $status -eq "$1" ] || fail "leaktop: status $status, not $1"
	no_probes_of "$leaktop"
	alive "$target" || fail "leaktop ended its target"
}

# Between its two bytes churn counts all that it does; ^C ends the watching.
start_target "$targets/churn" --calls=3000 --threads=8
wait_line '^ready$' "$work/target.out" "$target"
start_leaktop "$work/churn.json" --format=json --ring-size=32768
tell_target
wait_line '\]}$' "$work/target.out" "$target"
kill -INT "$leaktop"
gone_clean 0
sed 1d "$work/target.out" >"$work/churn.truth"
same "$work/churn.truth" "$work/churn.json" \
	--keys=lost,unpaired,operations,live,anomalies,sizes
check_json "$work/churn.json" '$j->{schema} == 1' \
	'$j->{source}{kind} eq "live"' '$j->{source}{command} eq "churn"' \
	"\$j->{source}{pid} == $target" '!defined $j->{source}{path}' \
	'$j->{window}{start} < $j->{window}{end}'
tell_target
status=0
wait "$target" || status=$?
[ $status -eq 0 ] || fail "churn: status $status"

# The demo's story.  Nothing on stderr where that is no terminal.
start_demo
run_leaktop --batch -p "$target" --duration=2 --format=json --follow=3072
[ $status -eq 0 ] || fail "demo: status $status: $(cat "$work/err")"
[ ! -s "$work/err" ] || fail "demo: $(cat "$work/err")"
check_json "$work/out" '$j->{suspects}[0]{size} == 3072' \
	'$j->{suspects}[0]{site}{symbol} eq "query_font_info"' \
	'$j->{suspects}[0]{site}{object} =~ /leaktop-demo$/' \
	'$j->{suspects}[0]{freed} == 0' '$j->{suspects}[0]{blocks} >= 10' \
	'grep({ $_->{symbol} eq "create_frame" } @{$j->{suspects}[0]{stack}}) == 1' \
	'join("", map { $_->{event} eq "enter" ? "(" : ")" } @{$j->{lifecycle}})
		=~ /^\(?(?:\(\)\(){5,}(?:\(|\(\))?$/' \
	'$j->{window}{end} - $j->{window}{start} > 1' \
	'$j->{window}{end} - $j->{window}{start} < 30'
alive "$target" || fail "leaktop ended the demo"

# Signals that end programs.
for signal in HUP:129 QUIT:131 TERM:143; do
	start_leaktop "$work/out"
	kill -${signal%:*} "$leaktop"
	gone_clean ${signal#*:}
done

# Where the hang-up is ignored, as nohup has it, it goes on.
WATCH_BEFORE='trap "" HUP'
start_leaktop "$work/out"
kill -HUP "$leaktop"
sleep 0.5
alive "$leaktop" || fail "a hang-up that is ignored ended leaktop"
kill -INT "$leaktop"
gone_clean 0
WATCH_BEFORE=:

# The target exits, and is killed: there is a report of what was seen.
start_leaktop "$work/exited.json" --format=json
sleep 0.5
kill -TERM "$target"
wait_leaktop
[ $status -eq 0 ] || fail "target exits: status $status"
no_probes_of "$leaktop"
start_demo
start_leaktop "$work/killed.json" --format=json
sleep 0.5
kill -KILL "$target"
wait_leaktop
[ $status -eq 0 ] || fail "target is killed: status $status"
no_probes_of "$leaktop"
for name in exited killed; do
	check_json "$work/$name.json" '$j->{hits} > 100' \
		'grep { $_->{size} == 3072 } @{$j->{sizes}}'
done

# clear_end: leaktop ended with a report, or one line that says why not; it
# left no probe.
clear_end()
{
	case $status in
	0) [ -s "$work/out" ] && [ ! -s "$work/err" ] ;;
	1) [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" -eq 1 ] &&
		grep -q '^leaktop: .' "$work/err" ;;
	*) false ;;
	esac || fail "status $status: $(cat "$work/out" "$work/err")"
	no_probes_of "$leaktop"
}

# watch_briefly: leaktop --batch on $target; sets $leaktop and $status.
watch_briefly()
{
	status=0
	"$LEAKTOP" --batch -p "$target" --duration=0.3 >"$work/out" \
		2>"$work/err" </dev/null &
	leaktop=$!
	wait "$leaktop" || status=$?
}

# It is another program all the time; a part of that it has no C library yet.
cat >"$work/again" <<'END'
i=0
while [ $i -lt 20000 ]; do
	i=$((i + 1))
done
exec /bin/sh "$0"
END
start_target /bin/sh "$work/again"
watched=0
for _ in $(seq 8); do
	watch_briefly
	clear_end
	[ $status -ne 0 ] || watched=$((watched + 1))
	alive "$target" || fail "leaktop ended a program that execs"
done
[ $watched -gt 0 ] || fail "a program that execs was never watched: $(cat "$work/err")"
end_process "$target" KILL

# It is stopped, before and meanwhile: nothing happens, then something does.
start_demo
kill -STOP "$target"
watch_briefly
[ $status -eq 0 ] || fail "stopped: $(cat "$work/err")"
clear_end
start_leaktop "$work/out" --format=json
sleep 0.5
kill -CONT "$target"
sleep 1.5
kill -STOP "$target"
sleep 0.5
kill -INT "$leaktop"
gone_clean 0
check_json "$work/out" '$j->{hits} > 100' '$j->{lost} == 0'
kill -CONT "$target"
end_process "$target" KILL

# It dies while leaktop comes.
for delay in 0 0.01 0.03 0.06 0.1; do
	start_demo
	{ sleep $delay; kill -KILL "$target"; } &
	started="$started $!"
	watch_briefly
	clear_end
done

# Another program holds one of leaktop's probes while it ends: that is said, and
# cleaned up later.
start_demo
start_leaktop "$work/out" --format=json
group=$(sed -n "s,^p:\(leaktop_${leaktop}_[^/]*\)/lt_free .*,\1,p" "$uprobe_events")
[ -n "$group" ] || fail "no probe of leaktop $leaktop"
perf record -q -o "$work/held.data" -e "$group:lt_free" -p "$target" 2>"$work/log" &
holder=$!
started="$started $holder"
for _ in $(seq 50); do
	find "/proc/$holder/fd" -lname "*perf_event*" 2>/dev/null | grep -q . && break
	sleep 0.1
done
kill -INT "$leaktop"
wait_leaktop
[ $status -eq 0 ] || fail "held probe: $status"
grep -q '1 probe could not be removed.*leaktop --cleanup' "$work/progress" ||
	fail "held probe: not told: $(cat "$work/progress")"
end_process "$holder" INT
"$LEAKTOP" --cleanup >"$work/out" 2>"$work/err" ||
	fail "held probe: $(cat "$work/err")"
no_probes_of "$leaktop"
end_process "$target" KILL
exit 0
