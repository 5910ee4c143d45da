/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/names.h"

#include <elfutils/libdwfl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols/debugfile.h"
#include "symbols/demangle.h"
#include "symbols/functions.h"
#include "symbols/strings.h"
#include "symbols/wrappers.h"

struct name {
	const char *raw;        /* in the module's memory */
	uint64_t start;
	/* Set when first asked for.  Its lowest bit tells an allocator.  */
	_Atomic(uintptr_t) shown;
};

struct names {
	struct names *older;    /* that these took the place of */
	const struct image *image; /* NULL: no file that fits */
	struct image *fetched;  /* the same, where it came from a server */
	struct debug_search search;
	Dwfl *dwfl;
	Dwfl_Module *module;
	uint64_t bias;
	/* Disjoint, ascending.  */
	struct extent *extents;
	size_t extent_count;
	struct name *names;     /* extents[].function is the index here */
};

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = debugfile_find,
	.section_address = dwfl_offline_section_address,
};

/* The file may have been replaced since IMAGE was read.  */
static bool same_file(Dwfl_Module *module, const struct image *image)
{
	const unsigned char *bytes;
	GElf_Addr address;
	int size = dwfl_module_build_id(module, &bytes, &address);

	if (size <= 0)
		return !image->build_id.size;
	return size == image->build_id.size &&
	       !memcmp(bytes, image->build_id.bytes, (size_t)size);
}

/* Takes FILE and FD over, which IMAGE is of; FILE may be NULL, FD -1.  */
static bool open_module(struct names *names, char *file, int fd)
{
	const char *name = names->search.object->shown;
	GElf_Addr bias;
	void **userdata;

	if (!file || fd < 0)
		goto fail;
	names->dwfl = dwfl_begin(&callbacks);
	if (!names->dwfl)
		goto fail;
	dwfl_report_begin(names->dwfl);
	names->module = dwfl_report_elf(names->dwfl, name, file, fd, 0, true);
	if (names->module)
		fd = -1;
	dwfl_report_end(names->dwfl, NULL, NULL);
	if (!names->module)
		goto fail;
	dwfl_module_info(names->module, &userdata, NULL, NULL, NULL, NULL,
			 NULL, NULL);
	*userdata = &names->search;
	if (!dwfl_module_getelf(names->module, &bias) ||
	    !same_file(names->module, names->image))
		goto fail;
	names->bias = bias;
	free(file);
	return true;
fail:
	if (fd >= 0)
		close(fd);
	free(file);
	dwfl_end(names->dwfl);
	names->dwfl = NULL;
	names->module = NULL;
	return false;
}

/* Whether ELF has a full symbol table, rather than only what is exported.  */
static bool has_symtab(Elf *elf)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) &&
		    header.sh_type == SHT_SYMTAB)
			return true;
	}
	return false;
}

/* Mapping symbols of ARM and RISC-V, and labels of the assembler.  */
static bool is_label(const char *name)
{
	return name[0] == '$' || (name[0] == '.' && name[1] == 'L');
}

static bool read_symbol(const struct names *names, const struct image *image,
			int index, Elf **elf_seen, bool *full,
			struct candidate *candidate)
{
	GElf_Sym symbol;
	GElf_Addr address;
	GElf_Word section;
	Elf *elf;
	Dwarf_Addr bias;
	const char *name = dwfl_module_getsym_info(names->module, index,
						   &symbol, &address, &section,
						   &elf, &bias);
	int type;

	if (!name || !name[0] || section == SHN_UNDEF || is_label(name))
		return false;
	type = GELF_ST_TYPE(symbol.st_info);
	if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
		return false;
	if (elf != *elf_seen) {
		*elf_seen = elf;
		*full = elf && has_symtab(elf);
	}
	address -= names->bias;
	if (image->machine == EM_ARM && type == STT_FUNC)
		address &= ~(uint64_t)1; /* it tells a Thumb function */
	if (image->has_sections && !image_code(image, address))
		return false;
	/* Where a stripped file exports a function without its size, most of
	   what follows it belongs to others.  */
	if (!symbol.st_size && !*full)
		return false;
	*candidate = (struct candidate){
		.start = address,
		.size = symbol.st_size,
		.name = name,
		.global = GELF_ST_BIND(symbol.st_info) != STB_LOCAL,
		.typed = type != STT_NOTYPE,
	};
	return true;
}

static uint64_t code_end(const void *context, uint64_t address)
{
	const struct range *range = image_code(context, address);

	return range ? range->end : UINT64_MAX;
}

