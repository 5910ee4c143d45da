/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "session/internal.h"

/* Which sizes are taken with stack dumps: those that the user has chosen, and
   those of the heaviest call sites of which the call chains tell too little.  */

#define DUMP_BYTES 8192

/* How often it is looked for sizes to focus on, ns, and at how many heaviest
   groups; no more than AUTO_MAX sizes are chosen without being asked.  */
#define LOOK_PERIOD (2 * NS_PER_SECOND)
#define HEAVIEST 5
#define AUTO_MAX 4

/* Blocks that are needed to be worth it.  */
#define BLOCKS_MIN 2

static bool contains(const struct capture_focus *focus, uint64_t size)
{
	for (unsigned i = 0; i < focus->count; i++) {
		if (focus->size[i] == size)
			return true;
	}
	return false;
}

static void take_away(struct capture_focus *focus, uint64_t size)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < focus->count; i++) {
		if (focus->size[i] != size)
			focus->size[kept++] = focus->size[i];
	}
	focus->count = kept;
}

void focus_begin(struct session *session)
{
	session->focus = session->options.focus;
	if (!session->focus.dump_bytes)
		session->focus.dump_bytes = DUMP_BYTES;
	session->focused.count = 0;
	session->next_focus = clock_now() + LOOK_PERIOD;
}

enum focus_answer focus_toggle(void *context, uint64_t size)
{
	struct session *session = context;
	struct capture_focus *focus = &session->focus;
	enum focus_answer answer = FOCUS_BEGINS;

	pthread_mutex_lock(&session->lock);
	if (contains(focus, size)) {
		take_away(focus, size);
		answer = FOCUS_ENDS;
	} else if (focus->count < CAPTURE_FOCUS_MAX) {
		focus->size[focus->count++] = size;
	} else {
		answer = FOCUS_FULL;
	}
	pthread_mutex_unlock(&session->lock);
	return answer;
}

/* Whether CHAIN tells too little: one frame only, or one outside of any
   mapping, as code without frame pointers gives.  */
static bool is_broken(const struct session *session, const struct chain *chain)
{
	if (chain->count < 2)
		return true;
	for (uint32_t i = 0; i < chain->count; i++) {
		if (!symbols_place(session->symbols, chain->space,
				   chain->addresses[i]).object)
			return true;
	}
	return false;
}

/* The HEAVIEST groups by live bytes, heaviest first.  Returns how many.  */
static unsigned find_heaviest(const struct snapshot *heap,
			      const struct group *heaviest[HEAVIEST])
{
	unsigned count = 0;

	for (uint32_t i = 0; i < heap->group_count; i++) {
		const struct group *group = &heap->groups[i];
		unsigned at = count;

		if (group->live < BLOCKS_MIN)
			continue;
		while (at && group->live * group->size >
			     heaviest[at - 1]->live * heaviest[at - 1]->size)
			at--;
		if (at == HEAVIEST)
			continue;
		count += count < HEAVIEST;
		memmove(&heaviest[at + 1], &heaviest[at],
			(count - at - 1) * sizeof(*heaviest));
		heaviest[at] = group;
	}
	return count;
}

static struct capture_focus wanted_focus(struct session *session)
{
	struct capture_focus wanted;

	pthread_mutex_lock(&session->lock);
	wanted = session->focus;
	pthread_mutex_unlock(&session->lock);
	return wanted;
}

static void choose(struct session *session, const struct snapshot *heap)
{
	const struct capture_focus wanted = wanted_focus(session);
	const struct group *heaviest[HEAVIEST];
	unsigned count = find_heaviest(heap, heaviest);

	for (unsigned i = 0; i < count && session->auto_focused < AUTO_MAX;
	     i++) {
		const struct group *group = heaviest[i];
		struct chain chain = chains_get(heap->chains, group->chain);

		if (!group->size || chains_shallow(heap->chains, group->chain) ||
		    contains(&wanted, group->size) ||
		    !is_broken(session, &chain))
			continue;
		if (focus_toggle(session, group->size) == FOCUS_BEGINS)
			session->auto_focused++;
	}
}

void focus_look(struct session *session, uint64_t time)
{
	struct picture *picture;

	if (session->options.no_auto_focus || time < session->next_focus ||
	    session->mode != WATCH_ALL || session->auto_focused == AUTO_MAX)
		return;
	session->next_focus = time + LOOK_PERIOD;
	/* What is on show is new enough, and costs no further copy.  */
	pthread_mutex_lock(&session->lock);
	picture = picture_ref(session->picture);
	pthread_mutex_unlock(&session->lock);
	choose(session, picture->heap);
	picture_unref(picture);
}

void focus_apply(struct session *session)
{
	const struct capture_focus wanted = wanted_focus(session);

	/* A change of the mode may have lost it.  */
	if (session->mode == WATCH_ALL && session->focused.count &&
	    !capture_has_focus(session->capture))
		session->focused.count = 0;
	if (wanted.count == session->focused.count &&
	    !memcmp(wanted.size, session->focused.size,
		    wanted.count * sizeof(*wanted.size)))
		return;
	session->focused = wanted;
	if (capture_set_focus(session->capture, &wanted, &session->sink,
			      &session->focus_trouble) == 0) {
		session->focus_trouble.text[0] = '\0';
		return;
	}
	/* The user can try again.  */
	pthread_mutex_lock(&session->lock);
	for (unsigned i = 0; i < wanted.count; i++)
		take_away(&session->focus, wanted.size[i]);
	pthread_mutex_unlock(&session->lock);
	session->focused.count = 0;
}
