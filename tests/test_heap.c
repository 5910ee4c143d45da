/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap/heap.h"
#include "testing.h"

/* The heap is tested with small scripts, one thing that happens a line, each
   a microsecond after the one before:

     1: malloc 20 = a0         a call of thread 1 and its return
     1: +realloc a0 40         a call
     1: -realloc b0            its return
     1: *malloc 20             a call, of a function whose returns are not seen
     1: -posix_memalign 0 b0   a return with status, and the block's address
     2/1: free a0              thread 2 of process 1
     1: exit | 1: exec | fork 1 5 | lost 3 | lost_total 3 | round
     again                     the last hit once more, at the same time
     mode all | mode most | mode releases | mode nothing

   Numbers are hexadecimal, but for those behind "@", which put the hit at
   another address than the function's own.  Then the state is compared with a line of text.  */

#define FUNCTION_ADDRESS(function) (0x1000u * ((function) + 1u))
#define STEP 1000

struct script {
	struct heap *heap;
	uint64_t time;
	struct hit last;
};

static const struct heap_options with_log = { .log = true };

/* Whether something comes between each call and its return, so that they can't
   become one (HIT_WHOLE): every script comes to the same either way.  */
static bool apart;

static void keep_apart(void)
{
	apart = true;
}

static void deliver(struct script *script, struct hit *hit,
		    const uint64_t *chain, uint32_t count)
{
	const struct hit note = { .time = script->time, .kind = HIT_NOTE };

	if (apart && hit->kind == HIT_RETURN &&
	    heap_hit(script->heap, &note, 0, NULL, 0) < 0)
		ck_abort();
	script->time += STEP;
	script->last = *hit;
	hit->time = script->time;
	/* Not one of Check's for each: they cost a system call.  */
	if (heap_hit(script->heap, hit, 1, chain, count) < 0)
		ck_abort();
}

/* Reads up to three numbers; returns how many, and where the text goes on.  */
static int read_numbers(const char **text, uint64_t *numbers)
{
	int count = 0;

	while (count < ALLOCATOR_ARGUMENTS) {
		char *end;

		while (**text == ' ')
			(*text)++;
		if (!**text || **text == '=' || **text == '@')
			break;
		numbers[count++] = strtoull(*text, &end, 16);
		ck_assert(end != *text);
		*text = end;
	}
	while (**text == ' ')
		(*text)++;
	return count;
}

/* Where the arguments stand that are followed: scripts leave out the others,
   such as the alignment.  */
static void place_arguments(struct hit *hit, const uint64_t *numbers, int count)
{
	int used = 0;

	for (int i = 0; i < ALLOCATOR_ARGUMENTS && used < count; i++) {
		enum argument_role role =
			allocators[hit->function].argument[i].role;

		if (role == ROLE_SIZE || role == ROLE_OLD)
			hit->argument[i] = numbers[used++];
	}
}

static void call(struct script *script, struct hit *hit, const char *text)
{
	uint64_t numbers[ALLOCATOR_ARGUMENTS] = { 0 };
	uint64_t chain[2] = { 0x400000 + hit->function, 0x500000 };
	bool only_call = *text == '+' || *text == '*';
	bool only_return = *text == '-', alone = *text == '*';
	size_t length;
	int function, count;

	text += only_call || only_return;
	length = strcspn(text, " ");
	function = allocator_by_name(text, length);
	ck_assert_msg(function >= 0, "no function: %s", text);
	hit->function = (uint8_t)function;
	hit->address = FUNCTION_ADDRESS((unsigned)function);
	text += length;
	count = read_numbers(&text, numbers);
	if (*text == '@')
		hit->address = strtoull(text + 1, (char **)&text, 16);
	if (!only_return) {
		hit->kind = HIT_CALL;
		place_arguments(hit, numbers, count);
		hit->flags = alone ? HIT_ALONE : 0;
		deliver(script, hit, chain, alone ? 2 : 0);
		if (only_call || allocators[function].result == RESULT_NONE)
			return;
		while (*text == ' ')
			text++;
		ck_assert_int_eq(*text, '=');
		text++;
		count = read_numbers(&text, numbers);
	}
	hit->kind = HIT_RETURN;
	memcpy(hit->argument, numbers, sizeof(hit->argument));
	if (count > 1)
		hit->flags = HIT_HAS_POINTER;
	deliver(script, hit, chain, 2);
}

static void change_mode(struct script *script, const char *name)
{
	static const char *const names[] = {
		[MODE_ALL] = "all", [MODE_MOST] = "most",
		[MODE_RELEASES] = "releases",
		[MODE_NOTHING] = "nothing",
	};
	struct hit hit = { .kind = HIT_MODE };

	while (strcmp(names[hit.argument[0]], name))
		ck_assert_uint_lt(++hit.argument[0], 4);
	deliver(script, &hit, NULL, 0);
}

static void run_line(struct script *script, const char *line)
{
	struct hit hit = { 0 };
	unsigned tid, pid, from, to;
	int used = 0;

	if (!strcmp(line, "round")) {
		heap_round(script->heap);
	} else if (!strcmp(line, "again")) {
		script->time -= STEP;
		deliver(script, &script->last, NULL, 0);
	} else if (!strncmp(line, "mode ", 5)) {
		change_mode(script, line + 5);
	} else if (sscanf(line, "fork %u %u", &from, &to) == 2) {
		hit = (struct hit) { .kind = HIT_FORK, .pid = to, .tid = to,
				     .argument = { from, from } };
		deliver(script, &hit, NULL, 0);
	} else if (sscanf(line, "lost %" SCNu64, &hit.argument[0]) == 1 ||
		   sscanf(line, "lost_total %" SCNu64, &hit.argument[0]) == 1) {
		hit.kind = HIT_LOST;
		hit.flags = line[4] == '_' ? HIT_LOST_TOTAL : 0;
		deliver(script, &hit, NULL, 0);
	} else {
		if (sscanf(line, "%u/%u: %n", &tid, &pid, &used) == 2 && used) {
			hit.tid = tid;
			hit.pid = pid;
		} else {
			ck_assert_int_eq(sscanf(line, "%u: %n", &tid, &used), 1);
			ck_assert(used);
			hit.tid = tid;
			hit.pid = tid;
		}
		line += used;
		if (!strcmp(line, "exec") || !strcmp(line, "exit")) {
			hit.kind = line[2] == 'e' ? HIT_EXEC : HIT_EXIT;
			deliver(script, &hit, NULL, 0);
		} else {
			call(script, &hit, line);
		}
	}
}

static void run_lines(struct script *script, const char *text)
{
	char line[128];

	while (*text) {
		size_t length = strcspn(text, "\n");

		ck_assert(length < sizeof(line));
		memcpy(line, text, length);
		line[length] = '\0';
		text += length + (text[length] == '\n');
		if (length)
			run_line(script, line);
	}
}

static int compare_groups(const void *a, const void *b)
{
	const struct group *left = a, *right = b;

	return left->size < right->size ? -1 : left->size > right->size;
}

