/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "present/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "base/seed.h"

/* Joins groups to rows by size and call site while they are built.  */
struct builder {
	struct rows *rows;      /* whose sites are used */
	const struct snapshot *snapshot;
	struct symbols *symbols;
	unsigned generation;    /* of their names */
	struct row *row;
	uint64_t *best_bytes;   /* of the chain that stands for the row */
	size_t count;
	size_t capacity;
	uint32_t *index;        /* row number + 1; 0: free */
	size_t index_size;      /* a power of two, over twice the groups */
	uint64_t seed;          /* see base/seed.h */
};

static int sites_reserve(struct rows *rows, uint32_t limit)
{
	struct chain_site *sites;

	if (limit <= rows->site_count)
		return 0;
	limit += limit / 2;
	sites = realloc(rows->sites, limit * sizeof(*sites));
	if (!sites)
		return -1;
	memset(sites + rows->site_count, 0,
	       (limit - rows->site_count) * sizeof(*sites));
	rows->sites = sites;
	rows->site_count = limit;
	return 0;
}

static struct place own_place(struct builder *builder, uint32_t id,
			      uint32_t *site)
{
	struct chain chain = chains_get(builder->snapshot->chains, id);

	*site = symbols_call_site(builder->symbols, chain.space,
				  chain.addresses, chain.count);
	return symbols_place(builder->symbols, chain.space,
			     chain.addresses[*site]);
}

static bool same_place(struct place a, struct place b)
{
	return a.object == b.object && a.offset == b.offset;
}

/* The place of all chains that dumps have shown for this one, if that is one;
   else PLACE.  */
static struct place deeper_place(struct builder *builder, struct place place,
				 const uint32_t *ids, unsigned count)
{
	struct place deeper = place;
	uint32_t site;

	for (unsigned i = 0; i < count && count <= CHAINS_DEEPER; i++) {
		struct place other = own_place(builder, ids[i], &site);

		if (!other.object || (i && !same_place(deeper, other)))
			return place;
		deeper = other;
	}
	return deeper;
}

static struct chain_site site_of(struct builder *builder, uint32_t id)
{
	struct chain_site *site = &builder->rows->sites[id];
	uint32_t ids[CHAINS_DEEPER];
	unsigned deeper;

	if (!id)
		return *site;
	deeper = chains_deeper(builder->snapshot->chains, id, ids);
	if (site->known && site->deeper == deeper &&
	    site->generation == builder->generation)
		return *site;
	site->place = own_place(builder, id, &site->site);
	/* The mapping may only be about to come: ask again next time.  */
	site->known = site->place.object != 0;
	site->place = deeper_place(builder, site->place, ids, deeper);
	site->deeper = deeper;
	site->generation = builder->generation;
	return *site;
}

/* Whether CHAIN is better than the one that stands for the row: one from a
   stack dump is, and then the one with more bytes.  */
static bool is_better(const struct builder *builder, const struct row *row,
		      uint64_t best_bytes, uint32_t chain, uint64_t bytes)
{
	const struct chains *chains = builder->snapshot->chains;
	bool deep = chains_shallow(chains, chain);
	bool best_deep = chains_shallow(chains, row->chain);

	return deep != best_deep ? deep : bytes > best_bytes;
}

static uint64_t hash_row(uint64_t seed, uint64_t size, struct place place)
{
	uint64_t hash = seed_mix(seed, seed_hash(seed, size), place.object);

	return seed_mix(seed, hash, place.offset);
}

static int grow_rows(struct builder *builder)
{
	size_t capacity = builder->capacity ? builder->capacity * 2 : 64;
	uint64_t *best;
	struct row *row;

	row = realloc(builder->row, capacity * sizeof(*row));
	if (!row)
		return -1;
	builder->row = row;
	best = realloc(builder->best_bytes, capacity * sizeof(*best));
	if (!best)
		return -1;
	builder->best_bytes = best;
	builder->capacity = capacity;
	return 0;
}

/* The number of the row of this size and place; -1 when out of memory.  */
static long row_find(struct builder *builder, uint64_t size,
		     struct place place)
{
	size_t at = hash_row(builder->seed, size, place) & (builder->index_size - 1);
	struct row *row;

	for (; builder->index[at]; at = (at + 1) & (builder->index_size - 1)) {
		row = &builder->row[builder->index[at] - 1];
		if (row->size == size && same_place(row->place, place))
			return (long)builder->index[at] - 1;
	}
	if (builder->count == builder->capacity && grow_rows(builder) < 0)
		return -1;
	row = &builder->row[builder->count];
	memset(row, 0, sizeof(*row));
	row->size = size;
	row->place = place;
	builder->best_bytes[builder->count] = 0;
	builder->index[at] = (uint32_t)++builder->count;
	return (long)builder->count - 1;
}

static int add_group(struct builder *builder, const struct group *group)
{
	struct chain_site site = site_of(builder, group->chain);
	uint64_t bytes = group->live * group->size;
	uint64_t weight = bytes + group->alone * group->size;
	long number = row_find(builder, group->size, site.place);
	struct row *row;

	if (number < 0)
		return -1;
	row = &builder->row[number];
	if (!row->allocated ||
	    is_better(builder, row, builder->best_bytes[number], group->chain,
		      weight)) {
		row->chain = group->chain;
		row->site = site.site;
		builder->best_bytes[number] = weight;
	}
	if (!row->allocated || group->first < row->first)
		row->first = group->first;
	if (group->last > row->last)
		row->last = group->last;
	if (group->oldest && (!row->oldest || group->oldest < row->oldest))
		row->oldest = group->oldest;
	row->blocks += group->live;
	row->bytes += bytes;
	row->doubtful += group->doubtful;
	row->allocated += group->allocated;
	row->freed += group->freed;
	row->alone += group->alone;
	for (unsigned i = 0; i < SLICES; i++) {
		row->born[i] += group->born[i];
		row->live_at[i] += group->live_at[i];
	}
	return 0;
}

