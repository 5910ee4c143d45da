/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/runtime.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The type of the note with a Go program's build id.  */
#define GO_BUILD_ID 4

static bool has_go_section(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		const char *name = gelf_getshdr(section, &header) ?
			elf_strptr(elf, names, header.sh_name) : NULL;

		/* Also .data.rel.ro.gopclntab.  */
		if (name && (strstr(name, ".gopclntab") ||
			     !strcmp(name, ".go.buildinfo") ||
			     !strcmp(name, ".note.go.buildid")))
			return true;
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

const char *runtime_name(pid_t pid)
{
	const char *result = NULL;
	char path[64];
	Elf *elf;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF &&
	    (has_go_section(elf) || has_go_note(elf)))
		result = "Go";
	elf_end(elf);
	close(fd);
	return result;
}
