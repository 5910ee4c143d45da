#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# Every form in which perf record writes: leaktop reads it as an independent
# follower does, and as the program knows that was recorded.  And what this
# machine's perf can't write: tests/recordings, see targets/recordings.c.

# The dollars in single quotes are Perl's.
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 99
need_perf

keys=hits,lost,unpaired,operations,live,anomalies,sizes

# read_as NAME INPUT [OPTION]...: leaktop's report on INPUT becomes NAME.json.
read_as()
{
	name=$1
	shift
	run_leaktop --batch --format=json "$@"
	[ $status -eq 0 ] || fail "$name: status $status: $(cat "$work/err")"
	# Of the program of what was made elsewhere.
	! grep -v '^leaktop: /bin/program is not here' "$work/err" || fail "$name"
	mv "$work/out" "$work/$name.json"
}

# follow NAME INPUT
follow()
{
	perl "$tests/follow.pl" "$2" >"$work/$1.follow" 2>"$work/err" ||
		fail "follow.pl $1: $(cat "$work/err")"
	same "$work/$1.follow" "$work/$1.json" --keys="$keys"
}

#
# What was made elsewhere.
#

for kind in big big-pipe big-narrow narrow old; do
	file=${abs_top_srcdir:-$tests/..}/tests/recordings/$kind.perf.data
	"$targets/recordings" "$kind" | cmp - "$file" ||
		fail "$file is not what targets/recordings makes"
	read_as "$kind" "$file"
	# perf 6.1 does not swap samples that come through a pipe.
	if [ $kind = big-pipe ]; then
		same "$work/big.json" "$work/big-pipe.json"
	else
		follow "$kind" "$file"
	fi
	check_json "$work/$kind.json" '$j->{operations}{malloc} == 30' \
		'$j->{live}{blocks} == 10'
	# Which process it was stands where that one has nothing.
	[ $kind = big-pipe ] ||
		check_json "$work/$kind.json" '$j->{source}{pid} == 42' \
			'$j->{source}{command} eq "program"'
done

#
# What is made here.
#

need_uprobes
libc=$(libc_of $$)
[ -n "$libc" ] || cannot_run "the shell has no C library"
make_probes "$libc" "$group" all
perf record -h >"$work/options" 2>&1
perf version --build-options >"$work/built" 2>&1
missing=

# has OPTION: whether perf record has it.
has()
{
	if grep -q -e "$1" "$work/options"; then
		return 0
	fi
	missing="$missing $1"
	return 1
}

# target_begins: the program is there, and waits.
target_begins()
{
	start_target "$targets/churn" --calls=1500 --threads=4
	wait_line '^ready$' "$work/target.out" "$target"
}

# target_runs NAME: what it has to say goes to NAME.truth.
target_runs()
{
	tell_target
	wait_line '\]}$' "$work/target.out" "$target"
	sed 1d "$work/target.out" >"$work/$1.truth"
}

# count_samples RECORDING: those that perf script finds.
count_samples()
{
	perf script -i "$1" -F tid,event 2>/dev/null | grep -c "$group:"
}

# record NAME OUTPUT [OPTION]...
record()
{
	name=$1 output=$2
	shift 2
	target_begins
	start_recorder "$work" "$output" "$group" "$target" -m 2048 "$@"
	target_runs "$name"
	stop_recorder
	end_process "$target" KILL
}

# record_storm NAME OPTIONS: of a program that makes few sizes, at few places.
record_storm()
{
	start_target "$targets/storm" --wait --pairs=2000 --leak=100
	wait_line '^ready$' "$work/target.out" "$target"
	recorder_events=$2
	start_recorder "$work" "$work/$1.data" "$group" "$target" -m 2048
	recorder_events=
	tell_target
	wait_line '^done$' "$work/target.out" "$target"
	stop_recorder
	end_process "$target" KILL
}

# check NAME INPUT
check()
{
	read_as "$1" "$2"
	follow "$1" "$2"
	same "$work/$1.truth" "$work/$1.json"
}

# Through a pipe: as a file, from standard input, and as it comes.
record pipe -
mv "$work/recording" "$work/pipe.data"
check pipe "$work/pipe.data"
"$LEAKTOP" --batch --format=json - <"$work/pipe.data" >"$work/redirected.json" ||
	fail "standard input: status $?"
same "$work/pipe.json" "$work/redirected.json"
# A pipe is what is meant.
# shellcheck disable=SC2002
cat "$work/pipe.data" | "$LEAKTOP" --batch --format=json - \
	>"$work/stdin.json" || fail "a pipe: status $?"
same "$work/pipe.json" "$work/stdin.json"
mkfifo "$work/recording"
"$LEAKTOP" --batch --format=json - <"$work/recording" >"$work/live.json" 2>"$work/err" &
leaktop=$!
started="$started $leaktop"
record live -
wait $leaktop || fail "live: status $?: $(cat "$work/err")"
same "$work/live.truth" "$work/live.json"

# ^C goes to the recorder as well, which ends; then so does leaktop.
"$LEAKTOP" --batch --format=json - <"$work/recording" \
	>"$work/interrupted.json" 2>"$work/err" &
