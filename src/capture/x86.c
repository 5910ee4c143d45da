/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/x86.h"

#include <stdio.h>
#include <string.h>

#include <capstone/capstone.h>

static const char *const kernel_names[X86_REGISTERS] = {
	"ax", "cx", "dx", "bx", "sp", "bp", "si", "di",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
};

const char *x86_kernel_name(enum x86_register reg)
{
	return kernel_names[reg];
}

/* The general register that REG is or is a part of, or -1.  */
static int whole_register(unsigned reg)
{
	switch (reg) {
#define LEGACY(N, R) case X86_REG_##N##L: case X86_REG_##N##H: \
	case X86_REG_##N##X: case X86_REG_E##N##X: case X86_REG_R##N##X: \
		return R
	LEGACY(A, X86_AX);
	LEGACY(B, X86_BX);
	LEGACY(C, X86_CX);
	LEGACY(D, X86_DX);
#undef LEGACY
#define INDEX(N, R) case X86_REG_##N##L: case X86_REG_##N: \
	case X86_REG_E##N: case X86_REG_R##N: \
		return R
	INDEX(SI, X86_SI);
	INDEX(DI, X86_DI);
	INDEX(BP, X86_BP);
	INDEX(SP, X86_SP);
#undef INDEX
#define NUMBERED(N) case X86_REG_R##N##B: case X86_REG_R##N##W: \
	case X86_REG_R##N##D: case X86_REG_R##N: \
		return X86_R##N
	NUMBERED(8);
	NUMBERED(9);
	NUMBERED(10);
	NUMBERED(11);
	NUMBERED(12);
	NUMBERED(13);
	NUMBERED(14);
	NUMBERED(15);
#undef NUMBERED
	default:
		return -1;
	}
}

/* The instructions that the kernel emulates instead of stepping over a copy
   (arch/x86/kernel/uprobes.c: branch_setup_xol_ops, push_setup_xol_ops).
   Prefixes other than the ones named there are refused to be safe.  */
static bool is_emulated(const uint8_t *byte, size_t size)
{
	switch (size) {
	case 1:
		return byte[0] == 0x90 || (byte[0] & 0xf8) == 0x50;
	case 2:
		return (byte[0] == 0x66 && byte[1] == 0x90) ||
		       (byte[0] == 0x41 && (byte[1] & 0xf8) == 0x50) ||
		       byte[0] == 0xeb || (byte[0] & 0xf0) == 0x70;
	case 5:
		return byte[0] == 0xe8 || byte[0] == 0xe9;
	case 6:
		return byte[0] == 0x0f && (byte[1] & 0xf0) == 0x80;
	default:
		return false;
	}
}

static enum x86_kind kind_of(csh handle, const cs_insn *raw)
{
	if (cs_insn_group(handle, raw, CS_GRP_CALL))
		return X86_CALL;
	if (cs_insn_group(handle, raw, CS_GRP_RET) ||
	    cs_insn_group(handle, raw, CS_GRP_IRET))
		return X86_RETURN;
	switch (raw->id) {
	case X86_INS_JMP:
	case X86_INS_LJMP:
	case X86_INS_UD2:
	case X86_INS_HLT:
	case X86_INS_INT3:
		return X86_JUMP;
	case X86_INS_LOOP:
	case X86_INS_LOOPE:
	case X86_INS_LOOPNE:
	case X86_INS_JCXZ:
	case X86_INS_JECXZ:
	case X86_INS_JRCXZ:
	case X86_INS_XBEGIN:
		return X86_BRANCH;
	default:
		return cs_insn_group(handle, raw, CS_GRP_JUMP) ?
			X86_BRANCH : X86_PLAIN;
	}
}

/* Whether the first operand is only read.  Capstone's access flags have had
   gaps, so every other first operand counts as written.  */
static bool reads_only(unsigned id)
{
	switch (id) {
	case X86_INS_CMP:
	case X86_INS_TEST:
	case X86_INS_PUSH:
	case X86_INS_NOP:
	case X86_INS_BT:
		return true;
	default:
		return false;
	}
}

