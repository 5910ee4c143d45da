/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/strings.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/seed.h"
#include "base/text.h"

struct string {
	struct string *next;    /* with the same hash */
	uint32_t hash;
	char text[];
};

struct strings {
	pthread_mutex_t lock;
	struct string **buckets;
	size_t size;            /* a power of two */
	size_t count;
	uint64_t seed;          /* see base/seed.h */
};

struct strings *strings_new(void)
{
	struct strings *strings = calloc(1, sizeof(*strings));

	if (!strings)
		return NULL;
	strings->seed = seed_new();
	strings->size = 256;
	strings->buckets = calloc(strings->size, sizeof(struct string *));
	if (!strings->buckets) {
		free(strings);
		return NULL;
	}
	pthread_mutex_init(&strings->lock, NULL);
	return strings;
}

void strings_free(struct strings *strings)
{
	if (!strings)
		return;
	for (size_t i = 0; i < strings->size; i++) {
		struct string *string, *next;

		for (string = strings->buckets[i]; string; string = next) {
			next = string->next;
			free(string);
		}
	}
	free(strings->buckets);
	pthread_mutex_destroy(&strings->lock);
	free(strings);
}

/* Without memory the chains just grow longer.  */
static void grow(struct strings *strings)
{
	size_t size = strings->size * 2;
	struct string **buckets = calloc(size, sizeof(struct string *));

	if (!buckets)
		return;
	for (size_t i = 0; i < strings->size; i++) {
		struct string *string, *next;

		for (string = strings->buckets[i]; string; string = next) {
			size_t slot = string->hash & (size - 1);

			next = string->next;
			string->next = buckets[slot];
			buckets[slot] = string;
		}
	}
	free(strings->buckets);
	strings->buckets = buckets;
	strings->size = size;
}

const char *strings_intern(struct strings *strings, const char *text)
{
	size_t length = strlen(text);
	struct string *fresh = malloc(sizeof(*fresh) + length + 1);
	struct string *string;
	size_t slot;

	if (!fresh)
		return NULL;
	text_clean(fresh->text, length + 1, text);
	fresh->hash = (uint32_t)text_hash(strings->seed, fresh->text,
					  strlen(fresh->text));
	pthread_mutex_lock(&strings->lock);
	slot = fresh->hash & (strings->size - 1);
	for (string = strings->buckets[slot]; string; string = string->next) {
		if (string->hash == fresh->hash &&
		    !strcmp(string->text, fresh->text))
			break;
	}
	if (string) {
		free(fresh);
	} else {
		string = fresh;
		string->next = strings->buckets[slot];
		strings->buckets[slot] = string;
		if (++strings->count > strings->size)
			grow(strings);
	}
	pthread_mutex_unlock(&strings->lock);
	return string->text;
}
