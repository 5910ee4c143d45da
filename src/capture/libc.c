/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/libc.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/text.h"
#include "capture/target.h"

/* No function's code is read further than this, in bytes.  */
#define CODE_MAX 16384

/* The mapped file that is looked at.  */
struct image {
	uint64_t start, end;
	uint64_t device, inode;
	char path[PATH_MAX];    /* as in /proc/PID/maps */
};

struct symbol {
	uint64_t address;
	uint64_t size;
};

static bool starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static bool is_c_library(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	return !strcmp(name, "libc.so.6") || starts_with(name, "libc-2.") ||
		starts_with(name, "ld-musl-") || starts_with(name, "libc.musl-");
}

struct search {
	uint64_t device, inode; /* of the executable */
	bool found_library, found_executable;
	struct image library, executable;
};

static void take_image(struct image *image, const struct target_map *map)
{
	image->start = map->start;
	image->end = map->end;
	image->device = map->device;
	image->inode = map->inode;
	snprintf(image->path, sizeof image->path, "%s", map->path);
}

static bool look_at_map(void *context, const struct target_map *map)
{
	struct search *search = context;

	if (!map->executable || !map->inode)
		return true;
	if (is_c_library(map->path)) {
		take_image(&search->library, map);
		search->found_library = true;
		return false;
	}
	if (!search->found_executable && map->inode == search->inode) {
		take_image(&search->executable, map);
		search->found_executable = true;
	}
	return true;
}

static bool is_file(const char *path, const struct image *image)
{
	struct stat st;

	/* The blank would end the path in the kernel's probe syntax.  */
	return !strpbrk(path, " \t\n") && !stat(path, &st) &&
		st.st_dev == image->device && st.st_ino == image->inode;
}

/* Finds a path of ours that leads to the very file that is mapped: it may
   have been replaced on disk, or lie in another mount namespace.  */
static int open_image(const struct image *image, pid_t pid, char *path,
		      size_t size)
{
	if (snprintf(path, size, "%s", image->path) < (int)size &&
	    is_file(path, image))
		return open(path, O_RDONLY | O_CLOEXEC);
	if (snprintf(path, size, "/proc/%d/root%s", (int)pid,
		     image->path) < (int)size && is_file(path, image))
		return open(path, O_RDONLY | O_CLOEXEC);
	/* Right by construction, but needs more privileges.  */
	snprintf(path, size, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64,
		 (int)pid, image->start, image->end);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void read_symbols(Elf *elf, GElf_Word type, struct symbol *symbol,
			 unsigned *seen)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Sym sym;

	while ((section = elf_nextscn(elf, section))) {
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
			const char *name;
			int id;

			/* No STT_GNU_IFUNC: its code only chooses one.  */
			if (!gelf_getsym(data, i, &sym) ||
			    GELF_ST_TYPE(sym.st_info) != STT_FUNC ||
			    sym.st_shndx == SHN_UNDEF ||
			    GELF_ST_BIND(sym.st_info) == STB_LOCAL)
				continue;
			name = elf_strptr(elf, header.sh_link, sym.st_name);
			id = name ? allocator_by_name(name, strlen(name)) : -1;
			if (id < 0 || (*seen & (1u << id)))
				continue;
			symbol[id].address = sym.st_value;
			symbol[id].size = sym.st_size;
			*seen |= 1u << id;
		}
	}
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
			 uint64_t address, uint64_t size)
{
	static uint8_t code[CODE_MAX];
	const struct allocator *allocator = &allocators[id];
	ssize_t n;

	function->point.offset = 0;
	function->point.emulated = false;
	function->point.instruction[0] = '\0';
	function->point.reason = N_("no code analysis for this machine");
	function->stored_register = -1;
	/* A part of a function does not show all its jumps.  */
	n = size <= sizeof code ? pread(fd, code, size, function->offset) : -1;
	if (n < 0 || (uint64_t)n != size || !size) {
		function->point.reason = N_("the code's size is not known");
		return;
	}
	point_choose(code, size, address, arguments_needed(allocator),
		     allocator->result != RESULT_NONE, &function->point);
	if (allocator->result == RESULT_STATUS)
		function->stored_register =
			point_stored_register(code, size, address);
}

