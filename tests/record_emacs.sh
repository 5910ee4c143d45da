#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# Records the original case: an emacs daemon whose X frames come and go, with
# probes made and perf called the way the scripts did that leaktop replaces.
#
#   record_emacs.sh [-ac] [-o FILE] [-s SECONDS] [-n FRAMES] [-g GROUP]
#
#   -o FILE     the recording (emacs.data)
#   -s SECONDS  how long frames are created and deleted (5); 0: no limit
#   -n FRAMES   how many frames at most (0: no limit)
#   -g GROUP    group of the probes (lttest_emacs_PID)
#   -a          also probe reallocarray, memalign and valloc
#   -c          let emacs compile Lisp natively: its subprocesses (fork and
#               exec) are then in the recording, too
#
# Everything it starts and every probe it makes is gone when it ends, however
# it ends.  Exit status 77: not possible on this machine.

set -u

output=emacs.data
seconds=5
frames=0
group=lttest_emacs_$$
all=
compile=nil
while getopts o:s:n:g:ac option; do
	case $option in
	o) output=$OPTARG ;;
	s) seconds=$OPTARG ;;
	n) frames=$OPTARG ;;
	g) group=$OPTARG ;;
	a) all=all ;;
	c) compile=t ;;
	*) sed -n '/^#   record/,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done

skip()
{
	echo "record_emacs.sh: $*" >&2
	exit 77
}

fail()
{
	echo "record_emacs.sh: $*" >&2
	exit 1
}

for program in perf Xvfb emacs-lucid emacsclient; do
	command -v $program >/dev/null || skip "$program is not installed"
done
# shellcheck disable=SC2034 # for probes.sh
FATAL=fail
# shellcheck source=tests/probes.sh
. "$(dirname "$0")/probes.sh"
[ -w "$uprobe_events" ] || skip "no permission to make uprobes, or tracefs not mounted"

directory=$(mktemp -d) || exit 1
xvfb=
emacs=
recorder=

# shellcheck disable=SC2317 # the traps call it
cleanup()
{
	status=$?
	trap - EXIT
	trap '' HUP INT TERM
	end_process "$recorder" INT
	end_process "$emacs" TERM
	end_process "$xvfb" TERM
	wait
	delete_probes "$group"
	rm -rf "$directory"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# -noreset: otherwise the server starts over whenever its last client leaves,
# and the frames' fonts and atoms with it.  It picks a free display itself.
Xvfb -displayfd 3 -noreset -nolisten tcp -screen 0 1024x768x24 \
	3>"$directory/display" >"$directory/xvfb.log" 2>&1 &
xvfb=$!
for _ in $(seq 100); do
	[ -s "$directory/display" ] && break
	alive $xvfb || fail "Xvfb: $(tail -n 1 "$directory/xvfb.log")"
	sleep 0.1
done
[ -s "$directory/display" ] || fail "Xvfb does not start"
DISPLAY=:$(cat "$directory/display")
export DISPLAY

# In the foreground, so that its PID is known.  HOME: no user's init files.
# TMPDIR: a compilation that is killed leaves files there.
HOME=$directory
TMPDIR=$directory
export HOME TMPDIR
socket=$directory/socket
emacs-lucid -Q --fg-daemon="$socket" \
	--eval "(setq native-comp-deferred-compilation $compile)" >"$directory/emacs.log" 2>&1 &
emacs=$!
client()
{
	timeout 20 emacsclient --socket-name="$socket" "$@"
}
for _ in $(seq 200); do
	[ -S "$socket" ] && break
	alive $emacs || fail "emacs: $(tail -n 1 "$directory/emacs.log")"
	sleep 0.1
done
client --eval t >/dev/null 2>&1 || fail "emacs does not answer"

# One frame before the recording: what only the first one needs is not a leak.
# Each is the only X frame, so that deleting it closes the display.
exercise()
{
	client --eval "(let ((frame (make-frame-on-display \"$DISPLAY\")))
		(redisplay t)
		(delete-frame frame t)
		t)" >/dev/null 2>"$directory/client.log"
}
exercise || fail "emacs makes no frame: $(tail -n 1 "$directory/client.log")"

libc=$(libc_of $emacs)
[ -n "$libc" ] || fail "no C library in emacs"
make_probes "$libc" "$group" $all
start_recorder "$directory" "$output" "$group" $emacs -m512

count=0
stop=$(($(date +%s) + seconds))
while { [ "$frames" -eq 0 ] || [ $count -lt "$frames" ]; } &&
	{ [ "$seconds" -eq 0 ] || [ "$(date +%s)" -lt $stop ]; }; do
	# Once more: with -c emacs may be busy with a subprocess for long.
	exercise || exercise ||
		fail "emacs: status $?, $(tail -n 1 "$directory/client.log")"
	count=$((count + 1))
done

stop_recorder
echo "$output: $count frames; $(recorder_message)"
exit 0
