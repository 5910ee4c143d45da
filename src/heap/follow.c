/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "heap/follow.h"

#include <stdlib.h>
#include <string.h>

#include "base/grown.h"
#include "base/idmap.h"
#include "heap/blocks.h"
#include "heap/parting.h"

struct process {
	uint32_t pid;
	uint32_t programs;      /* that it has begun to run while watched */
	struct blocks blocks;
};

/* Where in argument[] of a function's calls is what; NONE: it has no such one.  */
struct places {
	int8_t old;
	int8_t size;
	int8_t factor;          /* the other one of two sizes */
};

#define NONE (-1)

struct follow {
	struct groups *groups;
	struct log *log;
	struct segments *segments;
	struct idmap ids;       /* indexes of processes, by pid */
	struct process **processes;
	struct process *last;
	struct places places[ALLOC_COUNT];
	uint64_t operations[ALLOC_COUNT];
	uint64_t anomalies[ANOMALY_COUNT];
	uint64_t missed_frees;
	uint64_t failed;
	uint32_t gaps;          /* how often allocations may have been missed: at
				   each loss, and more */
	enum hit_mode mode;
	struct parting parting;
};

static struct places places_of(const struct allocator *allocator)
{
	struct places places = { NONE, NONE, NONE };

	for (int8_t i = 0; i < ALLOCATOR_ARGUMENTS; i++) {
		enum argument_role role = allocator->argument[i].role;

		if (role == ROLE_OLD)
			places.old = i;
		else if (role == ROLE_SIZE && places.size == NONE)
			places.size = i;
		else if (role == ROLE_SIZE)
			places.factor = i;
	}
	return places;
}

struct follow *follow_new(const struct follow_output *output)
{
	struct follow *follow = calloc(1, sizeof(*follow));

	if (!follow)
		return NULL;
	follow->groups = output->groups;
	follow->log = output->log;
	follow->segments = output->segments;
	for (int i = 0; i < ALLOC_COUNT; i++)
		follow->places[i] = places_of(&allocators[i]);
	return follow;
}

void follow_free(struct follow *follow)
{
	if (!follow)
		return;
	for (size_t i = 0; i < follow->ids.count; i++) {
		blocks_clear(&follow->processes[i]->blocks);
		free(follow->processes[i]);
	}
	free(follow->processes);
	idmap_free(&follow->ids);
	free(follow);
}

const uint64_t *follow_operations(const struct follow *follow)
{
	return follow->operations;
}

const uint64_t *follow_anomalies(const struct follow *follow)
{
	return follow->anomalies;
}

uint64_t follow_missed_frees(const struct follow *follow)
{
	return follow->missed_frees;
}

uint64_t follow_failed(const struct follow *follow)
{
	return follow->failed;
}

static struct process *process_find(const struct follow *follow, uint32_t pid)
{
	uint32_t index = idmap_find(&follow->ids, pid);

	return index == IDMAP_NONE ? NULL : follow->processes[index];
}

/* Makes room for one more.  Returns 0 or -1.  */
static int reserve_process(struct follow *follow)
{
	size_t count = follow->ids.count;
	struct process **processes;

	if (idmap_reserve(&follow->ids, 1) < 0)
		return -1;
	processes = grown(follow->processes, count, sizeof(struct process *));
	if (!processes)
		return -1;
	follow->processes = processes;
	return 0;
}

static struct process *process_add(struct follow *follow, uint32_t pid)
{
	struct process *process = process_find(follow, pid);
	uint32_t index = (uint32_t)follow->ids.count;

	if (!process) {
		process = calloc(1, sizeof(*process));
		if (!process || reserve_process(follow) < 0) {
			free(process);
			return NULL;
		}
		process->pid = pid;
		follow->processes[index] = process;
		idmap_add(&follow->ids, pid, index);
	}
	follow->last = process;
	return process;
}

static inline struct process *process_get(struct follow *follow, uint32_t pid)
{
	struct process *process = follow->last;

	return process && process->pid == pid ? process :
		process_add(follow, pid);
}

uint64_t follow_image(struct follow *follow, uint32_t pid)
{
	const struct process *process = process_get(follow, pid);

	return pid | (process ? (uint64_t)process->programs << 32 : 0);
}

