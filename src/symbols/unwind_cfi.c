/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/unwind_cfi.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols/debugfile.h"
#include "symbols/unwind_program.h"

struct tables {
	struct section section; /* size 0: there are none */
	struct extent_of_entry *extents; /* owned */
	size_t count;
};

struct cfi {
	const struct object *object;
	const struct image *image;
	const struct machine *machine; /* NULL: its tables are not read */
	Elf *elf;
	struct tables eh_frame; /* the data is ELF's */
	bool looked;            /* for .debug_frame */
	struct debug_search search;     /* for DWFL's callback */
	Dwfl *dwfl;
	struct tables debug_frame; /* the data is DWFL's */
	uint64_t bias;          /* from an address in the file to one there */
};

/* The file may have been replaced since IMAGE was read.  */
static bool same_file(Elf *elf, const struct image *image)
{
	const void *bytes;
	ssize_t size = dwelf_elf_gnu_build_id(elf, &bytes);

	if (size <= 0)
		return !image->build_id.size;
	return size == image->build_id.size &&
	       !memcmp(bytes, image->build_id.bytes, (size_t)size);
}

static void index_tables(struct tables *tables, const Elf_Data *data,
			 uint64_t address, bool eh)
{
	if (!data || !data->d_buf)
		return;
	tables->section = (struct section){ data->d_buf, data->d_size, address,
					    eh };
	tables->extents = entries_index(&tables->section, &tables->count);
}

static void find_section(struct tables *tables, Elf *elf, const char *wanted,
			 bool eh)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header))
			return;
		name = elf_strptr(elf, names, header.sh_name);
		if (!name || strcmp(name, wanted) ||
		    header.sh_type == SHT_NOBITS)
			continue;
		if (header.sh_flags & SHF_COMPRESSED &&
		    elf_compress(section, 0, 0) < 0)
			return;
		index_tables(tables, elf_rawdata(section, NULL),
			     header.sh_addr, eh);
		return;
	}
}

/* A file without sections: .eh_frame_hdr begins with where .eh_frame is, and
   how far that goes its own end tells.  */