/* A row's oldest block is the oldest since an older one went, from whichever
   of its groups.  */
static void add_elder(struct builder *builder, const struct group *group)
{
	struct chain_site site = site_of(builder, group->chain);
	long number = row_find(builder, group->size, site.place);
	struct row *row;

	if (number < 0)
		return;
	row = &builder->row[number];
	if (group->elder_born <= row->oldest &&
	    group->elder_gone > row->oldest_since)
		row->oldest_since = group->elder_gone;
}

static int compare_score(const void *a, const void *b)
{
	const struct row *left = a, *right = b;

	if (left->score != right->score)
		return left->score < right->score ? 1 : -1;
	if (left->size != right->size)
		return left->size < right->size ? 1 : -1;
	if (left->place.object != right->place.object)
		return left->place.object < right->place.object ? -1 : 1;
	return left->place.offset < right->place.offset ? -1 :
	       left->place.offset > right->place.offset;
}

static void keep_live(struct builder *builder)
{
	size_t kept = 0;

	for (size_t i = 0; i < builder->count; i++) {
		if (!builder->row[i].blocks && !builder->row[i].alone)
			continue;
		builder->row[kept] = builder->row[i];
		row_judge(&builder->row[kept], builder->snapshot);
		kept++;
	}
	builder->count = kept;
	if (kept)
		qsort(builder->row, kept, sizeof(*builder->row), compare_score);
}

int rows_build(struct rows *rows, const struct snapshot *snapshot,
	       struct symbols *symbols, const struct sizespec *spec)
{
	struct builder builder = {
		.rows = rows, .snapshot = snapshot, .symbols = symbols,
		.generation = symbols_generation(symbols), .index_size = 64,
		.seed = seed_new(),
	};
	int status = sites_reserve(rows, snapshot->chain_limit);

	while (builder.index_size < snapshot->group_count * (size_t)2)
		builder.index_size *= 2;
	builder.index = calloc(builder.index_size, sizeof(*builder.index));
	if (!builder.index)
		status = -1;
	for (uint32_t i = 0; !status && i < snapshot->group_count; i++) {
		if (sizespec_accepts(spec, snapshot->groups[i].size))
			status = add_group(&builder, &snapshot->groups[i]);
	}
	for (uint32_t i = 0; !status && i < snapshot->group_count; i++) {
		if (snapshot->groups[i].elder_gone &&
		    sizespec_accepts(spec, snapshot->groups[i].size))
			add_elder(&builder, &snapshot->groups[i]);
	}
	free(builder.index);
	free(builder.best_bytes);
	if (status < 0) {
		free(builder.row);
		return -1;
	}
	keep_live(&builder);
	free(rows->row);
	rows->row = builder.row;
	rows->count = builder.count;
	return 0;
}

void rows_clear(struct rows *rows)
{
	free(rows->row);
	free(rows->sites);
	memset(rows, 0, sizeof(*rows));
}

void row_site(const struct row *row, const struct snapshot *snapshot,
	      struct symbols *symbols, unsigned flags, struct frame *frame)
{
	struct chain chain = chains_get(snapshot->chains, row->chain);

	memset(frame, 0, sizeof(*frame));
	if (row->site < chain.count)
		symbols_frame(symbols, chain.space, chain.addresses[row->site],
			      flags | FRAME_RETURN, frame);
}

static int compare_bytes(const void *a, const void *b)
{
	const struct size_total *left = a, *right = b;

	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	return left->size < right->size ? -1 : left->size > right->size;
}

static int compare_size(const void *a, const void *b)
{
	const struct size_total *left = a, *right = b;

	return left->size < right->size ? -1 : left->size > right->size;
}

/* Adds up neighbours of one size; leaves out sizes without a live block.  */
static size_t join_totals(struct size_total *totals, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count;) {
		struct size_total sum = totals[i];

		for (i++; i < count && totals[i].size == sum.size; i++) {
			sum.blocks += totals[i].blocks;
			sum.bytes += totals[i].bytes;
			sum.allocated += totals[i].allocated;
			sum.freed += totals[i].freed;
		}
		if (sum.blocks)
			totals[kept++] = sum;
	}
	return kept;
}

struct size_total *size_totals(const struct snapshot *snapshot,
			       const struct sizespec *spec, size_t *count)
{
	struct size_total *totals = malloc((snapshot->group_count + 1) *
					   sizeof(*totals));
	size_t used = 0;

	if (!totals)
		return NULL;
	for (uint32_t i = 0; i < snapshot->group_count; i++) {
		const struct group *group = &snapshot->groups[i];

		if (!sizespec_accepts(spec, group->size))
			continue;
		totals[used++] = (struct size_total) {
			.size = group->size,
			.blocks = group->live,
			.bytes = group->live * group->size,
			.allocated = group->allocated,
			.freed = group->freed,
		};
	}
	qsort(totals, used, sizeof(*totals), compare_size);
	used = join_totals(totals, used);
	qsort(totals, used, sizeof(*totals), compare_bytes);
	*count = used;
	return totals;
}