/* The blocks of the size with this NUMBER are others than before.  */
static void mark(struct follow *follow, const struct operation *operation,
		 uint32_t number)
{
	if (!follow->segments)
		return;
	segments_mark(follow->segments, operation->call_segment, number);
	segments_mark(follow->segments, operation->segment, number);
}

/* NUMBER: of the size.  Only with a log.  */
static void log_event(struct follow *follow, const struct operation *operation,
		      uint32_t number, uint64_t address, uint64_t live,
		      bool enter)
{
	struct log_entry entry;

	mark(follow, operation, number);
	groups_event(follow->groups, number, operation->time +
		     (address << 20) + (live << 1) + enter);
	entry = (struct log_entry) {
		.time = operation->time,
		.address = address,
		.size = follow->groups->sizes[number].size,
		.live = live > UINT32_MAX ? UINT32_MAX : (uint32_t)live,
		.tid = operation->tid,
		.chain = operation->chain,
		.enter = enter,
	};
	if (log_add(follow->log, &entry) < 0)
		follow->failed++;
}

static uint32_t value_of(const struct follow *follow,
			 const struct process *process,
			 const struct block_slot *slot)
{
	uint32_t value = blocks_value(&process->blocks, slot, follow->gaps);

	/* What is freed now may be allocated unseen before it is again.  */
	if (value == BLOCK_FREED && follow->mode != MODE_ALL)
		return BLOCK_UNKNOWN;
	return value;
}

static uint32_t get(const struct follow *follow, const struct process *process,
		    uint64_t address)
{
	return value_of(follow, process,
			blocks_find(&process->blocks, address));
}

static int put(struct follow *follow, struct process *process,
	       struct block_slot *slot, uint64_t address, uint32_t value)
{
	if (blocks_put(&process->blocks, slot, address, value,
		       follow->gaps) == 0)
		return 0;
	follow->failed++;
	return -1;
}

static int set(struct follow *follow, struct process *process,
	       uint64_t address, uint32_t value)
{
	return put(follow, process, blocks_find(&process->blocks, address),
		   address, value);
}

/* Block NUMBER, at the address of SLOT, is released.  */
static void release_block(struct follow *follow, struct process *process,
			  const struct operation *operation,
			  struct block_slot *slot, uint32_t number)
{
	uint64_t address = slot->address;
	uint64_t live;

	if (put(follow, process, slot, address, BLOCK_FREED) < 0)
		return;
	live = groups_release(follow->groups, operation->time, number, true);
	if (follow->log)
		log_event(follow, operation,
			  groups_size_number(follow->groups, number), address,
			  live, false);
}

/* While not all allocations are seen, or not their blocks, this is what is to
   be expected.  */
static void unallocated_free(struct follow *follow)
{
	if (follow->mode == MODE_ALL && !follow->groups->alone)
		follow->anomalies[ANOMALY_UNALLOCATED_FREE]++;
}

static void double_frees(struct follow *follow, uint64_t count)
{
	follow->anomalies[ANOMALY_DOUBLE_FREE] += count;
}

/* The thread does something that no ending thread does.  */
static void go_on(struct follow *follow, const struct operation *operation)
{
	if (parting_may_hold(&follow->parting, operation->tid))
		double_frees(follow, parting_other(&follow->parting,
						   operation->pid,
						   operation->tid));
}

static void release(struct follow *follow, struct process *process,
		    const struct operation *operation, uint64_t address)
{
	struct block_slot *slot = blocks_find(&process->blocks, address);
	uint32_t value = value_of(follow, process, slot);

	switch (value) {
	case BLOCK_UNKNOWN:
	case BLOCK_FREED:
		if (value == BLOCK_UNKNOWN)
			unallocated_free(follow);
		double_frees(follow, parting_free(&follow->parting,
						  operation->pid, operation->tid,
						  value == BLOCK_FREED));
		return;
	case BLOCK_INHERITED:
		put(follow, process, slot, address, BLOCK_FREED);
		break;
	default:
		release_block(follow, process, operation, slot, value);
		break;
	}
	go_on(follow, operation);
}

/* The free of the block at ADDRESS was not seen.  Where nothing was lost since
   that was born, that is a contradiction.  */
