/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef LEAKTOP_BASE_DUMP_H
#define LEAKTOP_BASE_DUMP_H

#include <stdbool.h>
#include <stdint.h>

/* What a thread was doing: its registers and a copy of its stack, as far as
   the recorder took it.  Nothing in it is to be trusted.  */
struct dump {
	uint16_t machine;       /* of the registers: EM_… of elf.h; 0: not known */
	bool narrow;            /* the thread ran 32-bit code */
	uint64_t mask;          /* registers that are there; perf's numbers
				   (asm/perf_regs.h of MACHINE) */
	const uint64_t *registers; /* one value for each bit of MASK, ascending */
	const uint8_t *stack;   /* from where the stack pointer points upwards;
				   aligned to 8 bytes */
	uint64_t size;          /* bytes of STACK */
};

#endif
