/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_BASE_SHRUNKEN_H
#define LEAKTOP_BASE_SHRUNKEN_H

#include <stddef.h>

/* What is mapped of a file that somebody makes shorter meanwhile can't be read any
   more: SIGBUS.  Here it reads as zeros, for who checks everything anyway.  */

/* From now on, in the whole program.  Threads must not block SIGBUS, see
   thread_start().  */
void shrunken_read_zeros(void);

/* Says so for SIZE bytes at MAP, which begins a page, until it is unmapped; and that
   it is about to be.  Of so many files that there is no room to note one a SIGBUS
   stays deadly.  */
void shrunken_expect(const void *map, size_t size);
void shrunken_forget(const void *map);

#endif
