# SPDX-License-Identifier: LGPL-3.0-or-later
libleaktop_a_SOURCES += \
	src/launch/child.c \
	src/launch/console.c \
	src/launch/internal.h \
	src/launch/launch.c src/launch/launch.h \
	src/launch/trace.c
