# SPDX-License-Identifier: LGPL-3.0-or-later
#
# The readers of what is not to be trusted, given anything. A target is one
# line here, tests/fuzz/NAME.c and a directory tests/fuzz/corpus/NAME.
fuzz_targets = \
	tests/fuzz/directory \
	tests/fuzz/perfdata \
	tests/fuzz/perfmap \
	tests/fuzz/text \
	tests/fuzz/tracing \
	tests/fuzz/unwind

fuzz_headers = \
	tests/fuzz/exact_map.h \
	tests/fuzz/fuzz.h \
	tests/fuzz/read_all.h

EXTRA_DIST += \
	$(fuzz_targets:=.c) \
	$(fuzz_headers) \
	tests/fuzz/fuzz.sh \
	tests/fuzz/replay.c \
	tests/fuzz/text.dict \
	tests/fuzz/corpus

# For exact_map.h.
fuzz_links = $(LEAKTOP_LIBS) $(LIBS) \
	$(if $(filter directory.% perfdata.%,$(@F)),-Wl$(comma)--wrap=mmap$(comma)--wrap=munmap)
comma = ,

# What has been found once is tried by make check.
if HAVE_SANITIZERS
if HAVE_CHECK
check_DATA += $(fuzz_targets:=.san)
TESTS += $(fuzz_targets:=.san)
CLEANFILES += $(fuzz_targets:=.san)
tests/fuzz/%.san: tests/fuzz/%.c tests/fuzz/replay.c $(fuzz_headers) libleaktop_san.a
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(COMPILE) $(SANITIZE_CFLAGS) $(LDFLAGS) -o $@ $< $(srcdir)/tests/fuzz/replay.c libleaktop_san.a $(fuzz_links)
endif
endif

# make fuzz [FUZZ_SECONDS=N] [FUZZ_CC=COMPILER]: each target for so long, with
# libFuzzer, which is Clang's, and so with a library that Clang has built.
FUZZ_CC = clang
FUZZ_SECONDS = 60
FUZZ_CFLAGS = -g -O1 -fno-omit-frame-pointer -Wno-unknown-warning-option
FUZZ_SANITIZE = address,undefined -fno-sanitize-recover=all
EXTRA_LIBRARIES = libleaktop_fuzz.a
libleaktop_fuzz_a_SOURCES = $(libleaktop_a_SOURCES)
libleaktop_fuzz_a_CFLAGS = $(WARN_CFLAGS) $(LEAKTOP_CFLAGS) $(FUZZ_CFLAGS) \
	-fsanitize=fuzzer-no-link,$(FUZZ_SANITIZE)

CLEANFILES += $(fuzz_targets:=.fuzz) libleaktop_fuzz.a
tests/fuzz/%.fuzz: tests/fuzz/%.c $(fuzz_headers) libleaktop_fuzz.a
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(COMPILE) $(FUZZ_CFLAGS) -fsanitize=fuzzer,$(FUZZ_SANITIZE) $(LDFLAGS) -o $@ $< libleaktop_fuzz.a $(fuzz_links)

.PHONY: fuzz fuzz-programs
fuzz-programs: $(fuzz_targets:=.fuzz)
fuzz:
	srcdir='$(srcdir)' MAKE='$(MAKE)' FUZZ_CC='$(FUZZ_CC)' \
	  FUZZ_SECONDS='$(FUZZ_SECONDS)' UBSAN_OPTIONS=print_stacktrace=1 \
	  $(SHELL) $(srcdir)/tests/fuzz/fuzz.sh $(fuzz_targets)

# What libFuzzer has found goes with what make has made.
clean-local:
	rm -rf fuzz-corpus fuzz-found
