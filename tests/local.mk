# SPDX-License-Identifier: LGPL-3.0-or-later
#
# A unit test is one line here and one file tests/NAME.c with a main(); it is
# linked with libleaktop.a and Check, and built and run a second time under
# ASan and UBSan as NAME.san.
unit_tests = \
	tests/test_capture \
	tests/test_coverage \
	tests/test_crowding \
	tests/test_decode \
	tests/test_demangle \
	tests/test_dump \
	tests/test_governor \
	tests/test_heap \
	tests/test_idmap \
	tests/test_launch \
	tests/test_life \
	tests/test_names \
	tests/test_options \
	tests/test_order \
	tests/test_output \
	tests/test_perfdata \
	tests/test_perfmap \
	tests/test_present \
	tests/test_probepoint \
	tests/test_recording \
	tests/test_records \
	tests/test_relay \
	tests/test_rows \
	tests/test_session \
	tests/test_sizespec \
	tests/test_symbols \
	tests/test_terminal \
	tests/test_text \
	tests/test_ui \
	tests/test_ui_names \
	tests/test_unwind \
	tests/test_unwind_cfi \
	tests/test_unwind_tables \
	tests/test_variants \
	tests/test_writer

# Need a live target: root and uprobes, see skip_or_fail() in testing.h.
live_tests = \
	tests/test_live \
	tests/test_live_end \
	tests/test_live_family \
	tests/test_live_modes \
	tests/test_live_owners \
	tests/test_live_record \
	tests/test_live_threads
live_fixture = \
	tests/live_fixture.c tests/live_fixture.h \
	tests/live_seen.c \
	tests/testing.h
tests_test_live_SOURCES = tests/test_live.c $(live_fixture)
tests_test_live_end_SOURCES = tests/test_live_end.c $(live_fixture)
tests_test_live_family_SOURCES = tests/test_live_family.c $(live_fixture)
tests_test_live_modes_SOURCES = tests/test_live_modes.c $(live_fixture)
tests_test_live_owners_SOURCES = tests/test_live_owners.c $(live_fixture)
tests_test_live_record_SOURCES = tests/test_live_record.c $(live_fixture)
tests_test_live_threads_SOURCES = tests/test_live_threads.c $(live_fixture)

# What the live tests watch; without sanitizers, which replace malloc.
live_targets = \
	tests/targets/caller \
	tests/targets/churn \
	tests/targets/early \
	tests/targets/interposer.so \
	tests/targets/jitted \
	tests/targets/noframe \
	tests/targets/nolibc \
	tests/targets/notables \
	tests/targets/oddhead \
	tests/targets/ownmalloc \
	tests/targets/storm
tests_targets_caller_SOURCES = tests/targets/caller.c
tests_targets_caller_CFLAGS = $(WARN_CFLAGS) -g -fno-builtin
tests_targets_caller_LDADD =
# Without a static C library there is none, and what needs it is skipped.
static_target = tests/targets/caller-static
CLEANFILES += $(static_target)
$(static_target): tests/targets/caller.c
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(CC) $(CFLAGS) -fno-builtin -pthread -static -o $@ \
		$(srcdir)/tests/targets/caller.c 2>/dev/null || rm -f $@
tests_targets_churn_SOURCES = tests/targets/churn.c
tests_targets_churn_CFLAGS = $(WARN_CFLAGS) -g -fno-builtin -pthread
tests_targets_churn_LDADD =
tests_targets_early_SOURCES = tests/targets/early.c
tests_targets_early_CFLAGS = $(WARN_CFLAGS) -g -fno-builtin
tests_targets_early_LDADD =
# A library, though no program links it.
tests_targets_interposer_so_SOURCES = tests/targets/interposer.c
tests_targets_interposer_so_CFLAGS = $(WARN_CFLAGS) -fPIC -fno-builtin
tests_targets_interposer_so_LDFLAGS = -shared
tests_targets_interposer_so_LDADD =
tests_targets_noframe_SOURCES = tests/targets/noframe.c
tests_targets_noframe_CFLAGS = $(WARN_CFLAGS) -g -O2 -fno-builtin \
	-fomit-frame-pointer