static void describe(const struct snapshot *snapshot, char *text, size_t size)
{
	size_t used = 0;

#define PUT(...) \
	(used += (size_t)snprintf(text + used, size - used, __VA_ARGS__))
	for (int i = 0; i < ALLOC_COUNT; i++) {
		if (snapshot->operations[i])
			PUT("%s %" PRIu64 " ", allocators[i].symbol,
			    snapshot->operations[i]);
	}
	PUT("live %" PRIu64 "/%" PRIu64, snapshot->live_blocks,
	    snapshot->live_bytes);
	for (int i = 0; i < ANOMALY_COUNT; i++) {
		if (snapshot->anomalies[i])
			PUT(" %s %" PRIu64, anomaly_names[i],
			    snapshot->anomalies[i]);
	}
	if (snapshot->unpaired)
		PUT(" unpaired %" PRIu64, snapshot->unpaired);
	if (snapshot->lost)
		PUT(" lost %" PRIu64, snapshot->lost);
	if (snapshot->missed_frees)
		PUT(" missed_frees %" PRIu64, snapshot->missed_frees);
	qsort(snapshot->groups, snapshot->group_count,
	      sizeof(*snapshot->groups), compare_groups);
	for (uint32_t i = 0; i < snapshot->group_count; i++) {
		const struct group *group = &snapshot->groups[i];
		uint64_t born = 0;

		PUT(" [%" PRIx64 ": %u +%" PRIu64 " -%" PRIu64,
		    group->size, group->live, group->allocated, group->freed);
		if (group->alone)
			PUT(" *%" PRIu64, group->alone);
		if (group->doubtful)
			PUT(" ?%u", group->doubtful);
		PUT("]");
		for (unsigned j = 0; j < SLICES; j++)
			born += group->born[j];
		ck_assert_uint_eq(born, group->live);
	}
#undef PUT
}

static struct snapshot *run_snapshot(struct script *script, const char *text)
{
	struct snapshot *snapshot;

	script->heap = heap_new(&with_log);
	ck_assert_ptr_nonnull(script->heap);
	script->time = 1000000;
	run_lines(script, text);
	heap_finish(script->heap);
	snapshot = heap_snapshot(script->heap);
	ck_assert_ptr_nonnull(snapshot);
	return snapshot;
}

static void expect(const char *text, const char *expected)
{
	struct script script;
	struct snapshot *snapshot = run_snapshot(&script, text);
	char state[1024];

	describe(snapshot, state, sizeof(state));
	ck_assert_str_eq(state, expected);
	snapshot_unref(snapshot);
	heap_free(script.heap);
}

START_TEST(plain_calls)
{
	expect("", "live 0/0");
	expect("1: malloc 20 = a0\n", "malloc 1 live 1/32 [20: 1 +1 -0]");
	expect("1: malloc 20 = a0\n1: free a0\n",
	       "malloc 1 free 1 live 0/0 [20: 0 +1 -1]");
	expect("1: malloc 0 = a0\n", "malloc 1 live 1/0 [0: 1 +1 -0]");
	expect("1: malloc 20 = 0\n1: free 0\n", "malloc 1 free 1 live 0/0");
	expect("1: aligned_alloc 40 = a0\n1: memalign 40 = b0\n"
	       "1: valloc 40 = c0\n",
	       "aligned_alloc 1 memalign 1 valloc 1 live 3/192 [40: 3 +3 -0]");
}
END_TEST

START_TEST(calloc_multiplies)
{
	expect("1: calloc 3 10 = a0\n", "calloc 1 live 1/48 [30: 1 +1 -0]");
	expect("1: calloc 8000000000000000 2 = 0\n", "calloc 1 live 0/0");
	expect("1: calloc 0 10 = a0\n", "calloc 1 live 1/0 [0: 1 +1 -0]");
}
END_TEST

START_TEST(realloc_forms)
{
	/* Of NULL, in place, moved.  */
	expect("1: realloc 0 20 = a0\n", "realloc 1 live 1/32 [20: 1 +1 -0]");
	expect("1: malloc 20 = a0\n1: realloc a0 30 = a0\n",
	       "malloc 1 realloc 1 live 1/48 [20: 0 +1 -1] [30: 1 +1 -0]");
	expect("1: malloc 20 = a0\n1: realloc a0 30 = b0\n1: free b0\n",
	       "malloc 1 realloc 1 free 1 live 0/0 [20: 0 +1 -1] [30: 0 +1 -1]");
	/* The same size again is a release and an acquisition.  */
	expect("1: malloc 20 = a0\n1: realloc a0 20 = a0\n",
	       "malloc 1 realloc 1 live 1/32 [20: 1 +2 -1]");
	/* Failed: the block stays.  */
	expect("1: malloc 20 = a0\n1: realloc a0 ffffffff = 0\n1: free a0\n",
	       "malloc 1 realloc 1 free 1 live 0/0 [20: 0 +1 -1]");
	/* To nothing: freed, or a block of no bytes.  */
	expect("1: malloc 20 = a0\n1: realloc a0 0 = 0\n",
	       "malloc 1 realloc 1 live 0/0 [20: 0 +1 -1]");
	expect("1: malloc 20 = a0\n1: realloc a0 0 = b0\n",
	       "malloc 1 realloc 1 live 1/0 [0: 1 +1 -0] [20: 0 +1 -1]");
	/* Of a block from before.  */
	expect("1: realloc a0 20 = b0\n",
	       "realloc 1 live 1/32 unallocated_free 1 [20: 1 +1 -0]");
	expect("1: realloc a0 20 = 0\n", "realloc 1 live 0/0");
	expect("1: malloc 20 = a0\n1: reallocarray a0 4 10 = b0\n",
	       "malloc 1 reallocarray 1 live 1/64 [20: 0 +1 -1] [40: 1 +1 -0]");
	/* Overflow fails even where the product wraps to nothing.  */
	expect("1: malloc 20 = a0\n"
	       "1: reallocarray a0 8000000000000000 2 = 0\n",
	       "malloc 1 reallocarray 1 live 1/32 [20: 1 +1 -0]");
}
END_TEST

START_TEST(posix_memalign_tells_where)
{
	expect("1: posix_memalign 40 = 0 a0\n1: free a0\n",
	       "posix_memalign 1 free 1 live 0/0 [40: 0 +1 -1]");
	expect("1: posix_memalign 40 = c 0\n", "posix_memalign 1 live 0/0");
	/* Not known where: counted, not followed.  */
	expect("1: posix_memalign 40 = 0\n", "posix_memalign 1 live 0/0");
	/* But for what a call inside tells.  */
	expect("1: +posix_memalign 40\n1: malloc 40 = a0\n"
	       "1: -posix_memalign 0\n",
	       "posix_memalign 1 live 1/64 [40: 1 +1 -0]");
}
END_TEST

START_TEST(nested_calls_count_once)
{
	/* realloc (NULL, n) jumps into malloc.  */
	expect("1: +realloc 0 20\n1: +malloc 20\n1: -malloc a0\n"
	       "1: -realloc a0\n", "realloc 1 live 1/32 [20: 1 +1 -0]");
	/* realloc (p, 0) calls free.  */
	expect("1: malloc 20 = a0\n1: +realloc a0 0\n1: free a0\n"
	       "1: -realloc 0\n",
	       "malloc 1 realloc 1 live 0/0 [20: 0 +1 -1]");
	/* A realloc made of malloc and free.  */
	expect("1: malloc 20 = a0\n1: +realloc a0 40\n1: malloc 40 = b0\n"
	       "1: free a0\n1: -realloc b0\n",
	       "malloc 1 realloc 1 live 1/64 [20: 0 +1 -1] [40: 1 +1 -0]");
	/* Three deep.  */
	expect("1: +reallocarray 0 2 10\n1: +realloc 0 20\n1: malloc 20 = a0\n"
	       "1: -realloc a0\n1: -reallocarray a0\n",
	       "reallocarray 1 live 1/32 [20: 1 +1 -0]");
}
END_TEST

START_TEST(aliases_share_an_address)
{
	/* One call hits the probes of both; returns in either order.  */
	expect("1: +aligned_alloc 40 @7000\n1: +memalign 40 @7000\n"
	       "1: -aligned_alloc a0 @7000\n1: -memalign a0 @7000\n"
	       "1: malloc 8 = b0\n",
	       "malloc 1 aligned_alloc 1 live 2/72 [8: 1 +1 -0] [40: 1 +1 -0]");
	expect("1: +memalign 40 @7000\n1: +aligned_alloc 40 @7000\n"
	       "1: -memalign a0 @7000\n1: -aligned_alloc a0 @7000\n",
	       "aligned_alloc 1 live 1/64 [40: 1 +1 -0]");
}
END_TEST

