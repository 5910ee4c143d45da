/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_BASE_SHRUNKEN_H
#define LEAKTOP_BASE_SHRUNKEN_H

/* From now on what is mapped of a file that somebody makes shorter meanwhile reads
   as zeros, and does not end the program (SIGBUS): who reads checks everything
   anyway.  Threads must not block SIGBUS, see thread_start().  */
void shrunken_read_zeros(void);

#endif