static void miss_free(struct follow *follow, bool explained)
{
	follow->missed_frees++;
	if (!explained)
		follow->anomalies[ANOMALY_DOUBLE_ALLOC]++;
}

/* VALUE, of the address of SLOT, says that a block is there, but a new one is about
   to be.  */
static void make_way(struct follow *follow, struct process *process,
		     const struct operation *operation,
		     struct block_slot *slot, uint32_t value)
{
	if (value == BLOCK_INHERITED) {
		miss_free(follow, slot->losses != follow->gaps);
		return;
	}
	if (follow->groups->blocks[value].moving) {
		/* A realloc in another thread has moved it away already.  */
		release_block(follow, process, operation, slot, value);
		return;
	}
	miss_free(follow, groups_doubtful(follow->groups, value));
	if (put(follow, process, slot, slot->address, BLOCK_UNKNOWN) < 0)
		return;
	mark(follow, operation, groups_size_number(follow->groups, value));
	groups_release(follow->groups, operation->time, value, false);
}

static void acquire(struct follow *follow, struct process *process,
		    const struct operation *operation, uint64_t address,
		    uint64_t size)
{
	struct block_slot *slot = blocks_find(&process->blocks, address);
	uint32_t value = value_of(follow, process, slot);
	uint32_t number;
	uint64_t live;

	if (value != BLOCK_UNKNOWN && value != BLOCK_FREED) {
		make_way(follow, process, operation, slot, value);
		/* The table may be another one.  */
		slot = blocks_find(&process->blocks, address);
	}
	number = groups_acquire(follow->groups, operation->time, address, size,
				operation->chain, &live);
	if (!number) {
		follow->failed++;
		return;
	}
	if (put(follow, process, slot, address, number) < 0) {
		groups_release(follow->groups, operation->time, number, false);
		return;
	}
	if (follow->log)
		log_event(follow, operation,
			  groups_size_number(follow->groups, number), address,
			  live, true);
}

/* A call of which no more is known: it is counted, and nothing said of what
   became of its block, which may have any address that was freed.  The old one
   is likely to be gone.  */
static void acquire_alone(struct follow *follow, struct process *process,
			  const struct operation *operation, uint64_t old,
			  bool fits, uint64_t size)
{
	uint32_t number;

	if (old)
		release(follow, process, operation, old);
	if (!fits)
		return;
	if (groups_count(follow->groups, operation->time, size,
			 operation->chain, &number) < 0)
		follow->failed++;
	else if (follow->log)
		log_event(follow, operation, number, 0, 0, true);
	follow->gaps++;
}

uint32_t follow_begin(struct follow *follow, uint32_t pid, uint64_t old)
{
	struct process *process = old ? process_get(follow, pid) : NULL;
	uint32_t value;

	if (!process)
		return BLOCK_UNKNOWN;
	value = get(follow, process, old);
	if (block_is_live(value))
		follow->groups->blocks[value].moving = 1;
	return value;
}

/* The slot of block TOKEN, which a call began to move, if it still is there; or
   NULL.  */
static struct block_slot *still_moving(const struct follow *follow,
				       const struct process *process,
				       uint64_t old, uint32_t token)
{
	struct block_slot *slot = blocks_find(&process->blocks, old);

	return block_is_live(token) &&
	       value_of(follow, process, slot) == token &&
	       follow->groups->blocks[token].moving ? slot : NULL;
}

void follow_drop(struct follow *follow, uint32_t pid, uint64_t old,
		 uint32_t token)
{
	const struct process *process = process_get(follow, pid);

	if (process && still_moving(follow, process, old, token))
		follow->groups->blocks[token].moving = 0;
}

/* The old block of a realloc that succeeded.  What its address stands for
   now may be another thread's new block: what counts is the block that was
   there when the call began.  */
static void release_moved(struct follow *follow, struct process *process,
			  const struct operation *operation, uint64_t old)
{
	struct block_slot *slot = still_moving(follow, process, old,
					       operation->token);

	if (slot)
		release_block(follow, process, operation, slot,
			      operation->token);
	else if (operation->token == BLOCK_UNKNOWN)
		unallocated_free(follow);
	else if (operation->token == BLOCK_FREED)
		follow->anomalies[ANOMALY_DOUBLE_FREE]++;
	else if (operation->token == BLOCK_INHERITED &&
		 get(follow, process, old) == BLOCK_INHERITED)
		set(follow, process, old, BLOCK_FREED);
}

