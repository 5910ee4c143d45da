/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/libc.h"

#include <errno.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/text.h"
#include "capture/images.h"
#include "capture/target.h"

/* No function's code is read further than this, in bytes.  */
#define CODE_MAX 16384

struct symbol {
	uint64_t address;
	uint64_t size;
};

/* A file that is looked at.  */
struct reader {
	int fd;
	Elf *elf;
	unsigned seen;          /* bits of enum allocator_id */
	bool defines_new;       /* C++'s operator */
	bool wants_new;         /* from another object */
	struct symbol symbol[ALLOC_COUNT];
};

/* Whether others may call SYMBOL: those of other objects if it is in .dynsym,
   which has no hidden ones, those of its own if it is in .symtab.  */
static bool is_function(const GElf_Sym *symbol)
{
	/* No STT_GNU_IFUNC: its code only chooses one.  */
	return symbol->st_shndx != SHN_UNDEF &&
		GELF_ST_TYPE(symbol->st_info) == STT_FUNC &&
		GELF_ST_BIND(symbol->st_info) != STB_LOCAL;
}

static void take_symbol(struct reader *reader, const char *name,
			const GElf_Sym *symbol)
{
	int id;

	/* operator new and new[], in all forms.  */
	if (!strncmp(name, "_Znw", 4) || !strncmp(name, "_Zna", 4)) {
		reader->wants_new |= symbol->st_shndx == SHN_UNDEF;
		reader->defines_new |= is_function(symbol);
	}
	id = is_function(symbol) ? allocator_by_name(name, strlen(name)) : -1;
	if (id < 0 || (reader->seen & (1u << id)))
		return;
	reader->symbol[id].address = symbol->st_value;
	reader->symbol[id].size = symbol->st_size;
	reader->seen |= 1u << id;
}

static void read_symbols(struct reader *reader, GElf_Word type)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Sym symbol;

	while ((section = elf_nextscn(reader->elf, section))) {
		Elf_Data *data;
		size_t count;

		if (!gelf_getshdr(section, &header) ||
		    header.sh_type != type || !header.sh_entsize)
			continue;
		data = elf_getdata(section, NULL);
		if (!data)
			continue;
		count = header.sh_size / header.sh_entsize;
		for (size_t i = 0; i < count; i++) {
			const char *name =
				gelf_getsym(data, i, &symbol) ?
				elf_strptr(reader->elf, header.sh_link,
					   symbol.st_name) : NULL;

			if (name)
				take_symbol(reader, name, &symbol);
		}
	}
}

static bool defines_all(const struct reader *reader)
{
	const unsigned wanted = 1u << ALLOC_MALLOC | 1u << ALLOC_FREE;

	return (reader->seen & wanted) == wanted;
}

/* Translates ADDRESS into a file offset.  */
static bool file_offset(Elf *elf, uint64_t address, uint64_t *offset,
			uint64_t *room)
{
	size_t count;
	GElf_Phdr header;

	if (elf_getphdrnum(elf, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, i, &header) ||
		    header.p_type != PT_LOAD || !(header.p_flags & PF_X) ||
		    address < header.p_vaddr ||
		    address - header.p_vaddr >= header.p_filesz)
			continue;
		*offset = address - header.p_vaddr + header.p_offset;
		*room = header.p_filesz - (address - header.p_vaddr);
		return true;
	}
	return false;
}

static unsigned arguments_needed(const struct allocator *allocator)
{
	unsigned mask = 0;

	for (int i = 0; i < ALLOCATOR_ARGUMENTS; i++) {
		if (allocator->argument[i].role != ROLE_NONE)
			mask |= 1u << i;
	}
	return mask;
}

/* Chooses where the probes of function ID go.  */
static void look_at_code(struct libc_function *function, int id, int fd,
			 const struct symbol *symbol)
{
	const struct allocator *allocator = &allocators[id];
	uint64_t size = symbol->size;
	uint8_t *code = NULL;

	/* A part of a function does not show all its jumps.  */
	if (size && size <= CODE_MAX)
		code = malloc(size);
	if (!code || pread(fd, code, size, function->offset) != (ssize_t)size) {
		function->point.reason = N_("the code's size is not known");
		free(code);
		return;
	}
	point_choose(code, size, symbol->address, arguments_needed(allocator),
		     allocator->result != RESULT_NONE, &function->point);
	if (allocator->result == RESULT_STATUS)
		function->stored_register =
			point_stored_register(code, size, symbol->address);
	free(code);
}

static bool is_alias(const struct reader *reader, int id)
{
	for (int i = 0; i < id; i++) {
		if ((reader->seen & (1u << i)) &&
		    reader->symbol[i].address == reader->symbol[id].address)
			return true;
	}
	return false;
}

static void take_functions(struct libc *libc, struct reader *reader)
{
	GElf_Ehdr header;

	if (!gelf_getehdr(reader->elf, &header))
		return;
	for (int id = 0; id < ALLOC_COUNT; id++) {
		struct libc_function *function = &libc->function[id];
		struct symbol *symbol = &reader->symbol[id];
		uint64_t room;

		if (!(reader->seen & (1u << id)) || is_alias(reader, id) ||
		    !file_offset(reader->elf, symbol->address,
				 &function->offset, &room))
			continue;
		function->present = true;
		function->stored_register = -1;
		if (symbol->size > room)
			symbol->size = 0;
		if (header.e_machine == EM_X86_64)
			look_at_code(function, id, reader->fd, symbol);
		else
			function->point.reason =
				N_("no code analysis for this machine");
	}
}