START_TEST(threads_pair_apart)
{
	expect("1/1: +malloc 20\n2/1: +malloc 30\n1/1: -malloc a0\n"
	       "2/1: -malloc b0\n1/1: free b0\n2/1: free a0\n",
	       "malloc 2 free 2 live 0/0 [20: 0 +1 -1] [30: 0 +1 -1]");
	/* The old block of a realloc under way goes to another thread.  */
	expect("1/1: malloc 20 = a0\n1/1: +realloc a0 40\n"
	       "2/1: malloc 20 = a0\n1/1: -realloc b0\n2/1: free a0\n",
	       "malloc 2 realloc 1 free 1 live 1/64 [20: 0 +2 -2] "
	       "[40: 1 +1 -0]");
	/* And is freed there before the call returns.  */
	expect("1/1: malloc 20 = a0\n1/1: +realloc a0 40\n"
	       "2/1: malloc 20 = a0\n2/1: free a0\n1/1: -realloc b0\n",
	       "malloc 2 realloc 1 free 1 live 1/64 [20: 0 +2 -2] "
	       "[40: 1 +1 -0]");
	/* The same when nothing is known of the old block.  */
	expect("1/1: +realloc a0 40\n2/1: malloc 20 = a0\n"
	       "1/1: -realloc b0\n2/1: free a0\n",
	       "malloc 1 realloc 1 free 1 live 1/64 unallocated_free 1 "
	       "[20: 0 +1 -1] [40: 1 +1 -0]");
	/* Freed by another thread while the realloc was under way.  */
	expect("1/1: malloc 10 = a0\n1/1: +realloc a0 20\n2/1: free a0\n"
	       "1/1: -realloc b0\n2/1: malloc 10 = c0\n2/1: malloc 10 = d0\n"
	       "2/1: free b0\n2/1: free c0\n2/1: free d0\n",
	       "malloc 3 realloc 1 free 4 live 0/0 [10: 0 +3 -3] "
	       "[20: 0 +1 -1]");
	/* Under way at the end: nothing has happened yet.  */
	expect("1: malloc 20 = a0\n1: +realloc a0 40\n",
	       "malloc 1 live 1/32 [20: 1 +1 -0]");
}
END_TEST

START_TEST(anomalies_are_kept_apart)
{
	expect("1: free a0\n", "free 1 live 0/0 unallocated_free 1");
	expect("1: malloc 20 = a0\n1: free a0\n1: free a0\n",
	       "malloc 1 free 2 live 0/0 double_free 1 [20: 0 +1 -1]");
	/* Twice not seen: its allocation is by a function not watched.  */
	expect("1: free a0\n1: free a0\n",
	       "free 2 live 0/0 unallocated_free 2");
	expect("1: malloc 20 = a0\n1: free a0\n1: realloc a0 10 = b0\n",
	       "malloc 1 realloc 1 free 1 live 1/16 double_free 1 "
	       "[10: 1 +1 -0] [20: 0 +1 -1]");
	expect("1: malloc 20 = a0\n1: malloc 30 = a0\n1: free a0\n",
	       "malloc 2 free 1 live 0/0 double_alloc 1 missed_frees 1 "
	       "[20: 0 +1 -0] [30: 0 +1 -1]");
}
END_TEST

START_TEST(ending_threads_free_again)
{
	/* glibc's tcache: two blocks that were freed, and its own memory.  */
	expect("2/1: malloc 20 = a0\n2/1: malloc 20 = c0\n2/1: free a0\n"
	       "2/1: free c0\n2/1: free c0\n2/1: free a0\n2/1: free 10\n"
	       "2/1: exit\n",
	       "malloc 2 free 5 live 0/0 unallocated_free 1 [20: 0 +2 -2]");
	/* The same, but the thread goes on.  */
	expect("2/1: malloc 20 = a0\n2/1: free a0\n2/1: free a0\n"
	       "2/1: free 10\n2/1: malloc 8 = b0\n2/1: exit\n",
	       "malloc 2 free 3 live 1/8 unallocated_free 1 double_free 1 "
	       "[8: 1 +1 -0] [20: 0 +1 -1]");
	/* What glibc aborts for.  */
	expect("2: malloc 20 = a0\n2: free a0\n2: free a0\n2: exit\n",
	       "malloc 1 free 2 live 0/0 double_free 1 [20: 0 +1 -1]");
}
END_TEST

/* Many threads that have freed something from before the start and sleep take
   nothing from those that end.  */
START_TEST(ending_threads_among_sleepers)
{
	char script[8192];
	size_t n = 0;

	for (unsigned i = 0; i < 80; i++)
		n += snprintf(script + n, sizeof script - n,
			      "%u/1: free %x\n", 0x100 + i, 0x1000 + i * 16);
	for (unsigned i = 2; i < 5; i++)
		n += snprintf(script + n, sizeof script - n,
			      "%u/1: malloc 20 = a%x0\n%u/1: malloc 20 = b%x0\n"
			      "%u/1: free a%x0\n%u/1: free b%x0\n",
			      i, i, i, i, i, i, i, i);
	for (unsigned i = 2; i < 5; i++)
		n += snprintf(script + n, sizeof script - n,
			      "%u/1: free b%x0\n%u/1: free a%x0\n", i, i, i, i);
	for (unsigned i = 2; i < 5; i++)
		n += snprintf(script + n, sizeof script - n,
			      "%u/1: free c%x0\n%u/1: exit\n", i, i, i);
	ck_assert_uint_lt(n, sizeof script);
	expect(script, "malloc 6 free 95 live 0/0 unallocated_free 83 "
	       "[20: 0 +6 -6]");
}
END_TEST

/* Such as jemalloc's, whose registers don't keep the address.  */
START_TEST(posix_memalign_without_address)
{
	expect("1: malloc 20 = a0\n1: free a0\n1: posix_memalign 30 = 0\n"
	       "1: free a0\n1: free a0\n",
	       "malloc 1 posix_memalign 1 free 3 live 0/0 "
	       "unallocated_free 2 [20: 0 +1 -1]");
	/* One that fails takes no address.  */
	expect("1: malloc 20 = a0\n1: free a0\n1: posix_memalign 30 = c\n"
	       "1: free a0\n",
	       "malloc 1 posix_memalign 1 free 2 live 0/0 double_free 1 "
	       "[20: 0 +1 -1]");
}
END_TEST

/* perf has been seen to write a sample twice, on both sides of a round.  */
START_TEST(samples_told_twice)
{
	expect("1: +malloc 20\nagain\n1: -malloc a0\n1: malloc 20 = b0\n",
	       "malloc 2 live 2/64 [20: 2 +2 -0]");
	expect("1: +malloc 20\n1: -malloc a0\nagain\nround\nagain\n"
	       "1: +free a0\nagain\n",
	       "malloc 1 free 1 live 0/0 [20: 0 +1 -1]");
}
END_TEST

/* Calls without returns are counted, and nothing is made of them.  */
START_TEST(calls_alone)
{
	expect("1: *malloc 20\n1: *malloc 20\n2: *malloc 30\n"
	       "1: *calloc 2 8\n",
	       "malloc 3 calloc 1 live 0/0 [10: 0 +1 -0 *1] "
	       "[20: 0 +2 -0 *2] [30: 0 +1 -0 *1]");
	/* What is freed may be one of them, and no address is known.  */
	expect("1: *malloc 20\n1: free a0\n1: *malloc 20\n1: free a0\n"
	       "1: exit\n",
	       "malloc 2 free 2 live 0/0 [20: 0 +2 -0 *2]");
	/* Next to functions that return; inside one it is a part of that.  */
	expect("1: malloc 20 = a0\n1: *realloc a0 40\n1: +calloc 2 8\n"
	       "1: *realloc 0 10\n1: -calloc b0\n1: free b0\n",
	       "malloc 1 calloc 1 realloc 1 free 1 live 0/0 "
	       "[10: 0 +1 -1] [20: 0 +1 -1] [40: 0 +1 -0 *1]");
	/* One told twice; a size that overflows.  */
	expect("1: *malloc 20\nagain\n"
	       "1: *calloc 8000000000000000 8000000000000000\n",
	       "malloc 1 calloc 1 live 0/0 [20: 0 +1 -0 *1]");
}
END_TEST

