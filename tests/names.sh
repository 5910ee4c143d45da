#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# Names in the report, of a living process and of a recording: compiled at run
# time, inlined, and of a program that was replaced since.

# The dollars in single quotes are Perl's.
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 99
[ "$(uname -m)" = x86_64 ] || { echo "skipped: its code is x86-64's"; exit 77; }
need_uprobes
need_perf
need_program script

# Copies that perf keeps would give the names that are to be missing.
PERF_BUILDID_DIR=$work/cache
export PERF_BUILDID_DIR
unset DEBUGINFOD_URLS

map=
trap 'status=$?; rm -f $map; (exit $status); cleanup' EXIT

cp "$targets/jitted" "$work/program" || exit 1

# jit NAME: about the frames of the suspect of 777 bytes, in the file NAME.
jit()
{
	check_json "$1" '
		my ($s) = grep { $_->{size} == 777 } @{$j->{suspects}};
		$s->{blocks} == 100 && $s->{site}{symbol} eq "Lisp:compiled-function"
		&& grep { ($_->{symbol} // "") eq "Lisp:compiled-function"
			&& $_->{offset} == 0x15 && !$_->{inlined}
			&& $_->{object} eq "'"$map"'" } @{$s->{stack}}'
}

# Both functions that are inlined, each within the next, then the one around
# them; all at one address.
inlined='
	my ($s) = grep { $_->{size} == 555 } @{$j->{suspects}};
	my @f = @{$s->{stack}};
	shift @f while @f && ($f[0]{symbol} // "") ne "take";
	$s->{blocks} == 100 && $s->{site}{symbol} eq "make_things"
	&& join (" ", map { $_->{symbol} } @f[0..2]) eq "take make_thing make_things"
	&& $f[0]{inlined} && $f[1]{inlined} && !$f[2]{inlined}
	&& !defined $f[0]{offset} && defined $f[2]{offset}
	&& $f[0]{address} eq $f[2]{address}
	&& $f[0]{line} > 0 && $f[1]{line} > $f[0]{line} && $f[2]{line} > $f[1]{line}
	&& $f[0]{file} =~ /jitted\.c$/'

#
# Living
#

start_target "$work/program"
wait_line ready "$work/target.out" "$target"
map=/tmp/perf-$target.map
start_leaktop "$work/live.json" --format=json
tell_target
wait_line 'done' "$work/target.out" "$target"
kill -INT "$leaktop"
wait_leaktop
[ $status -eq 0 ] || fail "status $status"
jit "$work/live.json"
check_json "$work/live.json" "$inlined"
end_process "$target" KILL
rm -f "$map"

#
# Recorded
#

sh "$tests/record_target.sh" -g "$group" -o "$work/jitted.data" "$work/program" \
	>"$work/log" 2>&1 || fail "$(cat "$work/log")"
run_leaktop --batch --format=json "$work/jitted.data"
[ $status -eq 0 ] || fail "status $status: $(cat "$work/err")"
[ ! -s "$work/err" ] || fail "recording: $(cat "$work/err")"
map=$(perl -MJSON::PP -e 'local $/; print "/tmp/perf-", decode_json(<>)->{source}{pid}, ".map"' \
	"$work/out")
jit "$work/out"
check_json "$work/out" "$inlined"
run_leaktop --batch "$work/jitted.data"
for line in 'Lisp:compiled-function+0x15 (perf-[0-9]*.map)' 'take (inlined) jitted.c:[0-9]*' \
	'make_thing (inlined) jitted.c:[0-9]*' 'make_things+0x[0-9a-f]* (program) jitted.c:[0-9]*'
do
	grep -q "^    $line\$" "$work/out" || fail "no '$line' in $(cat "$work/out")"
done

# Another program has taken its place.
cp "$targets/churn" "$work/new"
mv "$work/program" "$work/old"
mv "$work/new" "$work/program"
run_leaktop --batch --format=json "$work/jitted.data"
[ $status -eq 0 ] || fail "changed: status $status"
[ "$(cat "$work/err")" = "leaktop: $work/program has changed since: its names are not used" ] ||
	fail "changed: $(cat "$work/err")"
check_json "$work/out" '
	my ($s) = grep { $_->{size} == 555 } @{$j->{suspects}};
	!defined $s->{site}{symbol} && $s->{site}{object} eq "'"$work"'/program"'
jit "$work/out"

# The old one, below a sysroot, and in perf's cache.
mkdir -p "$work/root$work"
cp "$work/old" "$work/root$work/program"
run_leaktop --batch --format=json --sysroot="$work/root" "$work/jitted.data"
[ ! -s "$work/err" ] || fail "sysroot: $(cat "$work/err")"
check_json "$work/out" "$inlined"
perf --buildid-dir "$PERF_BUILDID_DIR" buildid-cache -a "$work/old" >/dev/null 2>&1 ||
	exit 0
run_leaktop --batch --format=json "$work/jitted.data"
[ ! -s "$work/err" ] || fail "cache: $(cat "$work/err")"
check_json "$work/out" "$inlined"