static void read_names(struct names *names)
{
	const struct image *image = names->image;
	int count = dwfl_module_getsymtab(names->module);
	struct candidate *candidates;
	size_t found = 0;
	Elf *elf = NULL;
	bool full = false;

	if (count <= 0)
		return;
	candidates = reallocarray(NULL, (size_t)count, sizeof(*candidates));
	if (!candidates)
		return;
	for (int i = 0; i < count; i++) {
		if (read_symbol(names, image, i, &elf, &full,
				&candidates[found]))
			found++;
	}
	found = functions_choose(candidates, found);
	names->names = calloc(found ? found : 1, sizeof(*names->names));
	if (names->names &&
	    !functions_lay_out(candidates, found, code_end, image,
			       &names->extents, &names->extent_count)) {
		for (size_t i = 0; i < found; i++) {
			names->names[i].raw = candidates[i].name;
			names->names[i].start = candidates[i].start;
		}
	}
	free(candidates);
}

static struct names *names_new(const struct object *object,
			       struct fetch *fetch)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->search.object = object;
	names->search.fetch = fetch;
	return names;
}

static void read_local(struct names *names, const struct image *image)
{
	const struct object *object = names->search.object;

	if (!object_matches(object, image))
		return;
	names->image = image;
	if (open_module(names, object_file(object), object_open(object)))
		read_names(names);
}

struct names *object_names(struct object *object, const struct image *image,
			   pthread_mutex_t *lock)
{
	struct names *names = atomic_load(&object->names);

	if (names)
		return names;
	pthread_mutex_lock(lock);
	names = atomic_load(&object->names);
	if (!names) {
		names = names_new(object, NULL);
		if (names) {
			if (image)
				read_local(names, image);
			atomic_store(&object->names, names);
		}
	}
	pthread_mutex_unlock(lock);
	return names;
}

bool names_lack(const struct object *object, const struct names *names)
{
	if (names->search.fetch)
		return false;
	return names->image ? names->image->build_id.size &&
				      atomic_load(&names->search.missed)
			    : atomic_load(&object->wanted) != NULL;
}

/* The program itself, of the build id that was mapped.  */
static void read_fetched(struct names *names)
{
	const struct object *object = names->search.object;
	const struct build_id *wanted = atomic_load(&object->wanted);
	char *path;
	int fd = wanted ? fetch_file(names->search.fetch, FETCH_PROGRAM, wanted,
				     &path)
			: -1;

	if (fd < 0)
		return;
	names->fetched = image_read(fd);
	if (names->fetched && object_matches(object, names->fetched)) {
		names->image = names->fetched;
		if (open_module(names, path, fd))
			read_names(names);
		return;
	}
	close(fd);
	free(path);
}

bool object_fetch(struct object *object, struct fetch *fetch,
		  pthread_mutex_t *lock)
{
	struct names *old, *names = NULL;

	pthread_mutex_lock(lock);
	old = atomic_load(&object->names);
	if (old && names_lack(object, old))
		names = names_new(object, fetch);
	if (names) {
		if (old->image)
			read_local(names, old->image);
		else
			read_fetched(names);
		names->older = old;
		atomic_store(&object->names, names);
	}
	pthread_mutex_unlock(lock);
	return names != NULL;
}

void names_free(struct names *names)
{
	while (names) {
		struct names *older = names->older;

		dwfl_end(names->dwfl);
		image_free(names->fetched);
		free(names->extents);
		free(names->names);
		free(names);
		names = older;
	}
}

unsigned names_generation(const struct names *names)
{
	return names->older ? 1 : 0;
}

bool names_address(const struct names *names, uint64_t offset,
		   uint64_t *address)
{
	return names->image && image_address(names->image, offset, address);
}

bool names_missing(const struct object *object, const struct names *names,
		   enum lacking *why)
{
	const struct image *image = atomic_load(&object->image);

	*why = image && image->readable ? FILES_OUTDATED : FILES_MISSING;
	return !names->image && image;
}

struct Dwfl_Module *names_module(struct names *names, uint64_t *bias)
{
	*bias = names->bias;
	return names->module;
}

/* Two threads may both do this: the strings are the same.  */
static uintptr_t show(struct name *name, struct strings *strings)
{
	/* Strings begin at even addresses: they follow a uint32_t.  */
	char text[NAME_MAX_BYTES];
	const char *string;
	uintptr_t shown;

	demangle(text, sizeof(text), name->raw);
	string = strings_intern(strings, text);
	if (!string)
		return 0;
	shown = (uintptr_t)string | (is_allocator_name(string) ? 1 : 0);
	atomic_store_explicit(&name->shown, shown, memory_order_release);
	return shown;
}

bool names_find(struct names *names, struct strings *strings, uint64_t address,
		struct function *function)
{
	const struct extent *extent = extents_find(
		names->extents, names->extent_count, address);
	struct name *name;
	uintptr_t shown;

	if (!extent)
		return false;
	name = &names->names[extent->function];
	shown = atomic_load_explicit(&name->shown, memory_order_acquire);
	if (!shown)
		shown = show(name, strings);
	if (!shown)
		return false;
	function->name = (const char *)(shown & ~(uintptr_t)1);
	function->allocator = shown & 1;
	function->start = name->start;
	return true;
}
