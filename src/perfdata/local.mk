# SPDX-License-Identifier: LGPL-3.0-or-later
libleaktop_a_SOURCES += src/perfdata/cmdline.c src/perfdata/cmdline.h
libleaktop_a_SOURCES += src/perfdata/cursor.h
libleaktop_a_SOURCES += src/perfdata/events.c src/perfdata/events.h
libleaktop_a_SOURCES += src/perfdata/features.c src/perfdata/features.h
libleaktop_a_SOURCES += src/perfdata/file.c src/perfdata/file.h
libleaktop_a_SOURCES += src/perfdata/perfdata.c src/perfdata/perfdata.h
libleaktop_a_SOURCES += src/perfdata/reader.c src/perfdata/reader.h
libleaktop_a_SOURCES += src/perfdata/rescue.c src/perfdata/rescue.h
libleaktop_a_SOURCES += src/perfdata/tracing.c src/perfdata/tracing.h
