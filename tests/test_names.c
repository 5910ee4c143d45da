/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * Where names come from when the mapped file is not there, or is another; what
 * is inlined; and who can't wait. The file whose names are asked for is the
 * test's own.
 */
#include "config.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "symbols/symbols.h"
#include "testing.h"

/* The first address of it stands for all. */
void function_to_find(void);
__attribute__((noinline)) void function_to_find(void)
{
	__asm__ volatile("");
}

/* Where the innermost of three functions called from. */
static volatile uintptr_t called_from;

__attribute__((noinline)) static void note_caller(void)
{
	called_from = (uintptr_t)__builtin_return_address(0);
}

#define INLINED static inline __attribute__((always_inline))

INLINED int xmalloc_inner(void)
{
	note_caller();
	return __LINE__ - 1;
}

INLINED int middle(int *line)
{
	*line = __LINE__ + 1;
	return xmalloc_inner();
}

__attribute__((noinline)) static int outermost(int *inner, int *between)
{
	*inner = middle(between);
	return __LINE__ - 1;
}

static char directory[64];
static struct symbols *symbols;
static uint64_t offset;         /* of function_to_find in the file */
static struct mapping self;     /* of the file, from its beginning, at SELF_AT */

#define SELF_AT 0x10000000
#define SELF_LENGTH 0x8000000

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
	char command[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	ck_assert_msg(system(command) == 0, "failed: %s", command);
}

/* Of the mapping of this process that ADDRESS is in. */
static uint64_t offset_of(uint64_t address)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uint64_t start, end, at, found = 0;
	char line[4096];

	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64, &start, &end, &at) == 3 &&
		    address >= start && address < end)
			found = address - start + at;
	}
	fclose(maps);
	return found;
}

static void begin(void)
{
	symbols = symbols_new();
	ck_assert_ptr_nonnull(symbols);
}

static void begin_again(void)
{
	symbols_free(symbols);
	begin();
}

