/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <dwarf.h>

#include "symbols/unwind_walk.h"

/* Operands at once.  Compilers' unwind tables need 4.  */
#define DEPTH_MAX 16

struct operands {
	uint64_t value[DEPTH_MAX];
	size_t count;
};

static bool push(struct operands *operands, uint64_t value)
{
	if (operands->count == DEPTH_MAX)
		return false;
	operands->value[operands->count++] = value;
	return true;
}

static bool push_register(const struct walk *walk, struct operands *operands,
			  uint64_t number, uint64_t offset)
{
	if (number >= walk->machine->count ||
	    !(walk->known & UINT64_C(1) << number))
		return false;
	return push(operands, walk->value[number] + offset);
}

/* Another look at the operand DEPTH below the top.  */
static bool pick(struct operands *operands, uint64_t depth)
{
	if (depth >= operands->count)
		return false;
	return push(operands, operands->value[operands->count - 1 - depth]);
}

/* How many operands an operation takes off the stack, of those that do.  */
static const uint8_t takes[256] = {
	[DW_OP_deref] = 1, [DW_OP_plus_uconst] = 1, [DW_OP_neg] = 1,
	[DW_OP_not] = 1, [DW_OP_drop] = 1,
	[DW_OP_plus] = 2, [DW_OP_minus] = 2, [DW_OP_mul] = 2,
	[DW_OP_and] = 2, [DW_OP_or] = 2, [DW_OP_xor] = 2, [DW_OP_shl] = 2,
	[DW_OP_shr] = 2, [DW_OP_eq] = 2, [DW_OP_ne] = 2, [DW_OP_ge] = 2,
	[DW_OP_gt] = 2, [DW_OP_le] = 2, [DW_OP_lt] = 2,
};

static bool nullary(const struct walk *walk, struct operands *operands,
		    const struct op *op)
{
	if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31)
		return push(operands, op->atom - DW_OP_lit0);
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31)
		return push_register(walk, operands, op->atom - DW_OP_breg0,
				     op->number);
	switch (op->atom) {
	case DW_OP_const1u:
	case DW_OP_const1s:
	case DW_OP_const2u:
	case DW_OP_const2s:
	case DW_OP_const4u:
	case DW_OP_const4s:
	case DW_OP_const8u:
	case DW_OP_const8s:
	case DW_OP_constu:
	case DW_OP_consts:
		return push(operands, op->number);
	case DW_OP_bregx:
		return push_register(walk, operands, op->number, op->number2);
	case DW_OP_dup:
		return pick(operands, 0);
	case DW_OP_over:
		return pick(operands, 1);
	case DW_OP_pick:
		return pick(operands, op->number);
	case DW_OP_nop:
		return true;
	default:
		return false;
	}
}

static bool unary(const struct walk *walk, struct operands *operands,
		  const struct op *op)
{
	uint64_t *top = &operands->value[operands->count - 1];

	switch (op->atom) {
	case DW_OP_deref:
		return walk_read(walk, *top, top);
	case DW_OP_plus_uconst:
		*top += op->number;
		return true;
	case DW_OP_neg:
		*top = -*top;
		return true;
	case DW_OP_not:
		*top = ~*top;
		return true;
	default:
		operands->count--;
		return true;
	}
}

static uint64_t combine(uint8_t atom, uint64_t a, uint64_t b)
{
	switch (atom) {
	case DW_OP_plus:
		return a + b;
	case DW_OP_minus:
		return a - b;
	case DW_OP_mul:
		return a * b;
	case DW_OP_and:
		return a & b;
	case DW_OP_or:
		return a | b;
	case DW_OP_xor:
		return a ^ b;
	case DW_OP_shl:
		return b < 64 ? a << b : 0;
	case DW_OP_shr:
		return b < 64 ? a >> b : 0;
	case DW_OP_eq:
		return a == b;
	case DW_OP_ne:
		return a != b;
	case DW_OP_ge:
		return (int64_t)a >= (int64_t)b;
	case DW_OP_gt:
		return (int64_t)a > (int64_t)b;
	case DW_OP_le:
		return (int64_t)a <= (int64_t)b;
	default:
		return (int64_t)a < (int64_t)b;
	}
}

/* B is on top.  */
static bool binary(struct operands *operands, const struct op *op)
{
	uint64_t *a = &operands->value[operands->count - 2];

	*a = combine(op->atom, *a, a[1]);
	operands->count--;
	return true;
}

static bool execute(const struct walk *walk, struct operands *operands,
		    const struct op *op)
{
	uint8_t needed = takes[op->atom];

	if (operands->count < needed)
		return false;
	switch (needed) {
	case 0:
		return nullary(walk, operands, op);
	case 1:
		return unary(walk, operands, op);
	default:
		return binary(operands, op);
	}
}

/* Branches are not among what is known, so every expression ends.  */
bool walk_evaluate(const struct walk *walk, const struct rule *rule,
		   const uint64_t *cfa, uint64_t *value)
{
	struct operands operands = { .count = 0 };

	if (cfa)
		push(&operands, *cfa);
	for (size_t i = 0; i < rule->count; i++) {
		if (!execute(walk, &operands, &rule->ops[i]))
			return false;
	}
	if (!operands.count)
		return false;
	*value = operands.value[operands.count - 1];
	return true;
}
