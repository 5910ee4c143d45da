# SPDX-License-Identifier: LGPL-3.0-or-later
libleaktop_a_SOURCES += src/capture/capture.c src/capture/capture.h
libleaktop_a_SOURCES += src/capture/check.c src/capture/check.h
libleaktop_a_SOURCES += src/capture/cost.c src/capture/cost.h
libleaktop_a_SOURCES += src/capture/details.c
libleaktop_a_SOURCES += src/capture/internal.h
libleaktop_a_SOURCES += src/capture/libc.c src/capture/libc.h
libleaktop_a_SOURCES += src/capture/mode.c
libleaktop_a_SOURCES += src/capture/owner.c src/capture/owner.h
libleaktop_a_SOURCES += src/capture/point.c src/capture/point.h
libleaktop_a_SOURCES += src/capture/preflight.c
libleaktop_a_SOURCES += src/capture/probes.c src/capture/probes.h
libleaktop_a_SOURCES += src/capture/rings.c src/capture/rings.h
libleaktop_a_SOURCES += src/capture/runtime.c src/capture/runtime.h
libleaktop_a_SOURCES += src/capture/stored.c
libleaktop_a_SOURCES += src/capture/target.c src/capture/target.h
libleaktop_a_SOURCES += src/capture/watch.c src/capture/watch.h
libleaktop_a_SOURCES += src/capture/x86.c src/capture/x86.h
