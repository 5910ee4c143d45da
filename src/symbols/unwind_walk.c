/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/unwind_walk.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* No code is mapped in the first one.  */
#define PAGE 4096

#define BIT(number) (UINT64_C(1) << (number))

/* DWARF's numbers are those of the ABI supplements.  */
static const struct machine machines[] = {
	{
		.elf = EM_X86_64,
		.count = 17,
		.sp = 7,
		.fp = 6,
		.pc = 16,
		.ra = 16,
		.fp_on_top = true,
		.address_mask = UINT64_MAX,
		.trampoline = BIT(47) - 2 * PAGE,
		.perf = { 0, 3, 2, 1, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22,
			  23, 8 },
		.saved_count = 6,
		.saved = { 3, 6, 12, 13, 14, 15 },
	},
	{
		.elf = EM_AARCH64,
		.count = 33,
		.sp = 31,
		.fp = 29,
		.pc = 32,
		.ra = 30,
		.address_mask = BIT(48) - 1,
		.trampoline = BIT(48) - PAGE,
		.perf = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
			  16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
			  29, 30, 31, 32 },
		.saved_count = 11,
		.saved = { 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29 },
	},
};

const struct machine *machine_find(uint16_t elf)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (machines[i].elf == elf)
			return &machines[i];
	}
	return NULL;
}

void recipe_free(struct recipe *recipe)
{
	if (!recipe)
		return;
	free(recipe->cfa.ops);
	for (size_t i = 0; i < REGISTERS_MAX; i++)
		free(recipe->rules[i].ops);
	free(recipe);
}

bool walk_begin(struct walk *walk, const struct dump *dump)
{
	const struct machine *machine = machine_find(dump->machine);

	if (!machine || dump->narrow)
		return false;
	*walk = (struct walk){ .machine = machine, .exact = true };
	for (uint8_t i = 0; i < machine->count; i++) {
		uint64_t bit = BIT(machine->perf[i]);

		if (!(dump->mask & bit))
			continue;
		walk->value[i] = dump->registers[
			__builtin_popcountll(dump->mask & (bit - 1))];
		walk->known |= BIT(i);
	}
	if (!(walk->known & BIT(machine->sp)) ||
	    !(walk->known & BIT(machine->pc)))
		return false;
	walk->stack = dump->stack;
	walk->start = walk->value[machine->sp];
	walk->size = dump->size;
	return true;
}

inline bool walk_read(const struct walk *walk, uint64_t address,
		      uint64_t *value)
{
	uint64_t at = address - walk->start;

	if (walk->size < sizeof(*value) || at > walk->size - sizeof(*value))
		return false;
	memcpy(value, walk->stack + at, sizeof(*value));
	return true;
}

/* Whether a frame with CFA can be above the present one.  Only a function that
   was interrupted may have nothing on the stack.  */
static bool grows(const struct walk *walk, uint64_t cfa)
{
	uint64_t sp = walk->value[walk->machine->sp];

	return cfa > sp || (cfa == sp && walk->exact);
}

/* Takes the values that make a frame.  */
static bool enter(struct walk *walk, uint64_t cfa, uint64_t pc)
{
	const struct machine *machine = walk->machine;

	pc &= machine->address_mask;
	if (pc < PAGE || pc >= machine->trampoline + PAGE)
		return false;
	walk->value[machine->sp] = cfa;
	walk->value[machine->pc] = pc;
	walk->known |= BIT(machine->sp) | BIT(machine->pc);
	return true;
}

/* What a function keeps for its callers, and what it has in any case.  */
static uint64_t kept(const struct machine *machine)
{
	uint64_t mask = BIT(machine->sp) | BIT(machine->pc) | BIT(machine->ra);

	for (uint8_t i = 0; i < machine->saved_count; i++)
		mask |= BIT(machine->saved[i]);
	return mask;
}