static bool is_alias(const struct symbol *symbol, unsigned seen, int id)
{
	for (int i = 0; i < id; i++) {
		if ((seen & (1u << i)) &&
		    symbol[i].address == symbol[id].address)
			return true;
	}
	return false;
}

static int read_elf(struct libc *libc, Elf *elf, int fd, bool executable,
		    struct error *error)
{
	const unsigned wanted = 1u << ALLOC_MALLOC | 1u << ALLOC_FREE;
	struct symbol symbol[ALLOC_COUNT];
	unsigned seen = 0;
	GElf_Ehdr header;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return error_set(error, _("%s is not an ELF file"), libc->name);
	read_symbols(elf, SHT_DYNSYM, symbol, &seen);
	if (executable || (seen & wanted) != wanted)
		read_symbols(elf, SHT_SYMTAB, symbol, &seen);
	if ((seen & wanted) != wanted)
		return executable ?
			error_set(error, _("the process has no C library that leaktop knows (glibc or musl), and %s does not define malloc and free itself, or has no symbol table"),
				  libc->name) :
			error_set(error, _("%s does not define malloc and free"),
				  libc->name);
	for (int id = 0; id < ALLOC_COUNT; id++) {
		struct libc_function *function = &libc->function[id];
		uint64_t room;

		if (!(seen & (1u << id)) || is_alias(symbol, seen, id) ||
		    !file_offset(elf, symbol[id].address, &function->offset,
				 &room))
			continue;
		function->present = true;
		if (symbol[id].size > room)
			symbol[id].size = 0;
		if (header.e_machine == EM_X86_64) {
			look_at_code(function, id, fd, symbol[id].address,
				     symbol[id].size);
		} else {
			function->stored_register = -1;
			function->point.reason =
				N_("no code analysis for this machine");
		}
	}
	return 0;
}

static int read_image(struct libc *libc, const struct image *image, pid_t pid,
		      bool executable, struct error *error)
{
	int fd, result;
	Elf *elf;

	text_clean(libc->name, sizeof libc->name, image->path);
	fd = open_image(image, pid, libc->path, sizeof libc->path);
	if (fd < 0)
		return error_set(error, _("can't open %s as process %d has it mapped: %s"),
				 libc->name, (int)pid, strerror(errno));
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf) {
		close(fd);
		return error_set(error, _("can't read %s: %s"), libc->name,
				 elf_errmsg(-1));
	}
	result = read_elf(libc, elf, fd, executable, error);
	elf_end(elf);
	close(fd);
	return result;
}

int libc_find(struct libc *libc, pid_t pid, struct error *error)
{
	struct search *search = calloc(1, sizeof *search);
	char path[64];
	struct stat st;
	int result;

	memset(libc, 0, sizeof *libc);
	if (!search)
		return error_set(error, _("out of memory"));
	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	if (!stat(path, &st)) {
		search->device = st.st_dev;
		search->inode = st.st_ino;
	}
	if (target_maps(pid, look_at_map, search))
		result = error_set(error, _("can't read the mappings of process %d: %s"),
				   (int)pid, strerror(errno));
	else if (search->found_library)
		result = read_image(libc, &search->library, pid, false, error);
	else if (search->found_executable)
		result = read_image(libc, &search->executable, pid, true,
				    error);
	else
		result = error_set(error, _("process %d has no C library mapped that leaktop knows (glibc or musl)"),
				   (int)pid);
	free(search);
	return result;
}

static bool seek_library(void *context, const struct target_map *map)
{
	bool *found = context;

	*found = map->executable && map->inode && is_c_library(map->path);
	return !*found;
}

bool libc_is_mapped(pid_t pid)
{
	bool found = false;

	return !target_maps(pid, seek_library, &found) && found;
}