START_TEST(unpaired_are_counted)
{
	/* Under way when watching began.  */
	expect("1: -malloc a0\n", "live 0/0 unpaired 1");
	expect("1: -malloc a0\n1: free a0\n",
	       "free 1 live 0/0 unallocated_free 1 unpaired 1");
	/* Under way at the end, of the recording or of the thread.  */
	expect("1: +malloc 20\n", "live 0/0");
	expect("1: +malloc 20\n1: exit\n1: malloc 8 = a0\n",
	       "malloc 1 live 1/8 [8: 1 +1 -0]");
	/* The return of the inner call is missing.  */
	expect("1: +realloc 0 20\n1: +malloc 20\n1: -realloc a0\n",
	       "realloc 1 live 1/32 unpaired 1 [20: 1 +1 -0]");
	/* The probe for the call lies behind the function's start.  */
	expect("1: +malloc 20 @1004\n1: -malloc a0 @1000\n",
	       "malloc 1 live 1/32 [20: 1 +1 -0]");
}
END_TEST

START_TEST(loss_is_counted_and_survived)
{
	/* The return was lost: later calls are not taken for inner ones.  */
	expect("1: +malloc 20\nlost 5\n1: malloc 30 = b0\n1: free b0\n",
	       "malloc 1 free 1 live 0/0 unpaired 1 lost 5 [30: 0 +1 -1]");
	expect("1: +malloc 20\nlost 5\n1: -malloc a0\n",
	       "malloc 1 live 1/32 lost 5 [20: 1 +1 -0]");
	/* Nor are frees, which have no return.  */
	expect("2: malloc 20 = a0\n2: malloc 20 = b0\n2: +malloc 20\nlost 1\n"
	       "2: free a0\n2: free b0\n",
	       "malloc 2 free 2 live 0/0 unpaired 1 lost 1 [20: 0 +2 -2]");
	/* The block of a realloc that is given up goes meanwhile.  */
	expect("1: malloc 10 = a0\n1: +realloc a0 20\nlost 1\n2/1: free a0\n"
	       "1: -realloc b0\n1: malloc 10 = a0\n",
	       "malloc 2 realloc 1 free 1 live 2/48 lost 1 [10: 1 +2 -1] "
	       "[20: 1 +1 -0]");
	/* A free whose malloc may have been lost is no double one.  */
	expect("1: malloc 20 = a0\n1: free a0\nlost 2\n1: free a0\n",
	       "malloc 1 free 2 live 0/0 unallocated_free 1 lost 2 "
	       "[20: 0 +1 -1]");
	expect("1: malloc 20 = a0\n1: free a0\n1: -malloc a0\n1: free a0\n",
	       "malloc 1 free 2 live 0/0 unallocated_free 1 unpaired 1 "
	       "[20: 0 +1 -1]");
	/* A realloc that is given up has released nothing.  */
	expect("1: malloc 20 = a0\n1: +realloc a0 30\nlost 1\n"
	       "1: malloc 30 = b0\n1: free a0\n",
	       "malloc 2 free 1 live 1/48 unpaired 1 lost 1 [20: 0 +1 -1] "
	       "[30: 1 +1 -0]");
	/* Sums at the end tell of the same losses.  */
	expect("lost 5\nlost 2\nlost_total 7\n", "live 0/0 lost 7");
	expect("lost 5\nlost_total 9\n", "live 0/0 lost 9");
}
END_TEST

START_TEST(loss_makes_doubtful)
{
	/* What lived then, not what was born since.  */
	expect("1: malloc 20 = a0\n1: malloc 20 = b0\nlost 1\n"
	       "1: malloc 20 = c0\n",
	       "malloc 3 live 3/96 lost 1 [20: 3 +3 -0 ?2]");
	expect("lost 1\n1: malloc 20 = a0\n",
	       "malloc 1 live 1/32 lost 1 [20: 1 +1 -0]");
	/* One that is freed is certain again.  */
	expect("1: malloc 20 = a0\n1: malloc 20 = b0\nlost 1\n"
	       "1: malloc 20 = c0\n1: free a0\n1: free c0\n",
	       "malloc 3 free 2 live 1/32 lost 1 [20: 1 +3 -2 ?1]");
	/* Also the last one, and when its number is used again.  */
	expect("1: malloc 20 = a0\nlost 1\n1: free a0\n1: malloc 20 = a0\n",
	       "malloc 2 free 1 live 1/32 lost 1 [20: 1 +2 -1]");
	/* Another loss takes those that came between.  */
	expect("1: malloc 20 = a0\nlost 1\n1: malloc 20 = b0\nlost 1\n"
	       "1: malloc 20 = c0\n1: free a0\n",
	       "malloc 3 free 1 live 2/64 lost 2 [20: 2 +3 -1 ?1]");
	/* A group that is not touched again, and one that is new.  */
	expect("1: malloc 20 = a0\n1: malloc 30 = b0\nlost 1\n"
	       "1: malloc 40 = c0\n1: realloc b0 50 = b0\n",
	       "malloc 3 realloc 1 live 3/176 lost 1 [20: 1 +1 -0 ?1] "
	       "[30: 0 +1 -1] [40: 1 +1 -0] [50: 1 +1 -0]");
	expect("1: malloc 20 = a0\nlost 1\n1: exec\n",
	       "malloc 1 live 0/0 lost 1 [20: 0 +1 -0]");
	/* Sums count where they tell more than the records.  */
	expect("lost 5\n1: malloc 20 = a0\nlost_total 2\nlost_total 3\n",
	       "malloc 1 live 1/32 lost 5 [20: 1 +1 -0]");
	expect("lost 5\n1: malloc 20 = a0\nlost_total 3\nlost_total 3\n"
	       "1: malloc 20 = b0\n",
	       "malloc 2 live 2/64 lost 6 [20: 2 +2 -0 ?1]");
	/* The record that follows its sum says when.  */
	expect("lost_total 3\n1: malloc 20 = a0\nlost 3\n",
	       "malloc 1 live 1/32 lost 3 [20: 1 +1 -0 ?1]");
	/* A sum that tells nothing new drops no call.  */
	expect("lost 3\n1: +malloc 20\nlost_total 3\n1: +calloc 1 8\n"
	       "1: -calloc a0\n1: -malloc a0\n",
	       "malloc 1 live 1/32 lost 3 [20: 1 +1 -0]");
}
END_TEST

START_TEST(missed_frees_are_repaired)
{
	/* A loss explains them, if it lies between.  */
	expect("1: malloc 20 = a0\nlost 1\n1: malloc 30 = a0\n",
	       "malloc 2 live 1/48 lost 1 missed_frees 1 [20: 0 +1 -0] "
	       "[30: 1 +1 -0]");
	expect("lost 1\n1: malloc 20 = a0\n1: malloc 30 = a0\n",
	       "malloc 2 live 1/48 double_alloc 1 lost 1 missed_frees 1 "
	       "[20: 0 +1 -0] [30: 1 +1 -0]");
	expect("1: malloc 20 = a0\nmode nothing\nmode all\n"
	       "1: malloc 20 = a0\n1: free a0\n",
	       "malloc 2 free 1 live 0/0 missed_frees 1 [20: 0 +2 -1]");
	/* A child's copy, too.  */
	expect("1: malloc 20 = a0\nfork 1 2\n2: malloc 30 = a0\n",
	       "malloc 2 live 2/80 double_alloc 1 missed_frees 1 "
	       "[20: 1 +1 -0] [30: 1 +1 -0]");
	expect("1: malloc 20 = a0\nfork 1 2\n2: malloc 8 = b0\nlost 1\n"
	       "2: malloc 30 = a0\n",
	       "malloc 3 live 3/88 lost 1 missed_frees 1 [8: 1 +1 -0 ?1] "
	       "[20: 1 +1 -0 ?1] [30: 1 +1 -0]");
}
END_TEST

