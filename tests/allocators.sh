#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# Programs whose malloc is not the C library's: leaktop watches the one that is
# called, says so, and counts what the program does.

# The dollars in single quotes are Perl's.
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 99
need_uprobes
need_program script

interposer=$targets/interposer.so

# start_ready COMMAND [ARGUMENT]...: until it says so; not its predecessor.
start_ready()
{
	rm -f "$work/target.out"
	start_target "$@"
	wait_line '^ready$' "$work/target.out" "$target"
}

# watch_churn COMMAND [ARGUMENT]...: its truth and what leaktop saw go to
# $work/truth and $work/seen.
watch_churn()
{
	start_ready "$@" --calls=2000
	start_leaktop "$work/seen" --format=json --ring-size=32768
	tell_target
	wait_line '\]}$' "$work/target.out" "$target"
	kill -INT "$leaktop"
	wait_leaktop
	[ "$status" -eq 0 ] || fail "$*: leaktop: status $status"
	no_probes_of "$leaktop"
	sed 1d "$work/target.out" >"$work/truth"
	"$LEAKTOP" --check -p "$target" >"$work/check" ||
		fail "$*: $(cat "$work/check")"
	tell_target
	wait "$target" || fail "$*: status $?"
}

# exact [OPTION]...
exact()
{
	same "$work/truth" "$work/seen" "$@" \
		--keys=lost,unpaired,operations,live,anomalies,sizes
}

# says TEXT: a line of the preflight does.
says()
{
	grep -qF "$1" "$work/check" || fail "not '$1': $(cat "$work/check")"
}

# The outermost of two calls counts, of what it stands in for.
mine=--functions=malloc,calloc,realloc,reallocarray,free
watch_churn env LD_PRELOAD="$interposer" "$targets/churn" $mine
says "good     allocation functions: $interposer, in place of the C library's ("
says 'warning  allocation functions: not watched: aligned_alloc, '
# The C library's reallocarray calls this realloc, unless it has to fail.
array=--ignore=realloc,reallocarray
exact $array

# The program's own.
watch_churn "$targets/ownmalloc" --functions=malloc,calloc,realloc,free
says "good     allocation functions: $(realpath "$targets/ownmalloc"), in place of"
exact

# The C library's, within a program that is linked statically.  glibc's malloc is
# a hidden symbol there.
if ${CC-cc} -static -fno-builtin -pthread -o "$work/static" \
	"$tests/targets/churn.c" 2>/dev/null; then
	watch_churn "$work/static" --functions=malloc,calloc,realloc,free
	says "good     C library: $work/static"
	exact
else
	echo "no static C library: not tried"
fi

# One that is loaded later, or comes behind the C library, takes nobody's place.
start_ready perl -MDynaLoader -e 'DynaLoader::dl_load_file($ARGV[0], 0) or die;
	$| = 1; print "ready\n"; <STDIN>' "$interposer"
grep -q interposer "/proc/$target/maps" || fail "the interposer is not mapped"
"$LEAKTOP" --check -p "$target" >"$work/check" || fail "$(cat "$work/check")"
says 'good     C library: '
end_process "$target" KILL

# From the first allocation on: it is mapped before the C library is.
status=0
LD_PRELOAD=$interposer "$LEAKTOP" --batch --verbose --format=json \
	--output-log="$work/log" -- "$targets/early" >"$work/seen" \
	2>"$work/err" </dev/null || status=$?
[ "$status" -eq 0 ] || fail "launched: status $status: $(cat "$work/err")"
grep -qF "allocation functions: $interposer, in place of" "$work/err" ||
	fail "launched: $(cat "$work/err")"
sed -n 's/^truth: //p' "$work/log" >"$work/truth"
same "$work/truth" "$work/seen" --keys=operations,live

# Real ones.
seen=0
all=malloc,calloc,realloc,reallocarray,aligned_alloc,memalign,valloc,free
for library in libjemalloc.so.2 libtcmalloc_minimal.so.4; do
	for file in /usr/lib/*/"$library" /usr/lib64/"$library" /usr/lib/"$library"; do
		[ -e "$file" ] || continue
		seen=1
		file=$(realpath "$file")
		watch_churn env LD_PRELOAD="$file" "$targets/churn" \
			--functions=$all
		says "good     allocation functions: $file, in place of"
		exact $array
		break
	done
done
[ $seen -eq 1 ] || cannot_run "no jemalloc or tcmalloc"
exit 0
