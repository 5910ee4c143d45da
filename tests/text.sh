#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# What perf script prints of a recording is read as the recording itself, with
# any choice of fields, from a file and from a pipe.

# The dollars in single quotes are Perl's.
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 99
need_uprobes
need_perf

libc=$(libc_of $$)
[ -n "$libc" ] || cannot_run "the shell has no C library"
make_probes "$libc" "$group" all

# record NAME [OPTION]... COMMAND [ARGUMENT]...: one of tests/targets; and what
# leaktop says of it.
record()
{
	name=$1
	shift
	sh "$tests/record_target.sh" -k -g "$group" -o "$work/$name.data" "$@" \
		>"$work/$name.log" 2>&1 || fail "$name: $(cat "$work/$name.log")"
	run_leaktop --batch --format=json "$work/$name.data"
	[ $status -eq 0 ] || fail "$name: status $status: $(cat "$work/err")"
	mv "$work/out" "$work/$name.json"
}

# print_text NAME [OPTION]...: perf's text of NAME to $work/text.  What perf
# lacks the option for can't be tested.
print_text()
{
	name=$1
	shift
	perf script -i "$work/$name.data" "$@" >"$work/text" 2>"$work/err" ||
		cannot_run "perf script $*: $(tail -n 1 "$work/err")"
	[ -s "$work/text" ] || fail "perf script $*: no text"
}

# read_text NAME [OPTION]...: leaktop reads what print_text printed, to $work/out;
# the heap is that of NAME, and what is on stderr is at most the notes on pids and times.
keys=hits,lost,unpaired,operations,live,anomalies,sizes
read_text()
{
	name=$1
	shift
	run_leaktop --batch --format=json "$work/text"
	[ $status -eq 0 ] || fail "$name $*: status $status: $(cat "$work/err")"
	! grep -v -e 'tells no process ids' -e 'tells no times' -e 'tells neither times' "$work/err" || fail "$name $*"
	same "$work/$name.json" "$work/out" --keys="$keys"
}

