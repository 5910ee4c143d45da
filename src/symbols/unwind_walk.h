/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_SYMBOLS_UNWIND_WALK_H
#define LEAKTOP_SYMBOLS_UNWIND_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dump.h"

/* From one frame to the next: what unwind tables say of an address, and how
   that is applied to registers and a stack.  Registers have DWARF's numbers,
   and where that has none for the program counter, the next free one.  */

#define REGISTERS_MAX 33        /* of any machine */
#define SAVED_MAX 11            /* that functions keep for their callers */

struct machine {
	uint16_t elf;           /* EM_… */
	uint8_t count;          /* of registers */
	uint8_t sp;
	uint8_t fp;
	uint8_t pc;
	uint8_t ra;             /* the column of the return address */
	bool fp_on_top;         /* what fp points to lies right below the CFA */
	uint64_t address_mask;  /* takes signatures and tags off code addresses */
	uint64_t trampoline;    /* where uprobes' page begins, at the end of a
				   process's addresses */
	uint8_t perf[REGISTERS_MAX]; /* perf's number of each */
	uint8_t saved_count;
	uint8_t saved[SAVED_MAX];
};

/* NULL: not known.  */
const struct machine *machine_find(uint16_t elf);

enum row_kind {
	ROW_NONE,               /* the tables say nothing of the address */
	ROW_SIMPLE,
	ROW_RECIPE,
	ROW_END                 /* it has no caller, or none that can be found */
};

/* What the tables say of an address.  A frame is known by its canonical frame
   address (CFA), the stack pointer's value before its call.  */
struct row {
	uint8_t kind;           /* enum row_kind */
	bool interrupted;       /* a signal's frame: its caller made no call */
	uint32_t recipe;        /* of a ROW_RECIPE: its index */
	/* The rest is of a ROW_SIMPLE.  Offsets are from the CFA.  */
	bool in_register;       /* the return address is still there */
	uint8_t cfa_register;
	int16_t return_offset;
	int32_t cfa_offset;
	uint16_t saved;         /* bit I: machine->saved[I] lies on the stack */
	int16_t offset[SAVED_MAX];
};

/* An operation of a DWARF expression; number2 only of DW_OP_bregx.  */
struct op {
	uint8_t atom;
	uint64_t number;
	uint64_t number2;
};

enum rule_kind {
	RULE_UNDEFINED,
	RULE_SAME,
	RULE_REGISTER,          /* in another register */
	RULE_AT_CFA,            /* in memory at CFA + offset */
	RULE_CFA,               /* CFA + offset */
	RULE_AT,                /* in memory at what the operations give */
	RULE_VALUE              /* what the operations give */
};

struct rule {
	uint8_t kind;           /* enum rule_kind */
	uint8_t from;           /* of RULE_REGISTER; of a CFA that is one, it is
				   that + offset */
	uint16_t count;         /* of OPS */
	int64_t offset;
	struct op *ops;         /* owned; NULL: none */
};

/* A row that is not simple: a rule for everything.  */
struct recipe {
	struct rule cfa;        /* RULE_REGISTER or RULE_VALUE */
	struct rule rules[REGISTERS_MAX]; /* of the machine's registers but pc,
					     where that is not RA itself */
};

void recipe_free(struct recipe *recipe);

/* A frame on the way up.  */
struct walk {
	const struct machine *machine;
	const uint8_t *stack;
	uint64_t start;         /* address of STACK */
	uint64_t size;
	bool exact;             /* pc is no return address: nothing was called */
	uint64_t known;         /* bit for each register */
	uint64_t value[REGISTERS_MAX];
};

/* False: nothing can be done with DUMP.  */
bool walk_begin(struct walk *walk, const struct dump *dump);

/* Goes to the caller's frame.  False: there is none, or it can't be found;
   WALK is then of no more use.  */
bool walk_simple(struct walk *walk, const struct row *row);
bool walk_recipe(struct walk *walk, const struct row *row,
		 const struct recipe *recipe);
/* By frame pointer, if there is what can be one.  */
bool walk_frame_pointer(struct walk *walk);

/* The 8 bytes at ADDRESS.  False: the dump does not have them.  */
bool walk_read(const struct walk *walk, uint64_t address, uint64_t *value);

/* What the operations of RULE give, *CFA being there before them; NULL: none.
   False: they can't be evaluated.  */
bool walk_evaluate(const struct walk *walk, const struct rule *rule,
		   const uint64_t *cfa, uint64_t *value);

#endif
