#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# What leaktop can't do it says in one line, and touches nothing.

# The dollars in single quotes are Perl's, or another shell's.
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 99

demo=${abs_top_srcdir:-$tests/..}/demo/demo.perf.data
# Where its program is; without that a line says so.
named=--sysroot=${abs_top_srcdir:-$tests/..}/demo/sysroot
good=$work/good.data
cp "$demo" "$good" || exit 1
sum=$(cksum <"$good")

# All complaints are of interest, not only the first.
failed=0
complain()
{
	echo "bad_input.sh: $*"
	failed=1
}

# refused REGEX: what run_leaktop did ended in one line that says so.
refused()
{
	[ "$status" -eq 1 ] || complain "$1: status $status: $(cat "$work/err")"
	[ ! -s "$work/out" ] || complain "$1: there is output: $(head -n 3 "$work/out")"
	said "$1"
}

said()
{
	[ "$(wc -l <"$work/err")" -eq 1 ] ||
		complain "$1: not one line: $(cat "$work/err")"
	grep -qi "^leaktop: .*$1" "$work/err" ||
		complain "$1 is not what it says: $(cat "$work/err")"
	! grep -q '[[:cntrl:]]' "$work/err" || complain "$1: control characters"
}

refuse_file()
{
	run_leaktop --batch "$1"
	refused "$2"
}

refuse_pid()
{
	run_leaktop --batch --duration=1 -p "$1"
	refused "$2"
}

#
# Usage
#

# wrong [ARGUMENT]...
wrong()
{
	run_leaktop "$@"
	[ $status -eq 2 ] || complain "leaktop $*: status $status"
	[ ! -s "$work/out" ] || complain "leaktop $*: there is output"
	[ "$(wc -l <"$work/err")" -eq 2 ] || complain "leaktop $*: $(cat "$work/err")"
	sed -n 2p "$work/err" | grep -q "^Try 'leaktop --help'" ||
		complain "leaktop $*: $(cat "$work/err")"
}
wrong
wrong --batch
wrong --nonsense
wrong -y
wrong "$good" "$good"
wrong -p 1 "$good"
wrong -p
wrong -p ''
wrong -p 0
wrong -p -5
wrong -p 12x
wrong -p 99999999999999999999
wrong --batch=yes "$good"
wrong --batch --format=nonsense "$good"
wrong --batch --size=nonsense "$good"
wrong --batch --size=4k-1k "$good"
wrong --batch --sort=nonsense "$good"
wrong --batch --top=-1 "$good"
wrong --batch --follow=1-2 "$good"
wrong --follow=3072 "$good"
wrong --batch --duration=1 "$good"
wrong --batch --duration=0 -p 1
wrong --batch --duration=soon -p 1
wrong --batch --ring-size=100 -p 1
wrong --batch --chain-depth=0 -p 1
wrong --
wrong --batch --
wrong --batch -p 1 -- true
wrong --batch "$good" -- true
wrong --output-log="$work/log" -p 1
wrong --output-log= -- true
[ ! -e "$work/log" ] || complain "a log of nothing"

#
# Commands
#

# refuse_command STATUS REGEX COMMAND [ARGUMENT]...: it never begins to run.
refuse_command()
{
	expected=$1 regex=$2
	shift 2
	for mode in --batch --ascii; do
		run_leaktop $mode "$@"
		[ $status -eq "$expected" ] || complain "$*: status $status"
		[ ! -s "$work/out" ] || complain "$*: there is output"
		said "$regex"
	done
}
refuse_command 127 'no such command' -- no-such-command
refuse_command 127 'no such command' -- ''
refuse_command 127 'nothing: No such file' -- "$work/nothing"
refuse_command 126 'Is a directory' -- "$work"
refuse_command 126 'Permission denied' -- "$good"
refuse_command 1 'Is a directory' --output-log="$work" -- true
refuse_command 1 'no/log: No such file' --output-log="$work/no/log" -- true

#
# Files
#

