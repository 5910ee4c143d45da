# SPDX-License-Identifier: LGPL-3.0-or-later
libleaktop_a_SOURCES += src/base/clock.h
libleaktop_a_SOURCES += src/base/dump.h
libleaktop_a_SOURCES += src/base/error.c src/base/error.h
libleaktop_a_SOURCES += src/base/grown.c src/base/grown.h
libleaktop_a_SOURCES += src/base/idmap.c src/base/idmap.h
libleaktop_a_SOURCES += src/base/intl.h
libleaktop_a_SOURCES += src/base/mapping.h
libleaktop_a_SOURCES += src/base/seed.c src/base/seed.h
libleaktop_a_SOURCES += src/base/shrunken.c src/base/shrunken.h
libleaktop_a_SOURCES += src/base/text.c src/base/text.h
libleaktop_a_SOURCES += src/base/thread.c src/base/thread.h
libleaktop_a_SOURCES += src/base/told.h
libleaktop_a_SOURCES += src/base/transcript.c src/base/transcript.h
