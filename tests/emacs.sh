#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# The original case: an emacs daemon whose frames come and go.  What it needs
# is no part of what the quickstart installs, so it may be skipped anywhere.

# The dollars in single quotes are Perl's.
# shellcheck disable=SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 99

for program in emacs-lucid emacsclient Xvfb; do
	command -v $program >/dev/null || { echo "skipped: no $program"; exit 77; }
done
need_uprobes
need_perf

status=0
sh "$tests/record_emacs.sh" -a -n 3 -s 60 -g "$group" -o "$work/emacs.data" \
	>"$work/log" 2>&1 || status=$?
[ $status -eq 0 ] || { cat "$work/log"; exit $status; }

run_leaktop --batch --format=json "$work/emacs.data"
[ $status -eq 0 ] || fail "status $status: $(cat "$work/err")"
mv "$work/out" "$work/emacs.json"
perl "$tests/follow.pl" "$work/emacs.data" >"$work/emacs.follow" ||
	fail "follow.pl"
same "$work/emacs.follow" "$work/emacs.json" \
	--keys=hits,lost,unpaired,operations,live,anomalies,sizes
check_json "$work/emacs.json" '$j->{hits} > 10000' '$j->{lost} == 0' \
	'$j->{anomalies}{double_free} == 0' '$j->{anomalies}{double_alloc} == 0' \
	'@{$j->{suspects}} > 0'
exit 0