refuse_file "$work/nothing" 'nothing: No such file'
refuse_file "$work" 'is a directory'
refuse_file /dev/null 'is not a regular file'
mkfifo "$work/fifo"
: >"$work/fifo" &
refuse_file "$work/fifo" 'fifo: is empty'
refuse_file - 'standard input: is not a regular file'
: >"$work/bad"
refuse_file "$work/bad" 'is empty'
echo 'This is not a recording, but a text with more bytes than a header.' >"$work/bad"
refuse_file "$work/bad" 'is not a perf.data file'
refuse_file "$LEAKTOP" 'is not a perf.data file'
size=$(wc -c <"$good")
for length in 1 7 8 16 103 104 500 $((size / 4)) $((size / 2)) $((size - 1)); do
	head -c "$length" "$good" >"$work/bad"
	refuse_file "$work/bad" "bad: is \(cut off\|not a perf.data file\)"
done

# What another byte order would look like.
perl -e 'local $/; $_ = <STDIN>;
	s/^(........)(.{96})/reverse($1) . pack("Q>*", unpack "Q<*", $2)/se;
	print' <"$good" >"$work/bad"
refuse_file "$work/bad" 'is \(cut off\|damaged\)'
perl -e 'print "PERFILE2", pack("Q", 16), "\0" x 64' >"$work/bad"
refuse_file "$work/bad" 'damaged at offset 0x10, before any event'

# A record in the middle that makes no sense: that is said after the report.
perl -e 'local $/; $_ = <STDIN>;
	my ($at, $size) = unpack "x40 QQ";
	substr($_, $at + ($size / 2 & ~7), 4096) = "\xff" x 4096;
	print' <"$good" >"$work/bad"
run_leaktop --batch "$named" "$work/bad"
[ $status -eq 1 ] || complain "damaged: status $status"
said 'damaged'

# A name that would write to the terminal.
refuse_file "$work/$(printf '\033[31mred')" 'No such file'

#
# Output
#

for arguments in --help --version "--batch $named $good" "--batch --format=json $named $good"; do
	: >"$work/out"
	status=0
	# Options and their values are words.
	# shellcheck disable=SC2086
	"$LEAKTOP" $arguments >/dev/full 2>"$work/err" || status=$?
	refused 'No space left'
	status=0
	# shellcheck disable=SC2086
	"$LEAKTOP" $arguments >&- 2>"$work/err" || status=$?
	refused ''
done
status=0
# shellcheck disable=SC2086 # a word
{ "$LEAKTOP" --batch --format=json $named "$good" 2>"$work/err" || echo $? >"$work/status"; } |
	:
# With luck the pipe took all before it closed; else it is SIGPIPE's death,
# without a word, as with any filter.
[ ! -s "$work/status" ] || [ "$(cat "$work/status")" -eq 141 ] ||
	complain "closed pipe: status $(cat "$work/status")"
[ ! -s "$work/err" ] || complain "closed pipe: $(cat "$work/err")"

# The screen needs a terminal.
run_leaktop "$good"
refused 'terminal'
[ "$sum" = "$(cksum <"$good")" ] || complain "the recording was changed"
chmod 444 "$good"
run_leaktop --batch "$named" "$good"
[ $status -eq 0 ] || complain "read-only: $(cat "$work/err")"

# A terminal is left as it was: nothing but the line is written to it.
if command -v script >/dev/null; then
	export LEAKTOP work
	for arguments in '"$work/nothing"' '"$work/bad.text"' '-p 2147483647'; do
		echo text >"$work/bad.text"
		status=0
		SHELL=/bin/sh TERM=xterm script -qec "exec \"\$LEAKTOP\" $arguments" \
			"$work/terminal" </dev/null >/dev/null 2>&1 || status=$?
		[ $status -eq 1 ] || complain "$arguments on a terminal: status $status"
		grep -v '^Script \|^$' "$work/terminal" | tr -d '\r' >"$work/err"
		: >"$work/out"
		refused ''
	done
fi

#
# Processes
#

pid=$(sh -c 'echo $$')
refuse_pid "$pid" "[Nn]o process $pid"
status=0
sh -c 'exec "$1" --batch -p $$' sh "$LEAKTOP" >"$work/out" 2>"$work/err" || status=$?
refused 'is leaktop itself'