bool walk_simple(struct walk *walk, const struct row *row)
{
	const struct machine *machine = walk->machine;
	uint64_t cfa, pc;

	if (!(walk->known & BIT(row->cfa_register)))
		return false;
	cfa = walk->value[row->cfa_register] + (uint64_t)(int64_t)row->cfa_offset;
	if (!grows(walk, cfa))
		return false;
	if (row->in_register) {
		/* Behind a call it would be that call's.  */
		if (!walk->exact || !(walk->known & BIT(machine->ra)))
			return false;
		pc = walk->value[machine->ra];
	} else if (!walk_read(walk, cfa + (uint64_t)(int64_t)row->return_offset,
			      &pc)) {
		return false;
	}
	walk->known &= kept(machine);
	for (unsigned saved = row->saved; saved; saved &= saved - 1) {
		unsigned i = (unsigned)__builtin_ctz(saved);
		uint8_t number = machine->saved[i];

		if (!walk_read(walk, cfa + (uint64_t)(int64_t)row->offset[i],
			       &walk->value[number]))
			walk->known &= ~BIT(number);
		else
			walk->known |= BIT(number);
	}
	walk->value[machine->ra] = pc;
	walk->known |= BIT(machine->ra);
	walk->exact = row->interrupted;
	return enter(walk, cfa, pc);
}

/* What RULE makes of register NUMBER.  False: it is not known.  */
static bool apply(const struct walk *walk, const struct rule *rule,
		  uint8_t number, uint64_t cfa, uint64_t *value)
{
	uint64_t address;
	uint8_t from = rule->kind == RULE_REGISTER ? rule->from : number;

	switch ((enum rule_kind)rule->kind) {
	case RULE_SAME:
	case RULE_REGISTER:
		*value = walk->value[from];
		return walk->known & BIT(from);
	case RULE_AT_CFA:
		return walk_read(walk, cfa + (uint64_t)rule->offset, value);
	case RULE_CFA:
		*value = cfa + (uint64_t)rule->offset;
		return true;
	case RULE_AT:
		return walk_evaluate(walk, rule, &cfa, &address) &&
		       walk_read(walk, address, value);
	case RULE_VALUE:
		return walk_evaluate(walk, rule, &cfa, value);
	case RULE_UNDEFINED:
		break;
	}
	return false;
}

static bool find_cfa(const struct walk *walk, const struct rule *rule,
		     uint64_t *cfa)
{
	if (rule->kind != RULE_REGISTER)
		return walk_evaluate(walk, rule, NULL, cfa);
	*cfa = walk->value[rule->from] + (uint64_t)rule->offset;
	return walk->known & BIT(rule->from);
}

bool walk_recipe(struct walk *walk, const struct row *row,
		 const struct recipe *recipe)
{
	const struct machine *machine = walk->machine;
	struct walk next = *walk;
	uint64_t cfa;

	if (!find_cfa(walk, &recipe->cfa, &cfa))
		return false;
	/* A signal's handler may have a stack of its own.  */
	if (!row->interrupted && !grows(walk, cfa))
		return false;
	if (recipe->rules[machine->ra].kind == RULE_SAME && !walk->exact)
		return false;
	next.known = 0;
	for (uint8_t i = 0; i < machine->count; i++) {
		if (i != machine->sp &&
		    apply(walk, &recipe->rules[i], i, cfa, &next.value[i]))
			next.known |= BIT(i);
	}
	if (!(next.known & BIT(machine->ra)))
		return false;
	next.exact = row->interrupted;
	*walk = next;
	return enter(walk, cfa, walk->value[machine->ra]);
}

bool walk_frame_pointer(struct walk *walk)
{
	const struct machine *machine = walk->machine;
	uint64_t fp = walk->value[machine->fp], next, pc;

	/* The kernel has put its own page's address in the place of a return
	   address, which is not to be found then.  */
	if (walk->value[machine->pc] >= machine->trampoline)
		return false;
	/* On both machines it points to the caller's, which lies right below
	   the return address.  */
	if (!(walk->known & BIT(machine->fp)) || fp % sizeof(fp) ||
	    fp < walk->value[machine->sp] || fp > UINT64_MAX - 16 ||
	    !walk_read(walk, fp, &next) || !walk_read(walk, fp + 8, &pc))
		return false;
	walk->known &= kept(machine);
	walk->value[machine->fp] = next;
	walk->value[machine->ra] = pc;
	walk->known |= BIT(machine->ra);
	walk->exact = false;
	if (!enter(walk, fp + 16, pc))
		return false;
	if (!machine->fp_on_top)
		walk->known &= ~BIT(machine->sp);
	return true;
}
