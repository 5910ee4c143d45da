/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/life.h"

#include <stdlib.h>

#include "base/intl.h"
#include "ui/screen.h"
#include "ui/stack.h"

/* Log entries looked at before keys are served again.  */
#define BUDGET 200000
/* Between two frames while playing, ns.  */
#define FRAME_TIME UINT64_C(20000000)
#define SHIFT_STEP 8

/* Of playing, against the time of the process.  */
static const double speeds[] = {0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1000};
#define SPEED_COUNT (sizeof(speeds) / sizeof(speeds[0]))
#define SPEED_REAL 4

double life_speed(const struct life *life)
{
	return speeds[life->speed];
}

bool life_is_again(const struct life *life)
{
	const struct picture *picture = life->view.screen->picture;

	return picture->life_asked && picture->life_size == life->events.size;
}

static const struct log_view *log_of(const struct life *life)
{
	const struct picture *picture = life->view.screen->picture;

	return life_is_again(life) && picture->life ? picture->life :
		picture->heap->log;
}

const struct log_entry *life_entry(const struct life *life, size_t index)
{
	if (index >= life->events.count || !log_of(life))
		return NULL;
	return log_view_get(log_of(life), life->events.entries[index]);
}

const struct log_entry *life_partner(const struct life *life, size_t index)
{
	if (index >= life->events.count || !log_of(life) ||
	    life->events.partners[index] == LIFECYCLE_NONE)
		return NULL;
	return log_view_get(log_of(life), life->events.partners[index]);
}

static bool growing(const struct screen *screen)
{
	return screen->picture->state == STATE_WATCHING ||
	       screen->picture->state == STATE_STARTING;
}

static bool numbered_anew(struct life *life)
{
	const struct picture *picture = life->view.screen->picture;
	bool loaded = life->loading && picture->state != STATE_LOADING;
	bool less = picture->heap->hits < life->hits;
	bool again = log_of(life) != picture->heap->log;
	bool other = again != life->again;

	life->loading = picture->state == STATE_LOADING;
	life->hits = picture->heap->hits;
	life->again = again;
	return loaded || less || other;
}

/* What a recording has that is not in the log is wanted, too.  */
static void ask_again(struct life *life)
{
	const struct screen *screen = life->view.screen;
	const struct picture *picture = screen->picture;

	if (life_is_again(life) || screen->feed->source->kind != SOURCE_FILE ||
	    (picture->state != STATE_COMPLETE && picture->state != STATE_DAMAGED) ||
	    !picture->heap->log || !log_view_first(picture->heap->log))
		return;
	/* Another view may have asked for another size since.  */
	if (life->asked && !picture->life_asked)
		return;
	life->asked = true;
	screen->feed->life(screen->feed->context, life->events.size);
}

/* Reads on in the log, and keeps the selected event selected.  */
static void read_log(struct life *life)
{
	struct screen *screen = life->view.screen;
	struct lifecycle *events = &life->events;
	uint64_t number = 0;
	int more;

	ask_again(life);
	if (numbered_anew(life)) {
		lifecycle_clear(events);
		life->placed = false;
	}
	if (life->list.selected < events->count)
		number = events->entries[life->list.selected];
	life->unread = false;
	if (!log_of(life))
		return;
	more = lifecycle_update(events, log_of(life), BUDGET);
	if (more < 0)
		screen_say(screen, "%s", _("out of memory: later events are missing"));
	life->unread = more > 0;
	list_follow(&life->list, lifecycle_find(events, number), events->count);
	if (!life->placed && events->count > 0) {
		life->placed = true;
		life->follow = growing(screen);
		life->list.selected = 0;
	}
	if (life->follow)
		list_move(&life->list, MOTION_LAST);
	screen->dirty = true;
}

static void update(struct view *view)
{
	read_log(life_of(view));
}

/* Playing.  */

static void play_from_here(struct life *life)
{
	const struct log_entry *entry = life_entry(life, life->list.selected);

	life->play_now = life->view.screen->now;
	life->play_time = entry ? entry->time : 0;
}