static void setup(void)
{
	static char own[4096];
	struct mapping mapping = { .pid = 1, .start = SELF_AT, .length = SELF_LENGTH };

	strcpy(directory, "/tmp/leaktop-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_gt(readlink("/proc/self/exe", own, sizeof(own) - 1), 0);
	offset = offset_of((uint64_t)(uintptr_t)function_to_find);
	mapping.path = own;
	setenv("PERF_BUILDID_DIR", "/nowhere", 1);
	unsetenv("DEBUGINFOD_URLS");
	begin();
	self = mapping;
	symbols_build_id(symbols, &self);
}

static void teardown(void)
{
	symbols_free(symbols);
	run("chmod -R u+w %s && rm -r %s", directory, directory);
}

/* Whatever has a name there: "" for no name. */
static const char *name_at(uint64_t at, unsigned flags)
{
	struct frame frame;

	symbols_frame(symbols, symbols_space(symbols, 1), SELF_AT + at, flags, &frame);
	return frame.symbol ? frame.symbol : "";
}

static const char *name(void)
{
	return name_at(offset, 0);
}

static void map_as(const char *path)
{
	struct mapping mapping = self;

	mapping.path = path;
	symbols_map(symbols, &mapping);
}

/* XX/REST of the build id, with LAST where the slash is. */
static const char *digits(const char *between)
{
	static char text[64];
	size_t used = 0;

	for (size_t i = 0; i < self.build_id_size; i++) {
		used += (size_t)sprintf(text + used, "%02x", self.build_id[i]);
		if (!i)
			used += (size_t)sprintf(text + used, "%s", between);
	}
	return text;
}

static void need_build_id(void)
{
	ck_assert_msg(self.build_id_size >= 2, "this linker writes no build ids");
}

START_TEST(mapped_file)
{
	const char *path = "none";

	need_build_id();
	map_as(self.path);
	ck_assert_str_eq(name(), "function_to_find");
	ck_assert_uint_eq(symbols_lacking(symbols, FILES_OUTDATED, &path), 0);
	ck_assert_str_eq(path, "none");
	/* Nobody allowed it to ask a server. */
	ck_assert_ptr_null(dlopen("libdebuginfod.so.1", RTLD_NOLOAD | RTLD_NOW));
}
END_TEST

/* Another file is there than the one that was mapped: told once. */
START_TEST(outdated)
{
	const char *path = "";

	need_build_id();
	self.build_id[3] ^= 1;
	map_as(self.path);
	for (int i = 0; i < 3; i++) {
		struct frame frame;

		ck_assert(symbols_frame(symbols, symbols_space(symbols, 1), SELF_AT + offset,
					FRAME_RETURN | FRAME_LINE, &frame));
		ck_assert_ptr_null(frame.symbol);
		ck_assert_ptr_null(frame.file);
		ck_assert_str_eq(frame.object, self.path);
		ck_assert_uint_eq(frame.object_offset, offset);
		ck_assert_uint_eq(symbols_lacking(symbols, FILES_OUTDATED, &path), 1);
		ck_assert_str_eq(path, self.path);
	}
	ck_assert_uint_eq(symbols_lacking(symbols, FILES_MISSING, &path), 0);
	/* A file that is gone is not outdated. */
	begin_again();
	map_as("/nowhere/program");
	ck_assert_str_eq(name(), "");
	ck_assert_str_eq(name(), "");
	ck_assert_uint_eq(symbols_lacking(symbols, FILES_OUTDATED, &path), 0);
	ck_assert_uint_eq(symbols_lacking(symbols, FILES_MISSING, &path), 1);
	ck_assert_str_eq(path, "/nowhere/program");
}
END_TEST

/* The first copy whose build id fits is the one. */
START_TEST(sysroot)
{
	const char *path;
	char place[128];

	need_build_id();
	run("mkdir -p %s/usr/bin && cp %s %s/usr/bin/program", directory, self.path, directory);
	symbols_set_sysroot(symbols, directory);
	map_as("/usr/bin/program");
	ck_assert_str_eq(name(), "function_to_find");
	/* What is below the sysroot is another, what is at the path is it. */
	begin_again();
	run("mkdir -p %s%s && cp /bin/true %s%s/", directory, self.path, directory, self.path);
	snprintf(place, sizeof(place), "%s/other", directory);
	run("mkdir %s && mkdir -p \"%s$(dirname %s)\" && cp /bin/true %s%s", place, place,
	    self.path, place, self.path);
	symbols_set_sysroot(symbols, place);
	map_as(self.path);
	ck_assert_str_eq(name(), "function_to_find");
	ck_assert_uint_eq(symbols_lacking(symbols, FILES_OUTDATED, &path), 0);
}
END_TEST

/* A link in the sysroot means what it meant where it was copied from. */
START_TEST(links_in_the_sysroot)
{
	need_build_id();
	run("mkdir -p %s/opt/leaktop-test && cp %s %s/opt/leaktop-test/program && "
	    "ln -s /opt/leaktop-test %s/absolute && ln -s ../../opt/leaktop-test %s/relative",
	    directory, self.path, directory, directory, directory);
	symbols_set_sysroot(symbols, directory);
	map_as("/absolute/program");
	ck_assert_str_eq(name(), "function_to_find");
	begin_again();
	symbols_set_sysroot(symbols, directory);
	map_as("/relative/program");
	ck_assert_str_eq(name(), "function_to_find");
}
END_TEST

/* perf's cache: both layouts, and the ways to say where it is. */
START_TEST(cache)
{
	const char *path;

	need_build_id();
	setenv("PERF_BUILDID_DIR", directory, 1);
	begin_again();
	run("mkdir -p %s/.build-id/%s && cp %s %s/.build-id/%s/elf", directory, digits("/"),
	    self.path, directory, digits("/"));
	map_as("/nowhere/program");
	ck_assert_str_eq(name(), "function_to_find");
	/* It changed since, but a copy was kept. */
	begin_again();
	map_as("/bin/true");
	ck_assert_str_eq(name(), "function_to_find");
	ck_assert_uint_eq(symbols_lacking(symbols, FILES_OUTDATED, &path), 0);

	unsetenv("PERF_BUILDID_DIR");
	setenv("HOME", directory, 1);
	begin_again();
	map_as("/nowhere/program");
	ck_assert_str_eq(name(), "");
	run("ln -s . %s/.debug", directory);
	begin_again();
	map_as("/nowhere/program");
	ck_assert_str_eq(name(), "function_to_find");
	run("mv %s/.debug %s/elsewhere && printf '[buildid]\\n\\t# dir = no\\n  dir = ~/elsewhere "
	    "\\n[other]\\ndir = no\\n' >%s/.perfconfig", directory, directory, directory);
	begin_again();
	map_as("/nowhere/program");
	ck_assert_str_eq(name(), "function_to_find");

	setenv("PERF_BUILDID_DIR", directory, 1);
	run("cd %s/.build-id && mv %s/elf e && rmdir %s && mv e %s", directory, digits("/"),
	    digits("/"), digits("/"));
	begin_again();
	map_as("/nowhere/program");
	ck_assert_str_eq(name(), "function_to_find");
	/* What has that name must have that build id. */
	run("cp /bin/true %s/.build-id/%s", directory, digits("/"));
	begin_again();
	map_as("/nowhere/program");
	ck_assert_str_eq(name(), "");
	ck_assert_uint_eq(symbols_lacking(symbols, FILES_OUTDATED, &path), 0);
}
END_TEST

/* Stripped, with a debugging file that only the cache has. */
START_TEST(cached_debug)
{
	need_build_id();
	if (system("objcopy --version >/dev/null 2>&1"))
		return;
	run("strip -o %s/program %s && mkdir -p %s/.build-id/%s && "
	    "objcopy --only-keep-debug %s %s/.build-id/%s/debug", directory, self.path, directory,
	    digits("/"), self.path, directory, digits("/"));
	run("mkdir -p %s/usr/bin && cp %s/program %s/usr/bin/program", directory, directory,
	    directory);
	symbols_set_sysroot(symbols, directory);
	map_as("/usr/bin/program");
	ck_assert_str_ne(name_at(offset_of((uint64_t)(uintptr_t)note_caller), 0), "note_caller");
	setenv("PERF_BUILDID_DIR", directory, 1);
	begin_again();
	symbols_set_sysroot(symbols, directory);
	map_as("/usr/bin/program");
	ck_assert_str_eq(name_at(offset_of((uint64_t)(uintptr_t)note_caller), 0), "note_caller");
	/* One that came to a sysroot with the distribution's. */
	run("cd %s && mkdir -p usr/lib/debug/.build-id/%s && rmdir usr/lib/debug/.build-id/%s && "
	    "mv .build-id/%s/debug usr/lib/debug/.build-id/%s.debug", directory, digits("/"),
	    digits("/"), digits("/"), digits("/"));
	begin_again();
	symbols_set_sysroot(symbols, directory);
	map_as("/usr/bin/program");
	ck_assert_str_eq(name_at(offset_of((uint64_t)(uintptr_t)note_caller), 0), "note_caller");
}
END_TEST

static bool has_debuginfod(void)
{
	return access("/usr/lib/x86_64-linux-gnu/libdebuginfod.so.1", F_OK) == 0 ||
	       system("ldconfig -p 2>/dev/null | grep -q libdebuginfod.so.1") == 0;
}

/* A directory serves as well as a server. */
START_TEST(server)
{
	char text[160];
	const char *path;

	need_build_id();
	if (!has_debuginfod())
		return;
	snprintf(text, sizeof(text), "file://%s", directory);
	setenv("DEBUGINFOD_URLS", text, 1);
	snprintf(text, sizeof(text), "%s/client", directory);
	setenv("DEBUGINFOD_CACHE_PATH", text, 1);
	run("mkdir -p %s/buildid/%s && cp %s %s/buildid/%s/executable", directory, digits(""),
	    self.path, directory, digits(""));
	begin_again();
	map_as("/nowhere/program");
	ck_assert_str_eq(name(), "function_to_find");
	/* The file has changed, but the server has it. */
	begin_again();
	map_as("/bin/true");
	ck_assert_str_eq(name(), "function_to_find");
	ck_assert_uint_eq(symbols_lacking(symbols, FILES_OUTDATED, &path), 0);
	/* Neither has it. */
	begin_again();
	self.build_id[3] ^= 1;
	map_as("/bin/true");
	ck_assert_str_eq(name(), "");
	ck_assert_uint_eq(symbols_lacking(symbols, FILES_OUTDATED, &path), 1);
}
END_TEST

START_TEST(server_of_debug)
{
	uint64_t at = offset_of((uint64_t)(uintptr_t)note_caller);
	char text[160];

	need_build_id();
	if (!has_debuginfod() || system("objcopy --version >/dev/null 2>&1"))
		return;
	run("strip -o %s/program %s && mkdir -p %s/buildid/%s && "
	    "objcopy --only-keep-debug %s %s/buildid/%s/debuginfo", directory, self.path,
	    directory, digits(""), self.path, directory, digits(""));
	snprintf(text, sizeof(text), "%s/program", directory);
	map_as(text);
	ck_assert_str_ne(name_at(at, 0), "note_caller");
	snprintf(text, sizeof(text), "file://%s", directory);
	setenv("DEBUGINFOD_URLS", text, 1);
	snprintf(text, sizeof(text), "%s/client", directory);
	setenv("DEBUGINFOD_CACHE_PATH", text, 1);
	begin_again();
	snprintf(text, sizeof(text), "%s/program", directory);
	map_as(text);
	ck_assert_str_eq(name_at(at, 0), "note_caller");
}
END_TEST

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A server that takes the call, and says nothing, for who does not wait. */
START_TEST(silent_server)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int socket_of_server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd polled = { .fd = socket_of_server, .events = POLLIN };
	char text[160];
	double start;

	need_build_id();
	if (!has_debuginfod())
		return;
	ck_assert_int_eq(bind(socket_of_server, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(socket_of_server, 5), 0);
	ck_assert_int_eq(getsockname(socket_of_server, (struct sockaddr *)&address, &size), 0);
	snprintf(text, sizeof(text), "http://127.0.0.1:%u", ntohs(address.sin_port));
	setenv("DEBUGINFOD_URLS", text, 1);
	snprintf(text, sizeof(text), "%s/client", directory);
	setenv("DEBUGINFOD_CACHE_PATH", text, 1);
	begin_again();
	ck_assert(symbols_background(symbols));
	map_as("/nowhere/program");
	start = seconds();
	while (poll(&polled, 1, 10) == 0) {
		ck_assert_str_eq(name(), "");
		ck_assert_msg(seconds() - start < 20, "the server is not asked");
	}
	ck_assert_str_eq(name(), "");
	start = seconds();
	symbols_free(symbols);
	ck_assert_msg(seconds() - start < 3, "it takes %g s to end", seconds() - start);
	/* What was under way ends by itself: not while libcurl is left. */
	sleep(3);
	close(socket_of_server);
	begin();
}
END_TEST

static unsigned frames_at(uint64_t address, unsigned flags, struct frame *frames)
{
	return symbols_frames(symbols, symbols_space(symbols, 1), address, flags, frames,
			      FRAMES_PER_ADDRESS);
}

/* Only a compiler that was asked for debugging information knows of them. */
START_TEST(inlined)
{
	struct frame frames[FRAMES_PER_ADDRESS], frame;
	int inner, between, outer = outermost(&inner, &between);
	uint64_t at = SELF_AT + offset_of(called_from);
	const unsigned flags = FRAME_RETURN | FRAME_LINE;
	uint32_t space = symbols_space(symbols, 1);

	map_as(self.path);
	symbols_frame(symbols, space, at, flags, &frame);
	ck_assert_str_eq(frame.symbol, "outermost");
	if (!frame.file)
		return;
	ck_assert_uint_eq(frames_at(at, flags, frames), 3);
	ck_assert_str_eq(frames[0].symbol, "xmalloc_inner");
	ck_assert(frames[0].inlined);
	ck_assert_int_eq(frames[0].line, inner);
	ck_assert_str_eq(frames[1].symbol, "middle");
	ck_assert(frames[1].inlined);
	ck_assert_int_eq(frames[1].line, between);
	ck_assert_str_eq(frames[2].symbol, "outermost");
	ck_assert(!frames[2].inlined);
	ck_assert_int_eq(frames[2].line, outer);
	ck_assert_uint_eq(frames[2].offset, frame.offset);
	for (int i = 0; i < 3; i++) {
		ck_assert_ptr_nonnull(strstr(frames[i].file, "test_names.c"));
		ck_assert_str_eq(frames[i].object, self.path);
		ck_assert_uint_eq(frames[i].object_offset, at - SELF_AT);
	}
	/* Not asked for, or no room. */
	ck_assert_uint_eq(frames_at(at, FRAME_RETURN, frames), 1);
	ck_assert_str_eq(frames[0].symbol, "outermost");
	ck_assert_uint_eq(symbols_frames(symbols, space, at, flags, frames, 2), 2);
	ck_assert_str_eq(frames[0].symbol, "xmalloc_inner");
	ck_assert_str_eq(frames[1].symbol, "outermost");
	ck_assert_int_eq(frames[1].line, outer);
	ck_assert_uint_eq(symbols_frames(symbols, space, at, flags, frames, 1), 1);
	ck_assert_str_eq(frames[0].symbol, "outermost");
	/* Elsewhere nothing is. */
	at = SELF_AT + offset;
	ck_assert_uint_eq(frames_at(at, FRAME_LINE, frames), 1);
	ck_assert_str_eq(frames[0].symbol, "function_to_find");
	ck_assert_int_gt(frames[0].line, 0);
}
END_TEST

/* What is found at AT of the file at PATH, and what another reader of DWARF
 * finds. Returns how many functions. */
static unsigned compare_with(const char *reader, const char *path, uint32_t pid, uint64_t at)
{
	struct frame frames[FRAMES_PER_ADDRESS];
	unsigned count = symbols_frames(symbols, symbols_space(symbols, pid), SELF_AT + at,
					FRAME_LINE, frames, FRAMES_PER_ADDRESS);
	char command[256], function[512], place[512];
	unsigned told = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "%s -ifC -e %s 0x%" PRIx64, reader, path, at);
	pipe = popen(command, "r");
	for (; fgets(function, sizeof(function), pipe); told++) {
		const struct frame *frame = &frames[told];
		char *line, *file;

		if (!fgets(place, sizeof(place), pipe))
			break;
		line = strrchr(place, ':');
		*line++ = '\0';
		file = strrchr(place, '/');
		ck_assert_msg(told < count, "%s: more than %u", command, count);
		ck_assert_msg(frame->symbol && strstr(frame->symbol, "::") &&
			      strstr(function, "::"), "%s: %s and %s", command, frame->symbol,
			      function);
		/* Names can be with parameters or without. */
		function[strcspn(function, "(<\n")] = '\0';
		ck_assert_msg(strstr(frame->symbol, function) != NULL, "%s: %s and %s", command,
			      frame->symbol, function);
		ck_assert_int_eq(frame->inlined, told + 1 < count);
		if (atoi(line) <= 0)
			continue;
		ck_assert_msg(frame->line == atoi(line), "%s: %d and %s", command, frame->line,
			      line);
		ck_assert_msg(file && strstr(frame->file, file), "%s: %s and %s", command,
			      frame->file, place);
	}
	pclose(pipe);
	ck_assert_msg(told == count, "%s: %u, not %u", command, told, count);
	return count;
}

