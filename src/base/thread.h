/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_BASE_THREAD_H
#define LEAKTOP_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* Starts RUN (CONTEXT) with all signals blocked but SIGBUS (see base/shrunken.h):
   they are for the main thread, whatever their kind; and SIGXFSZ, which comes where
   a limit of a file's size is reached, would end the process.  Returns 0, or an
   error number.  */
int thread_start(pthread_t *thread, void *(*run)(void *context), void *context);

/* Whether there is a second processor for another thread to be of use.  */
bool thread_has_processor(void);

#endif
