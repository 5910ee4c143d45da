/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/unwind_program.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of instructions.  The largest function of libgccjit has 8 thousand.  */
#define PROGRAM_MAX 65536
/* States that are remembered at once.  Compilers nest none.  */
#define REMEMBERED_MAX 8
/* Operations of an expression.  The longest that toolchains write, of a
   linkage stub, has 8.  */
#define OPS_MAX 64

/* A rule whose expression is not decoded.  */
struct draft {
	uint8_t kind;           /* enum rule_kind */
	uint64_t from;          /* register */
	uint64_t offset;
	struct cursor expression;
};

/* Of the CFA: RULE_REGISTER is a register + offset.  */
struct state {
	struct draft cfa;
	struct draft rules[REGISTERS_MAX];
};

struct run {
	const struct section *section;
	const struct entry *entry;
	const struct machine *machine;
	uint64_t address;       /* the one that is asked for */
	uint64_t location;
	struct state now;
	struct state initial;   /* after the CIE's */
	struct state remembered[REMEMBERED_MAX];
	unsigned depth;
	bool bad;
};

/* What stands behind an instruction: u, s: LEB128; 1, 2, 4: bytes; b: a block
   with its length; a: an address.  NULL: not known.  */
static const char *const operands_of[64] = {
	[DW_CFA_nop] = "",
	[DW_CFA_set_loc] = "a",
	[DW_CFA_advance_loc1] = "1",
	[DW_CFA_advance_loc2] = "2",
	[DW_CFA_advance_loc4] = "4",
	[DW_CFA_offset_extended] = "uu",
	[DW_CFA_restore_extended] = "u",
	[DW_CFA_undefined] = "u",
	[DW_CFA_same_value] = "u",
	[DW_CFA_register] = "uu",
	[DW_CFA_remember_state] = "",
	[DW_CFA_restore_state] = "",
	[DW_CFA_def_cfa] = "uu",
	[DW_CFA_def_cfa_register] = "u",
	[DW_CFA_def_cfa_offset] = "u",
	[DW_CFA_def_cfa_expression] = "b",
	[DW_CFA_expression] = "ub",
	[DW_CFA_offset_extended_sf] = "us",
	[DW_CFA_def_cfa_sf] = "us",
	[DW_CFA_def_cfa_offset_sf] = "s",
	[DW_CFA_val_offset] = "uu",
	[DW_CFA_val_offset_sf] = "us",
	[DW_CFA_val_expression] = "ub",
	/* arm64: the return address is signed, with the address, too.  */
	[0x2c] = "",
	[DW_CFA_GNU_window_save] = "",
	[DW_CFA_GNU_args_size] = "u",
	[DW_CFA_GNU_negative_offset_extended] = "uu",
};

struct instruction {
	uint8_t code;
	uint64_t operand[2];
	struct cursor block;
};

/* The next instruction.  Three of them have an operand in their first byte.
   */
static bool fetch(struct run *run, struct cursor *program,
		  struct instruction *instruction)
{
	uint8_t byte = (uint8_t)cursor_fixed(program, 1);
	const char *operands;
	unsigned count = 0;

	*instruction = (struct instruction){ .code = byte };
	operands = operands_of[byte & 0x3f];
	if (byte & 0xc0) {
		instruction->code = byte & 0xc0;
		instruction->operand[count++] = byte & 0x3f;
		operands = instruction->code == DW_CFA_offset ? "u" : "";
	}
	if (!operands)
		return false;
	for (; *operands; operands++) {
		uint64_t *operand = &instruction->operand[count++];

		switch (*operands) {
		case 'u':
			*operand = cursor_uleb(program);
			break;
		case 's':
			*operand = cursor_sleb(program);
			break;
		case 'b':
			instruction->block = cursor_block(
				program, cursor_uleb(program));
			break;
		case 'a':
			*operand = entry_address(run->section, program,
						 run->entry->encoding);
			break;
		default:
			*operand = cursor_fixed(program,
						(unsigned)(*operands - '0'));
			break;
		}
	}
	return !program->bad;
}

/* Vector registers have numbers, too, and nobody asks for them.  */
static void set_rule(struct run *run, uint64_t number, enum rule_kind kind,
		     uint64_t value, struct cursor expression)
{
	if (number < run->machine->count)
		run->now.rules[number] = (struct draft){
			.kind = (uint8_t)kind, .from = value, .offset = value,
			.expression = expression,
		};
}

static void restore_rule(struct run *run, uint64_t number)
{
	if (number < run->machine->count)
		run->now.rules[number] = run->initial.rules[number];
}

