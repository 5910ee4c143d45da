/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_PERFDATA_SPOOL_H
#define LEAKTOP_PERFDATA_SPOOL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What comes through a pipe, kept in a file without a name in $TMPDIR (or
   /var/tmp), so that it can be read more than once, and mapped while it grows.
   Its size is bounded by the room there is on that disk; memory is not used
   up.  */
struct spool;

/* Takes over FD, which is closed by spool_free() or on errors.  Nothing is read
   yet.  Returns NULL with ERROR.  */
struct spool *spool_new(int fd, struct error *error);
void spool_free(struct spool *spool);

/* Waiting ends soon after *STOP is set; NULL: never.  STOP must outlive the
   waiting.  */
void spool_set_stop(struct spool *spool, const atomic_bool *stop);

/* Where what has come so far begins: always the same place.  */
const uint8_t *spool_bytes(const struct spool *spool);
size_t spool_size(const struct spool *spool);

/* Waits for more.  Returns 1 when there is; 0 at the end, or when it was
   stopped; -1 on errors, which stay: see spool_trouble().  */
int spool_more(struct spool *spool);

/* What went wrong, for the user; "" if nothing did.  */
const char *spool_trouble(const struct spool *spool);

#endif