static uint64_t play_on(struct life *life, uint64_t now)
{
	double passed = (double)(now - life->play_now) * life_speed(life);
	size_t next = life->list.selected + 1;
	const struct log_entry *entry;
	double wait;

	while ((entry = life_entry(life, next)) != NULL &&
	       (entry->time <= life->play_time ||
		(double)(entry->time - life->play_time) <= passed))
		next++;
	if (next - 1 != life->list.selected) {
		list_select(&life->list, next - 1);
		life->view.screen->dirty = true;
	}
	if (!entry) {
		if (life->unread)
			return now + FRAME_TIME;
		life->playing = false;
		life->follow = growing(life->view.screen);
		life->view.screen->dirty = true;
		return 0;
	}
	wait = ((double)(entry->time - life->play_time) - passed) / life_speed(life);
	/* Far away is far enough: it is asked again.  */
	if (wait > 1e12)
		wait = 1e12;
	return now + (wait < (double)FRAME_TIME ? FRAME_TIME : (uint64_t)wait);
}

static uint64_t tick(struct view *view, uint64_t now)
{
	struct life *life = life_of(view);
	uint64_t next = 0;

	if (life->unread)
		read_log(life);
	if (life->playing)
		next = play_on(life, now);
	return life->unread ? now : next;
}

static void play_key(struct view *view, int argument)
{
	struct life *life = life_of(view);

	(void)argument;
	life->playing = !life->playing;
	life->follow = false;
	/* At the end it begins anew.  */
	if (life->playing && life->list.selected + 1 >= life->list.count)
		list_select(&life->list, 0);
	play_from_here(life);
}

static void speed_key(struct view *view, int step)
{
	struct life *life = life_of(view);

	if (step < 0 && life->speed > 0)
		life->speed--;
	if (step > 0 && life->speed + 1 < SPEED_COUNT)
		life->speed++;
	play_from_here(life);
	screen_say(view->screen, _("Playing at %g times the speed of the process"),
		   life_speed(life));
}

/* Stepping.  */

static void go_to(struct life *life, size_t index)
{
	list_select(&life->list, index);
	life->follow = false;
	play_from_here(life);
}

static void moved(struct view *view, enum motion motion)
{
	struct life *life = life_of(view);

	life->follow = motion == MOTION_LAST && growing(view->screen);
	play_from_here(life);
}

/* Whether the event at INDEX is one that a key looks for.  */
typedef bool (*wanted)(const struct life *life, size_t index);

static bool same_address(const struct life *life, size_t index)
{
	const struct log_entry *here = life_entry(life, life->list.selected);
	const struct log_entry *there = life_entry(life, index);

	return here && there && here->address == there->address;
}

static bool still_live(const struct life *life, size_t index)
{
	const struct log_entry *entry = life_entry(life, index);

	return entry && entry->enter && life->events.partners[index] == LIFECYCLE_NONE;
}

static bool look(struct life *life, wanted is_wanted, int step)
{
	size_t index = life->list.selected;

	for (;;) {
		if (step < 0 ? index == 0 : index + 1 >= life->events.count)
			return false;
		index = step < 0 ? index - 1 : index + 1;
		if (is_wanted(life, index)) {
			go_to(life, index);
			return true;
		}
	}
}

static void address_key(struct view *view, int step)
{
	if (!look(life_of(view), same_address, step))
		screen_say(view->screen, "%s",
			   step > 0 ? _("Nothing more happens at this address")
				    : _("Nothing happened at this address before"));
}

static void live_key(struct view *view, int step)
{
	if (!look(life_of(view), still_live, step))
		screen_say(view->screen, "%s",
			   step > 0 ? _("No later block is still live")
				    : _("No earlier block is still live"));
}

static void partner_key(struct view *view, int argument)
{
	struct life *life = life_of(view);
	const struct log_entry *entry = life_entry(life, life->list.selected);

	(void)argument;
	if (!entry)
		return;
	if (life_partner(life, life->list.selected))
		go_to(life, lifecycle_find(&life->events,
					   life->events.partners[life->list.selected]));
	else
		screen_say(view->screen, "%s",
			   entry->enter ? _("This block is still live")
					: _("This block was allocated before the log begins"));
}

