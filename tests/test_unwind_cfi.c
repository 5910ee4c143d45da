/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * What is read of the unwind tables of real libraries is what libdw reads.
 */
#include "config.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "symbols/strings.h"
#include "symbols/unwind_cfi.h"
#include "testing.h"

/* Bytes from one address that is looked at to the next.  */
#ifdef __SANITIZE_ADDRESS__
#define STEP 101
#else
#define STEP 11
#endif

/* One file, as both see it.  */
struct both {
	const char *path;
	Elf *elf;
	Dwarf_CFI *libdw;
	struct cfi *cfi;
	const struct machine *machine;
	uint64_t rows;
	uint64_t recipes;
};

static void fail_at(const struct both *both, uint64_t address, const char *what)
{
	ck_abort_msg("%s: %#" PRIx64 ": %s", both->path, address, what);
}

/* The operations of libdw, without what it adds to those of the file.  */
static bool same_ops(const struct rule *rule, const Dwarf_Op *ops, size_t count)
{
	if (rule->count != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (rule->ops[i].atom != ops[i].atom ||
		    rule->ops[i].number != ops[i].number)
			return false;
	}
	return true;
}

static bool same_rule(const struct rule *rule, const Dwarf_Op *room,
		      const Dwarf_Op *ops, size_t count)
{
	bool value;

	if (!count)
		return rule->kind == (ops == room ? RULE_UNDEFINED : RULE_SAME);
	if (ops[0].atom == DW_OP_regx)
		return rule->kind == RULE_REGISTER &&
		       rule->from == ops[0].number;
	value = ops[count - 1].atom == DW_OP_stack_value;
	count -= value;
	if (ops[0].atom != DW_OP_call_frame_cfa)
		return false;
	if (rule->kind == RULE_AT || rule->kind == RULE_VALUE)
		return (rule->kind == RULE_VALUE) == value &&
		       same_ops(rule, ops + 1, count - 1);
	return rule->kind == (value ? RULE_CFA : RULE_AT_CFA) &&
	       rule->offset == (count == 1 ? 0 : (int64_t)ops[1].number);
}

static bool same_cfa(const struct rule *rule, const Dwarf_Op *ops, size_t count)
{
	if (rule->kind == RULE_VALUE)
		return same_ops(rule, ops, count);
	return rule->kind == RULE_REGISTER && count == 1 &&
	       ops[0].atom == DW_OP_bregx && rule->from == ops[0].number &&
	       rule->offset == (int64_t)ops[0].number2;
}

/* The rule that ROW stands for.  */
static struct rule rule_of(const struct both *both, const struct row *row,
			   uint8_t number)
{
	const struct machine *machine = both->machine;
	struct rule rule = { .kind = RULE_SAME };

	if (number == machine->ra && !row->in_register)
		return (struct rule){ .kind = RULE_AT_CFA,
				      .offset = row->return_offset };
	for (uint8_t i = 0; i < machine->saved_count; i++) {
		if (machine->saved[i] == number && row->saved >> i & 1)
			rule = (struct rule){ .kind = RULE_AT_CFA,
					      .offset = row->offset[i] };
	}
	return rule;
}

static void compare_register(const struct both *both, uint64_t address,
			     Dwarf_Frame *frame, const struct rule *rule,
			     uint8_t number)
{
	Dwarf_Op room[3], *ops;
	size_t count;

	ck_assert_int_eq(dwarf_frame_register(frame, number, room, &ops,
					      &count), 0);
	/* libdw 0.188 takes %rax for %rbx in what the ABI says (the file
	   x86_64_cfi.c of its backends).  */
	if (!count && both->machine->elf == EM_X86_64 && number == 3 &&
	    rule->kind == RULE_SAME)
		return;
	if (!same_rule(rule, room, ops, count))
		fail_at(both, address, "another rule for a register");
}