# One that has ended, but whose parent does not care.
start_target perl -e '$| = 1; my $child = fork // die; exit 0 if !$child;
	print "$child\n"; <STDIN>'
wait_line '^[0-9]' "$work/target.out" "$target"
pid=$(cat "$work/target.out")
while alive "$pid"; do sleep 0.02; done
refuse_pid "$pid" 'has ended already'
tell_target

[ "$(cat /proc/2/comm 2>/dev/null)" != kthreadd ] ||
	refuse_pid 2 'kernel thread'

# As who may not.  The program may lie where others can't go.
as_nobody=
if [ "$(id -u)" -eq 0 ]; then
	need_program setpriv
	as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all'
	chmod 755 "$work"
	cp "$LEAKTOP" "$work/leaktop"
	chmod 0 "$good"
	status=0
	$as_nobody "$work/leaktop" --batch "$good" >"$work/out" 2>"$work/err" || status=$?
	refused 'good.data: Permission denied'
	start_target sleep 1000
	wait_comm sleep
	status=0
	$as_nobody "$work/leaktop" --batch -p "$target" >"$work/out" 2>"$work/err" ||
		status=$?
	refused "Not permitted to watch process $target (sleep): .*root.*CAP_"
else
	cp "$LEAKTOP" "$work/leaktop"
fi
# Its own process it may look at, but make no probes in.
# shellcheck disable=SC2086
start_target $as_nobody sleep 1000
wait_comm sleep
status=0
# shellcheck disable=SC2086
$as_nobody "$work/leaktop" --batch -p "$target" >"$work/out" 2>"$work/err" ||
	status=$?
refused 'tracefs is not mounted (or not for you\|Not permitted .*root.*CAP_'

#
# What needs root
#

[ $failed -eq 0 ] || exit 1
need_uprobes
start_target "$targets/nolibc"
wait_comm nolibc
refuse_pid "$target" 'C library'
alive "$target" || complain "nolibc was ended"

# inside COMMAND: run in a mount namespace of its own, leaktop after it, which
# must not mount anything itself.
inside()
{
	status=0
	unshare --mount --propagation private sh -c "$1"'
		mounts=$(cat /proc/self/mounts)
		"$LEAKTOP" --batch -p "$1"
		status=$?
		[ "$mounts" = "$(cat /proc/self/mounts)" ] || exit 98
		exit $status' sh "$target" >"$work/out" 2>"$work/err" || status=$?
}
start_target sleep 1000
export LEAKTOP
if unshare --mount true 2>/dev/null; then
	inside 'while umount /sys/kernel/tracing /sys/kernel/debug/tracing; do :; done 2>/dev/null
		umount /sys/kernel/tracing 2>/dev/null
		umount /sys/kernel/debug/tracing /sys/kernel/debug 2>/dev/null'
	refused 'tracefs is not mounted.*mount -t tracefs'
	inside 'mount -o remount,bind,ro /sys/kernel/tracing || exit 97
		umount /sys/kernel/debug 2>/dev/null'
	# Where tracefs is below debugfs alone there is no such mount.
	[ $status -eq 97 ] || refused 'read-only'
fi

need_perf
# record_other EVENT: a recording that has nothing to do with allocations
record_other()
{
	perf record -N -q -o "$work/other.data" -e "$1" true >"$work/log" 2>&1 ||
		complain "perf record -e $1: $(cat "$work/log")"
}
record_other dummy:u
refuse_file "$work/other.data" 'no events of allocation functions, only dummy.*perf'
record_other sched:sched_process_exit,sched:sched_process_exec
refuse_file "$work/other.data" \
	'no events of allocation functions, only .*sched_process_exit.*perf'
perf record -q -o - -e sched:sched_process_exit true 2>"$work/log" >"$work/other.data" ||
	complain "perf record -o -: $(cat "$work/log")"
refuse_file "$work/other.data" \
	'no events of allocation functions, only .*sched_process_exit.*perf'
exit "$failed"