START_TEST(gaps_are_losses)
{
	expect("1: malloc 20 = a0\nmode nothing\nmode all\n"
	       "1: malloc 20 = b0\n",
	       "malloc 2 live 2/64 [20: 2 +2 -0 ?1]");
	/* What is still under way to us.  */
	expect("mode nothing\n1: malloc 20 = a0\nmode all\n",
	       "malloc 1 live 1/32 [20: 1 +1 -0 ?1]");
	/* The mode that there is already.  */
	expect("1: +malloc 20\nmode all\n1: -malloc a0\nmode all\n",
	       "malloc 1 live 1/32 [20: 1 +1 -0]");
	/* Only releases: the blocks that are known go, and no others.  */
	expect("1: malloc 20 = a0\n1: malloc 20 = b0\nmode releases\n"
	       "1: free a0\n1: free c0\n1: free a0\n1: free a0\n",
	       "malloc 2 free 4 live 1/32 [20: 1 +2 -1]");
	expect("1: malloc 20 = a0\nmode releases\nmode all\n"
	       "1: malloc 20 = a0\n",
	       "malloc 2 live 1/32 double_alloc 1 missed_frees 1 "
	       "[20: 1 +2 -0]");
	expect("1: malloc 20 = a0\nmode nothing\nmode releases\n"
	       "1: realloc 0 30 = b0\nmode nothing\nmode all\n",
	       "malloc 1 realloc 1 live 2/80 [20: 1 +1 -0 ?1] "
	       "[30: 1 +1 -0 ?1]");
	/* A realloc moves as ever, and of an unknown block, too.  */
	expect("1: malloc 20 = a0\nmode releases\n1: realloc a0 30 = b0\n"
	       "1: realloc c0 40 = d0\n",
	       "malloc 1 realloc 2 live 2/112 [20: 0 +1 -1] [30: 1 +1 -0] "
	       "[40: 1 +1 -0]");
	/* Afterwards what was freed then is unknown.  */
	expect("1: malloc 20 = a0\nmode releases\n1: free a0\nmode all\n"
	       "1: free a0\n",
	       "malloc 1 free 2 live 0/0 unallocated_free 1 [20: 0 +1 -1]");
	expect("1: malloc 20 = a0\nmode releases\nmode all\n1: free a0\n"
	       "1: free a0\n",
	       "malloc 1 free 2 live 0/0 double_free 1 [20: 0 +1 -1]");
	/* A function that nobody sees may have had the address meanwhile.  */
	expect("mode most\n1: malloc 20 = a0\n1: free a0\n1: free a0\n"
	       "1: free b0\n",
	       "malloc 1 free 3 live 0/0 [20: 0 +1 -1]");
	/* Calls under way are given up.  */
	expect("1: +malloc 20\nmode nothing\nmode all\n1: malloc 30 = b0\n",
	       "malloc 1 live 1/48 unpaired 1 [30: 1 +1 -0]");
	expect("1: malloc 20 = a0\n1: +realloc a0 30\nmode releases\n"
	       "1: free a0\n",
	       "malloc 1 free 1 live 0/0 unpaired 1 [20: 0 +1 -1]");
}
END_TEST

static uint64_t last_lost(const char *text)
{
	struct script script;
	struct snapshot *snapshot = run_snapshot(&script, text);
	uint64_t last = snapshot->last_lost;

	snapshot_unref(snapshot);
	heap_free(script.heap);
	return last ? (last - 1000000) / STEP : 0;
}

START_TEST(losses_have_a_time)
{
	ck_assert_uint_eq(last_lost("1: malloc 20 = a0\n"), 0);
	ck_assert_uint_eq(last_lost("mode all\n1: malloc 20 = a0\n"), 0);
	ck_assert_uint_eq(last_lost("1: malloc 20 = a0\nlost 1\n"
				    "1: malloc 20 = b0\nlost 1\n"
				    "1: malloc 20 = c0\nlost_total 2\n"), 6);
	ck_assert_uint_eq(last_lost("lost 1\nlost_total 2\n"), 2);
	/* All frees are seen before and after.  */
	ck_assert_uint_eq(last_lost("lost 1\nmode releases\nmode all\n"), 1);
	ck_assert_uint_eq(last_lost("mode nothing\nmode all\nmode all\n"), 2);
}
END_TEST

/* Such as perf's sums at the end, of a recording whose records have no
   times.  */
START_TEST(loss_without_time)
{
	struct script script;
	struct snapshot *snapshot = run_snapshot(&script, "1: malloc 20 = a0\n");
	const struct hit loss = { .kind = HIT_LOST, .argument = { 3 } };

	snapshot_unref(snapshot);
	ck_assert_int_eq(heap_hit(script.heap, &loss, 0, NULL, 0), 0);
	heap_finish(script.heap);
	snapshot = heap_snapshot(script.heap);
	ck_assert_uint_eq(snapshot->late, 0);
	ck_assert_uint_eq(snapshot->last_lost, script.time);
	ck_assert_uint_eq(snapshot->groups[0].doubtful, 1);
	snapshot_unref(snapshot);
	heap_free(script.heap);
}
END_TEST

/* Doubt against a walk over all blocks, over many losses.  */
START_TEST(doubt_adds_up)
{
	enum { SLOTS = 500, STEPS = 50000, SIZES = 7 };
	static struct { uint64_t size; bool doubtful; } slots[SLOTS];
	struct script script = { .heap = heap_new(&with_log), .time = 1 };
	struct snapshot *snapshot;
	uint64_t seed = 7;

	for (unsigned i = 0; i < STEPS; i++) {
		unsigned slot;
		char line[64];

		seed = seed * UINT64_C(6364136223846793005) + 1;
		slot = (unsigned)(seed >> 33) % SLOTS;
		if (i % 97 == 0) {
			for (unsigned j = 0; j < SLOTS; j++)
				slots[j].doubtful = slots[j].size;
			run_lines(&script, "lost 1");
		} else if (slots[slot].size) {
			slots[slot].size = 0;
			slots[slot].doubtful = false;
			snprintf(line, sizeof(line), "1: free %x", 0x1000 + slot * 16);
			run_lines(&script, line);
		} else {
			slots[slot].size = 1 + (seed >> 50) % SIZES;
			snprintf(line, sizeof(line), "1: malloc %x = %x",
				 (unsigned)slots[slot].size, 0x1000 + slot * 16);
			run_lines(&script, line);
		}
	}
	heap_finish(script.heap);
	snapshot = heap_snapshot(script.heap);
	for (uint32_t i = 0; i < snapshot->group_count; i++) {
		const struct group *group = &snapshot->groups[i];
		uint32_t doubtful = 0;

		for (unsigned j = 0; j < SLOTS; j++)
			doubtful += slots[j].doubtful &&
				    slots[j].size == group->size;
		ck_assert_uint_eq(group->doubtful, doubtful);
	}
	ck_assert_uint_eq(snapshot->missed_frees, 0);
	snapshot_unref(snapshot);
	heap_free(script.heap);
}
END_TEST

/* Of a thread that only frees from then on.  */
START_TEST(missed_return_then_frees)
{
	struct script script;
	struct snapshot *snapshot;
	char text[4096] = "2/1: +malloc 20\n";

	for (unsigned i = 0; i < 60; i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used,
			 "1: malloc 8 = %x\n2/1: free %x\n", 0x100 + i * 16,
			 0x100 + i * 16);
	}
	snapshot = run_snapshot(&script, text);
	ck_assert_uint_eq(snapshot->unpaired, 1);
	ck_assert_uint_ge(snapshot->freed, 40);
	snapshot_unref(snapshot);
	heap_free(script.heap);
}
END_TEST