/* Where a function of a program is in the file, which for code is its address
 * with every linker of today; and its SIZE, 0: it has none. */
static uint64_t find_function(const char *path, const char *symbol, uint64_t *size)
{
	char command[256];
	uint64_t start = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "readelf -sW %s | grep '%s$'", path, symbol);
	pipe = popen(command, "r");
	if (fscanf(pipe, "%*s %" SCNx64 " %" SCNu64, &start, size) != 2)
		*size = 0;
	pclose(pipe);
	return start;
}

static const char sample[] =
	"#include <vector>\n"
	"volatile int sink;\n"
	"namespace outer {\n"
	"struct thing { int a; __attribute__((always_inline)) int get() { return sink += a; } };\n"
	"template <class T> __attribute__((always_inline)) inline int twice(T t)\n"
	"{\n"
	"	return t.get()\n"
	"	       + t.get();\n"
	"}\n"
	"__attribute__((noinline)) int work(int n)\n"
	"{\n"
	"	std::vector<int> v(n);\n"
	"	for (int i = 0; i < n; i++)\n"
	"		v[i] = twice(thing{i});\n"
	"	return v[n / 2];\n"
	"}\n"
	"}\n"
	"int main(int argc, char **) { return outer::work(argc); }\n";

/* By both compilers, with each version of DWARF. What binutils have can't read
 * clang's of version 5. */