/* The rest.  */

static void pane_key(struct view *view, int argument)
{
	struct life *life = life_of(view);
	int lines = view->screen->body ? getmaxy(view->screen->body) : 0;

	(void)argument;
	life->pane = life_pane_shown(life, lines) ? LIFE_PANE_OFF : LIFE_PANE_ON;
}

static void focus_key(struct view *view, int argument)
{
	(void)argument;
	screen_focus(view->screen, life_of(view)->events.size);
}

static void shift_key(struct view *view, int cells)
{
	struct life *life = life_of(view);

	life->shift += cells;
	life->shift = life->shift < 0 ? 0 : life->shift > 512 ? 512 : life->shift;
}

static void leave_key(struct view *view, int argument)
{
	(void)argument;
	screen_pop(view->screen);
}

static const struct key keys[] = {
	{
		.codes = {KEY_ESCAPE, KEY_OF(KEY_BACKSPACE)}, .label = N_("Back"),
		.help = N_("back to the suspects"), .action = leave_key,
	},
	{
		.codes = {' '}, .label = N_("Play"),
		.help = N_("play in the time of the process, and stop"), .action = play_key,
	},
	{
		.codes = {'n', '\t'}, .label = N_("NextOfBlock"),
		.help = N_("the next event at the same address"), .action = address_key,
		.argument = 1,
	},
	{
		.codes = {'N', KEY_OF(KEY_BTAB)},
		.help = N_("the event before at the same address"), .action = address_key,
		.argument = -1,
	},
	{
		.codes = {'b'}, .label = N_("Both"),
		.help = N_("between a block's allocation (enter) and its release (exit)"),
		.action = partner_key,
	},
	{
		.codes = {']'}, .label = N_("NextLive"),
		.help = N_("the next block that is still live, marked with *"),
		.action = live_key, .argument = 1,
	},
	{
		.codes = {'['},
		.help = N_("the one before"), .action = live_key, .argument = -1,
	},
	{
		.codes = {'+'},
		.help = N_("play faster"), .action = speed_key, .argument = 1,
	},
	{
		.codes = {'-'},
		.help = N_("play slower"), .action = speed_key, .argument = -1,
	},
	{
		.codes = {'F'}, .label = N_("Focus"),
		.help = N_("take the whole stack at each allocation of this size; again: no more"),
		.action = focus_key,
	},
	{
		.codes = {'w'}, .label = N_("Where"),
		.help = N_("show or hide the call chain of the selected event"),
		.action = pane_key,
	},
	{
		.codes = {'s'},
		.help = N_("show functions, offsets, lines or raw addresses in call chains"),
		.action = stack_names_key,
	},
	{
		.codes = {KEY_OF(KEY_LEFT)},
		.help = N_("scroll the call chain to the left"), .action = shift_key,
		.argument = -SHIFT_STEP,
	},
	{
		.codes = {KEY_OF(KEY_RIGHT)},
		.help = N_("scroll the call chain to the right"), .action = shift_key,
		.argument = SHIFT_STEP,
	},
};

static struct list *list_of(struct view *view)
{
	return &life_of(view)->list;
}

static void close_view(struct view *view)
{
	lifecycle_clear(&life_of(view)->events);
	free(view);
}

static const struct view_ops ops = {
	.name = N_("Life of one size"),
	.keys = KEY_TABLE(keys),
	.update = update,
	.draw = life_draw,
	.list = list_of,
	.moved = moved,
	.tick = tick,
	.close = close_view,
};

struct view *lifecycle_open(struct screen *screen, uint64_t size)
{
	struct life *life = calloc(1, sizeof(*life));

	if (!life)
		return NULL;
	life->view = (struct view){.ops = &ops, .screen = screen};
	life->speed = SPEED_REAL;
	lifecycle_start(&life->events, size);
	return &life->view;
}
