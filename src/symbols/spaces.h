/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_SPACES_H
#define LEAKTOP_SYMBOLS_SPACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/objects.h"

/* What was mapped where, for each process and program that it ran.  For one
   thread at a time; nothing here takes long.  */
struct spaces;

/* NULL when out of memory.  */
struct spaces *spaces_new(void);
void spaces_free(struct spaces *spaces);

/* The number of the present space of PID, made if it has none; 0 when out of
   memory.  */
uint32_t spaces_of(struct spaces *spaces, uint32_t pid);
void spaces_fork(struct spaces *spaces, uint32_t parent, uint32_t child);
void spaces_exec(struct spaces *spaces, uint32_t pid);
/* The same processes are about to begin once more: each comes to the spaces again
   that it had, with what is mapped there, in the same order.  */
void spaces_forget(struct spaces *spaces);

/* Where the files of PID are from now on; fork and exec keep it.  */
void spaces_set_root(struct spaces *spaces, uint32_t pid,
		     const struct root *root);
const struct root *spaces_root(struct spaces *spaces, uint32_t pid);

/* Whose space it is, and where that process's files are.  False: there is no
   such space.  */
bool spaces_process(const struct spaces *spaces, uint32_t space, uint32_t *pid,
		    const struct root **root);

/* LENGTH bytes at START are the file's from OFFSET on; OBJECT NULL: something
   that has no names.  Whether that changed anything.  */
bool spaces_map(struct spaces *spaces, uint32_t pid, uint64_t start,
		uint64_t length, uint64_t offset, struct object *object);

/* The object at ADDRESS of space number SPACE, and where in its file; NULL:
   none.  */
struct object *spaces_find(const struct spaces *spaces, uint32_t space,
			   uint64_t address, uint64_t *offset);

#endif