START_TEST(missed_return_without_loss)
{
	struct script script;
	struct snapshot *snapshot;
	char text[2048] = "1: +malloc 20\n";

	for (unsigned i = 0; i < 40; i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used,
			 "1: malloc 8 = %x\n", 0x100 + i * 16);
	}
	snapshot = run_snapshot(&script, text);
	ck_assert_uint_eq(snapshot->unpaired, 1);
	ck_assert_uint_ge(snapshot->operations[ALLOC_MALLOC], 20);
	snapshot_unref(snapshot);
	heap_free(script.heap);
}
END_TEST

START_TEST(processes)
{
	/* The same address in two processes.  */
	expect("1: malloc 20 = a0\n2: malloc 20 = a0\n1: free a0\n",
	       "malloc 2 free 1 live 1/32 [20: 1 +2 -1]");
	/* A child frees its copy; the parent's block lives on.  */
	expect("1: malloc 20 = a0\nfork 1 2\n2: free a0\n",
	       "malloc 1 free 1 live 1/32 [20: 1 +1 -0]");
	expect("1: malloc 20 = a0\nfork 1 2\n2: free a0\n2: free a0\n",
	       "malloc 1 free 2 live 1/32 double_free 1 [20: 1 +1 -0]");
	expect("1: malloc 20 = a0\nfork 1 2\n2: realloc a0 40 = b0\n1: free a0\n",
	       "malloc 1 realloc 1 free 1 live 1/64 [20: 0 +1 -1] "
	       "[40: 1 +1 -0]");
	/* A thread is no process.  */
	expect("1: malloc 20 = a0\n2/1: free a0\n",
	       "malloc 1 free 1 live 0/0 [20: 0 +1 -1]");
	/* exec: a new address space.  */
	expect("1: malloc 20 = a0\n1: exec\n1: malloc 30 = a0\n",
	       "malloc 2 live 1/48 [20: 0 +1 -0] [30: 1 +1 -0]");
	/* exit: what it left stays to be looked at.  */
	expect("1: malloc 20 = a0\n1: exit\n",
	       "malloc 1 live 1/32 [20: 1 +1 -0]");
	/* The number is used again.  */
	expect("1: malloc 20 = a0\n1: exit\nfork 3 1\n1: malloc 20 = a0\n",
	       "malloc 2 live 2/64 [20: 2 +2 -0]");
}
END_TEST

/* A stub leads to a function; its hits come on top of the function's.  */
#define STUB_CALLS \
	"1: +calloc 1 a0 @9000\n1: realloc a0 40 = b0\n" \
	"1: -calloc b0 @9000\n"

/* What TEXT comes to when it is read again with what the first reading showed
   about stubs.  */
static void expect_stubs(const char *text, const char *expected)
{
	struct script script;
	struct snapshot *snapshot = run_snapshot(&script, text);
	char state[512];

	snapshot_unref(snapshot);
	ck_assert(heap_found_stubs(script.heap));
	ck_assert_int_eq(heap_restart(script.heap), 0);
	run_lines(&script, text);
	heap_finish(script.heap);
	ck_assert(!heap_found_stubs(script.heap));
	snapshot = heap_snapshot(script.heap);
	describe(snapshot, state, sizeof(state));
	ck_assert_str_eq(state, expected);
	snapshot_unref(snapshot);
	heap_free(script.heap);
}

START_TEST(stubs_show_by_what_they_do)
{
	expect_stubs("1: calloc 1 8 = 70\n1: malloc 20 = a0\n" STUB_CALLS,
		     "malloc 1 calloc 1 realloc 1 live 2/72 [8: 1 +1 -0] "
		     "[20: 0 +1 -1] [40: 1 +1 -0]");
}
END_TEST

/* A stub of a function that is no allocator's reaches none; but it lies
   apart.  */
START_TEST(stubs_show_by_where_they_are)
{
	expect_stubs("1: malloc 20 = a0\n1: realloc a0 40 = b0\n1: free b0\n"
		     "1: +realloc 5 6 @19000\n1: -realloc 7 @19000\n",
		     "malloc 1 realloc 1 free 1 live 0/0 [20: 0 +1 -1] "
		     "[40: 0 +1 -1]");
}
END_TEST

START_TEST(wrappers_are_no_stubs)
{
	struct script script;
	struct snapshot *snapshot;

	/* realloc (NULL, n) always reaches malloc, but has no other address.
	   */
	snapshot = run_snapshot(&script, "1: +realloc 0 20\n"
				"1: malloc 20 = a0\n1: -realloc a0\n"
				"1: malloc 20 = b0\n");
	ck_assert(!heap_found_stubs(script.heap));
	snapshot_unref(snapshot);
	heap_free(script.heap);
}
END_TEST

static int know_stub(void *context, uint64_t address, uint32_t space)
{
	(void)context;
	(void)space;
	return address == 0x9000;
}

START_TEST(stubs_are_left_out_when_known)
{
	static const struct heap_host host = { .is_stub = know_stub };
	struct script script = { .time = 1000 };
	struct snapshot *snapshot;
	char state[512];

	script.heap = heap_new(&with_log);
	heap_set_host(script.heap, &host);
	run_lines(&script, "1: malloc 20 = a0\n" STUB_CALLS);
	heap_finish(script.heap);
	snapshot = heap_snapshot(script.heap);
	describe(snapshot, state, sizeof(state));
	ck_assert_str_eq(state, "malloc 1 realloc 1 live 1/64 [20: 0 +1 -1] "
			 "[40: 1 +1 -0]");
	ck_assert_uint_eq(snapshot->hits, 6);
	snapshot_unref(snapshot);
	heap_free(script.heap);
}
END_TEST

START_TEST(life_is_logged)
{
	static const struct { uint64_t size, address; uint32_t live, enter; }
	expected[] = {
		{ 0x20, 0xa0, 1, 1 }, { 0x20, 0xb0, 2, 1 }, { 0x20, 0xa0, 1, 0 },
		{ 0x20, 0xb0, 0, 0 }, { 0x30, 0xc0, 1, 1 },
	};
	struct script script;
	struct snapshot *snapshot = run_snapshot(&script,
		"1: malloc 20 = a0\n1: malloc 20 = b0\n1: free a0\n"
		"1: realloc b0 30 = c0\n");

	ck_assert_uint_eq(log_view_end(snapshot->log), 5);
	for (unsigned i = 0; i < 5; i++) {
		const struct log_entry *entry = log_view_get(snapshot->log, i);

		ck_assert_uint_eq(entry->size, expected[i].size);
		ck_assert_uint_eq(entry->address, expected[i].address);
		ck_assert_uint_eq(entry->live, expected[i].live);
		ck_assert_uint_eq(entry->enter, expected[i].enter);
		ck_assert_uint_eq(entry->tid, 1);
	}
	/* The call chain is the return's.  */
	ck_assert_uint_eq(chains_get(snapshot->chains,
		log_view_get(snapshot->log, 0)->chain).count, 2);
	snapshot_unref(snapshot);
	heap_free(script.heap);
}
END_TEST

START_TEST(snapshots_do_not_change)
{
	struct script script;
	struct snapshot *before = run_snapshot(&script, "1: malloc 20 = a0\n");
	struct snapshot *after;

	run_lines(&script, "1: free a0\n1: malloc 30 = b0\n");
	heap_finish(script.heap);
	after = heap_snapshot(script.heap);
	heap_free(script.heap);
	ck_assert_uint_eq(before->live_bytes, 0x20);
	ck_assert_uint_eq(log_view_end(before->log), 1);
	ck_assert_uint_eq(after->live_bytes, 0x30);
	ck_assert_uint_eq(log_view_end(after->log), 3);
	snapshot_unref(before);
	snapshot_unref(after);
}
END_TEST

/* Births of the survivors by slice, over more time than the first slices
   cover.  */
