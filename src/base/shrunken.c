/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "base/shrunken.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* As many as a directory recorded by a large machine has.  */
#define EXPECTED 1024

/* A signal's handler has no other way to know them.  */
static struct {
	_Atomic uintptr_t start;        /* 0: free */
	_Atomic size_t size;
} expected[EXPECTED];

static uintptr_t page_size;

static bool is_expected(uintptr_t address)
{
	for (int i = 0; i < EXPECTED; i++) {
		uintptr_t start = atomic_load(&expected[i].start);

		if (start && address - start < atomic_load(&expected[i].size))
			return true;
	}
	return false;
}

/* Puts an empty page in the place of the one that the file does not have any more.  */
static bool replace_page(uintptr_t address)
{
	void *page = (void *)(address & ~(page_size - 1));

	return mmap(page, page_size, PROT_READ,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

/* Any other is as deadly as it was: where it was not sent by somebody the same happens
   again at once.  */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
	uintptr_t address = (uintptr_t)info->si_addr;

	(void)context;
	if (info->si_code == BUS_ADRERR && is_expected(address) &&
	    replace_page(address))
		return;
	signal(number, SIG_DFL);
	if (info->si_code <= 0)
		raise(number);
}

void shrunken_read_zeros(void)
{
	struct sigaction action = {
		.sa_sigaction = on_bus_error,
		.sa_flags = SA_SIGINFO | SA_RESTART,
	};

	page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
}

void shrunken_expect(const void *map, size_t size)
{
	for (int i = 0; i < EXPECTED; i++) {
		uintptr_t none = 0;

		if (atomic_load(&expected[i].start) ||
		    !atomic_compare_exchange_strong(&expected[i].start, &none,
						    (uintptr_t)map))
			continue;
		atomic_store(&expected[i].size, size);
		return;
	}
}

void shrunken_forget(const void *map)
{
	for (int i = 0; i < EXPECTED; i++) {
		if (atomic_load(&expected[i].start) != (uintptr_t)map)
			continue;
		atomic_store(&expected[i].size, 0);
		atomic_store(&expected[i].start, 0);
		return;
	}
}
