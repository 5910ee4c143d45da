# SPDX-License-Identifier: LGPL-3.0-or-later
libleaktop_a_SOURCES += src/trace/alone.c src/trace/alone.h
libleaktop_a_SOURCES += src/trace/decode.c src/trace/decode.h
libleaktop_a_SOURCES += src/trace/map.c src/trace/map.h
libleaktop_a_SOURCES += src/trace/mode_record.h
libleaktop_a_SOURCES += src/trace/records.c src/trace/records.h src/trace/records_internal.h
libleaktop_a_SOURCES += src/trace/records_dump.c
libleaktop_a_SOURCES += src/trace/records_mode.c
libleaktop_a_SOURCES += src/trace/records_sample.c
libleaktop_a_SOURCES += src/trace/records_swap.c
libleaktop_a_SOURCES += src/trace/records_task.c
libleaktop_a_SOURCES += src/trace/role.c
libleaktop_a_SOURCES += src/trace/sink.c src/trace/sink.h
libleaktop_a_SOURCES += src/trace/synthesize.c src/trace/synthesize.h
libleaktop_a_SOURCES += src/trace/tap.h
