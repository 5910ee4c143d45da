/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/point.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/intl.h"
#include "capture/x86.h"

/* The straight path is never followed further than this, in bytes.  */
#define HEAD_MAX 64

static const uint8_t argument_register[] = {
	X86_DI, X86_SI, X86_DX, X86_CX, X86_R8, X86_R9
};

/* The lowest address in (ADDRESS, ADDRESS + HEAD_MAX] that anything in the
   function jumps to, or UINT64_MAX.  Bytes that are no instruction are
   skipped one at a time: x86 code falls into step again soon.  */
static uint64_t first_target(const uint8_t *code, size_t size,
			     uint64_t address)
{
	uint64_t lowest = UINT64_MAX;
	struct instruction *insn = malloc(256 * sizeof *insn);
	size_t at = 0, end;

	if (!insn)
		return address + 1;
	while (at < size) {
		long count = x86_decode(code + at, size - at, address + at,
					insn, 256, &end);

		if (count < 0) {
			lowest = address + 1;
			break;
		}
		for (long i = 0; i < count; i++) {
			uint64_t target = insn[i].target;

			if (target > address && target < lowest)
				lowest = target;
		}
		at += end + (count < 256);
	}
	free(insn);
	return lowest;
}

void point_choose(const uint8_t *code, size_t size, uint64_t address,
		  unsigned arguments, bool returns, struct point *point)
{
	struct instruction head[HEAD_MAX];
	uint64_t limit;
	uint16_t keep = returns ? X86_BIT(X86_SP) : 0;
	const char *reason = N_("no emulated instruction in the head");
	bool on_top = true;
	long count, i;

	for (unsigned n = 0; n < sizeof argument_register; n++) {
		if (arguments & (1u << n))
			keep |= X86_BIT(argument_register[n]);
	}
	point->offset = 0;
	point->emulated = false;
	point->caller_on_top = true;
	point->instruction[0] = '\0';
	count = x86_decode(code, size < HEAD_MAX ? size : HEAD_MAX, address,
			   head, HEAD_MAX, NULL);
	if (count <= 0) {
		point->reason = N_("the code can't be disassembled");
		return;
	}
	limit = head[0].emulated ? address + 1 :
		first_target(code, size, address);
	for (i = 0; i < count; i++) {
		if (head[i].address >= limit) {
			reason = N_("jumped to from further down");
			break;
		}
		if (head[i].emulated) {
			reason = N_("emulated, arguments still in place");
			break;
		}
		if (head[i].kind != X86_PLAIN)
			break;
		if (head[i].writes & keep) {
			reason = N_("arguments or stack change first");
			break;
		}
		on_top = on_top && !(head[i].writes & X86_BIT(X86_SP));
	}
	if (i < count && head[i].address < limit && head[i].emulated) {
		point->offset = head[i].address - address;
		point->emulated = true;
		point->caller_on_top = on_top;
	} else {
		i = 0;
	}
	point->reason = reason;
	snprintf(point->instruction, sizeof point->instruction, "%s",
		 head[i].text);
}