tests_targets_noframe_LDADD =
tests_targets_notables_SOURCES = tests/targets/noframe.c
tests_targets_notables_CFLAGS = $(WARN_CFLAGS) -O2 -fno-builtin \
	-fomit-frame-pointer -fno-asynchronous-unwind-tables
tests_targets_notables_LDFLAGS = -Wl,--strip-debug
tests_targets_notables_LDADD =
tests_targets_jitted_SOURCES = tests/targets/jitted.c
tests_targets_jitted_CFLAGS = $(WARN_CFLAGS) -O2 -g -fno-builtin \
	-fno-omit-frame-pointer
tests_targets_jitted_LDADD =
tests_targets_nolibc_SOURCES = tests/targets/nolibc.c
tests_targets_nolibc_CFLAGS = $(WARN_CFLAGS) -ffreestanding -fno-stack-protector
tests_targets_nolibc_LDFLAGS = -nostdlib -static
tests_targets_nolibc_LDADD =
tests_targets_oddhead_SOURCES = tests/targets/oddhead.c
tests_targets_oddhead_CFLAGS = $(WARN_CFLAGS) -ffreestanding -fno-stack-protector
tests_targets_oddhead_LDFLAGS = -nostdlib -static
tests_targets_oddhead_LDADD =
tests_targets_ownmalloc_SOURCES = \
	tests/targets/churn.c tests/targets/interposer.c
tests_targets_ownmalloc_CFLAGS = $(WARN_CFLAGS) -g -fno-builtin -pthread
tests_targets_ownmalloc_LDADD =
tests_targets_storm_SOURCES = tests/targets/storm.c
tests_targets_storm_CFLAGS = $(WARN_CFLAGS) -g -fno-builtin \
	-fno-omit-frame-pointer -pthread
tests_targets_storm_LDADD =

# What shows unwound chains, for a script.
script_tools = \
	tests/targets/recordings \
	tests/targets/unwound
tests_targets_recordings_SOURCES = tests/targets/recordings.c
tests_targets_unwound_SOURCES = tests/targets/unwound.c

# What measures, for the benchmark.
bench_tools = \
	tests/targets/measure \
	tests/targets/onpty
tests_targets_measure_SOURCES = tests/targets/measure.c
tests_targets_measure_CFLAGS = $(WARN_CFLAGS)
tests_targets_measure_LDADD =
tests_targets_onpty_SOURCES = tests/targets/onpty.c
tests_targets_onpty_CFLAGS = $(WARN_CFLAGS)
tests_targets_onpty_LDADD =

# Need a pseudo-terminal as well, and libvterm.
pty_tests = \
	tests/test_pty
tests_test_pty_LDADD = $(LDADD) $(VTERM_LIBS)

# Some of these need root, uprobes and perf, see cannot_run() in lib.sh.
script_tests = \
	build-aux/check-layers.sh \
	tests/allocators.sh \
	tests/bad_input.sh \
	tests/dwarf.sh \
	tests/emacs.sh \
	tests/focus.sh \
	tests/follow.sh \
	tests/launch.sh \
	tests/live_batch.sh \
	tests/live_options.sh \
	tests/names.sh \
	tests/record.sh \
	tests/recording.sh \
	tests/text.sh \
	tests/variants.sh \
	tests/writer.sh

# What several tests include; and scripts and data that they use.
test_headers = \
	tests/perfdata_builder.h \
	tests/testing.h \
	tests/unwind_builder.h \
	tests/ui_fixture.h \
	tests/ui_screen.h

