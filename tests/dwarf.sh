#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# Recordings with stack dumps (perf record --call-graph=dwarf) of programs of
# the distribution's: the chains that leaktop unwinds are those that perf script
# finds.  perf has its own unwinders, libunwind or libdw's.

# The dollars in single quotes are Perl's and Lisp's.
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 99
need_uprobes
need_perf

libc=$(libc_of $$)
[ -n "$libc" ] || cannot_run "the shell has no C library"
make_probes "$libc" "$group"

# record NAME BYTES COMMAND [ARGUMENT]...: from the byte that it waits for until
# it prints "done".  It prints "ready" first.
record()
{
	name=$1 bytes=$2
	shift 2
	start_target "$@"
	wait_line '^ready$' "$work/target.out" "$target"
	start_recorder "$work" "$work/$name.data" "$group" "$target" -m 4096 \
		--call-graph="dwarf,$bytes"
	tell_target
	echo >&7
	wait_line '^done$' "$work/target.out" "$target"
	stop_recorder
	end_process "$target" KILL
}

# same_chains NAME DEPTH COMM: of the processes that are called COMM.  In some
# that have executed another program perf 6.1 finds no caller of the C library's
# functions, or one that is no address of code; why is not known.  There what
# leaktop finds was checked by hand: chains up to _start, every return address
# of which stands behind a call.
same_chains()
{
	run_leaktop --batch --format=json "$work/$1.data"
	[ $status -eq 0 ] || fail "$1: status $status: $(cat "$work/err")"
	"$targets/unwound" "$work/$1.data" >"$work/$1.unwound" ||
		fail "$1: unwound fails"
	perf script -i "$work/$1.data" --no-inline --ns --comms "$3" \
		-F comm,pid,tid,time,event,ip,sym,dso >"$work/$1.txt" \
		2>/dev/null || fail "$1: perf script fails"
	perl "$tests/chains.pl" --depth="$2" "$work/$1.unwound" \
		"$work/$1.txt" "$work/out" || fail "$1: the chains differ"
	# All of it is large.
	rm -f "$work/$1".*
}

# Loads libraries, starts processes that load others, and programs, while it is
# recorded: what is mapped when counts.
record perl 16384 perl -e '
	$| = 1;
	print "ready\n";
	<STDIN>;
	sub deep { my $n = shift; $n ? deep($n - 1) : [ map { "x" x $_ } 1 .. 40 ] }
	my @kept;
	push @kept, deep(4) for 1 .. 5;
	require POSIX;
	require Data::Dumper;
	push @kept, Data::Dumper::Dumper(\@kept);
	for my $round (1 .. 3) {
		my $pid = fork;
		if (!$pid) {
			require Storable;
			push @kept, Storable::freeze(\@kept);
			push @kept, deep(3);
			exec "/bin/sh", "-c", "echo \$(echo a b | sort)" if $round == 2;
			POSIX::_exit(0);
		}
		waitpid $pid, 0;
		push @kept, sort { $a cmp $b } map { join ",", %$_ } { 1 .. 200 };
	}
	print "done\n";
	<STDIN>'
same_chains perl 6 perl

# A program that is not at hand any more: its unwind tables come from a server,
# which a directory is as good as.
chains()
{
	perl -MJSON::PP -0777 -ne 'print map {
		"$_->{size}: @{[map { $_->{address} } @{$_->{stack}}]}\n"
		} sort { $a->{size} <=> $b->{size} } @{decode_json($_)->{suspects}}' "$1"
}

fetched()
{
	unset DEBUGINFOD_URLS
	PERF_BUILDID_DIR=$work/cache
	export PERF_BUILDID_DIR
	cp "$targets/noframe" "$work/noframe"
	start_target "$work/noframe" 20
	wait_line '^ready$' "$work/target.out" "$target"
	start_recorder "$work" "$work/noframe.data" "$group" "$target" \
		--call-graph=dwarf,4096
	tell_target
	tell_target
	wait_line '^done$' "$work/target.out" "$target"
	stop_recorder
	end_process "$target" KILL
	run_leaktop --batch --format=json "$work/noframe.data"
	chains "$work/out" >"$work/here"
	# lowest, middle, upper and what calls them.
	grep -q '^3072:\( 0x[0-9a-f]*\)\{5,\}$' "$work/here" ||
		fail "no chains: $(cat "$work/here")"
	id=$(readelf -n "$work/noframe" | sed -n 's/.*Build ID: //p')
	mkdir -p "$work/server/buildid/$id"
	mv "$work/noframe" "$work/server/buildid/$id/executable"
	rm -rf "$work/cache"
	run_leaktop --batch --format=json "$work/noframe.data"
	chains "$work/out" >"$work/gone"
	! cmp -s "$work/here" "$work/gone" || fail "who has told the chains?"
	DEBUGINFOD_URLS=file://$work/server DEBUGINFOD_CACHE_PATH=$work/client \
		"$LEAKTOP" --batch --format=json "$work/noframe.data" >"$work/out" ||
		fail "no report with a server"
	chains "$work/out" >"$work/served"
	diff "$work/here" "$work/served" || fail "the chains with a server differ"

	# Below a sysroot, and in perf's cache.
	mkdir -p "$work/root$work"
	cp "$work/server/buildid/$id/executable" "$work/root$work/noframe"
	run_leaktop --batch --format=json --sysroot="$work/root" "$work/noframe.data"
	chains "$work/out" >"$work/below"
	diff "$work/here" "$work/below" || fail "the chains below a sysroot differ"
	perf --buildid-dir "$PERF_BUILDID_DIR" buildid-cache \
		-a "$work/server/buildid/$id/executable" >/dev/null 2>&1 || return 0
	run_leaktop --batch --format=json "$work/noframe.data"
	chains "$work/out" >"$work/cached"
	diff "$work/here" "$work/cached" || fail "the chains with perf's cache differ"

	# Another program has taken its place: its tables are not used.
	rm -rf "$PERF_BUILDID_DIR"
	cp "$targets/churn" "$work/noframe"
	run_leaktop --batch --format=json "$work/noframe.data"
	grep -q 'noframe has changed since' "$work/err" || fail "$(cat "$work/err")"
	chains "$work/out" >"$work/other"
	diff "$work/gone" "$work/other" || fail "the tables of another program were used"
}

# The library is loaded when it is there.
if ldconfig -p | grep -q libdebuginfod.so.1 && command -v readelf >/dev/null; then
	fetched
fi

emacs=$(find_emacs)
if [ -n "$emacs" ]; then
	HOME=$work
	export HOME
	record emacs 8192 "$emacs" -Q --batch --eval "$(compile_lisp 60)"
	same_chains emacs 10 "$emacs"
fi
exit 0
