/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <dlfcn.h>
#include <grp.h>
#include <limits.h>
#include <link.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/focus.h"
#include "capture/images.h"
#include "capture/libc.h"
#include "capture/linkmap.h"
#include "capture/target.h"
#include "testing.h"

#define GROUPS 4000

/* A child that does PREPARE and then waits.  */
static pid_t start(void (*prepare)(void))
{
	int fds[2];
	pid_t pid;
	char c;

	ck_assert(!pipe(fds));
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prepare();
		if (write(fds[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	ck_assert_int_eq(read(fds[0], &c, 1), 1);
	close(fds[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static unsigned trouble_of(pid_t pid)
{
	struct target target;
	struct error error = { "" };

	ck_assert_msg(!target_read(&target, pid, &error), "%s", error.text);
	ck_assert_int_eq(target.process, pid);
	return target.trouble;
}

static void do_nothing(void)
{
}

/* So that what follows the groups in the status file is far away.  */
static void join_groups(void)
{
	static gid_t groups[GROUPS];

	for (int i = 0; i < GROUPS; i++)
		groups[i] = 4000000000u + i;
	if (!geteuid() && setgroups(GROUPS, groups))
		_exit(1);
}

static void *limit_itself(void *context)
{
	const int *fds = context;
	char c;

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL))
		_exit(1);
	/* Only read, write and exit are left.  */
	syscall(SYS_write, fds[0], "", 1);
	for (;;)
		syscall(SYS_read, fds[1], &c, 1);
	return NULL;
}

/* The second thread.  */
static void limit_a_thread(void)
{
	static int fds[2], silent[2], both[2];
	pthread_t thread;
	char c;

	join_groups();
	if (pipe(fds) || pipe(silent))
		_exit(1);
	both[0] = fds[1];
	both[1] = silent[0];
	if (pthread_create(&thread, NULL, limit_itself, both) ||
	    read(fds[0], &c, 1) != 1)
		_exit(1);
}

START_TEST(limits_of_any_thread)
{
	pid_t pid = start(do_nothing);

	ck_assert_uint_eq(trouble_of(pid), 0);
	end(pid);
	pid = start(join_groups);
	ck_assert_uint_eq(trouble_of(pid), 0);
	end(pid);
	pid = start(limit_a_thread);
	ck_assert_uint_eq(trouble_of(pid), TARGET_SECCOMP);
	end(pid);
}
END_TEST

/* The path of the object that this process's malloc is in.  */
static void own_allocator(char path[PATH_MAX])
{
	void *function = dlsym(RTLD_DEFAULT, "malloc");
	Dl_info info;

	ck_assert(function && dladdr(function, &info));
	ck_assert_ptr_nonnull(realpath(info.dli_fname, path));
}

/* Whether it is another object's: the sanitizers' is.  */
START_TEST(allocator_of_this_process)
{
	struct libc *libc = calloc(1, sizeof *libc);
	char path[PATH_MAX];
	struct error error = { "" };

	ck_assert_ptr_nonnull(libc);
	own_allocator(path);
	ck_assert_msg(!libc_find(libc, getpid(), &error), "%s", error.text);
	ck_assert_str_eq(libc->path, path);
	ck_assert_int_eq(!*libc->replaces, image_is_c_library(path));
	ck_assert(libc->function[ALLOC_MALLOC].present);
	ck_assert(libc->function[ALLOC_FREE].present);
	ck_assert(!libc->is_replaced);
	ck_assert(libc_is_mapped(getpid()));
	free(libc);
}
END_TEST

static void check_images(pid_t pid)
{
	struct images images;
	unsigned executables = 0, libraries = 0;
	char path[PATH_MAX], exe[PATH_MAX];

	ck_assert(!images_read(&images, pid));
	ck_assert_uint_ge(images.count, 2);
	ck_assert_ptr_nonnull(realpath("/proc/self/exe", exe));
	ck_assert_str_eq(images.image[0].path, exe);
	for (size_t i = 0; i < images.count; i++) {
		const struct image *image = &images.image[i];
		bool replaced;
		int fd = image_open(image, pid, path, sizeof path, &replaced);

		ck_assert_int_ge(fd, 0);
		close(fd);
		ck_assert(!replaced);
		ck_assert_str_eq(path, image->path);
		ck_assert_ptr_null(strstr(path, "/ld-linux"));
		ck_assert(!i || image[-1].order <= image->order);
		executables += image->is_executable;
		libraries += image->is_c_library;
	}
	ck_assert_uint_eq(executables, 1);
	ck_assert_uint_eq(libraries, 1);
	images_free(&images);
}

static int take_dynamic(struct dl_phdr_info *info, size_t size, void *context)
{
	struct linkmap *map = context;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC && map->count < 64)
			map->dynamic[map->count++] = info->dlpi_addr +
				info->dlpi_phdr[i].p_vaddr;
	}
	return 0;
}

/* As the loader tells them itself.  */
START_TEST(loaders_order)
{
	uint64_t dynamic[64];
	struct linkmap map, mine = { .dynamic = dynamic };

	dl_iterate_phdr(take_dynamic, &mine);
	linkmap_read(&map, getpid());
	ck_assert_uint_gt(map.count, 2);
	ck_assert_uint_eq(map.count, mine.count);
	for (size_t i = 0; i < map.count; i++)
		ck_assert_uint_eq(map.dynamic[i], mine.dynamic[i]);
	linkmap_free(&map);
	check_images(getpid());
}
END_TEST

static struct r_debug *own_list(void)
{
	for (const ElfW(Dyn) *entry = _DYNAMIC; entry->d_tag; entry++) {
		if (entry->d_tag == DT_DEBUG)
			return (struct r_debug *)entry->d_un.d_ptr;
	}
	_exit(1);
}

static void make_a_loop(void)
{
	own_list()->r_map->l_next = own_list()->r_map;
}

static void hide_the_list(void)
{
	own_list()->r_map = NULL;
}

static void point_nowhere(void)
{
	own_list()->r_map->l_next = (struct link_map *)8;
}

/* A process can write what it likes there.  */
START_TEST(loaders_list_is_spoiled)
{
	struct libc *libc = calloc(1, sizeof *libc);
	char path[PATH_MAX];
	struct linkmap map;
	struct error error;
	pid_t pid;

	ck_assert_ptr_nonnull(libc);
	own_allocator(path);
	pid = start(make_a_loop);
	linkmap_read(&map, pid);
	ck_assert_uint_gt(map.count, 1000);
	ck_assert_uint_lt(map.count, 100000);
	linkmap_free(&map);
	ck_assert(!libc_find(libc, pid, &error));
	end(pid);
	pid = start(point_nowhere);
	linkmap_read(&map, pid);
	ck_assert_uint_eq(map.count, 1);
	linkmap_free(&map);
	ck_assert(!libc_find(libc, pid, &error));
	end(pid);
	/* Without it the order is guessed.  */
	pid = start(hide_the_list);
	linkmap_read(&map, pid);
	ck_assert_uint_eq(map.count, 0);
	linkmap_free(&map);
	ck_assert(!libc_find(libc, pid, &error));
	ck_assert_str_eq(libc->path, path);
	check_images(pid);
	end(pid);
	linkmap_read(&map, pid);
	ck_assert_uint_eq(map.count, 0);
	ck_assert_int_eq(libc_find(libc, pid, &error), -1);
	free(libc);
}
END_TEST

START_TEST(names_of_c_libraries)
{
	ck_assert(image_is_c_library("/lib/x86_64-linux-gnu/libc.so.6"));
	ck_assert(image_is_c_library("libc-2.31.so"));
	ck_assert(image_is_c_library("/lib/ld-musl-x86_64.so.1"));
	ck_assert(image_is_c_library("/usr/lib/x86_64-linux-musl/libc.so"));
	ck_assert(!image_is_c_library("/lib/libc.so.7"));
	ck_assert(!image_is_c_library("/lib/libc.so.6/libfoo.so"));
	ck_assert(!image_is_c_library("/lib/libjemalloc.so.2"));
	ck_assert(!image_is_c_library("/lib64/ld-linux-x86-64.so.2"));
	ck_assert(!image_is_c_library(""));
}
END_TEST

static const char *filter(enum allocator_id id, uint64_t a, uint64_t b,
			  size_t room)
{
	static char text[4096];
	const struct capture_focus focus = {
		.count = b ? 2 : 1, .size = { a, b },
	};

	ck_assert_uint_le(room, sizeof(text));
	ck_assert_uint_eq(focus_filter(text, room, &allocators[id], &focus),
			  strlen(text));
	return text;
}

START_TEST(filters_of_sizes)
{
	ck_assert_str_eq(filter(ALLOC_MALLOC, 3072, 0, 4096), "bytes == 3072");
	ck_assert_str_eq(filter(ALLOC_REALLOC, 1, UINT64_MAX, 4096),
			 "bytes == 1 || bytes == 18446744073709551615");
	ck_assert_str_eq(filter(ALLOC_POSIX_MEMALIGN, 64, 0, 4096),
			 "size == 64");
	/* All factors of the product, small ones first.  */
	ck_assert_str_eq(filter(ALLOC_CALLOC, 6, 0, 4096),
			 "(n == 1 && elem_size == 6) || "
			 "(n == 6 && elem_size == 1) || "
			 "(n == 2 && elem_size == 3) || "
			 "(n == 3 && elem_size == 2)");
	ck_assert_str_eq(filter(ALLOC_CALLOC, 9, 0, 4096),
			 "(n == 1 && elem_size == 9) || "
			 "(n == 9 && elem_size == 1) || "
			 "(n == 3 && elem_size == 3)");
	/* As many as there is room for.  */
	ck_assert_str_eq(filter(ALLOC_CALLOC, 6, 0, 60),
			 "(n == 1 && elem_size == 6) || "
			 "(n == 6 && elem_size == 1)");
	ck_assert_str_eq(filter(ALLOC_REALLOCARRAY, 7, 0, 4096),
			 "(nmemb == 1 && elem_size == 7) || "
			 "(nmemb == 7 && elem_size == 1)");
}
END_TEST

START_TEST(filters_that_do_not_fit)
{
	const struct capture_focus focus = { .count = 1, .size = { 3072 } };
	char text[8];

	ck_assert_uint_eq(focus_filter(text, sizeof(text),
				       &allocators[ALLOC_MALLOC], &focus), 0);
	ck_assert_uint_eq(focus_filter(text, sizeof(text),
				       &allocators[ALLOC_CALLOC], &focus), 0);
	/* What frees has no size.  */
	ck_assert_uint_eq(focus_filter(text, sizeof(text),
				       &allocators[ALLOC_FREE], &focus), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("capture");
	TCase *tcase = tcase_create("target");

	tcase_add_test(tcase, limits_of_any_thread);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("images");
	tcase_add_test(tcase, loaders_order);
	tcase_add_test(tcase, loaders_list_is_spoiled);
	tcase_add_test(tcase, names_of_c_libraries);
	tcase_add_test(tcase, allocator_of_this_process);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("focus");
	tcase_add_test(tcase, filters_of_sizes);
	tcase_add_test(tcase, filters_that_do_not_fit);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
