/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_SYMBOLS_H
#define LEAKTOP_SYMBOLS_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mapping.h"
#include "base/told.h"

/* Names for addresses.  One thread may feed mappings while another asks for
   names; every function may be called from any thread.  The spaces, mappings
   and places take less than a microsecond and never wait for a file;
   symbols_is_stub reads an object's headers when it first meets it;
   symbols_frame and symbols_call_site read its symbol tables (milliseconds, a
   second for the largest), and with FRAME_LINE its DWARF, once; and where the
   variable DEBUGINFOD_URLS is set, ask its servers for what is not at hand.
   With symbols_background they never do any of that themselves.  */
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
/* The same processes are about to begin once more: in the same order each comes to
   the spaces again that it had, with all that is mapped there.  Until all has been
   told again, what was mapped over may be what it was before.  */
void symbols_forget_processes(struct symbols *symbols);
void symbols_exec(struct symbols *symbols, uint32_t pid);
void symbols_map(struct symbols *symbols, const struct mapping *mapping);

/* What a recording says itself of what call chains have as TOLD->key, in whatever
   space: it goes before what files say.  Of several for one key the first
   counts.  For one thread only.  */
void symbols_told(struct symbols *symbols, const struct told *told);

/* Where the files of the process are seen from here, such as /proc/PID/root,
   for one that lives in another mount namespace; NULL: at their own path.
   For the mappings that come after it; fork and exec keep it.  */
void symbols_set_root(struct symbols *symbols, uint32_t pid, const char *root);

/* A directory below which the files of all processes without a root of their
   own are looked for first.  Applies to mappings that come after it.  */
void symbols_set_sysroot(struct symbols *symbols, const char *directory);

/* From now on a thread reads what takes long, and who asks gets what is known
   at once, less than a microsecond away; see symbols_news_fd.  False, with all
   as before, when there can be no thread.  Not while others ask.  */
bool symbols_background(struct symbols *symbols);

/* eventfd: readable when more is known than was answered; read it.  -1 without
   symbols_background.  */
int symbols_news_fd(const struct symbols *symbols);

/* No server is waited for any more: what is under way ends within a second.  */
void symbols_stop_waiting(struct symbols *symbols);

/* Another number whenever call sites may be others than before, as names became
   known.  */
unsigned symbols_generation(const struct symbols *symbols);

/* How many files that names were asked for have none, because of WHY; and the path
   of one, fit to be shown, in *PATH if there are any.  */
enum lacking {
	FILES_OUTDATED,         /* they have changed since they were mapped, or are not
				   the ones that were recorded */
	FILES_MISSING,          /* they are not at hand */
	LACKING_KINDS
};
unsigned symbols_lacking(const struct symbols *symbols, enum lacking why,
			 const char **path);

/* What an address is.  Strings are owned by SYMBOLS and live as long; they
   are fit to be shown (see text_clean), at most 4095 bytes for a symbol.
   NULL: not known.  */
struct frame {
	const char *symbol;     /* demangled */
	uint64_t offset;        /* of the address from the symbol's start; 0 for inlined */
	const char *object;     /* path of the file, or of the perf-PID.map that has the name */
	uint64_t object_offset; /* of the address in the file */
	const char *file;       /* source; only with FRAME_LINE */
	int line;               /* 1…; 0: not known */
	bool allocator;         /* an allocation function, or a wrapper of one */
	bool no_offset;         /* it is not known, and 0 */
	bool numbered;          /* what was asked for is no address: see symbols_told;
				   it is object_offset, or not known where that is 0 */
	bool inlined;           /* a function that is part of the one after it */
};

enum frame_flags {
	FRAME_RETURN = 1 << 0,  /* a return address: the call before it counts */
	FRAME_LINE = 1 << 1     /* wants file and line: reads DWARF, can be slow */
};

/* Always fills *FRAME; returns true when an object or a symbol was found.
   Where functions are inlined at the address, the line is that of the first one
   around it that is no allocator, the symbol always that of the function around
   them all.  */
bool symbols_frame(struct symbols *symbols, uint32_t space, uint64_t address,
		   unsigned flags, struct frame *frame);

/* The same with a frame of its own for each function that is inlined there,
   with FRAME_LINE: into FRAMES of SIZE, 1 or more, innermost first, the last of
   them the function around them all.  Returns how many.  */
#define FRAMES_PER_ADDRESS 32
unsigned symbols_frames(struct symbols *symbols, uint32_t space,
			uint64_t address, unsigned flags, struct frame *frames,
			unsigned size);

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

/* The path of the object at ADDRESS, as in struct frame; NULL: none.  Never
   waits for a file.  */
const char *symbols_object(struct symbols *symbols, uint32_t space,
			   uint64_t address);

/* Grows with every change of what is mapped where.  */
uint64_t symbols_changes(const struct symbols *symbols);

/* Equal for two addresses if and only if they are the same place in the
   same object, in whatever process.  */
struct place {
	uint32_t object;        /* 0: in no object */
	uint64_t offset;        /* in the object; the address itself in none */
};
struct place symbols_place(struct symbols *symbols, uint32_t space,
			   uint64_t address);

#endif