START_TEST(slices_stretch)
{
	struct script script = { .heap = heap_new(&with_log), .time = 1 };
	struct snapshot *snapshot;
	uint64_t first, sum = 0;

	for (unsigned i = 0; i < 1024; i++) {
		char line[64];

		snprintf(line, sizeof(line), "1: malloc 20 = %x\n",
			 0x1000 + i * 0x40);
		run_lines(&script, line);
		script.time += 10000000;
	}
	heap_finish(script.heap);
	snapshot = heap_snapshot(script.heap);
	ck_assert_uint_gt(snapshot->slices, SLICES / 2);
	ck_assert_uint_le(snapshot->slices, SLICES);
	first = snapshot->groups[0].born[0];
	for (unsigned i = 0; i < snapshot->slices; i++) {
		sum += snapshot->groups[0].born[i];
		/* Even but for the last, which is not over.  */
		if (i + 1 < snapshot->slices)
			ck_assert_uint_le(snapshot->groups[0].born[i], first + 1);
		ck_assert_uint_eq(snapshot->live_bytes_at[i], sum * 0x20);
	}
	ck_assert_uint_eq(sum, 1024);
	ck_assert_uint_eq(snapshot->groups[0].first, 1 + 2 * STEP);
	ck_assert_uint_eq(snapshot->groups[0].oldest, 1 + 2 * STEP);
	snapshot_unref(snapshot);
	heap_free(script.heap);
}
END_TEST

START_TEST(long_silence)
{
	struct script script = { .heap = heap_new(&with_log), .time = 1 };
	struct snapshot *snapshot;

	run_lines(&script, "1: malloc 20 = a0\n");
	script.time += UINT64_C(3600000000000) * 24 * 365;
	run_lines(&script, "1: malloc 20 = b0\n1: free a0\n");
	heap_finish(script.heap);
	snapshot = heap_snapshot(script.heap);
	ck_assert_uint_eq(snapshot->groups[0].live, 1);
	ck_assert_uint_eq(snapshot->groups[0].born[0], 0);
	ck_assert_uint_eq(snapshot->groups[0].born[snapshot->slices - 1], 1);
	snapshot_unref(snapshot);
	heap_free(script.heap);
}
END_TEST

/* Damaged times: of the far future, and back again.  */
START_TEST(absurd_times)
{
	static const uint64_t times[] = {
		1000, 1000 + (UINT64_C(1) << 56), UINT64_C(1) << 50, 5,
		UINT64_MAX - 5000, 7, UINT64_C(1) << 60, 0,
	};
	struct script script = { .heap = heap_new(&with_log) };
	struct snapshot *snapshot;
	uint64_t born = 0;

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		char line[64];

		script.time = times[i];
		snprintf(line, sizeof(line), "1: malloc 20 = %zx\n",
			 0x100 + i * 32);
		run_lines(&script, line);
		heap_round(script.heap);
		heap_round(script.heap);
		if (i % 3 == 2) {
			snprintf(line, sizeof(line), "1: free %zx\n",
				 0x100 + (i - 1) * 32);
			run_lines(&script, line);
		}
	}
	heap_finish(script.heap);
	snapshot = heap_snapshot(script.heap);
	for (unsigned i = 0; i < SLICES; i++)
		born += snapshot->groups[0].born[i];
	ck_assert_uint_eq(born, snapshot->live_blocks);
	ck_assert_uint_eq(born, 6);
	ck_assert_uint_gt(snapshot->late, 0);
	snapshot_unref(snapshot);
	heap_free(script.heap);
}
END_TEST

/* A server that forks for each request does not cost a copy of its blocks
   each time, and what its children hold goes with them.  */
START_TEST(many_forks)
{
	struct script script = { .heap = heap_new(&with_log), .time = 1 };
	struct snapshot *snapshot;
	char line[64];

	for (unsigned i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "1: malloc 20 = %x\n",
			 0x1000 + i * 32);
		run_lines(&script, line);
	}
	for (unsigned i = 2; i < 2000; i++) {
		snprintf(line, sizeof(line), "fork 1 %u\n%u: free 1000\n"
			 "%u: malloc 8 = 1000\n%u: exit\n", i, i, i, i);
		run_lines(&script, line);
		heap_round(script.heap);
	}
	heap_finish(script.heap);
	snapshot = heap_snapshot(script.heap);
	ck_assert_uint_eq(snapshot->live_blocks, 1000 + 1998);
	for (int i = 0; i < ANOMALY_COUNT; i++)
		ck_assert_uint_eq(snapshot->anomalies[i], 0);
	snapshot_unref(snapshot);
	heap_free(script.heap);
}
END_TEST

/* Many addresses and sizes, against a plain array.  */
START_TEST(random_calls_add_up)
{
	enum { SLOTS = 5000, STEPS = 100000 };
	static uint64_t size_at[SLOTS];
	struct script script = { .heap = heap_new(&with_log), .time = 1 };
	struct snapshot *snapshot;
	uint64_t bytes = 0, blocks = 0, seed = 1;

	for (unsigned i = 0; i < STEPS; i++) {
		struct hit hit = { .pid = 1, .tid = 1 };
		unsigned slot;

		seed = seed * UINT64_C(6364136223846793005) + 1;
		slot = (unsigned)(seed >> 33) % SLOTS;
		if (size_at[slot]) {
			bytes -= size_at[slot];
			blocks--;
			size_at[slot] = 0;
			hit.kind = HIT_CALL;
			hit.function = ALLOC_FREE;
			hit.argument[0] = 0x10000 + slot * 16;
			deliver(&script, &hit, NULL, 0);
			continue;
		}
		size_at[slot] = 1 + (seed >> 50);
		bytes += size_at[slot];
		blocks++;
		hit.kind = HIT_CALL;
		hit.function = ALLOC_MALLOC;
		hit.address = 0x1000;
		hit.argument[0] = size_at[slot];
		deliver(&script, &hit, NULL, 0);
		hit.kind = HIT_RETURN;
		hit.argument[0] = 0x10000 + slot * 16;
		deliver(&script, &hit, &seed, 1);
		if (i % 1000 == 0)
			heap_round(script.heap);
	}
	heap_finish(script.heap);
	snapshot = heap_snapshot(script.heap);
	ck_assert_uint_eq(snapshot->live_blocks, blocks);
	ck_assert_uint_eq(snapshot->live_bytes, bytes);
	for (int i = 0; i < ANOMALY_COUNT; i++)
		ck_assert_uint_eq(snapshot->anomalies[i], 0);
	snapshot_unref(snapshot);
	heap_free(script.heap);
}
END_TEST

START_TEST(chains_are_kept_once)
{
	struct chains *chains = chains_new();
	uint64_t addresses[CHAIN_DEPTH_MAX + 3];
	uint32_t id, other;

	for (unsigned i = 0; i < CHAIN_DEPTH_MAX + 3; i++)
		addresses[i] = i * 3;
	ck_assert_uint_eq(chains_intern(chains, 1, addresses, 0), 0);
	ck_assert_uint_eq(chains_get(chains, 0).count, 0);
	id = chains_intern(chains, 1, addresses, 3);
	ck_assert_uint_eq(chains_intern(chains, 1, addresses, 3), id);
	other = chains_intern(chains, 2, addresses, 3);
	ck_assert_uint_ne(other, id);
	ck_assert_uint_ne(chains_intern(chains, 1, addresses, 2), id);
	ck_assert_uint_eq(chains_get(chains, other).space, 2);
	ck_assert_uint_eq(chains_get(chains, id).addresses[2], 6);
	id = chains_intern(chains, 1, addresses, CHAIN_DEPTH_MAX + 3);
	ck_assert_uint_eq(chains_get(chains, id).count, CHAIN_DEPTH_MAX);
	for (uint64_t i = 0; i < 100000; i++) {
		uint64_t pair[2] = { i, i * i };

		id = chains_intern(chains, 3, pair, 2);
		if (!id || chains_get(chains, id).addresses[1] != i * i)
			ck_abort_msg("chain %" PRIu64 " is wrong", i);
	}
	ck_assert_uint_eq(chains_limit(chains), 100005);
	chains_unref(chains);
}
END_TEST

