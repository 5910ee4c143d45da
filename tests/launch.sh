#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# leaktop -- COMMAND: what the command itself counted from its first allocation
# on is what leaktop says; its status, its output and its signals.

# The dollars in single quotes are Perl's, or another shell's.
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 99
need_uprobes
need_program script
# shellcheck disable=SC2154 # lib.sh sets it
early=$targets/early

# launched STATUS COMMAND [ARGUMENT]...: its report and its log are in $work.
launched()
{
	expected=$1
	shift
	run_leaktop --batch --format=json --output-log="$work/log" -- "$@"
	[ "$status" -eq "$expected" ] ||
		fail "$*: status $status, not $expected: $(cat "$work/err")"
	cmp "$work/log" "$work/err" || fail "$*: log and standard error differ"
}

# exact: the report says what the truth in the log does, and no more.
exact()
{
	sed -n 's/^truth: //p' "$work/log" >"$work/truth"
	same "$work/truth" "$work/out" --keys=operations,live
	check_json "$work/out" '$j->{lost} == 0' '$j->{unpaired} == 0' \
		'!grep { $_ } values %{$j->{anomalies}}' \
		'$j->{source}{kind} eq "live"'
}

# Blocks of a constructor, and of main.
launched 0 "$early"
exact
check_json "$work/out" '$j->{source}{command} eq "early"' \
	'my ($s) = grep { $_->{size} == 1001 } @{$j->{sizes}};
	$s->{allocated} == 1000 && $s->{freed} == 990 && $s->{blocks} == 10' \
	'grep { $_->{size} == 1001 && ($_->{site}{symbol} // "") eq "construct" }
		@{$j->{suspects}}'

# A child's own blocks are not its parent's, and what it frees are copies.
launched 0 "$early" --fork
exact
launched 5 "$early" --fork --status=5
exact

# With --follow-forks they are there as well: what the child had as a copy is its
# parent's block, too, and counts once.
run_leaktop --batch --format=json --follow-forks --output-log="$work/log" -- \
	"$early" --fork --status=5
[ "$status" -eq 5 ] || fail "--follow-forks: status $status: $(cat "$work/err")"
check_json "$work/out" '$j->{operations}{malloc} == 1600' \
	'$j->{operations}{free} == 1980' '$j->{live}{blocks} == 610' \
	'$j->{lost} == 0' '$j->{unpaired} == 0' \
	'!grep { $_ } values %{$j->{anomalies}}' \
	'my ($s) = grep { $_->{size} == 3003 } @{$j->{sizes}};
	$s->{allocated} == 300 && $s->{freed} == 0 && $s->{blocks} == 300' \
	'my ($s) = grep { $_->{size} == 1001 } @{$j->{sizes}};
	$s->{allocated} == 1000 && $s->{freed} == 990'

# A shell's commands, some at the same time; an exec discards 1300 blocks.  Where
# a parent may lose its breakpoints a warning says so.
run_leaktop --batch --format=json --follow-forks --output-log="$work/log" -- \
	sh -c '"$0"; "$0" --fork & "$0" --exec; wait; exit 3' "$early"
[ "$status" -eq 3 ] || fail "--follow-forks sh: status $status: $(cat "$work/err")"
grep -q '^leaktop: .*6\.12' "$work/err" ||
	check_json "$work/out" '$j->{lost} == 0' \
		'my ($s) = grep { $_->{size} == 1001 } @{$j->{sizes}};
		$s->{allocated} == 4000 && $s->{freed} == 2970 && $s->{blocks} == 30' \
		'my ($s) = grep { $_->{size} == 2002 } @{$j->{sizes}};
		$s->{allocated} == 1200 && $s->{freed} == 0 && $s->{blocks} == 900' \
		'my ($s) = grep { $_->{size} == 3003 } @{$j->{sizes}};
		$s->{allocated} == 300 && $s->{freed} == 0 && $s->{blocks} == 300'

# Another program takes the place: its blocks begin anew, the calls add up.
launched 0 "$early" --exec
exact
launched 6 "$early" --exec --fork --status=6
exact

# A script's interpreter is the program, with and without a line that names it.
printf '#!%s --status=4\n' "$early" >"$work/script"
chmod +x "$work/script"
launched 4 "$work/script"
exact
printf 'exec "%s" --status=3\n' "$early" >"$work/script"
launched 3 "$work/script"
check_json "$work/out" '$j->{live}{blocks} == 310'

# What ends at once.
launched 0 true
launched 1 false
launched 137 sh -c 'kill -KILL $$'
launched 7 sh -c 'exit 7'

# Who reads the terminal or standard input finds the end, and leaktop's own
# input stays leaktop's.
echo 'not for the command' >"$work/input"
status=0
"$LEAKTOP" --batch --format=json --output-log="$work/log" -- "$early" --read \
	>"$work/out" 2>"$work/err" <"$work/input" || status=$?
[ "$status" -eq 0 ] || fail "--read: status $status: $(cat "$work/err")"
grep -q '^read 0 0 0 terminal$' "$work/log" || fail "--read: $(cat "$work/log")"
exact

# start_launch COMMAND [ARGUMENT]...: waits for its line "waiting".
start_launch()
{
	rm -f "$work/log"
	"$LEAKTOP" --batch --format=json --output-log="$work/log" -- "$@" \
		>"$work/out" 2>"$work/err" </dev/null &
	leaktop=$!
	started="$started $leaktop"
	wait_line '^waiting$' "$work/log" $leaktop
}

# end_launch STATUS
end_launch()
{
	status=0
	wait $leaktop || status=$?
	[ "$status" -eq "$1" ] || fail "status $status, not $1: $(cat "$work/err")"
	no_probes_of $leaktop
}

# The first signal is the command's, which goes on as it likes.
for signal in HUP:1 INT:2 QUIT:3 TERM:15; do
	start_launch "$early" --signal=${signal#*:} --status=8
	kill -${signal%:*} $leaktop
	end_launch 8
	grep -q "^signal ${signal#*:}\$" "$work/log" || fail "$signal: $(cat "$work/log")"
	exact
done
start_launch "$early" --signal=12
kill -TERM $leaktop
end_launch 143
check_json "$work/out" '$j->{live}{blocks} == 1300'

# The second ends leaktop, with the report; and the command is hung up.
start_launch sh -c 'trap "" INT; echo waiting; exec "$0" --signal=12' "$early"
wait_line '^waiting$' "$work/log" $leaktop
until [ "$(grep -c '^waiting$' "$work/log")" -eq 2 ]; do
	alive $leaktop || fail "ended: $(cat "$work/err")"
	sleep 0.02
done
kill -INT $leaktop
# A second one that comes before the first is taken is the same one.
until grep -q '^ShdPnd:[[:space:]]*0*$' "/proc/$leaktop/status"; do
	alive $leaktop || fail "the first signal ended leaktop"
	sleep 0.02
done
sleep 0.3
alive $leaktop || fail "the first signal ended leaktop"
kill -INT $leaktop
end_launch 130
check_json "$work/out" '$j->{live}{blocks} == 1300'
perl -MJSON::PP -e 'local $/; print decode_json(<STDIN>)->{source}{pid}' \
	<"$work/out" >"$work/pid"
tries=0
while alive "$(cat "$work/pid")"; do
	tries=$((tries + 1))
	[ $tries -lt 500 ] || fail "the command was not hung up"
	sleep 0.02
done

# After --duration, too, where that is not over.
status=0
"$LEAKTOP" --batch --duration=2 --format=json --output-log="$work/log" -- \
	"$early" --signal=1 >"$work/out" 2>"$work/err" </dev/null || status=$?
[ "$status" -eq 0 ] || fail "--duration: status $status: $(cat "$work/err")"
check_json "$work/out" '$j->{live}{blocks} == 1300'

# On the screen, o shows what the command prints, and none of the keys gets
# there; q has to be pressed twice while it runs, and then it is hung up.
export work
cat >"$work/talk" <<'END'
#!/bin/sh
trap 'echo hup >"$work/hup"; exit' HUP
echo waiting
while ! read -r line; do
	sleep 0.1
done
echo "read $line" >"$work/wrong"
END
chmod +x "$work/talk"
mkfifo "$work/keys"
exec 8<>"$work/keys"
rm -f "$work/log"
SHELL=/bin/sh TERM=xterm script -qefc 'exec "$LEAKTOP" --output-log="$work/log" -- \
	"$work/talk"' "$work/screen" <&8 >"$work/script" 2>&1 &
screen=$!
started="$started $screen"
wait_line '^waiting$' "$work/log" $screen
# The screen is up when it offers the key.
wait_line 'Output' "$work/screen" $screen
! grep -q 'waiting' "$work/screen" || fail "the output is on the screen uncalled"
printf o >&8
wait_line 'waiting' "$work/screen" $screen
printf q >&8
wait_line 'q again ends talk' "$work/screen" $screen
[ ! -e "$work/hup" ] || fail "hung up before that was confirmed"
printf q >&8
status=0
wait $screen || status=$?
[ "$status" -eq 0 ] || fail "screen: status $status"
tries=0
until [ -e "$work/hup" ]; do
	tries=$((tries + 1))
	[ $tries -lt 500 ] || fail "q did not hang up"
	sleep 0.02
done
[ ! -e "$work/wrong" ] || fail "the command got leaktop's keys: $(cat "$work/wrong")"

# What has no allocation functions, and what never gets so far.
run_leaktop --batch -- "$targets/nolibc"
if [ "$status" -ne 1 ] || [ -s "$work/out" ] || ! grep -q '^leaktop: ' "$work/err"; then
	fail "nolibc: status $status: $(cat "$work/err")"
fi

# The rest needs a compiler that is at hand.
command -v cc >/dev/null || exit 0
source=$tests/targets/early.c

# Statically linked: it allocates a little for itself.
if cc -fno-builtin -static -o "$work/static" "$source" 2>/dev/null; then
	launched 2 "$work/static" --status=2
	check_json "$work/out" '$j->{live}{blocks} >= 310' \
		'$j->{operations}{malloc} >= 1300' '$j->{operations}{free} >= 990' \
		'!grep { $_ } values %{$j->{anomalies}}' \
		'my ($s) = grep { $_->{size} == 1001 } @{$j->{sizes}};
		$s->{allocated} == 1000 && $s->{freed} == 990'
fi

# A library's constructor runs before the program's own; one that is missing
# ends the program before its beginning.
cat >"$work/first.c" <<'END'
#include <stdlib.h>
void *first[77];
void *(*volatile first_malloc)(size_t) = malloc;
__attribute__((constructor)) static void construct(void)
{
	for (int i = 0; i < 77; i++)
		first[i] = first_malloc(5005);
}
END
if cc -fPIC -shared -o "$work/libfirst.so" "$work/first.c" &&
	cc -fno-builtin -Wl,--no-as-needed -o "$work/with" "$source" \
		-L"$work" -lfirst -Wl,-rpath,"$work"; then
	launched 0 "$work/with"
	check_json "$work/out" '$j->{operations}{malloc} == 1377' \
		'$j->{operations}{free} == 990' '$j->{live}{blocks} == 387' \
		'my ($s) = grep { $_->{size} == 5005 } @{$j->{sizes}};
		$s->{blocks} == 77' '!grep { $_ } values %{$j->{anomalies}}'
	rm "$work/libfirst.so"
	run_leaktop --batch -- "$work/with"
	[ "$status" -eq 127 ] || fail "no library: status $status"
	grep -q 'libfirst.so' "$work/err" || fail "no library: $(cat "$work/err")"
	grep -q '^leaktop: .*with ended with status 127' "$work/err" ||
		fail "no library: $(cat "$work/err")"
fi
exit 0