static void set_cfa(struct run *run, uint64_t number, uint64_t offset)
{
	run->now.cfa = (struct draft){
		.kind = RULE_REGISTER, .from = number, .offset = offset,
	};
}

static void remember(struct run *run)
{
	if (run->depth == REMEMBERED_MAX)
		run->bad = true;
	else
		run->remembered[run->depth++] = run->now;
}

static void recall(struct run *run)
{
	if (!run->depth)
		run->bad = true;
	else
		run->now = run->remembered[--run->depth];
}

static void apply(struct run *run, const struct instruction *instruction)
{
	uint64_t first = instruction->operand[0];
	uint64_t second = instruction->operand[1];
	uint64_t scaled = second * run->entry->data_factor;
	struct cursor block = instruction->block;

	switch (instruction->code) {
	case DW_CFA_offset:
	case DW_CFA_offset_extended:
	case DW_CFA_offset_extended_sf:
		set_rule(run, first, RULE_AT_CFA, scaled, block);
		break;
	case DW_CFA_GNU_negative_offset_extended:
		set_rule(run, first, RULE_AT_CFA, -scaled, block);
		break;
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
		set_rule(run, first, RULE_CFA, scaled, block);
		break;
	case DW_CFA_restore:
	case DW_CFA_restore_extended:
		restore_rule(run, first);
		break;
	case DW_CFA_undefined:
		set_rule(run, first, RULE_UNDEFINED, 0, block);
		break;
	case DW_CFA_same_value:
		set_rule(run, first, RULE_SAME, 0, block);
		break;
	case DW_CFA_register:
		set_rule(run, first, RULE_REGISTER, second, block);
		break;
	case DW_CFA_expression:
		set_rule(run, first, RULE_AT, 0, block);
		break;
	case DW_CFA_val_expression:
		set_rule(run, first, RULE_VALUE, 0, block);
		break;
	case DW_CFA_remember_state:
		remember(run);
		break;
	case DW_CFA_restore_state:
		recall(run);
		break;
	case DW_CFA_def_cfa:
		set_cfa(run, first, second);
		break;
	case DW_CFA_def_cfa_sf:
		set_cfa(run, first, scaled);
		break;
	case DW_CFA_def_cfa_register:
		set_cfa(run, first, run->now.cfa.offset);
		break;
	case DW_CFA_def_cfa_offset:
		set_cfa(run, run->now.cfa.from, first);
		break;
	case DW_CFA_def_cfa_offset_sf:
		set_cfa(run, run->now.cfa.from,
			first * run->entry->data_factor);
		break;
	case DW_CFA_def_cfa_expression:
		run->now.cfa = (struct draft){
			.kind = RULE_VALUE, .expression = block,
		};
		break;
	default:
		/* Nothing that matters here.  */
		break;
	}
}

/* Goes on to where the next rules hold, if INSTRUCTION says so.  False: that
   is behind the address that is asked for.  */
static bool advance(struct run *run, const struct instruction *instruction)
{
	uint64_t to = run->location;

	switch (instruction->code) {
	case DW_CFA_advance_loc:
	case DW_CFA_advance_loc1:
	case DW_CFA_advance_loc2:
	case DW_CFA_advance_loc4:
		to += instruction->operand[0] * run->entry->code_factor;
		break;
	case DW_CFA_set_loc:
		to = instruction->operand[0];
		break;
	default:
		return true;
	}
	if (to > run->address)
		return false;
	run->location = to;
	return true;
}

/* Every instruction takes at least a byte, so there is an end.  */
static void execute(struct run *run, struct cursor program)
{
	struct instruction instruction;

	if (program.end - program.at > PROGRAM_MAX)
		run->bad = true;
	while (program.at < program.end && !run->bad) {
		if (!fetch(run, &program, &instruction)) {
			run->bad = true;
			return;
		}
		if (!advance(run, &instruction))
			return;
		apply(run, &instruction);
	}
}

/* What the operands of an operation are.  */
enum operands {
	NOT_KNOWN, NONE, FIXED_1, FIXED_2, FIXED_4, FIXED_8, SIGNED_1, SIGNED_2,
	SIGNED_4, ULEB, SLEB, REGISTER
};

