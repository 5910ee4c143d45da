#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# Usage: fuzz.sh TARGET... (make fuzz does that)
#
# Builds the targets and runs each for FUZZ_SECONDS. Inputs that lead somewhere
# new are kept in fuzz-corpus/; what shows a bug, and the logs, in fuzz-found/.

set -u
srcdir=${srcdir:-.}

echo 'int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size);
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size)
{ return data && size > 9 && 0; }' >fuzz-try.c
said=$($FUZZ_CC -fsanitize=fuzzer,address,undefined -o fuzz-try fuzz-try.c 2>&1)
status=$?
rm -f fuzz-try.c fuzz-try
if [ $status -ne 0 ]; then
	printf '%s\n' "$said" | tail -n 3
	echo "make fuzz: skipped: $FUZZ_CC -fsanitize=fuzzer does not link: install Clang and its runtime"
	echo '(Debian: clang libclang-rt-dev, or libclang-rt-14-dev; Fedora: clang compiler-rt), or set FUZZ_CC'
	exit 0
fi

$MAKE CC="$FUZZ_CC" fuzz-programs || exit 1

# What libFuzzer says is of interest where there is a bug.
failed=
for target; do
	name=$(basename "$target")
	log=fuzz-found/$name.log
	dictionary=$srcdir/tests/fuzz/$name.dict
	[ -f "$dictionary" ] || dictionary=
	mkdir -p "fuzz-corpus/$name" fuzz-found || exit 1
	if "$target.fuzz" ${dictionary:+"-dict=$dictionary"} \
		-max_total_time="$FUZZ_SECONDS" -max_len=16384 -timeout=10 \
		-rss_limit_mb=512 -malloc_limit_mb=256 \
		-artifact_prefix="fuzz-found/$name-" -print_final_stats=1 \
		"fuzz-corpus/$name" "$srcdir/tests/fuzz/corpus/$name" >"$log" 2>&1
	then
		count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		echo "$name: $count inputs, nothing found"
	else
		grep -v -e '^#' -e '^INFO:' -e '^stat::' "$log"
		failed="$failed $name"
	fi
done
[ -z "$failed" ] || {
	echo "make fuzz: found bugs in:$failed; see fuzz-found/"
	exit 1
}
