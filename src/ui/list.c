/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "ui/list.h"

static size_t page(const struct list *list)
{
	return list->height > 2 ? (size_t)list->height - 1 : 1;
}

void list_select(struct list *list, size_t index)
{
	if (index >= list->count)
		index = list->count ? list->count - 1 : 0;
	list->selected = index;
}

static void forward(struct list *list, size_t lines)
{
	size_t left = list->count - list->selected;

	list_select(list, lines < left ? list->selected + lines : list->count);
}

static void backward(struct list *list, size_t lines)
{
	list->selected -= lines < list->selected ? lines : list->selected;
}

void list_move(struct list *list, enum motion motion)
{
	switch (motion) {
	case MOTION_UP:
		backward(list, 1);
		break;
	case MOTION_DOWN:
		forward(list, 1);
		break;
	case MOTION_PAGE_UP:
		backward(list, page(list));
		break;
	case MOTION_PAGE_DOWN:
		forward(list, page(list));
		break;
	case MOTION_FIRST:
		list->selected = 0;
		break;
	case MOTION_LAST:
		list_select(list, list->count);
		break;
	}
}

void list_follow(struct list *list, size_t index, size_t count)
{
	size_t above = list->selected - (list->top < list->selected ? list->top : list->selected);

	list->count = count;
	list_select(list, index);
	list->top = list->selected > above ? list->selected - above : 0;
}

void list_show(struct list *list, int height)
{
	size_t lines = height > 0 ? (size_t)height : 1;

	list->height = height;
	if (list->top > list->selected)
		list->top = list->selected;
	if (list->selected - list->top >= lines)
		list->top = list->selected - lines + 1;
	/* No empty lines at the end while there are some above.  */
	if (list->count < lines)
		list->top = 0;
	else if (list->top > list->count - lines)
		list->top = list->count - lines;
}
