/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_BELOW_H
#define LEAKTOP_SYMBOLS_BELOW_H

/* Opens PATH for reading as a process would whose root is DIRECTORY: links in
   it, and "..", lead nowhere else, and what stands there is never waited for.
   FLAGS: more of those of open(2).  Returns the descriptor, or -1 with errno.
   Where the kernel, before Linux 5.6, can't do that, links lead to our own
   files.  */
int open_below(int directory, const char *path, int flags);

#endif