START_TEST(log_drops_the_oldest)
{
	struct sizespec only = sizespec_only(7);
	struct log *log = log_new(10000, &only);
	struct log_view *view;
	struct log_entry entry = { .size = 7 };

	for (entry.time = 0; entry.time < 100000; entry.time++) {
		entry.size = 7;
		if (log_add(log, &entry) < 0)
			ck_abort();
		entry.size = 8;
		if (log_add(log, &entry) < 0)
			ck_abort();
	}
	view = log_view_new(log);
	log_free(log);
	ck_assert_uint_eq(log_view_end(view), 100000);
	ck_assert_uint_le(log_view_first(view), 90000);
	ck_assert_uint_ge(log_view_first(view), 65000);
	for (uint64_t i = log_view_first(view); i < 100000; i++) {
		if (log_view_get(view, i)->time != i)
			ck_abort_msg("entry %" PRIu64 " is wrong", i);
	}
	log_view_unref(view);
}
END_TEST

struct kinds {
	unsigned count;
	uint8_t kind[16];
	uint64_t result[16];
};

static void note_kind(void *context, struct hit *hit)
{
	struct kinds *kinds = context;

	if (hit->kind > HIT_WHOLE)
		return;
	kinds->result[kinds->count] = hit->argument[WHOLE_RESULT];
	kinds->kind[kinds->count++] = hit->kind;
}

/* What has nothing between call and return goes its way as one; but no call that
   releases something before it returns, or whose result needs more room.  */
START_TEST(calls_and_returns_become_one)
{
	struct script script = { .heap = heap_new(&with_log), .time = 1000 };
	struct kinds kinds = { 0 };
	const struct heap_stage stage = { &kinds, note_kind };
	static const uint8_t expected[] = {
		HIT_WHOLE, HIT_CALL, HIT_RETURN, HIT_CALL, HIT_RETURN, HIT_CALL,
		HIT_WHOLE, HIT_CALL, HIT_CALL, HIT_RETURN, HIT_CALL, HIT_RETURN
	};
	struct snapshot *snapshot;

	heap_set_stage(script.heap, &stage);
	run_lines(&script, "1: calloc 2 20 = a0\n1: realloc a0 20 = b0\n"
		  "1: posix_memalign 20 = 0 c0\n1: +malloc 20\n"
		  "2/1: memalign 30 = d0\n1: +malloc 20\n1: +malloc 20\n"
		  "2/1: -malloc e0\n1: +malloc 20\n");
	/* Long enough to have been elsewhere.  */
	script.time += 10000;
	run_lines(&script, "1: -malloc f0\n");
	heap_finish(script.heap);
	heap_set_stage(script.heap, NULL);
	snapshot = heap_snapshot(script.heap);
	ck_assert_uint_eq(snapshot->hits, 14);
	snapshot_unref(snapshot);
	ck_assert_uint_eq(kinds.count, sizeof(expected));
	for (unsigned i = 0; i < kinds.count; i++)
		ck_assert_uint_eq(kinds.kind[i], expected[i]);
	ck_assert_uint_eq(kinds.result[0], 0xa0);
	ck_assert_uint_eq(kinds.result[6], 0xd0);
	heap_free(script.heap);
}
END_TEST

struct moved {
	uint64_t time;          /* us */
	enum hit_kind kind;
	enum allocator_id function;
	uint64_t argument;
};

static void expect_moved(const struct moved *hits, unsigned count,
			 const char *expected)
{
	struct script script = { .heap = heap_new(&with_log) };
	struct snapshot *snapshot;
	char state[512];

	for (unsigned i = 0; i < count; i++) {
		const struct hit hit = {
			.time = hits[i].time * 1000, .pid = 1, .tid = 1,
			.kind = (uint8_t)hits[i].kind,
			.function = (uint8_t)hits[i].function,
			.address = FUNCTION_ADDRESS((unsigned)hits[i].function),
			.argument = { hits[i].argument },
		};

		ck_assert_int_eq(heap_hit(script.heap, &hit, 0, NULL, 0), 0);
	}
	heap_finish(script.heap);
	snapshot = heap_snapshot(script.heap);
	describe(snapshot, state, sizeof(state));
	ck_assert_str_eq(state, expected);
	snapshot_unref(snapshot);
	heap_free(script.heap);
}

/* A thread is moved to another CPU within a call, and back within the next one:
   what comes together in the first one's buffer is of two calls.  */
START_TEST(moved_within_calls)
{
	static const struct moved hits[] = {
		{ 10, HIT_CALL, ALLOC_MALLOC, 0x20 },
		{ 40, HIT_RETURN, ALLOC_MALLOC, 0xb0 },
		{ 20, HIT_RETURN, ALLOC_MALLOC, 0xa0 },
		{ 25, HIT_CALL, ALLOC_FREE, 0xa0 },
		{ 30, HIT_CALL, ALLOC_MALLOC, 0x30 },
	};

	expect_moved(hits, 5, "malloc 2 free 1 live 1/48 [20: 0 +1 -1] "
		     "[30: 1 +1 -0]");
}
END_TEST

/* A loss on another CPU, told between the halves of an inner call that are close
   together: the outer one was not lost by that.  */
START_TEST(loss_within_an_inner_call)
{
	static const struct moved hits[] = {
		{ 1, HIT_CALL, ALLOC_CALLOC, 1 },
		{ 10, HIT_CALL, ALLOC_MALLOC, 0x20 },
		{ 12, HIT_RETURN, ALLOC_MALLOC, 0xa0 },
		{ 14, HIT_RETURN, ALLOC_CALLOC, 0xa0 },
		{ 11, HIT_LOST, ALLOC_MALLOC, 1 },
	};

	expect_moved(hits, 5, "calloc 1 live 1/0 lost 1 [0: 1 +1 -0]");
}
END_TEST

static void add_tests(Suite *suite, const char *name, const TTest *const *tests,
		      void (*setup)(void))
{
	TCase *tcase = tcase_create(name);

	if (setup)
		tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_set_timeout(tcase, 60);
	for (; *tests; tests++)
		tcase_add_test(tcase, *tests);
	suite_add_tcase(suite, tcase);
}

int main(void)
{
	const TTest *const pairing[] = {
		plain_calls, calloc_multiplies, realloc_forms, posix_memalign_tells_where,
		nested_calls_count_once, aliases_share_an_address, threads_pair_apart,
		anomalies_are_kept_apart, ending_threads_free_again,
		ending_threads_among_sleepers, posix_memalign_without_address,
		samples_told_twice, calls_alone, unpaired_are_counted,
		loss_is_counted_and_survived, loss_makes_doubtful,
		missed_frees_are_repaired, gaps_are_losses, losses_have_a_time,
		loss_without_time, missed_return_then_frees, missed_return_without_loss,
		processes, stubs_show_by_what_they_do, stubs_show_by_where_they_are,
		wrappers_are_no_stubs, stubs_are_left_out_when_known, NULL
	};
	const TTest *const joined[] = {
		calls_and_returns_become_one, moved_within_calls,
		loss_within_an_inner_call, NULL
	};
	const TTest *const model[] = {
		life_is_logged, snapshots_do_not_change, slices_stretch, long_silence,
		absurd_times, many_forks, random_calls_add_up, doubt_adds_up,
		chains_are_kept_once, log_drops_the_oldest, NULL
	};
	Suite *suite = suite_create("heap");

	add_tests(suite, "pairing and following", pairing, NULL);
	add_tests(suite, "pairing and following, apart", pairing, keep_apart);
	add_tests(suite, "joined", joined, NULL);
	add_tests(suite, "model", model, NULL);
	add_tests(suite, "model, apart", model, keep_apart);
	return run_suite(suite);
}
