# SPDX-License-Identifier: LGPL-3.0-or-later
libleaktop_a_SOURCES += \
	src/heap/allocators.c src/heap/allocators.h \
	src/heap/blocks.c src/heap/blocks.h \
	src/heap/chains.c src/heap/chains.h \
	src/heap/follow.c src/heap/follow.h \
	src/heap/groups.c src/heap/groups.h \
	src/heap/heap.c src/heap/heap.h src/heap/heap_internal.h \
	src/heap/hit.h \
	src/heap/log.c src/heap/log.h \
	src/heap/order.c src/heap/order.h \
	src/heap/pair.c src/heap/pair.h \
	src/heap/parting.c src/heap/parting.h \
	src/heap/points.c src/heap/points.h \
	src/heap/reread.c \
	src/heap/segments.c src/heap/segments.h \
	src/heap/sizespec.c src/heap/sizespec.h \
	src/heap/snapshot.c src/heap/snapshot.h \
	src/heap/threads.c src/heap/threads.h \
	src/heap/turn.c
