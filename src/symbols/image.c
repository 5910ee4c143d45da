/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/image.h"

#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>

#include "symbols/fetch.h"

static void read_build_id(struct image *image, Elf *elf)
{
	const void *bytes;
	ssize_t size = dwelf_elf_gnu_build_id(elf, &bytes);

	if (size <= 0 || size > BUILD_ID_MAX)
		return;
	memcpy(image->build_id.bytes, bytes, (size_t)size);
	image->build_id.size = (uint8_t)size;
}

static bool read_segments(struct image *image, Elf *elf)
{
	size_t count;

	if (elf_getphdrnum(elf, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct segment *segments;
		GElf_Phdr header;

		if (!gelf_getphdr(elf, (int)i, &header))
			return false;
		if (header.p_type != PT_LOAD || !header.p_filesz)
			continue;
		segments = reallocarray(image->segments,
					image->segment_count + 1,
					sizeof(*segments));
		if (!segments)
			return false;
		image->segments = segments;
		segments[image->segment_count++] = (struct segment){
			.offset = header.p_offset,
			.size = header.p_filesz,
			.address = header.p_vaddr,
			.executable = header.p_flags & PF_X,
		};
	}
	return image->segment_count > 0;
}

static bool is_stub_section(const char *name)
{
	static const char *const names[] = {
		".plt", ".plt.got", ".plt.sec", ".plt.bnd", ".iplt",
	};

	for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

static bool add_range(struct range **ranges, size_t *count, uint64_t start,
		      uint64_t size)
{
	struct range *more = reallocarray(*ranges, *count + 1, sizeof(*more));

	if (!more)
		return false;
	*ranges = more;
	more[*count].start = start;
	more[*count].end = size > UINT64_MAX - start ? UINT64_MAX
						     : start + size;
	++*count;
	return true;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* A program may do without sections, so what can't be read is left out.  */
static void read_sections(struct image *image, Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header))
			break;
		if (!(header.sh_flags & SHF_ALLOC) ||
		    !(header.sh_flags & SHF_EXECINSTR) || !header.sh_size)
			continue;
		image->has_sections = true;
		if (!add_range(&image->code, &image->code_count,
			       header.sh_addr, header.sh_size))
			break;
		if (is_stub_section(elf_strptr(elf, names, header.sh_name)) &&
		    !add_range(&image->stubs, &image->stub_count,
			       header.sh_addr, header.sh_size))
			break;
	}
	if (image->code_count)
		qsort(image->code, image->code_count, sizeof(*image->code),
		      compare_ranges);
}

/* Without MMAP: a file that shrinks while it is read is then an error, and
   not the end of us.  */
struct image *image_read(int fd)
{
	struct image *image = calloc(1, sizeof(*image));
	GElf_Ehdr header;
	Elf *elf;

	if (!image)
		return NULL;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return image;
	if (elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &header) &&
	    (header.e_type == ET_EXEC || header.e_type == ET_DYN) &&
	    read_segments(image, elf)) {
		image->machine = header.e_machine;
		read_build_id(image, elf);
		read_sections(image, elf);
		image->readable = true;
	}
	elf_end(elf);
	return image;
}

static struct image *read_copy(const struct object *object, enum copy copy)
{
	int fd = object_open_copy(object, copy);
	struct image *image;

	if (fd < 0)
		return NULL;
	image = image_read(fd);
	close(fd);
	if (image)
		image->copy = copy;
	return image;
}

/* What the cache has under a build id that is not its own is of no use.  */
static bool is_cached(const struct image *image)
{
	return image->copy == COPY_CACHED || image->copy == COPY_CACHED_OLD;
}

static struct image *best_image(const struct object *object)
{
	struct image *first = NULL;

	for (enum copy copy = COPY_BELOW_ROOT; copy < COPY_COUNT; copy++) {
		struct image *image = read_copy(object, copy);

		if (!image)
			continue;
		if (object_matches(object, image)) {
			image_free(first);
			return image;
		}
		if (is_cached(image) ||
		    (first && (first->readable || !image->readable))) {
			image_free(image);
		} else {
			image_free(first);
			first = image;
		}
	}
	return first ? first : calloc(1, sizeof(*first));
}

const struct image *object_image(struct object *object, pthread_mutex_t *lock)
{
	struct image *image = atomic_load(&object->image);

	if (image)
		return image;
	pthread_mutex_lock(lock);
	image = atomic_load(&object->image);
	if (!image) {
		image = best_image(object);
		if (image)
			atomic_store(&object->image, image);
	}
	pthread_mutex_unlock(lock);
	return image;
}

void object_fetch_image(struct object *object, struct fetch *fetch,
			pthread_mutex_t *lock)
{
	const struct build_id *wanted = atomic_load(&object->wanted);
	struct image *image = atomic_load(&object->image);
	char *path;
	int fd;

	if (!wanted || (image && object_matches(object, image)) ||
	    atomic_exchange(&object->fetch_tried, true))
		return;
	fd = fetch_file(fetch, FETCH_PROGRAM, wanted, &path);
	if (fd < 0)
		return;
	image = image_read(fd);
	close(fd);
	if (!image || !object_matches(object, image)) {
		image_free(image);
		free(path);
		return;
	}
	image->copy = COPY_FETCHED;
	pthread_mutex_lock(lock);
	/* Others may be looking at it.  */
	image->older = atomic_load(&object->image);
	atomic_store(&object->fetched, path);
	atomic_store(&object->image, image);
	pthread_mutex_unlock(lock);
}

void image_free(struct image *image)
{
	while (image) {
		struct image *older = image->older;

		free(image->segments);
		free(image->code);
		free(image->stubs);
		free(image);
		image = older;
	}
}

bool image_has_build_id(const struct image *image, const struct build_id *id)
{
	if (!image->readable)
		return true;
	return image->build_id.size == id->size &&
	       !memcmp(image->build_id.bytes, id->bytes, id->size);
}

bool object_matches(const struct object *object, const struct image *image)
{
	const struct build_id *wanted = atomic_load(&object->wanted);

	return image->readable &&
	       (!wanted || image_has_build_id(image, wanted));
}

bool image_address(const struct image *image, uint64_t offset,
		   uint64_t *address)
{
	const struct segment *found = NULL;

	/* The last page of one segment may also be the first of the next: what
	   is asked for is code.  */
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct segment *segment = &image->segments[i];

		if (offset < segment->offset ||
		    offset - segment->offset >= segment->size)
			continue;
		if (!found || (segment->executable && !found->executable))
			found = segment;
	}
	if (!found)
		return false;
	*address = found->address + (offset - found->offset);
	return true;
}

const struct range *image_code(const struct image *image, uint64_t address)
{
	size_t low = 0, high = image->code_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (image->code[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= image->code[low - 1].end)
		return NULL;
	return &image->code[low - 1];
}

bool image_is_stub(const struct image *image, uint64_t address)
{
	for (size_t i = 0; i < image->stub_count; i++) {
		if (address >= image->stubs[i].start &&
		    address < image->stubs[i].end)
			return true;
	}
	return false;
}
