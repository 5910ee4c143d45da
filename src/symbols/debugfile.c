/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/debugfile.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <libelf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols/cache.h"

#define DEBUG_ROOT "/usr/lib/debug"

/* What the file must be: of this build id, or if it has none, of this CRC.  */
struct wanted {
	const unsigned char *id;
	size_t id_size;
	uint32_t crc;
};

static bool has_build_id(int fd, const struct wanted *wanted)
{
	bool equal = false;
	const void *id;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return false;
	if (elf_kind(elf) == ELF_K_ELF)
		equal = dwelf_elf_gnu_build_id(elf, &id) ==
				(ssize_t)wanted->id_size &&
			!memcmp(id, wanted->id, wanted->id_size);
	elf_end(elf);
	return equal;
}

/* The CRC-32 of zlib and IEEE 802.3, a byte at a time.  */
static bool has_crc(int fd, uint32_t crc)
{
	unsigned char buffer[16384];
	uint32_t table[256], sum = UINT32_MAX;
	ssize_t n;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^
				   (table[i] & 1 ? 0xedb88320u : 0);
	}
	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			sum = sum >> 8 ^ table[(sum ^ buffer[i]) & 0xff];
	}
	return !n && ~sum == crc && !lseek(fd, 0, SEEK_SET);
}

/* Takes PATH over.  */
static int try_file(char *path, const struct wanted *wanted, char **found)
{
	struct stat status;
	int fd;

	if (!path)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && !fstat(fd, &status) && S_ISREG(status.st_mode) &&
	    (wanted->id_size ? has_build_id(fd, wanted)
			     : has_crc(fd, wanted->crc))) {
		*found = path;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return -1;
}

__attribute__((format(printf, 1, 2)))
static char *print(const char *format, ...)
{
	va_list arguments;
	char *path;
	int length;

	va_start(arguments, format);
	length = vasprintf(&path, format, arguments);
	va_end(arguments);
	return length < 0 ? NULL : path;
}

static int find_by_id(const struct wanted *wanted, const char *root,
		      char **found)
{
	char digits[2 * 64 + 1];

	if (wanted->id_size < 2 || wanted->id_size > 64)
		return -1;
	for (size_t i = 0; i < wanted->id_size; i++)
		snprintf(digits + 2 * i, 3, "%02x", wanted->id[i]);
	return try_file(print("%s" DEBUG_ROOT "/.build-id/%.2s/%s.debug", root,
			      digits, digits + 2),
			wanted, found);
}

/* The directory of PATH, which is below ROOT, its .debug, and its counterpart
   below DEBUG_ROOT.  */
static int find_by_link(const struct wanted *wanted, const char *root,
			const char *path, const char *link, char **found)
{
	const char *slash = strrchr(path, '/');
	int length = slash ? (int)(slash - path) : 0;
	int fd;

	/* Without a directory of its own it would be the one we are in.  */
	if (!slash || slash - path > 65536)
		return -1;
	fd = try_file(print("%s%.*s/%s", root, length, path, link), wanted,
		      found);
	if (fd < 0)
		fd = try_file(print("%s%.*s/.debug/%s", root, length, path,
				    link), wanted, found);
	if (fd < 0)
		fd = try_file(print("%s" DEBUG_ROOT "%.*s/%s", root, length,
				    path, link), wanted, found);
	return fd;
}

static int find_below(const struct wanted *wanted, const char *root,
		      const char *path, const char *link, char **found)
{
	int fd = -1;

	if (wanted->id_size)
		fd = find_by_id(wanted, root, found);
	if (fd < 0 && link)
		fd = find_by_link(wanted, root, path, link, found);
	return fd;
}

static int fetch(struct fetch *fetch, const struct build_id *id,
		 const struct wanted *wanted, char **found)
{
	char *path;
	int fd = fetch_file(fetch, FETCH_DEBUG, id, &path);

	if (fd < 0)
		return -1;
	close(fd);
	return try_file(path, wanted, found);
}

/* In the cache, then on a server: by build id only.  */
static int find_elsewhere(const struct debug_search *search,
			  const struct wanted *wanted, char **found)
{
	struct build_id id;
	int fd;

	if (!wanted->id_size || wanted->id_size > BUILD_ID_MAX)
		return -1;
	id.size = (uint8_t)wanted->id_size;
	memcpy(id.bytes, wanted->id, id.size);
	fd = try_file(cache_path(search->object->cache, &id, CACHE_DEBUG),
		      wanted, found);
	if (fd < 0 && search->fetch)
		fd = fetch(search->fetch, &id, wanted, found);
	return fd;
}

int debugfile_find(Dwfl_Module *module, void **userdata, const char *name,
		   Dwarf_Addr base, const char *file, const char *link,
		   GElf_Word crc, char **found)
{
	struct debug_search *search = *userdata;
	const struct root *root = search->object->root;
	const char *path = search->object->path;
	struct wanted wanted = { NULL, 0, crc };
	GElf_Addr address;
	int size, fd = -1;

	/* A path is that of a supplementary file (dwz), which libdwfl checks by
	   what it alone knows.  */
	if (link && strchr(link, '/'))
		return dwfl_standard_find_debuginfo(module, userdata, name,
						    base, file, link, crc,
						    found);
	size = dwfl_module_build_id(module, &wanted.id, &address);
	if (size > 0)
		wanted.id_size = (size_t)size;
	if (root)
		fd = find_below(&wanted, root->path, path, link, found);
	/* This machine's own are good for what has the same build id.  */
	if (fd < 0 && (!root || root->first || wanted.id_size))
		fd = find_below(&wanted, "", path, link, found);
	if (fd < 0)
		fd = find_elsewhere(search, &wanted, found);
	if (fd < 0)
		atomic_store(&search->missed, true);
	return fd;
}
