/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "capture/point.h"
#include "capture/x86.h"

/* Longer functions are not looked through.  */
#define CODE_MAX 8192
#define STEPS_MAX 64

/* What a call leaves as it was.  */
#define PRESERVED (X86_BIT(X86_BX) | X86_BIT(X86_BP) | X86_BIT(X86_R12) | \
		   X86_BIT(X86_R13) | X86_BIT(X86_R14) | X86_BIT(X86_R15))

static unsigned bit(int reg)
{
	return reg < 0 ? 0 : X86_BIT(reg);
}

/* The registers that hold the first argument on the straight path up to the
   first call, and in the whole rest of the function: nothing but the move that
   set them and the pops of epilogues writes them.  */
static unsigned argument_holders(const struct instruction *insn, long count)
{
	unsigned holders = X86_BIT(X86_DI);
	long i;

	for (i = 0; i < count; i++) {
		if (insn[i].kind == X86_CALL)
			break;
		if (insn[i].kind == X86_JUMP || insn[i].kind == X86_RETURN)
			return 0;
		if (bit(insn[i].move_from) & holders)
			holders |= bit(insn[i].move_to);
		else
			holders &= ~insn[i].writes;
	}
	holders &= PRESERVED;
	for (; i < count; i++) {
		if (!insn[i].pop)
			holders &= ~insn[i].writes;
	}
	return holders;
}

static long index_of(const struct instruction *insn, long count,
		     uint64_t address)
{
	for (long i = 0; i < count; i++) {
		if (insn[i].address == address)
			return i;
	}
	return -1;
}

/* The registers that hold the value of the store at index I when the function
   returns.  0 when the way from there is not a straight one.  */
static unsigned holders_at_return(const struct instruction *insn, long count,
				  long i)
{
	unsigned holders = bit(insn[i].store_from);

	for (int step = 0; step < STEPS_MAX && ++i < count; step++) {
		if (insn[i].kind == X86_RETURN)
			return holders;
		if (insn[i].kind == X86_BRANCH || insn[i].kind == X86_CALL)
			return 0;
		if (insn[i].kind == X86_JUMP) {
			i = index_of(insn, count, insn[i].target);
			if (i < 0)
				return 0;
			/* The loop goes on behind it.  */
			i--;
			continue;
		}
		if (bit(insn[i].move_from) & holders)
			holders |= bit(insn[i].move_to);
		else
			holders &= ~insn[i].writes;
	}
	return 0;
}

int point_stored_register(const uint8_t *code, size_t size, uint64_t address)
{
	struct instruction *insn;
	/* The status is in %rax, and a preserved register is the caller's
	   again.  */
	unsigned result = ~(PRESERVED | X86_BIT(X86_AX) | X86_BIT(X86_SP));
	unsigned arguments;
	bool stores = false;
	long count;
	size_t end;

	if (!size || size > CODE_MAX)
		return -1;
	insn = malloc(size * sizeof *insn);
	if (!insn)
		return -1;
	count = x86_decode(code, size, address, insn, size, &end);
	if (count <= 0 || end != size) {
		free(insn);
		return -1;
	}
	arguments = argument_holders(insn, count);
	for (long i = 0; i < count; i++) {
		if (bit(insn[i].store_base) & arguments) {
			result &= holders_at_return(insn, count, i);
			stores = true;
		}
	}
	free(insn);
	for (int reg = 0; stores && reg < X86_REGISTERS; reg++) {
		if (result & X86_BIT(reg))
			return reg;
	}
	return -1;
}
