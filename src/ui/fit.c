/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/fit.h"

static int needed(const struct fit *fits, size_t count, int rest_min)
{
	int sum = -1;

	for (size_t i = 0; i < count; i++)
		if (fits[i].shown)
			sum += 1 + (fits[i].width ? fits[i].width : rest_min);
	return sum;
}

void fit_columns(struct fit *fits, size_t count, int width, int rest_min)
{
	for (size_t i = 0; i < count; i++)
		fits[i].shown = true;
	while (needed(fits, count, rest_min) > width) {
		struct fit *victim = NULL;

		for (size_t i = 0; i < count; i++)
			if (fits[i].shown && fits[i].drop &&
			    (!victim || fits[i].drop > victim->drop))
				victim = &fits[i];
		if (!victim)
			return;
		victim->shown = false;
	}
}
