/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_BASE_INTL_H
#define LEAKTOP_BASE_INTL_H

#include <libintl.h>

#define _(text) gettext(text)
/* Marks a string in a table; the reader of the table calls _() on it.  */
#define N_(text) (text)

#endif