START_TEST(inlined_elsewhere)
{
	static const struct {
		const char *compiler;
		const char *reader;
	} makers[] = {
		{"g++ -gdwarf-4", "addr2line"},
		{"g++ -gdwarf-5", "addr2line"},
		{"g++ -gdwarf-5 -flto", "addr2line"},
		{"clang++ -gdwarf-4", "llvm-addr2line"},
		{"clang++ -gdwarf-5", "llvm-addr2line"},
	};
	struct mapping mapping = { .pid = 2, .start = SELF_AT, .length = SELF_LENGTH };
	uint64_t start, size = 0;
	unsigned most = 0;
	char command[256], path[160];
	FILE *source;

	snprintf(path, sizeof(path), "%s/sample.cc", directory);
	source = fopen(path, "we");
	fputs(sample, source);
	fclose(source);
	snprintf(path, sizeof(path), "%s/sample", directory);
	mapping.path = path;
	snprintf(command, sizeof(command), "cd %s && command -v %s && rm -f sample && "
		 "%s -O2 -o sample sample.cc", directory, makers[_i].reader, makers[_i].compiler);
	if (system(command))
		return;
	start = find_function(path, "4workEi", &size);
	ck_assert_msg(size > 0, "no work() in %s", path);
	symbols_map(symbols, &mapping);
	for (uint64_t at = start; at < start + size; at += 3) {
		unsigned count = compare_with(makers[_i].reader, path, mapping.pid, at);

		most = count > most ? count : most;
	}
	ck_assert_uint_gt(most, 2);
}
END_TEST