leaktop=$!
started="$started $leaktop"
exec 6>"$work/recording"
cat "$work/pipe.data" >&6
kill -INT $leaktop
sleep 0.5
alive $leaktop || fail "the first ^C ended it: $(cat "$work/err")"
exec 6>&-
wait $leaktop || fail "^C: status $?: $(cat "$work/err")"
same "$work/pipe.truth" "$work/interrupted.json"
rm "$work/recording"

# Its recorder is killed: what came is shown, and the end is told.
head -c -20 "$work/pipe.data" >"$work/cut.data"
run_leaktop --batch --format=json "$work/cut.data"
[ $status -eq 1 ] || fail "cut: status $status"
grep -q 'cut.data: is cut off at offset 0x' "$work/err" ||
	fail "cut: $(cat "$work/err")"
check_json "$work/out" '$j->{hits} > 1000'

# No room for what comes.
# shellcheck disable=SC2002
if cat "$work/pipe.data" | TMPDIR=/nonexistent "$LEAKTOP" --batch - \
	>"$work/out" 2>"$work/err"; then
	fail "no directory for the temporary file: status 0"
fi
grep -q 'set TMPDIR' "$work/err" || fail "TMPDIR: $(cat "$work/err")"

# record_packed NAME OUTPUT OPTION...: perf 6.1 now and then loses the end of what
# it compresses, often in the middle of a record: then leaktop has to say so, or
# find what perf script finds, and it is tried again.
record_packed()
{
	packed=$1 into=$2
	shift 2
	for _ in 1 2 3 4 5 6 7 8; do
		rm -rf "$work/$packed.data"
		record "$packed" "$into" "$@"
		[ "$into" != - ] || mv "$work/recording" "$work/$packed.data"
		found=$(count_samples "$work/$packed.data")
		if [ "$found" -eq "$samples" ]; then
			check "$packed" "$work/$packed.data"
			return
		fi
		run_leaktop --batch --format=json "$work/$packed.data"
		if [ $status -eq 0 ]; then
			check_json "$work/out" "\$j->{hits} == $found"
		elif ! grep -q "is damaged\|is cut off" "$work/err"; then
			fail "cut $packed: $status: $(cat "$work/err")"
		fi
	done
	missing="$missing $packed"
}

# Compressed, and through a pipe.
samples=$(count_samples "$work/pipe.data")
zstd=
if grep -q 'zstd: \[ on' "$work/built" && has --compression-level; then
	zstd=yes
	record_packed packed "$work/packed.data" -z
	record_packed packed-most "$work/packed-most.data" -z22
	if has --aio; then
		record_packed packed-aio "$work/packed-aio.data" -z --aio
	fi
	record_packed packed-pipe - -z
else
	missing="$missing zstd"
fi

# A directory; what belongs together is apart, and time joins it.
if has --threads; then
	record directory "$work/directory.data" --threads
	check directory "$work/directory.data"
	if [ -n "$zstd" ]; then
		record_packed packed-directory "$work/packed-directory.data" \
			--threads -z
	fi
	run_leaktop --batch "$work/directory.data/data"
	[ $status -eq 1 ] || fail "a part: status $status"
fi

# Samples with more in them, other records in between.
record more "$work/more.data" -d -s --running-time --weight --transaction
check more "$work/more.data"
record registers "$work/registers.data" --intr-regs=ip,sp --user-regs=ip,sp
check registers "$work/registers.data"
record switches "$work/switches.data" --switch-events --namespaces \
	--tail-synthesize --sample-cpu --timestamp
check switches "$work/switches.data"

if has --buildid-mmap; then
	record ids "$work/ids.data" --buildid-mmap
	check ids "$work/ids.data"
fi

# Probes of other names are what --map says.
perf probe -q -x "$libc" -a "$group:get=malloc n=%di" \
	-a "$group:got=malloc%return value=\$retval" -a "$group:put=free what=%di" \
	2>"$work/err" || fail "perf probe: $(cat "$work/err")"
record_storm named "-g -e $group:get -e $group:got__return -e $group:put"
run_leaktop --batch "$work/named.data"
[ $status -eq 1 ] || fail "other names: status $status"
grep -q -e '--map tells which' "$work/err" || fail "names: $(cat "$work/err")"
read_as named "$work/named.data" --map="$group:get=malloc(size=n)" \
	--map="$group:got__return=malloc-return(ptr=value)" --map="$group:put=free(ptr=what)"
check_json "$work/named.json" '$j->{operations}{malloc} == 2000' \
	'$j->{operations}{free} == 1980' '$j->{live}{blocks} == 20'

# Only the calls: they are counted, and nothing is said of leaks.
record_storm alone "--call-graph=dwarf -e $group:malloc --filter bytes==3072"
run_leaktop --batch --format=json "$work/alone.data"
[ $status -eq 0 ] || fail "alone: status $status: $(cat "$work/err")"
grep -q 'what became of their blocks is not known' "$work/err" ||
	fail "alone: $(cat "$work/err")"
count=$(perf script -i "$work/alone.data" -F event 2>/dev/null | grep -c ":malloc:")
check_json "$work/out" "\$j->{operations}{malloc} == $count" "$count > 100" \
	'$j->{live}{blocks} == 0' '@{$j->{suspects}} >= 1' \
	'!grep { $_->{verdict} ne "unknown" || $_->{size} != 3072 || $_->{blocks} }
		@{$j->{suspects}}'

[ -z "$missing" ] || cannot_run "all but what this perf lacks:$missing"
exit 0