static uint16_t written(csh handle, const cs_insn *raw)
{
	const cs_x86 *x86 = &raw->detail->x86;
	cs_regs reads, writes;
	uint8_t n_reads, n_writes;
	uint16_t mask = 0;
	int reg;

	if (!cs_regs_access(handle, raw, reads, &n_reads, writes, &n_writes)) {
		for (int i = 0; i < n_writes; i++) {
			reg = whole_register(writes[i]);
			if (reg >= 0)
				mask |= X86_BIT(reg);
		}
	}
	for (int i = 0; i < x86->op_count; i++) {
		/* xchg, xadd and their like write the second operand too.  */
		if (i > 0 && raw->id != X86_INS_XCHG &&
		    raw->id != X86_INS_XADD)
			break;
		if (x86->operands[i].type != X86_OP_REG || reads_only(raw->id))
			continue;
		reg = whole_register(x86->operands[i].reg);
		if (reg >= 0)
			mask |= X86_BIT(reg);
	}
	switch (raw->id) {
	case X86_INS_SYSCALL:
		mask |= X86_BIT(X86_AX) | X86_BIT(X86_CX) | X86_BIT(X86_R11);
		break;
	case X86_INS_CPUID:
		mask |= X86_BIT(X86_AX) | X86_BIT(X86_BX) |
			X86_BIT(X86_CX) | X86_BIT(X86_DX);
		break;
	}
	return mask;
}

static int full_register(const cs_x86_op *op)
{
	return op->type == X86_OP_REG && op->size == 8 ?
		whole_register(op->reg) : -1;
}

static void find_move(const cs_insn *raw, struct instruction *insn)
{
	const cs_x86 *x86 = &raw->detail->x86;
	const cs_x86_op *to = &x86->operands[0], *from = &x86->operands[1];
	int source;

	if (raw->id != X86_INS_MOV || x86->op_count != 2)
		return;
	source = full_register(from);
	if (source < 0)
		return;
	if (to->type == X86_OP_REG) {
		insn->move_to = full_register(to);
		if (insn->move_to >= 0)
			insn->move_from = source;
	} else if (to->type == X86_OP_MEM && to->size == 8 &&
		   !to->mem.disp && to->mem.index == X86_REG_INVALID &&
		   to->mem.segment == X86_REG_INVALID) {
		insn->store_base = whole_register(to->mem.base);
		if (insn->store_base >= 0)
			insn->store_from = source;
	}
}

static void convert(csh handle, const cs_insn *raw, struct instruction *insn)
{
	const cs_x86 *x86 = &raw->detail->x86;

	memset(insn, 0, sizeof *insn);
	insn->address = raw->address;
	insn->size = raw->size;
	insn->kind = kind_of(handle, raw);
	insn->pop = raw->id == X86_INS_POP;
	insn->emulated = is_emulated(raw->bytes, raw->size);
	insn->writes = written(handle, raw);
	insn->move_from = insn->move_to = -1;
	insn->store_from = insn->store_base = -1;
	if (insn->kind != X86_PLAIN && insn->kind != X86_RETURN &&
	    x86->op_count > 0 && x86->operands[0].type == X86_OP_IMM)
		insn->target = x86->operands[0].imm;
	find_move(raw, insn);
	snprintf(insn->text, sizeof insn->text, "%.20s%s%.40s", raw->mnemonic,
		 *raw->op_str ? " " : "", raw->op_str);
}

long x86_decode(const uint8_t *code, size_t size, uint64_t address,
		struct instruction *insn, size_t max, size_t *end)
{
	const uint8_t *at = code;
	csh handle;
	cs_insn *raw;
	long count = 0;

	if (end)
		*end = 0;
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle))
		return -1;
	cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
	raw = cs_malloc(handle);
	if (!raw) {
		cs_close(&handle);
		return -1;
	}
	while ((size_t)count < max &&
	       cs_disasm_iter(handle, &at, &size, &address, raw))
		convert(handle, raw, &insn[count++]);
	if (end)
		*end = at - code;
	cs_free(raw, 1);
	cs_close(&handle);
	return count;
}