static void wait_for_news(void)
{
	struct pollfd polled = { symbols_news_fd(symbols), POLLIN, 0 };
	eventfd_t count;

	ck_assert_int_eq(poll(&polled, 1, 60000), 1);
	eventfd_read(polled.fd, &count);
}

/* At most a second. */
static void wait_for_line(uint32_t space, uint64_t at)
{
	struct frame frame = { .file = NULL };

	for (int i = 0; i < 100 && !frame.file; i++) {
		usleep(10000);
		symbols_frame(symbols, space, at, FRAME_RETURN | FRAME_LINE, &frame);
	}
}

/* First the file, then the name, then the line. */
START_TEST(in_the_background)
{
	struct frame frames[FRAMES_PER_ADDRESS];
	int inner, between;
	uint64_t at;
	uint32_t space = symbols_space(symbols, 1);
	unsigned before, count;

	outermost(&inner, &between);
	at = SELF_AT + offset_of(called_from);
	ck_assert_int_eq(symbols_news_fd(symbols), -1);
	ck_assert(symbols_background(symbols));
	before = symbols_generation(symbols);
	map_as(self.path);
	count = frames_at(at, FRAME_RETURN | FRAME_LINE, frames);
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(frames[0].object, self.path);
	ck_assert_ptr_null(frames[0].symbol);
	ck_assert_uint_eq(symbols_call_site(symbols, space, &at, 1), 0);
	wait_for_news();
	ck_assert_uint_ne(symbols_generation(symbols), before);
	before = symbols_generation(symbols);
	count = frames_at(at, FRAME_RETURN | FRAME_LINE, frames);
	ck_assert_str_eq(frames[count - 1].symbol, "outermost");
	/* Without -g there is no more to come. */
	wait_for_line(space, at);
	count = frames_at(at, FRAME_RETURN | FRAME_LINE, frames);
	if (!frames[0].file)
		return;
	ck_assert_uint_eq(count, 3);
	ck_assert_int_eq(frames[0].line, inner);
	/* Lines are no reason to find call sites anew. */
	ck_assert_uint_eq(symbols_generation(symbols), before);
}
END_TEST