# same_suspects A B: in the order of size and symbols, as ranks with equal
# scores go by object; perf and leaktop differ in what they call functions with
# several names: ALIAS in Perl makes the same of these.
same_suspects()
{
	# The last is a program: nothing of it is to be split.
	for file in "$1" "$2"; do
		perl -MJSON::PP -e '
			my ($path, $alias) = @ARGV;
			open my $file, "<", $path or die "$path: $!\n";
			my $j = do { local $/; decode_json(<$file>) };
			my $name = sub {
				local $_ = shift // "none";
				eval $alias; die $@ if $@;
				$_;
			};
			print map { "$_\n" } sort map {
				my $s = $_;
				join " ", (map { $s->{$_} } qw(size blocks
					bytes allocated freed doubtful verdict)),
					$name->($s->{site}{symbol}),
					$s->{site}{object},
					map { ($name->($_->{symbol}),
						$_->{offset} // "none",
						$_->{object} // "none") }
					grep { !$_->{inlined} } @{$s->{stack}};
			} @{$j->{suspects}};' "$file" "${alias-}" \
			>"$file.suspects" || exit 1
	done
	[ -s "$1.suspects" ] || fail "$1: no suspects"
	diff "$1.suspects" "$2.suspects" ||
		fail "suspects differ: $1 $2"
}

all=comm,pid,tid,cpu,time,event,trace,ip,sym,symoff,dso
events='--show-task-events --show-lost-events'

# Every function in every form, blocks that change threads; and then children.
record churn "$targets/churn" --calls=2000 --threads=4
# shellcheck disable=SC2086 # options
print_text churn --ns -F $all $events
grep -q 'PERF_RECORD_COMM' "$work/text" || fail "no task events"
read_text churn
[ ! -s "$work/err" ] || fail "churn: $(cat "$work/err")"
same "$work/churn.data.truth" "$work/out"
same_suspects "$work/churn.json" "$work/out"
check_json "$work/out" '$j->{source}{command} eq "churn"' \
	'$j->{source}{pid} > 0'
record children "$targets/churn" --calls=800 --seed=2 --fork --exec
# shellcheck disable=SC2086
print_text children --ns -F $all $events --show-mmap-events
read_text children
same "$work/children.data.truth" "$work/out"

# As it prints by itself: no pids, no task events, microseconds.
print_text churn
read_text churn
same_suspects "$work/churn.json" "$work/out"
cp "$work/text" "$work/default"

# From a pipe, and with blanks where tabs were.
"$LEAKTOP" --batch --format=json - <"$work/default" >"$work/file.json" \
	2>/dev/null || fail "standard input"
# A pipe is meant.
# shellcheck disable=SC2002
cat "$work/default" |
	"$LEAKTOP" --batch --format=json - >"$work/pipe.json" 2>/dev/null ||
	fail "pipe"
expand "$work/default" >"$work/text"
read_text churn expand
for other in file.json pipe.json out; do
	same "$work/churn.json" "$work/$other" --keys="$keys"
	same_suspects "$work/churn.json" "$work/$other"
done

# Fields that are missing take away what they tell, and no more.
record storm "$targets/storm" --wait --pairs=5000 --leak=100
alias='s/^(?:left|right)$/either/'
for fields in $all comm,tid,time,event,trace,ip,sym,dso \
	tid,time,event,trace,ip,sym,dso pid,tid,event,trace,ip,sym,symoff,dso \
	comm,pid,tid,cpu,time,misc,period,event,trace,ip,sym,symoff,dso,srcline; do
	print_text storm -F "$fields"
	read_text storm "$fields"
	check_json "$work/out" '$j->{suspects}[0]{blocks} > 0' \
		'$j->{suspects}[0]{site}{symbol} =~ /^(left|right)$/' \
		'$j->{suspects}[0]{site}{object} =~ m{/storm$}'
done
print_text storm -F tid,time,event,trace
read_text storm
check_json "$work/out" '!@{$j->{suspects}[0]{stack}}'
print_text storm --header -F "$all"
read_text storm
same_suspects "$work/storm.json" "$work/out"

# A part that was cut off is told; what was before it counts.
# In the middle of an event's line.
head -c 100000 "$work/text" | perl -0777 -pe 's/\A(.* bytes=0x).*\z/$1/s' >"$work/cut"
run_leaktop --batch --format=json "$work/cut"
[ $status -ne 0 ] || fail "cut: not told"
grep -q 'cut off in its last line, after [1-9][0-9]* events' "$work/err" ||
	fail "cut: $(cat "$work/err")"
check_json "$work/out" '$j->{hits} > 50'

# Without names of events, or what they tell, there is nothing to be read.
print_text storm -F tid,time,trace
run_leaktop --batch "$work/text"
[ $status -ne 0 ] || fail "no event names: read"
grep -q 'lacks the names of events' "$work/err" || fail "$(cat "$work/err")"
print_text storm -F tid,time,event
run_leaktop --batch "$work/text"
[ $status -ne 0 ] || fail "no trace: read"
grep -q 'has no arguments' "$work/err" || fail "$(cat "$work/err")"

# Losses, as far as the text tells of them.
record loss -m 1 "$targets/storm" --wait --pairs=20000
# shellcheck disable=SC2086
print_text loss --ns -F $all $events
run_leaktop --batch --format=json "$work/text"
[ $status -eq 0 ] || fail "loss: status $status: $(cat "$work/err")"
told=$(sed -n 's/.*PERF_RECORD_LOST lost //p' "$work/text" |
	awk '{ sum += $1 } END { print sum + 0 }')
[ "$told" -gt 0 ] || fail "nothing was lost"
check_json "$work/out" "\$j->{lost} == $told || \$j->{lost} > $told"
keys=hits
same "$work/loss.json" "$work/out" --keys=hits
exit 0