static void end_reading(struct reader *reader)
{
	elf_end(reader->elf);
	close(reader->fd);
}

/* Opens IMAGE and reads what it defines for others.  LIBC's name and path become
   the image's.  */
static int begin_reading(struct reader *reader, struct libc *libc,
			 const struct image *image, pid_t pid,
			 struct error *error)
{
	text_clean(libc->name, sizeof libc->name, image->path);
	memset(reader, 0, sizeof *reader);
	reader->fd = image_open(image, pid, libc->path, sizeof libc->path,
				&libc->is_replaced);
	if (reader->fd < 0)
		return error_set(error, _("can't open %s as process %d has it mapped: %s"),
				 libc->name, (int)pid, strerror(errno));
	elf_version(EV_CURRENT);
	reader->elf = elf_begin(reader->fd, ELF_C_READ, NULL);
	if (!reader->elf || elf_kind(reader->elf) != ELF_K_ELF) {
		end_reading(reader);
		return error_set(error, _("%s is not an ELF file"), libc->name);
	}
	read_symbols(reader, SHT_DYNSYM);
	return 0;
}

/* Of what takes the C library's place: notes what it does not define, although
   LIBRARY does, and whether its operators matter.  */
static void note_left_out(struct libc *libc, const struct images *images,
			  const struct image *library, pid_t pid,
			  const struct reader *chosen)
{
	/* There it is made of the realloc that is called from anywhere.  */
	const unsigned by_others = 1u << ALLOC_REALLOCARRAY;
	struct libc *other = malloc(sizeof *other);
	struct reader reader;

	text_clean(libc->replaces, sizeof libc->replaces, library->path);
	for (size_t i = 0; other && i < images->count; i++) {
		const struct image *image = &images->image[i];

		if (begin_reading(&reader, other, image, pid, NULL))
			continue;
		if (image == library)
			libc->left_out = reader.seen & ~chosen->seen &
				~by_others;
		libc->has_operators |= chosen->defines_new && reader.wants_new;
		end_reading(&reader);
	}
	free(other);
}

/* Takes LIBC's functions from IMAGE if it defines malloc and free; with ALL
   also if only its full symbol table has them.  Returns whether it does, or -1
   when it can't be read.  READER is closed again.  */
static int try_image(struct libc *libc, struct reader *reader,
		     const struct image *image, pid_t pid, bool all,
		     struct error *error)
{
	int found;

	if (begin_reading(reader, libc, image, pid, error))
		return -1;
	if (all && !defines_all(reader))
		read_symbols(reader, SHT_SYMTAB);
	found = defines_all(reader);
	if (found)
		take_functions(libc, reader);
	end_reading(reader);
	return found;
}

static const struct image *find_c_library(const struct images *images)
{
	for (size_t i = 0; i < images->count; i++) {
		if (images->image[i].is_c_library)
			return &images->image[i];
	}
	return NULL;
}

/* Where nothing else has them, the executable, if statically linked, tells of
   its functions in its full symbol table only.  */
static int try_executable(struct libc *libc, const struct images *images,
			  pid_t pid, struct error *error)
{
	const struct image *image = images->count ? images->image : NULL;
	struct reader reader;
	int found;

	if (!image || !image->is_executable)
		return error_set(error, _("process %d has no C library mapped that leaktop knows (glibc or musl)"),
				 (int)pid);
	found = try_image(libc, &reader, image, pid, true, error);
	if (found)
		return found > 0 ? 0 : -1;
	return error_set(error, _("the process has no C library that leaktop knows (glibc or musl), and %s does not define malloc and free itself, or has no symbol table"),
			 libc->name);
}

static int choose(struct libc *libc, const struct images *images, pid_t pid,
		  struct error *error)
{
	const struct image *library = find_c_library(images);
	struct reader reader;

	for (size_t i = 0; i < images->count; i++) {
		const struct image *image = &images->image[i];
		int found = try_image(libc, &reader, image, pid,
				      image == library, error);

		if (found > 0 && library && image != library)
			note_left_out(libc, images, library, pid, &reader);
		if (found > 0)
			return 0;
		if (image == library)
			return found ? -1 :
				error_set(error, _("%s does not define malloc and free"),
					  libc->name);
	}
	return try_executable(libc, images, pid, error);
}

int libc_find(struct libc *libc, pid_t pid, struct error *error)
{
	struct images images;
	int result;

	memset(libc, 0, sizeof *libc);
	if (images_read(&images, pid))
		result = error_set(error, _("can't read the mappings of process %d: %s"),
				   (int)pid, strerror(errno));
	else
		result = choose(libc, &images, pid, error);
	images_free(&images);
	return result;
}

static bool seek_library(void *context, const struct target_map *map)
{
	bool *found = context;

	*found = map->executable && map->inode &&
		image_is_c_library(map->path);
	return !*found;
}

bool libc_is_mapped(pid_t pid)
{
	bool found = false;

	return !target_maps(pid, seek_library, &found) && found;
}

void libc_left_out(const struct libc *libc, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (int id = 0; id < ALLOC_COUNT; id++) {
		if (libc->left_out & (1u << id) && used < size)
			used += snprintf(text + used, size - used, "%s%s",
					 used ? ", " : "",
					 allocators[id].symbol);
	}
	if (libc->has_operators && used < size)
		snprintf(text + used, size - used, "%s%s", used ? ", " : "",
			 _("C++'s new and delete"));
}
