# SPDX-License-Identifier: LGPL-3.0-or-later
#
# A unit test is one line here and one file tests/NAME.c with a main(); it is
# linked with libleaktop.a and Check, and built and run a second time under
# ASan and UBSan as NAME.san.
unit_tests = \
	tests/test_decode \
	tests/test_heap \
	tests/test_options \
	tests/test_order \
	tests/test_perfdata \
	tests/test_probepoint \
	tests/test_records \
	tests/test_rows \
	tests/test_session \
	tests/test_sizespec \
	tests/test_symbols

# Need a live target: root and uprobes, see skip_or_fail() in testing.h.
live_tests = \
	tests/test_live

# What the live tests watch; without sanitizers, which replace malloc.
live_targets = \
	tests/targets/caller
tests_targets_caller_SOURCES = tests/targets/caller.c
tests_targets_caller_CFLAGS = $(WARN_CFLAGS) -g -fno-builtin
tests_targets_caller_LDADD =

# Need a pseudo-terminal as well, and libvterm.
pty_tests =

script_tests = \
	build-aux/check-layers.sh

# What several tests include; and scripts and data that they use.
test_headers = \
	tests/perfdata_builder.h \
	tests/testing.h

test_data = \
	tests/compare.pl \
	tests/follow.pl \
	tests/probes.sh \
	tests/record_emacs.sh \
	tests/record_target.sh

EXTRA_DIST += $(test_headers) $(test_data)

TEST_EXTENSIONS = .sh
SH_LOG_COMPILER = $(SHELL)
AM_TESTS_ENVIRONMENT = \
	LEAKTOP='$(abs_top_builddir)/leaktop'; export LEAKTOP; \
	LEAKTOP_DEMO='$(abs_top_builddir)/demo/leaktop-demo'; export LEAKTOP_DEMO; \
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; \
	abs_top_builddir='$(abs_top_builddir)'; export abs_top_builddir; \
	UBSAN_OPTIONS=print_stacktrace=1; export UBSAN_OPTIONS;

TESTS += $(script_tests)
EXTRA_DIST += $(script_tests)

if HAVE_CHECK
check_PROGRAMS += $(unit_tests) $(live_tests) $(live_targets)
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
