#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# Usage: build-libperf.sh PREFIX [ARCHIVE|DIRECTORY]
#
# Build libperf from a kernel source and install it as static library below
# PREFIX, with libapi.a, which it needs, beside it. Without a second argument
# the newest source that the distribution's linux-source package left in
# /usr/src is taken. Only tools/ and scripts/ are unpacked, since unpacking
# all of a kernel would take far longer than this build.

set -eu

prefix=${1:?"usage: $0 PREFIX [ARCHIVE|DIRECTORY]"}
source=${2:-}
if [ -z "$source" ]; then
	# Debian puts the archive into /usr/src, Ubuntu into a directory there.
	source=$(find /usr/src -maxdepth 2 -name 'linux-source-*.tar.*' 2>/dev/null |
		sort -V | tail -n 1)
fi
if [ -z "$source" ] || [ ! -e "$source" ]; then
	echo "$0: no kernel source found (on Debian: package linux-source)" >&2
	exit 1
fi

mkdir -p "$prefix"
prefix=$(cd "$prefix" && pwd)
work=$prefix/work.$$
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work"

echo "building libperf from $source" >&2
if [ -d "$source" ]; then
	tree=$source
	mkdir "$work/tree"
	(cd "$tree" && tar -cf - tools/lib tools/include tools/build tools/scripts tools/arch scripts) |
		tar -xf - -C "$work/tree"
else
	mkdir "$work/tree"
	tar -xf "$source" -C "$work/tree" --strip-components=1 --wildcards \
		'*/tools/lib/*' '*/tools/include/*' '*/tools/build/*' \
		'*/tools/scripts/*' '*/tools/arch/*' '*/scripts/*'
fi
tree=$work/tree

# Flags and targets meant for our own make would reach the kernel's.
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS LDFLAGS CPPFLAGS || :
if ! make -C "$tree/tools/lib/perf" CC="${CC:-cc}" prefix="$prefix" libdir="$prefix/lib" \
	install_lib install_headers install_pkgconfig >"$work/log" 2>&1; then
	cat "$work/log" >&2
	echo "$0: libperf could not be built" >&2
	exit 1
fi
# Later kernels install libapi themselves or build it elsewhere in the tree.
api=$(find "$tree/tools" -name libapi.a | head -n 1)
cp "$api" "$prefix/lib/libapi.a"
rm -f "$prefix"/lib/libperf.so*
