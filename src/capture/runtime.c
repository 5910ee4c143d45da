/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/runtime.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/intl.h"

/* The type of the note with a Go program's build id.  */
#define GO_BUILD_ID 4

enum runtime { RUNTIME_NONE, RUNTIME_GO, RUNTIME_LIBGO, RUNTIME_SPLIT };

static const char *const names[] = {
	[RUNTIME_GO] = N_("a Go program, whose runtime switches stacks"),
	[RUNTIME_LIBGO] =
		N_("a Go program made by GCC, whose runtime switches stacks"),
	[RUNTIME_SPLIT] =
		N_("a program with split stacks, between which it switches"),
};

/* Marks in the names of sections; with IS_PART anywhere in them.  */
static const struct section_mark {
	const char *name;
	bool is_part;
	enum runtime runtime;
} section_marks[] = {
	{ ".gopclntab", true, RUNTIME_GO },     /* also .data.rel.ro.gopclntab */
	{ ".go.buildinfo", false, RUNTIME_GO },
	{ ".note.go.buildid", false, RUNTIME_GO },
	{ ".go_export", false, RUNTIME_LIBGO },
	{ ".note.GNU-split-stack", false, RUNTIME_SPLIT },
};

/* Marks in the names of symbols, first the more telling ones.  */
static const struct symbol_mark {
	const char *name;
	enum runtime runtime;
} symbol_marks[] = {
	{ "__go_init_main", RUNTIME_LIBGO },
	{ "runtime_mstart", RUNTIME_LIBGO },
	{ "__morestack", RUNTIME_SPLIT },
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static enum runtime find_section(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t strings;

	if (elf_getshdrstrndx(elf, &strings))
		return RUNTIME_NONE;
	while ((section = elf_nextscn(elf, section))) {
		const char *name = gelf_getshdr(section, &header) ?
			elf_strptr(elf, strings, header.sh_name) : NULL;

		for (size_t i = 0; name && i < COUNT(section_marks); i++) {
			const struct section_mark *mark = &section_marks[i];

			if (mark->is_part ? strstr(name, mark->name) != NULL :
			    !strcmp(name, mark->name))
				return mark->runtime;
		}
	}
	return RUNTIME_NONE;
}

/* The index of the first mark that the symbols of SECTION have, below
   BEST.  */
static size_t find_mark(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
			size_t best)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = header->sh_entsize && data ?
		header->sh_size / header->sh_entsize : 0;
	GElf_Sym symbol;

	for (size_t i = 0; i < count; i++) {
		const char *name = gelf_getsym(data, i, &symbol) ?
			elf_strptr(elf, header->sh_link, symbol.st_name) : NULL;

		for (size_t j = 0; name && j < best; j++) {
			if (!strcmp(name, symbol_marks[j].name))
				best = j;
		}
	}
	return best;
}

static enum runtime find_symbol(Elf *elf)
{
	size_t best = COUNT(symbol_marks);
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, &header) &&
		    (header.sh_type == SHT_SYMTAB ||
		     header.sh_type == SHT_DYNSYM))
			best = find_mark(elf, section, &header, best);
	}
	return best < COUNT(symbol_marks) ? symbol_marks[best].runtime :
		RUNTIME_NONE;
}

/* Whether the program needs libgo.so.  */
static bool needs_libgo(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Dyn entry;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) ||
		    header.sh_type != SHT_DYNAMIC)
			continue;
		data = elf_getdata(section, NULL);
		for (int i = 0; data && gelf_getdyn(data, i, &entry); i++) {
			const char *name = entry.d_tag == DT_NEEDED ?
				elf_strptr(elf, header.sh_link,
					   entry.d_un.d_val) : NULL;

			if (name && !strncmp(name, "libgo.so", 8))
				return true;
		}
	}
	return false;
}

/* What is left when the section table has been stripped.  */
static bool has_go_note(Elf *elf)
{
	size_t count;
	GElf_Phdr segment;

	if (elf_getphdrnum(elf, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t at = 0, name, description;
		GElf_Nhdr note;
		Elf_Data *data;

		if (!gelf_getphdr(elf, i, &segment) ||
		    segment.p_type != PT_NOTE)
			continue;
		data = elf_getdata_rawchunk(elf, segment.p_offset,
					    segment.p_filesz, ELF_T_NHDR);
		while (data && (at = gelf_getnote(data, at, &note, &name,
						  &description))) {
			if (note.n_type == GO_BUILD_ID && note.n_namesz == 3 &&
			    !memcmp((char *)data->d_buf + name, "Go", 3))
				return true;
		}
	}
	return false;
}

static enum runtime find_any(Elf *elf)
{
	enum runtime runtime = find_section(elf);

	if (!runtime && has_go_note(elf))
		return RUNTIME_GO;
	/* Its programs have split stacks, too.  */
	if (runtime != RUNTIME_GO && needs_libgo(elf))
		return RUNTIME_LIBGO;
	return runtime ? runtime : find_symbol(elf);
}

const char *runtime_name(pid_t pid)
{
	enum runtime runtime = RUNTIME_NONE;
	char path[64];
	Elf *elf;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		runtime = find_any(elf);
	elf_end(elf);
	close(fd);
	return names[runtime];
}