/* Many more than can wait are asked for, and what is asked for again is found
 * in the end. */
START_TEST(asked_too_much)
{
	uint32_t space = symbols_space(symbols, 1);
	double start = seconds();
	struct frame frame;

	ck_assert(symbols_background(symbols));
	map_as(self.path);
	for (uint64_t at = 0; at < 0x8000; at += 3)
		symbols_frame(symbols, space, SELF_AT + at, FRAME_LINE, &frame);
	do {
		ck_assert(seconds() - start < 60);
		usleep(1000);
		symbols_frame(symbols, space, SELF_AT + offset, FRAME_LINE, &frame);
	} while (!frame.symbol);
	ck_assert_str_eq(frame.symbol, "function_to_find");
	/* It ends with much left to do. */
	for (uint64_t at = 0; at < 0x8000; at += 3)
		symbols_frame(symbols, space, SELF_AT + offset + at, FRAME_LINE, &frame);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("names from elsewhere");
	TCase *files = tcase_create("files"), *more = tcase_create("more");

	tcase_add_checked_fixture(files, setup, teardown);
	tcase_set_timeout(files, 120);
	tcase_add_test(files, mapped_file);
	tcase_add_test(files, outdated);
	tcase_add_test(files, sysroot);
	tcase_add_test(files, links_in_the_sysroot);
	tcase_add_test(files, cache);
	tcase_add_test(files, cached_debug);
	tcase_add_test(files, server);
	tcase_add_test(files, server_of_debug);
	tcase_add_test(files, silent_server);
	suite_add_tcase(suite, files);
	tcase_add_checked_fixture(more, setup, teardown);
	tcase_set_timeout(more, 120);
	tcase_add_test(more, inlined);
	tcase_add_loop_test(more, inlined_elsewhere, 0, 5);
	tcase_add_test(more, in_the_background);
	tcase_add_test(more, asked_too_much);
	suite_add_tcase(suite, more);
	return run_suite(suite);
}
