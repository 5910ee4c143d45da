# SPDX-License-Identifier: LGPL-3.0-or-later
# shellcheck shell=sh
#
# For the scripts here that record with perf; read with ".".  The probes are
# those of the scripts that leaktop replaces.  FATAL is what they call with a
# message when something fails.

uprobe_events=/sys/kernel/tracing/uprobe_events
[ -w $uprobe_events ] || uprobe_events=/sys/kernel/debug/tracing/uprobe_events

# make_probes LIBC GROUP [all]: with "all" those of functions, too, that the
# scripts left out.  -f: the name may be taken in another group, even by another
# program's probe; perf probe refuses it otherwise.  In one call, as each reads
# all of the library's symbols.
make_probes()
{
	probe_libc=$1 probe_group=$2 probe_all=${3-}
	# The dollars are for perf.
	# shellcheck disable=SC2016
	set -- 'malloc=malloc bytes=%di' \
		'malloc_ret=malloc%return arg1=$retval' \
		'calloc=calloc n=%di elem_size=%si' \
		'calloc_ret=calloc%return arg1=$retval' \
		'realloc=realloc oldmem=%di bytes=%si' \
		'realloc_ret=realloc%return arg1=$retval' \
		'aligned_alloc=aligned_alloc alignment=%di bytes=%si' \
		'aligned_alloc_ret=aligned_alloc%return arg1=$retval' \
		'posix_memalign=posix_memalign memptr=%di alignment=%si size=%dx' \
		'free=free mem=%di'
	# In glibc 2.36 for x86-64 %rdx still holds what went to *memptr.
	# shellcheck disable=SC2016
	if [ "$probe_all" = all ]; then
		set -- "$@" \
			'posix_memalign_ret=posix_memalign%return arg1=$retval ptr=%dx' \
			'reallocarray=reallocarray optr=%di nmemb=%si elem_size=%dx' \
			'reallocarray_ret=reallocarray%return arg1=$retval' \
			'memalign=memalign alignment=%di bytes=%si' \
			'memalign_ret=memalign%return arg1=$retval' \
			'valloc=valloc bytes=%di' \
			'valloc_ret=valloc%return arg1=$retval'
	else
		set -- "$@" 'posix_memalign_ret=posix_memalign%return arg1=$retval'
	fi
	for probe in "$@"; do
		shift
		set -- "$@" -a "$probe_group:$probe"
	done
	probe_message=$(perf probe -q -f -x "$probe_libc" "$@" 2>&1) ||
		$FATAL "perf probe: $probe_message"
}

# delete_probes GROUP
delete_probes()
{
	if grep -q ":$1/" $uprobe_events 2>/dev/null; then
		perf probe -q -d "$1:*" >/dev/null 2>&1
	fi
}

# libc_of PID
libc_of()
{
	awk '$2 ~ /x/ && $6 ~ /\/libc[.-]/ { print $6; exit }' "/proc/$1/maps"
}

# Whether $1 is a process that runs: kill -0 would also find a zombie.
alive()
{
	[ -n "$1" ] &&
		grep -q '^State:[[:space:]]*[^[:space:]ZX]' "/proc/$1/status" 2>/dev/null
}

# end_process PID SIGNAL: and SIGKILL if that is not enough.
end_process()
{
	alive "$1" || return 0
	kill -"$2" "$1" 2>/dev/null
	for _ in $(seq 100); do
		alive "$1" || return 0
		sleep 0.1
	done
	kill -KILL "$1" 2>/dev/null
}

# start_recorder DIRECTORY OUTPUT GROUP PID [OPTION]...: sets $recorder, and
# returns when perf has attached to all threads and enabled the events.  For
# OUTPUT "-" it is DIRECTORY/recording, which may be a FIFO.  $recorder_events has
# options instead of those that take all events of the group and call chains.
# -N: nothing goes to the user's build-id cache.
start_recorder()
{
	recorder_directory=$1 recorder_output=$2 recorder_group=$3
	recorder_pid=$4
	shift 4
	rm -f "$recorder_directory/control" "$recorder_directory/ack"
	mkfifo "$recorder_directory/control" "$recorder_directory/ack" || exit 1
	# Opened for both ways, so that neither end waits for the other.
	exec 8<>"$recorder_directory/control" 9<>"$recorder_directory/ack"
	recorder_file=$recorder_output
	[ "$recorder_output" != - ] || recorder_file=$recorder_directory/recording
	# The variable has several words.
	# shellcheck disable=SC2086
	if [ -n "${recorder_events-}" ]; then
		set -- "$@" $recorder_events
	else
		set -- "$@" -g -e "$recorder_group:*"
	fi
	perf record -N -o "$recorder_output" "$@" -D -1 \
		--control="fd:8,9" -p "$recorder_pid" \
		>"$recorder_directory/recording" 2>"$recorder_directory/record.log" &
	recorder=$!
	echo enable >&8
	recorder_ready=
	while alive "$recorder" && [ -z "$recorder_ready" ]; do
		recorder_ready=$(timeout 20 head -n 1 <&9)
	done
	[ -n "$recorder_ready" ] || $FATAL "perf: $(recorder_message)"
}

stop_recorder()
{
	kill -INT "$recorder"
	wait "$recorder"
	recorder=
	[ -s "$recorder_file" ] || [ -p "$recorder_file" ] || $FATAL "perf: $(recorder_message)"
}

recorder_message()
{
	tr '\n' ' ' <"$recorder_directory/record.log"
}

# find_emacs: prints what emacs is called here, if there is one.
find_emacs()
{
	for program in emacs-lucid emacs-nox emacs emacs-gtk; do
		if command -v $program >/dev/null; then
			echo $program
			return
		fi
	done
}

# compile_lisp COUNT: Lisp that prints "ready", waits for a line, compiles COUNT
# functions, prints "done" and waits for another line.
compile_lisp()
{
	cat <<END
(progn
	(read-string "ready\\n")
	(with-temp-buffer
		(dotimes (i $1)
			(insert (format "(defun f%d (x) (* x %d)) " i i)))
		(emacs-lisp-mode)
		(font-lock-ensure)
		(goto-char (point-min))
		(condition-case nil
			(while t (byte-compile (read (current-buffer))))
			(end-of-file nil)))
	(read-string "done\\n"))
END
}