test_data = \
	tests/recordings/big.perf.data \
	tests/recordings/big-narrow.perf.data \
	tests/recordings/big-pipe.perf.data \
	tests/recordings/narrow.perf.data \
	tests/recordings/old.perf.data \
	tests/screens/damaged-80x24.txt \
	tests/screens/empty-80x24.txt \
	tests/screens/exited-80x24.txt \
	tests/screens/file-80x24.txt \
	tests/screens/filter-40x10.txt \
	tests/screens/filter-80x24.txt \
	tests/screens/help-120x40.txt \
	tests/screens/help-40x10.txt \
	tests/screens/help-80x24.txt \
	tests/screens/life-120x40-ascii.txt \
	tests/screens/life-120x40.txt \
	tests/screens/life-160x30.txt \
	tests/screens/life-40x10-ascii.txt \
	tests/screens/life-40x10.txt \
	tests/screens/life-80x24-ascii.txt \
	tests/screens/life-80x24.txt \
	tests/screens/loading-40x10.txt \
	tests/screens/loading-80x24.txt \
	tests/screens/lost-40x10.txt \
	tests/screens/lost-80x24.txt \
	tests/screens/names-functions-120x40.txt \
	tests/screens/names-life-functions-80x24.txt \
	tests/screens/names-life-raw-160x30.txt \
	tests/screens/names-offsets-80x24.txt \
	tests/screens/names-raw-120x40.txt \
	tests/screens/no-chains-80x24.txt \
	tests/screens/output-40x10.txt \
	tests/screens/output-80x24.txt \
	tests/screens/paused-40x10.txt \
	tests/screens/paused-80x24.txt \
	tests/screens/probes-80x24.txt \
	tests/screens/suspects-120x40-ascii.txt \
	tests/screens/suspects-120x40.txt \
	tests/screens/suspects-40x10-ascii.txt \
	tests/screens/suspects-40x10.txt \
	tests/screens/suspects-80x24-ascii.txt \
	tests/screens/suspects-80x24.txt \
	tests/screens/wrong-filter-80x24.txt \
	tests/chains.pl \
	tests/bench.sh \
	tests/compare.pl \
	tests/follow.pl \
	tests/follow_plain.pl \
	tests/lib.sh \
	tests/probes.sh \
	tests/record_emacs.sh \
	tests/record_target.sh

EXTRA_DIST += $(test_headers) $(test_data)

TEST_EXTENSIONS = .sh
# What hangs is to fail, whatever it waits for.
SH_LOG_COMPILER = timeout --foreground -k 60 1200 $(SHELL)
AM_TESTS_ENVIRONMENT = \
	LEAKTOP='$(abs_top_builddir)/leaktop'; export LEAKTOP; \
	LEAKTOP_DEMO='$(abs_top_builddir)/demo/leaktop-demo'; export LEAKTOP_DEMO; \
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; \
	abs_top_builddir='$(abs_top_builddir)'; export abs_top_builddir; \
	CK_DEFAULT_TIMEOUT=60; CK_TIMEOUT_MULTIPLIER=4; \
	export CK_DEFAULT_TIMEOUT CK_TIMEOUT_MULTIPLIER; \
	UBSAN_OPTIONS=print_stacktrace=1; export UBSAN_OPTIONS;

bench: $(live_targets) $(bench_tools)

TESTS += $(script_tests)
EXTRA_DIST += $(script_tests)

if HAVE_CHECK
check_DATA += $(static_target)
check_PROGRAMS += $(unit_tests) $(live_tests) $(live_targets) $(bench_tools) $(script_tools)
TESTS += $(unit_tests) $(live_tests)
if HAVE_VTERM
check_PROGRAMS += $(pty_tests)
TESTS += $(pty_tests)
endif

if HAVE_SANITIZERS
check_LIBRARIES += libleaktop_san.a
libleaktop_san_a_SOURCES = $(libleaktop_a_SOURCES)
libleaktop_san_a_CFLAGS = $(AM_CFLAGS) $(SANITIZE_CFLAGS)

check_DATA += $(unit_tests:=.san)
TESTS += $(unit_tests:=.san)
CLEANFILES += $(unit_tests:=.san)
%.san: %.c libleaktop_san.a $(test_headers)
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(COMPILE) $(SANITIZE_CFLAGS) $(LDFLAGS) -o $@ $< libleaktop_san.a $(LEAKTOP_LIBS) $(CHECK_LIBS) $(LIBS)
endif

else
check-local:
	@echo 'The unit tests need the library Check: run ./quickstart check, or' >&2
	@echo 'install it (Debian: check; Fedora: check-devel) and configure again.' >&2
	@exit 1
endif
