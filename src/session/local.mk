# SPDX-License-Identifier: LGPL-3.0-or-later
libleaktop_a_SOURCES += \
	src/session/dumps.c \
	src/session/feeder.c \
	src/session/focuser.c \
	src/session/governor.c src/session/governor.h \
	src/session/internal.h \
	src/session/life.c \
	src/session/live_dumps.c \
	src/session/publisher.c \
	src/session/recorder.c \
	src/session/relay.c src/session/relay.h \
	src/session/runner.c \
	src/session/session.c src/session/session.h \
	src/session/unwinding.c src/session/unwinding.h \
	src/session/watcher.c