static void compare_frame(struct both *both, uint64_t address,
			  Dwarf_Frame *frame)
{
	const struct machine *machine = both->machine;
	struct recipe *recipe;
	struct row row;
	Dwarf_Op *ops;
	size_t count;
	bool signal;
	int ra = dwarf_frame_info(frame, NULL, NULL, &signal);

	cfi_row(both->cfi, address, &row, &recipe);
	both->rows++;
	both->recipes += recipe != NULL;
	ck_assert_int_eq(ra, machine->ra);
	ck_assert_int_eq(dwarf_frame_cfa(frame, &ops, &count), 0);
	if (row.kind == ROW_END) {
		struct rule end = { .kind = RULE_UNDEFINED };

		compare_register(both, address, frame, &end, machine->ra);
		return;
	}
	if (row.interrupted != signal)
		fail_at(both, address, "another kind of frame");
	if (row.kind == ROW_SIMPLE) {
		struct rule cfa = { .kind = RULE_REGISTER,
				    .from = row.cfa_register,
				    .offset = row.cfa_offset };

		if (!same_cfa(&cfa, ops, count))
			fail_at(both, address, "another CFA");
	} else if (row.kind != ROW_RECIPE ||
		   !same_cfa(&recipe->cfa, ops, count)) {
		fail_at(both, address, "another CFA, or none");
	}
	for (uint8_t i = 0; i <= machine->saved_count; i++) {
		uint8_t number = i < machine->saved_count ? machine->saved[i] :
				 machine->ra;
		struct rule rule = recipe ? recipe->rules[number] :
				   rule_of(both, &row, number);

		compare_register(both, address, frame, &rule, number);
	}
	recipe_free(recipe);
}

static void compare_range(struct both *both, const struct range *range)
{
	for (uint64_t address = range->start; address < range->end;
	     address += STEP) {
		Dwarf_Frame *frame;

		if (dwarf_cfi_addrframe(both->libdw, address, &frame)) {
			struct recipe *recipe;
			struct row row;

			cfi_row(both->cfi, address, &row, &recipe);
			if (row.kind != ROW_NONE)
				fail_at(both, address, "unknown to libdw");
			continue;
		}
		compare_frame(both, address, frame);
		free(frame);
	}
}

static void compare_file(const char *path)
{
	struct strings *strings = strings_new();
	struct objects *objects = objects_new(strings);
	const struct mapping mapping = { .path = path };
	struct object *object = objects_get(objects, NULL, &mapping);
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	const struct image *image = object_image(object, &lock);
	struct both both = {
		.path = path, .cfi = cfi_new(object, image),
		.machine = machine_find(image->machine),
	};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	elf_version(EV_CURRENT);
	both.elf = elf_begin(fd, ELF_C_READ, NULL);
	both.libdw = dwarf_getcfi_elf(both.elf);
	ck_assert_ptr_nonnull(both.machine);
	ck_assert_ptr_nonnull(both.cfi);
	ck_assert_ptr_nonnull(both.libdw);
	for (size_t i = 0; i < image->code_count; i++)
		compare_range(&both, &image->code[i]);
	printf("%s: %" PRIu64 " rows, %" PRIu64 " of them not simple\n", path,
	       both.rows, both.recipes);
	ck_assert_uint_gt(both.rows, 5);
	cfi_free(both.cfi);
	dwarf_cfi_end(both.libdw);
	elf_end(both.elf);
	close(fd);
	objects_free(objects);
	strings_free(strings);
}

static int compare_loaded(struct dl_phdr_info *info, size_t size, void *context)
{
	unsigned *count = context;
	char path[4096];
	ssize_t length;

	(void)size;
	if (info->dlpi_name[0] == '/') {
		compare_file(info->dlpi_name);
		++*count;
	} else if (!*count) {
		/* The program itself comes first, without a name.  */
		length = readlink("/proc/self/exe", path, sizeof(path) - 1);
		ck_assert_int_gt(length, 0);
		path[length] = '\0';
		compare_file(path);
		++*count;
	}
	return 0;
}

/* The C library with its stubs and signal frames, and all others that the tests
   need.  */
START_TEST(loaded_libraries)
{
	unsigned count = 0;

	dl_iterate_phdr(compare_loaded, &count);
	ck_assert_uint_ge(count, 2);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("unwind_cfi");
	TCase *tests = tcase_create("libdw");

	tcase_add_test(tests, loaded_libraries);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
#if defined __x86_64__ || defined __aarch64__
	return run_suite(make_suite());
#else
	skip_or_fail("this machine's stacks are not unwound");
#endif
}
