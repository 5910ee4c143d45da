/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_BASE_ERROR_H
#define LEAKTOP_BASE_ERROR_H

/* What went wrong, in words for the user: what failed, on what, and what to
   do about it.  Functions that can fail take one, fill it, and return -1 (or
   NULL); only main prints it.  */
struct error {
	char text[640];
};

/* Formats the message (translated by the caller), cut to fit.  A NULL ERROR
   is allowed.  Always returns -1, so that "return error_set (...)" reads
   well.  */
int error_set(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