static const uint8_t op_operands[256] = {
	[DW_OP_deref] = NONE, [DW_OP_dup] = NONE, [DW_OP_drop] = NONE,
	[DW_OP_over] = NONE, [DW_OP_pick] = FIXED_1, [DW_OP_and] = NONE,
	[DW_OP_minus] = NONE, [DW_OP_mul] = NONE, [DW_OP_neg] = NONE,
	[DW_OP_not] = NONE, [DW_OP_or] = NONE, [DW_OP_plus] = NONE,
	[DW_OP_plus_uconst] = ULEB, [DW_OP_shl] = NONE, [DW_OP_shr] = NONE,
	[DW_OP_xor] = NONE, [DW_OP_eq] = NONE, [DW_OP_ge] = NONE,
	[DW_OP_gt] = NONE, [DW_OP_le] = NONE, [DW_OP_lt] = NONE,
	[DW_OP_ne] = NONE, [DW_OP_nop] = NONE,
	[DW_OP_const1u] = FIXED_1, [DW_OP_const1s] = SIGNED_1,
	[DW_OP_const2u] = FIXED_2, [DW_OP_const2s] = SIGNED_2,
	[DW_OP_const4u] = FIXED_4, [DW_OP_const4s] = SIGNED_4,
	[DW_OP_const8u] = FIXED_8, [DW_OP_const8s] = FIXED_8,
	[DW_OP_constu] = ULEB, [DW_OP_consts] = SLEB,
	[DW_OP_lit0 ... DW_OP_lit31] = NONE,
	[DW_OP_breg0 ... DW_OP_breg31] = SLEB,
	[DW_OP_bregx] = REGISTER,
};

static bool decode_op(struct cursor *cursor, struct op *op)
{
	*op = (struct op){ .atom = (uint8_t)cursor_fixed(cursor, 1) };
	switch ((enum operands)op_operands[op->atom]) {
	case NOT_KNOWN:
		return false;
	case NONE:
		break;
	case FIXED_1:
		op->number = cursor_fixed(cursor, 1);
		break;
	case FIXED_2:
		op->number = cursor_fixed(cursor, 2);
		break;
	case FIXED_4:
		op->number = cursor_fixed(cursor, 4);
		break;
	case FIXED_8:
		op->number = cursor_fixed(cursor, 8);
		break;
	case SIGNED_1:
		op->number = cursor_signed(cursor, 1);
		break;
	case SIGNED_2:
		op->number = cursor_signed(cursor, 2);
		break;
	case SIGNED_4:
		op->number = cursor_signed(cursor, 4);
		break;
	case ULEB:
		op->number = cursor_uleb(cursor);
		break;
	case SLEB:
		op->number = cursor_sleb(cursor);
		break;
	case REGISTER:
		op->number = cursor_uleb(cursor);
		op->number2 = cursor_sleb(cursor);
		break;
	}
	return !cursor->bad;
}

/* RULE as DRAFT says.  False: it makes no sense.  */
static bool finish_rule(const struct draft *draft, const struct machine *machine,
			struct rule *rule)
{
	struct cursor expression = draft->expression;
	struct op ops[OPS_MAX];
	size_t count = 0;

	*rule = (struct rule){
		.kind = draft->kind, .from = (uint8_t)draft->from,
		.offset = (int64_t)draft->offset,
	};
	if (rule->kind == RULE_REGISTER)
		return draft->from < machine->count;
	if (rule->kind != RULE_AT && rule->kind != RULE_VALUE)
		return true;
	while (expression.at < expression.end) {
		if (count == OPS_MAX || !decode_op(&expression, &ops[count]))
			return false;
		count++;
	}
	rule->ops = malloc((count + 1) * sizeof(*ops));
	if (!rule->ops)
		return false;
	memcpy(rule->ops, ops, count * sizeof(*ops));
	rule->count = (uint16_t)count;
	return true;
}

/* A register whose rule makes no sense is not known.  */
static struct recipe *finish(const struct run *run)
{
	struct recipe *recipe = calloc(1, sizeof(*recipe));

	if (!recipe)
		return NULL;
	if (run->now.cfa.kind == RULE_UNDEFINED ||
	    !finish_rule(&run->now.cfa, run->machine, &recipe->cfa)) {
		recipe_free(recipe);
		return NULL;
	}
	for (uint8_t i = 0; i < run->machine->count; i++) {
		if (!finish_rule(&run->now.rules[i], run->machine,
				 &recipe->rules[i]))
			recipe->rules[i].kind = RULE_UNDEFINED;
	}
	return recipe;
}

struct recipe *program_run(const struct section *section,
			   const struct entry *entry, uint64_t address,
			   const struct machine *machine)
{
	struct run run = {
		.section = section, .entry = entry, .machine = machine,
		.address = address, .location = entry->start,
	};

	/* What the ABI says of what the tables don't mention.  */
	for (uint8_t i = 0; i < machine->saved_count; i++)
		run.now.rules[machine->saved[i]].kind = RULE_SAME;
	if (machine->ra != machine->pc)
		run.now.rules[machine->ra].kind = RULE_SAME;
	execute(&run, entry->common);
	run.initial = run.now;
	execute(&run, entry->program);
	return run.bad ? NULL : finish(&run);
}
