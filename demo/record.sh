#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# Usage: demo/record.sh
#
# Make the recording of the demo that is kept as demo/demo.perf.data, with
# perf and with probes as the scripts made them from which leaktop grew, and
# demo/sysroot, the program that the addresses in it belong to: any other build
# of the demo has its functions elsewhere. Needs root, and that nobody uses
# probes of the group probe_libc.
#
# Names of this machine stay out of both files: the demo is compiled, and run
# under a host name and from a directory, of its own.

set -eu

top=$(cd "$(dirname "$0")/.." && pwd -P)
[ $# -eq 0 ] || [ "$1" = inside ] || { sed -n '4,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ne 0 ] || exec unshare --uts --mount sh "$top/demo/record.sh" inside

if perf probe --list 2>/dev/null | grep -q 'probe_libc:'; then
	echo "$0: there are probes of the group probe_libc already; delete them first" >&2
	exit 1
fi

work=$(mktemp -d)
demo_pid=
clean_up()
{
	[ -z "$demo_pid" ] || kill "$demo_pid" 2>/dev/null || :
	perf probe --quiet --del 'probe_libc:*' 2>/dev/null || :
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

hostname leaktop-demo
# Seen by this script and its children only, and gone with them.
mount -t tmpfs none /usr/local/bin
demo=/usr/local/bin/leaktop-demo

: >"$work/config.h"
(cd "$top" && ${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O1 -g1 -gno-record-gcc-switches \
	-ffile-prefix-map="$top=." -fno-omit-frame-pointer -fno-optimize-sibling-calls \
	-fno-builtin -I"$work" -o "$demo" demo/demo.c -pthread)

libc=$(ldd "$demo" | awk '$1 ~ /^libc\.so/ { print $3 }')
libc=$(readlink -f "$libc")

# The dollars are for perf.
# shellcheck disable=SC2016
for probe in \
	'malloc bytes=%di' \
	'malloc_ret=malloc%return arg1=$retval' \
	'calloc n=%di elem_size=%si' \
	'calloc_ret=calloc%return arg1=$retval' \
	'realloc oldmem=%di bytes=%si' \
	'realloc_ret=realloc%return arg1=$retval' \
	'aligned_alloc alignment=%di bytes=%si' \
	'aligned_alloc_ret=aligned_alloc%return arg1=$retval' \
	'posix_memalign alignment=%si bytes=%dx' \
	'posix_memalign_ret=posix_memalign%return arg1=$retval' \
	'free mem=%di'
do
	perf probe --quiet -x "$libc" --add "$probe"
done

# The delay lets perf attach before the first frame; what the start allocates
# is before the recording, as it is with every process that runs already.
cd "$work"
"$demo" --delay=3000 --interval=450 --frames=14 --noise=3 >/dev/null &
demo_pid=$!
perf record --quiet --no-buildid-cache -m 512 -g -e 'probe_libc:*' \
	-o demo.perf.data -p "$demo_pid"
demo_pid=

# The kernel's local version tells more about the machine than about the
# recording; strings in the header are padded with zeros anyway.
release=$(uname -r)
release=$release perl -0777 -pi -e '
	my $full = $ENV{release};
	my ($version) = $full =~ /^([0-9.]*[0-9])/;
	s/\Q$full\E/$version . "\0" x (length($full) - length($version))/ge' demo.perf.data

install -m 644 demo.perf.data "$top/demo/demo.perf.data"
rm -rf "$top/demo/sysroot"
install -D -m 644 "$demo" "$top/demo/sysroot$demo"
