/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/debugfile.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* FIRST, LENGTH bytes of SECOND, and the others.  */
static char *join(const char *first, const char *second, size_t length,
		  const char *third, const char *fourth, const char *last)
{
	char *path;

	if (asprintf(&path, "%s%.*s%s%s%s", first, (int)length, second, third,
		     fourth, last) < 0)
		return NULL;
	return path;
}

static int find_by_id(const struct wanted *wanted, char **found)
{
	char digits[2 * 64 + 1];

	if (wanted->id_size < 2 || wanted->id_size > 64)
		return -1;
	for (size_t i = 0; i < wanted->id_size; i++)
		snprintf(digits + 2 * i, 3, "%02x", wanted->id[i]);
	return try_file(join(DEBUG_ROOT "/.build-id/", digits, 2, "/",
			     digits + 2, ".debug"),
			wanted, found);
}

/* FILE's directory, its .debug, and its counterpart below DEBUG_ROOT.  */
static int find_by_link(const struct wanted *wanted, const char *file,
			const char *link, char **found)
{
	const char *slash = strrchr(file, '/');
	size_t length = slash ? (size_t)(slash - file) : 0;
	int fd;

	/* Without a directory of its own it would be the one we are in.  */
	if (!slash || length > 65536)
		return -1;
	fd = try_file(join("", file, length, "/", link, ""), wanted, found);
	if (fd < 0)
		fd = try_file(join("", file, length, "/.debug/", link, ""),
			      wanted, found);
	if (fd < 0)
		fd = try_file(join(DEBUG_ROOT, file, length, "/", link, ""),
			      wanted, found);
	return fd;
}

int debugfile_find(Dwfl_Module *module, void **userdata, const char *name,
		   Dwarf_Addr base, const char *file, const char *link,
		   GElf_Word crc, char **found)
{
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
	if (wanted.id_size)
		fd = find_by_id(&wanted, found);
	if (fd < 0 && link && file)
		fd = find_by_link(&wanted, file, link, found);
	return fd;
}