/* Bytes that OPERATION asked for.  Returns false when the product of the sizes
   overflows: such a call fails.  */
static bool read_size(const struct operation *operation,
		      const struct places *places, uint64_t *size)
{
	*size = operation->argument[places->size];
	return places->factor == NONE ||
		!__builtin_mul_overflow(*size, operation->argument[places->factor],
					size);
}

/* What may acquire a block, and release OLD, if that is not 0.  */
static void take_operation(struct follow *follow, struct process *process,
			   const struct operation *operation, uint64_t old)
{
	uint64_t size;
	bool fits = read_size(operation, &follow->places[operation->function],
			      &size);

	go_on(follow, operation);
	if (operation->alone) {
		acquire_alone(follow, process, operation, old, fits, size);
		return;
	}
	/* realloc (p, 0) that returns NULL has freed p; any other NULL left
	   the block as it was.  */
	if (old) {
		if (operation->result || (fits && !size))
			release_moved(follow, process, operation, old);
		else
			follow_drop(follow, operation->pid, old,
				    operation->token);
	}
	if (operation->result)
		acquire(follow, process, operation, operation->result, size);
	/* Any address that was freed may be its.  */
	follow->gaps += operation->unseen;
}

void follow_operation(struct follow *follow, const struct operation *operation)
{
	const struct places *places = &follow->places[operation->function];
	struct process *process = process_get(follow, operation->pid);
	uint64_t old = places->old == NONE ? 0 :
		       operation->argument[places->old];

	if (!process) {
		follow->failed++;
		return;
	}
	follow->operations[operation->function]++;
	if (places->size != NONE)
		take_operation(follow, process, operation, old);
	else if (old)
		release(follow, process, operation, old);
}

void follow_fork(struct follow *follow, uint32_t parent, uint32_t child)
{
	struct process *from, *to;

	if (parent == child)
		return;
	from = process_find(follow, parent);
	to = process_find(follow, child);
	/* A process number that is used again: what the one before left
	   behind stays counted, but has nothing to do with the new one.  */
	if (to)
		blocks_clear(&to->blocks);
	if (!from)
		return;
	to = process_get(follow, child);
	if (to)
		blocks_inherit(&to->blocks, &from->blocks);
	else
		follow->failed++;
}

void follow_exec(struct follow *follow, uint32_t pid)
{
	struct process *process = process_get(follow, pid);
	uint32_t *numbers;
	size_t count;

	if (!process)
		return;
	numbers = blocks_live(&process->blocks, &count);
	for (size_t i = 0; i < count; i++)
		groups_release(follow->groups, follow->groups->end, numbers[i],
			       false);
	follow->failed += !numbers;
	free(numbers);
	blocks_clear(&process->blocks);
	process->programs++;
}

void follow_thread_exit(struct follow *follow, uint32_t pid, uint32_t tid)
{
	double_frees(follow, parting_exit(&follow->parting, pid, tid));
}

void follow_finish(struct follow *follow)
{
	double_frees(follow, parting_end(&follow->parting));
}

void follow_exit(struct follow *follow, uint32_t pid)
{
	struct process *process = process_find(follow, pid);

	if (process)
		blocks_clear(&process->blocks);
}

void follow_lost(struct follow *follow)
{
	follow->gaps++;
	groups_lost(follow->groups);
}

enum follow_change follow_mode(struct follow *follow, enum hit_mode mode)
{
	enum hit_mode before = follow->mode;

	follow->mode = mode;
	if (mode == before)
		return FOLLOW_SAME;
	if (mode == MODE_NOTHING || before == MODE_NOTHING) {
		follow_lost(follow);
		return FOLLOW_GAP;
	}
	follow->gaps++;
	return FOLLOW_OTHER;
}

void follow_stray(struct follow *follow, uint32_t pid, uint64_t address)
{
	struct process *process = process_get(follow, pid);

	if (process && get(follow, process, address) == BLOCK_FREED)
		set(follow, process, address, BLOCK_UNKNOWN);
}
