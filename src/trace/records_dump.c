/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <elf.h>

#include "trace/records_internal.h"

/* What a machine's user registers are known by, in perf's numbers
   (arch/…/include/uapi/asm/perf_regs.h).  The stack pointer and the program
   counter are always among those that are recorded with a stack.  */
static const struct {
	uint16_t machine;
	uint64_t all;           /* that there are */
	uint64_t some;          /* that are needed, and tell it from others */
} machines[] = {
	/* sp, ip and r8; there is nothing at 24…31, and above that are the
	   vector registers.  */
	{ EM_X86_64, ~UINT64_C(0xff000000),
	  1u << 7 | 1u << 8 | 1u << 16 },
	/* x29, sp and pc; 46 is the length of vectors.  */
	{ EM_AARCH64, ((UINT64_C(1) << 33) - 1) | UINT64_C(1) << 46,
	  1u << 29 | UINT64_C(3) << 31 },
};

uint16_t dump_machine(uint64_t mask)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (!(mask & ~machines[i].all) &&
		    (mask & machines[i].some) == machines[i].some)
			return machines[i].machine;
	}
	return EM_NONE;
}

/* Steps over COUNT times SIZE u64s; *AT counts u64s.  Returns 0 or -1.  */
static int skip(const struct body *body, size_t *at, uint64_t count,
		size_t size)
{
	if (count > (body->count - *at) / size)
		return -1;
	*at += (size_t)count * size;
	return 0;
}

/* The next u64.  Returns 0 or -1.  */
static int take(const struct body *body, size_t *at, uint64_t *value)
{
	if (*at >= body->count)
		return -1;
	*value = body->data[(*at)++];
	return 0;
}

/* An entry is from, to and flags; behind all of them, where they were asked
   for, stand the counts of events between them.  */
static int skip_branches(const struct event *event, const struct body *body,
			 size_t *at)
{
	bool counted = event->branches & UINT64_C(1) << 19; /* BRANCH_COUNTERS */
	uint64_t count;

	if (take(body, at, &count))
		return -1;
	if (event->branches & PERF_SAMPLE_BRANCH_HW_INDEX &&
	    skip(body, at, 1, 1))
		return -1;
	return skip(body, at, count, counted ? 4 : 3);
}

int dump_read(const struct event *event, const struct body *body, size_t at,
	      struct dump *dump)
{
	uint64_t abi, room, size;

	if (at > body->count)
		return -1;
	if (event->sample_type & PERF_SAMPLE_BRANCH_STACK &&
	    skip_branches(event, body, &at))
		return -1;
	if (take(body, &at, &abi))
		return -1;
	dump->registers = body->data + at;
	if (abi != PERF_SAMPLE_REGS_ABI_NONE &&
	    skip(body, &at, 1,
		 (size_t)__builtin_popcountll(event->registers)))
		return -1;
	if (take(body, &at, &room))
		return -1;
	if (!room)
		return 0;
	dump->stack = (const uint8_t *)(body->data + at);
	/* What is there, of the room that was made for it, is told behind it.
	   */
	if (room % sizeof(uint64_t) ||
	    skip(body, &at, room / sizeof(uint64_t), 1) ||
	    take(body, &at, &size) || size > room)
		return -1;
	if (abi == PERF_SAMPLE_REGS_ABI_NONE || !size)
		return 0;
	dump->machine = event->machine;
	dump->narrow = abi != PERF_SAMPLE_REGS_ABI_64;
	dump->mask = event->registers;
	dump->size = size;
	return 1;
}
