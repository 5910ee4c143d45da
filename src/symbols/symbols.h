/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_SYMBOLS_H
#define LEAKTOP_SYMBOLS_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mapping.h"

/* Names for addresses.  One thread may feed mappings while another asks for
   names; every function may be called from any thread.  The spaces, mappings
   and places take less than a microsecond and never wait for a file;
   symbols_is_stub reads an object's headers when it first meets it;
   symbols_frame and symbols_call_site read its symbol tables (milliseconds, a
   second for the largest), and with FRAME_LINE its DWARF, once.  */
struct symbols;

/* NULL when out of memory.  */
struct symbols *symbols_new(void);
void symbols_free(struct symbols *symbols);

/* Address spaces: one per process and program that it runs.  A number is
   never used twice and stays good for what was seen in it; 0 is none.  A
   child has its parent's mappings; a mapping takes the place of what it
   overlaps.  Where a mapping's build id is not the file's, the file's names
   are not used.  */
uint32_t symbols_space(struct symbols *symbols, uint32_t pid);
void symbols_fork(struct symbols *symbols, uint32_t parent, uint32_t child);
/* The same processes are about to begin once more.  */
void symbols_forget_processes(struct symbols *symbols);
void symbols_exec(struct symbols *symbols, uint32_t pid);
void symbols_map(struct symbols *symbols, const struct mapping *mapping);

/* Where the files of the process are seen from here, such as /proc/PID/root,
   for one that lives in another mount namespace; NULL: at their own path.
   For the mappings that come after it; fork and exec keep it.  */
void symbols_set_root(struct symbols *symbols, uint32_t pid, const char *root);

/* A directory below which the files of all processes without a root of their
   own are looked for first.  Applies to mappings that come after it.  */
void symbols_set_sysroot(struct symbols *symbols, const char *directory);

/* What an address is.  Strings are owned by SYMBOLS and live as long; they
   are fit to be shown (see text_clean), at most 4095 bytes for a symbol.
   NULL: not known.  */
struct frame {
	const char *symbol;     /* demangled */
	uint64_t offset;        /* of the address from the symbol's start */
	const char *object;     /* path of the file */
	uint64_t object_offset; /* of the address in the file */
	const char *file;       /* source; only with FRAME_LINE */
	int line;               /* 1…; 0: not known */
	bool allocator;         /* an allocation function, or a wrapper of one */
};

enum frame_flags {
	FRAME_RETURN = 1 << 0,  /* a return address: the call before it counts */
	FRAME_LINE = 1 << 1     /* wants file and line: reads DWARF, can be slow */
};

/* Always fills *FRAME; returns true when an object or a symbol was found.  */
bool symbols_frame(struct symbols *symbols, uint32_t space, uint64_t address,
		   unsigned flags, struct frame *frame);

/* Whether ADDRESS lies in a procedure linkage stub of its object: 1 yes, 0 no,
   -1 when the object is not at hand.  */
int symbols_is_stub(struct symbols *symbols, uint32_t space, uint64_t address);

/* The build id of the file at MAPPING->path as process MAPPING->pid sees it,
   into MAPPING.  Reads the file's headers when it is met first.  Returns false,
   with nothing changed, when it has none or is not at hand.  */
bool symbols_build_id(struct symbols *symbols, struct mapping *mapping);

/* The frame of a call chain (ADDRESSES, innermost first, return addresses)
   where the allocation was asked for: the first that is neither an allocator
   nor a wrapper of one (operator new, strdup, xmalloc, g_malloc…); the
   outermost if all are.  Returns its index, 0..COUNT-1; COUNT must not be 0.
   */
uint32_t symbols_call_site(struct symbols *symbols, uint32_t space,
			   const uint64_t *addresses, uint32_t count);

/* Equal for two addresses if and only if they are the same place in the
   same object, in whatever process.  */
struct place {
	uint32_t object;        /* 0: in no object */
	uint64_t offset;        /* in the object; the address itself in none */
};
struct place symbols_place(struct symbols *symbols, uint32_t space,
			   uint64_t address);

#endif