static void find_segment(struct tables *tables, Elf *elf,
			 const struct image *image)
{
	size_t count;

	if (elf_getphdrnum(elf, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		struct section head = { .eh = true };
		struct cursor cursor;
		GElf_Phdr header;
		Elf_Data *data;
		uint64_t address;
		uint8_t encoding;

		if (!gelf_getphdr(elf, (int)i, &header) ||
		    header.p_type != PT_GNU_EH_FRAME)
			continue;
		data = elf_getdata_rawchunk(elf, (int64_t)header.p_offset,
					    header.p_filesz, ELF_T_BYTE);
		if (!data || !data->d_buf)
			return;
		head.data = data->d_buf;
		head.address = header.p_vaddr;
		cursor = (struct cursor){ head.data, head.data + data->d_size,
					  false };
		cursor_fixed(&cursor, 1);
		encoding = (uint8_t)cursor_fixed(&cursor, 1);
		cursor_fixed(&cursor, 2);
		address = entry_address(&head, &cursor, encoding);
		for (size_t j = 0; !cursor.bad && j < image->segment_count;
		     j++) {
			const struct segment *segment = &image->segments[j];
			uint64_t at = address - segment->address;

			if (at >= segment->size)
				continue;
			index_tables(tables,
				     elf_getdata_rawchunk(
					     elf,
					     (int64_t)(segment->offset + at),
					     segment->size - at, ELF_T_BYTE),
				     address, true);
			return;
		}
		return;
	}
}

/* Both machines have others than these, too, which nobody records.  */
static bool is_known_format(Elf *elf)
{
	const char *ident = elf_getident(elf, NULL);

	return ident && ident[EI_CLASS] == ELFCLASS64 &&
	       ident[EI_DATA] == ELFDATA2LSB;
}

static void read_eh_frame(struct cfi *cfi)
{
	if (!is_known_format(cfi->elf)) {
		cfi->machine = NULL;
		return;
	}
	if (!same_file(cfi->elf, cfi->image))
		return;
	find_section(&cfi->eh_frame, cfi->elf, ".eh_frame", true);
	if (!cfi->eh_frame.count)
		find_segment(&cfi->eh_frame, cfi->elf, cfi->image);
}

/* Without MMAP: a file that shrinks while it is read is then an error, and not
   the end of us.  The tables are read at once, so the file is not held open.
   */
static void open_eh_frame(struct cfi *cfi)
{
	int fd = object_open(cfi->object);

	if (fd < 0)
		return;
	elf_version(EV_CURRENT);
	cfi->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (cfi->elf && elf_kind(cfi->elf) == ELF_K_ELF)
		read_eh_frame(cfi);
	if (cfi->elf)
		elf_cntl(cfi->elf, ELF_C_FDDONE);
	close(fd);
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = debugfile_find,
	.section_address = dwfl_offline_section_address,
};

/* Has libdwfl look for .debug_frame.  FD goes with what is returned.  */
static Dwfl_Module *report(struct cfi *cfi, const char *file, int fd)
{
	Dwfl_Module *module;
	void **userdata;

	cfi->dwfl = dwfl_begin(&callbacks);
	if (!cfi->dwfl) {
		close(fd);
		return NULL;
	}
	dwfl_report_begin(cfi->dwfl);
	module = dwfl_report_elf(cfi->dwfl, cfi->object->shown, file, fd, 0,
				 true);
	if (!module)
		close(fd);
	dwfl_report_end(cfi->dwfl, NULL, NULL);
	if (!module)
		return NULL;
	/* No servers are asked for unwind tables.  */
	cfi->search.object = cfi->object;
	dwfl_module_info(module, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
	*userdata = &cfi->search;
	return module;
}

static void open_debug_frame(struct cfi *cfi)
{
	char *file = object_file(cfi->object);
	int fd = file ? object_open(cfi->object) : -1;
	Dwfl_Module *module = fd < 0 ? NULL : report(cfi, file, fd);
	Dwarf_Addr main_bias, bias;
	Elf *elf = module ? dwfl_module_getelf(module, &main_bias) : NULL;

	if (elf && same_file(elf, cfi->image)) {
		Dwarf *dwarf = dwfl_module_getdwarf(module, &bias);

		if (dwarf) {
			cfi->bias = main_bias - bias;
			find_section(&cfi->debug_frame, dwarf_getelf(dwarf),
				     ".debug_frame", false);
		}
	}
	free(file);
}

struct cfi *cfi_new(const struct object *object, const struct image *image)
{
	struct cfi *cfi = calloc(1, sizeof(*cfi));

	if (!cfi)
		return NULL;
	cfi->object = object;
	cfi->image = image;
	cfi->machine = machine_find(image->machine);
	if (cfi->machine)
		open_eh_frame(cfi);
	return cfi;
}

void cfi_free(struct cfi *cfi)
{
	if (!cfi)
		return;
	free(cfi->eh_frame.extents);
	free(cfi->debug_frame.extents);
	elf_end(cfi->elf);
	dwfl_end(cfi->dwfl);
	free(cfi);
}

static bool fits(int64_t offset)
{
	return offset >= INT16_MIN && offset <= INT16_MAX;
}

/* Makes of RECIPE a simple row, if it is one.  */
static bool simplify(const struct recipe *recipe,
		     const struct machine *machine, struct row *row)
{
	const struct rule *cfa = &recipe->cfa;
	const struct rule *ra = &recipe->rules[machine->ra];

	if (cfa->kind != RULE_REGISTER || cfa->offset < INT32_MIN ||
	    cfa->offset > INT32_MAX)
		return false;
	row->cfa_register = cfa->from;
	row->cfa_offset = (int32_t)cfa->offset;
	row->in_register = ra->kind == RULE_SAME && machine->ra != machine->pc;
	if (!row->in_register) {
		if (ra->kind != RULE_AT_CFA || !fits(ra->offset))
			return false;
		row->return_offset = (int16_t)ra->offset;
	}
	for (uint8_t i = 0; i < machine->saved_count; i++) {
		const struct rule *rule = &recipe->rules[machine->saved[i]];

		if (rule->kind == RULE_SAME)
			continue;
		if (rule->kind != RULE_AT_CFA || !fits(rule->offset))
			return false;
		row->offset[i] = (int16_t)rule->offset;
		row->saved |= (uint16_t)(1u << i);
	}
	return true;
}

/* Where the tables make no sense, the frame is the last one.  */
static void read_row(const struct section *section, const struct entry *entry,
		     uint64_t address, const struct machine *machine,
		     struct row *row, struct recipe **recipe)
{
	row->kind = ROW_END;
	if (entry->ra != machine->ra)
		return;
	*recipe = program_run(section, entry, address, machine);
	if (!*recipe)
		return;
	row->interrupted = entry->signal;
	if ((*recipe)->rules[machine->ra].kind != RULE_UNDEFINED)
		row->kind = !entry->signal && simplify(*recipe, machine, row) ?
			    ROW_SIMPLE : ROW_RECIPE;
	if (row->kind != ROW_RECIPE) {
		recipe_free(*recipe);
		*recipe = NULL;
	}
}

/* Returns whether TABLES know ADDRESS.  */
static bool look_up(const struct tables *tables, uint64_t address,
		    const struct machine *machine, struct row *row,
		    struct recipe **recipe)
{
	size_t low = 0, high = tables->count, next;
	struct entry entry;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tables->extents[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= tables->extents[low - 1].end ||
	    entry_read(&tables->section, tables->extents[low - 1].offset,
		       &next, &entry) <= 0)
		return false;
	read_row(&tables->section, &entry, address, machine, row, recipe);
	return true;
}

void cfi_row(struct cfi *cfi, uint64_t address, struct row *row,
	     struct recipe **recipe)
{
	*row = (struct row){ .kind = ROW_NONE };
	*recipe = NULL;
	if (!cfi->machine ||
	    look_up(&cfi->eh_frame, address, cfi->machine, row, recipe))
		return;
	if (!cfi->looked) {
		cfi->looked = true;
		open_debug_frame(cfi);
	}
	look_up(&cfi->debug_frame, address + cfi->bias, cfi->machine, row,
		recipe);
}
