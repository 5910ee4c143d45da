/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_BASE_SEED_H
#define LEAKTOP_BASE_SEED_H

#include <stdint.h>

/* A number for a hash function, so that nobody who writes a file or is watched can
   choose keys that collide.  0 where there is no randomness: then searches are
   slower in bad hands.  */
uint64_t seed_new(void);

#endif
