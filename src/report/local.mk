# SPDX-License-Identifier: LGPL-3.0-or-later
libleaktop_a_SOURCES += \
	src/report/json.c \
	src/report/report.c src/report/report.h \
	src/report/text.c
