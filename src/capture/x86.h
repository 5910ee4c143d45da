/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_CAPTURE_X86_H
#define LEAKTOP_CAPTURE_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is asked of x86-64 code here: where an instruction ends, where it may
   jump, and which general registers it changes.  */

/* In the order of the instruction encoding.  */
enum x86_register {
	X86_AX, X86_CX, X86_DX, X86_BX, X86_SP, X86_BP, X86_SI, X86_DI,
	X86_R8, X86_R9, X86_R10, X86_R11, X86_R12, X86_R13, X86_R14, X86_R15,
	X86_REGISTERS
};

#define X86_BIT(reg) (1u << (reg))

enum x86_kind {
	X86_PLAIN,
	X86_JUMP,       /* does not come back to the next instruction */
	X86_BRANCH,     /* may jump, or go on */
	X86_CALL,
	X86_RETURN
};

struct instruction {
	uint64_t address;
	uint8_t size;           /* bytes */
	uint8_t kind;           /* enum x86_kind */
	bool pop;               /* pop of a register */
	bool emulated;          /* uprobes emulate it: no single step */
	uint16_t writes;        /* X86_BIT of every register changed in any part */
	uint64_t target;        /* of a direct jump, branch or call; else 0 */
	int8_t move_from;       /* mov of one whole register to another … */
	int8_t move_to;         /* … or -1, -1 */
	int8_t store_from;      /* mov of a whole register to (store_base) … */
	int8_t store_base;      /* … without displacement or index; or -1, -1 */
	char text[64];
};

/* Decodes SIZE bytes of CODE that run at ADDRESS.  At most MAX instructions
   are stored in INSN; stops at the first bytes that are none.  *END, if not
   NULL, becomes the number of bytes decoded.  Returns how many instructions
   there are, or -1 without memory.  */
long x86_decode(const uint8_t *code, size_t size, uint64_t address,
		struct instruction *insn, size_t max, size_t *end);

/* The kernel's name for a register in fetch arguments, without "%".  */
const char *x86_kernel_name(enum x86_register reg);

#endif
