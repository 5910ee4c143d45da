/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * From the names in symbol tables to what is shown of them: demangled, judged
 * as allocators, and one for each address.
 */
#include "config.h"

#include <stdint.h>

#include "symbols/demangle.h"
#include "symbols/functions.h"
#include "symbols/wrappers.h"
#include "testing.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *demangled(const char *symbol)
{
	static char text[1024];

	return demangle(text, sizeof(text), symbol);
}

START_TEST(demangling)
{
	static const char *const names[][2] = {
		{ "malloc", "malloc" },
		{ "malloc@@GLIBC_2.2.5", "malloc" },
		{ "malloc@GLIBC_2.2.5", "malloc" },
		{ "@odd", "@odd" },
		{ "", "" },
		{ "_Znwm", "operator new(unsigned long)" },
		{ "_ZnwmRKSt9nothrow_t",
		  "operator new(unsigned long, std::nothrow_t const&)" },
		{ "_ZN3foo3barEv", "foo::bar()" },
		{ "_ZN3foo3barEv.cold", "foo::bar() [clone .cold]" },
		{ "_ZN3foo3barEv@@V_1", "foo::bar()" },
		{ "_ZN4core3fmt5write17h0123456789abcdefE",
		  "core::fmt::write" },
		{ "_RNvC6_123foo3bar", "123foo::bar" },
		{ "_D3std5stdio7writelnFZv", "std.stdio.writeln()" },
		/* Rust: a method of a generic type and of a trait, as a
		   compiler names them with -C symbol-mangling-version=v0. */
		{ "_RNvMNtCseg5vz0rOR1E_6sample5outerINtB2_5ThinghE5twiceB4_",
		  "<sample::outer::Thing<u8>>::twice" },
		{ "_RNvXs_NtCseg5vz0rOR1E_6sample5outerINtB4_5ThinghENtB4_"
		  "4Work4work",
		  "<sample::outer::Thing<u8> as sample::outer::Work>::work" },
		{ "_RINvNtC3std3mem8align_ofdE", "std::mem::align_of::<f64>" },
		/* The way of before. */
		{ "_ZN4core3ptr85drop_in_place$LT$std..rt..lang_start$LT$$LP$"
		  "$RP$$GT$..$u7b$$u7b$closure$u7d$$u7d$$GT$"
		  "17h0123456789abcdefE",
		  "core::ptr::drop_in_place<std::rt::lang_start<()>::"
		  "{{closure}}>" },
		/* D: a template. */
		{ "_D4main__T5twiceTiZQjFiZi", "main.twice!(int).twice(int)" },
		{ "_Zzz", "_Zzz" },
		{ "_ZN3foo", "_ZN3foo" },
		{ "_R", "_R" },
		{ "_D", "_D" },
		{ "_DYNAMIC", "_DYNAMIC" },
	};
	char text[8];
	char *bomb;
	size_t length;

	for (size_t i = 0; i < COUNT(names); i++)
		ck_assert_str_eq(demangled(names[i][0]), names[i][1]);
	ck_assert_str_eq(demangle(text, sizeof(text), "_Znwm"), "operato");
	ck_assert_str_eq(demangle(text, sizeof(text), "abcdefgh"), "abcdefg");
	ck_assert_str_eq(demangle(text, 1, "_Znwm"), "");

	/* f<A>, A = T<S, S> over and over: 2^40 names. */
	bomb = malloc(100000);
	length = (size_t)sprintf(bomb, "_Z1f1AIiiE");
	for (int i = 0; i < 40; i++)
		length += (size_t)sprintf(bomb + length, "1BIS%c_S%c_E",
					  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  [i % 30], "0123456789"[i % 9]);
	demangled(bomb);
	strcpy(bomb, "_Z1fI");
	for (int i = 0; i < 30000; i++)
		strcat(bomb + 5 + i * 2, "P1");
	demangled(bomb);
	memset(bomb, '1', 99999);
	memcpy(bomb, "_RNv", 4);
	bomb[99999] = '\0';
	demangled(bomb);
	free(bomb);
}
END_TEST

START_TEST(wrappers)
{
	static const char *const yes[] = {
		"malloc", "calloc", "realloc", "reallocarray", "free",
		"posix_memalign", "aligned_alloc", "memalign", "valloc",
		"__libc_malloc", "__libc_memalign", "__malloc", "_int_malloc",
		"je_malloc", "tc_malloc", "mi_malloc", "__interceptor_malloc",
		"strdup", "__strdup", "strndup", "wcsdup", "asprintf",
		"vasprintf", "__asprintf_chk", "__vasprintf_chk", "getdelim",
		"getline", "_IO_getdelim",
		"xmalloc", "xcalloc", "xrealloc", "xstrdup", "x2realloc",
		"x2nrealloc", "xpalloc", "xmalloc.part.0", "xzalloc.constprop.0",
		"xrealloc.isra.0.cold", "lmalloc", "lrealloc",
		"g_malloc", "g_malloc0", "g_malloc_n", "g_realloc", "g_strdup",
		"g_slice_alloc", "g_slice_alloc0", "g_memdup", "g_memdup2",
		"PyMem_Malloc", "PyObject_Malloc", "_PyObject_Malloc",
		"PyMem_RawMalloc", "apr_palloc", "av_malloc", "av_mallocz",
		"sqlite3Malloc", "CRYPTO_malloc", "OPENSSL_malloc",
		"xmlStrdup", "_emalloc", "ruby_xmalloc", "XtMalloc",
		"operator new(unsigned long)", "operator new[](unsigned long)",
		"operator new(unsigned int)",
		"operator new(unsigned long, std::nothrow_t const&)",
		"operator new(unsigned long, std::align_val_t)",
		"operator new[](unsigned long, std::align_val_t, "
		"std::nothrow_t const&)",
		"operator delete(void*)", "operator delete[](void*)",
		"foo::bar<int>::operator new(unsigned long)",
		"__gnu_cxx::new_allocator<char>::allocate(unsigned long, "
		"void const*)",
		"std::__new_allocator<std::pair<int const, char> >::allocate("
		"unsigned long, void const*)",
		"std::allocator<char>::allocate(unsigned long)",
		"std::__1::allocator<char>::allocate[abi:v15006](unsigned long)",
		"std::allocator_traits<std::allocator<int> >::allocate("
		"std::allocator<int>&, unsigned long)",
		"std::_Vector_base<int, std::allocator<int> >::_M_allocate("
		"unsigned long)",
		"std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> >::_M_create(unsigned long&, unsigned "
		"long)",
		"std::string::_Rep::_S_create(unsigned long, unsigned long, "
		"std::allocator<char> const&)",
		"std::__detail::_Hashtable_alloc<std::allocator<std::__detail::"
		"_Hash_node<int, false> > >::_M_allocate_buckets(unsigned long)",
		"std::shared_ptr<foo> std::make_shared<foo, int (*)(long)>("
		"int (*&&)(long))",
		"std::unique_ptr<foo, std::default_delete<foo> > "
		"std::make_unique<foo>() [clone .isra.0]",
		"__rust_alloc", "__rdl_alloc", "alloc::alloc::alloc",
		"__rustc::__rust_alloc", "alloc::alloc::exchange_malloc",
		"alloc::raw_vec::RawVec<T,A>::allocate_in",
		"alloc::raw_vec::RawVec<T,A>::reserve::do_reserve_and_handle",
		"alloc::raw_vec::finish_grow",
		"alloc::raw_vec::RawVec::<u8>::reserve_for_push",
		"<alloc::raw_vec::RawVec<u8>>::reserve_for_push",
		"<alloc::alloc::Global as core::alloc::Allocator>::allocate",
		"<alloc::boxed::Box<[u8]>>::new_uninit",
		"_d_newclass", "_d_newarrayT", "gc_malloc",
		"core.memory.GC.malloc(ulong, uint, const(object.TypeInfo))",
	};
	static const char *const no[] = {
		"", "main", "caller", "mallocs", "mallo", "my", "_", "__",
		"open_memstream", "operators", "xmallocx", "foo::malloc",
		"foo::xmalloc(int)", "foo(malloc)", "foo<malloc>(int)",
		"operator new_thing", "je_", "je_main", "g_object_new",
		"foo::operator<(foo const&)", "foo::operator()(int)",
		"operator new", "std::allocator<char>::~allocator()",
		"void std::allocator_traits<foo>::construct<foo>(foo&, foo*)",
		"std::vector<int, std::allocator<int> >::push_back(int&&)",
		"foo::allocator<char>::allocate(unsigned long)",
		"<foo as core::alloc::Allocator>::allocate",
		"<alloc::alloc::Global", "<<<<<<<<", ">>>>>", "((((", "))))",
		"a::b::c<", "[]", "{{{", "<", " as ", "< as ", "::::::",
		"malloc_usable_size", "mallinfo", ".malloc", "malloc (x)y",
	};
	char *long_name = malloc(1000001);

	for (size_t i = 0; i < COUNT(yes); i++)
		ck_assert_msg(is_allocator_name(yes[i]), "%s", yes[i]);
	for (size_t i = 0; i < COUNT(no); i++) {
		/* Said without parameters it is the same. */
		if (!strcmp(no[i], "operator new"))
			continue;
		ck_assert_msg(!is_allocator_name(no[i]), "%s", no[i]);
	}
	for (const char *c = "x:<.( a_"; *c; c++) {
		memset(long_name, *c, 1000000);
		long_name[1000000] = '\0';
		ck_assert(!is_allocator_name(long_name));
	}
	/* A return type longer than any name of ours. */
	memset(long_name, 'x', 1000);
	strcpy(long_name + 1000, " std::make_unique<foo>()");
	ck_assert(is_allocator_name(long_name));
	free(long_name);
}
END_TEST

static uint64_t no_limit(const void *context, uint64_t start)
{
	(void)start;
	return *(const uint64_t *)context;
}

static const char *laid_out(const struct candidate *candidates,
			    const struct extent *extents, size_t count,
			    uint64_t address)
{
	const struct extent *extent = extents_find(extents, count, address);

	return extent ? candidates[extent->function].name : "";
}

START_TEST(best_names)
{
	struct candidate candidates[] = {
		{ 100, 50, "__libc_malloc", true, true },
		{ 100, 50, "malloc", true, true },
		{ 100, 50, "aaa", false, true },
		{ 100, 50, "malloc@V1", true, true },
		{ 100, 50, "__malloc", true, true },
		{ 100, 0, "label", true, false },
		{ 110, 10, "inner", false, true },
		{ 140, 20, "across", false, true },
		{ 170, 0, "unsized", false, true },
		{ 175, 0, "in_unsized", false, false },
		{ 180, 5, "late", false, true },
		{ 190, 0, "note", false, false },
		{ 195, 0, "_Znote2", false, false },
		{ 300, UINT64_MAX, "huge", false, true },
		{ 310, 10, "in_huge", false, true },
	};
	static const struct {
		uint64_t address;
		const char *name;
	} expected[] = {
		{ 99, "" }, { 100, "malloc" }, { 109, "malloc" },
		{ 110, "inner" }, { 119, "inner" }, { 120, "malloc" },
		{ 139, "malloc" }, { 140, "across" }, { 159, "across" },
		{ 160, "" }, { 170, "unsized" }, { 175, "unsized" },
		{ 179, "unsized" }, { 180, "late" }, { 184, "late" },
		{ 185, "" }, { 190, "note" }, { 195, "_Znote2" },
		{ 249, "_Znote2" }, { 250, "" }, { 300, "huge" },
		{ 310, "in_huge" }, { 320, "huge" },
		{ UINT64_MAX - 1, "huge" },
	};
	size_t left = functions_choose(candidates, COUNT(candidates)), count;
	uint64_t limit = 250;
	struct extent *extents;

	ck_assert_uint_eq(left, 10);
	ck_assert_int_eq(functions_lay_out(candidates, left, no_limit, &limit,
					   &extents, &count), 0);
	for (size_t i = 0; i < COUNT(expected); i++)
		ck_assert_msg(!strcmp(laid_out(candidates, extents, count,
					       expected[i].address),
				      expected[i].name),
			      "%d: %s", (int)expected[i].address,
			      laid_out(candidates, extents, count,
				       expected[i].address));
	for (size_t i = 1; i < count; i++)
		ck_assert_uint_le(extents[i - 1].end, extents[i].start);
	free(extents);
	ck_assert_int_eq(functions_lay_out(candidates, 0, no_limit, &limit,
					   &extents, &count), 0);
	ck_assert_ptr_null(extents_find(extents, count, 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("linker's names");
	TCase *names = tcase_create("names");

	tcase_add_test(names, demangling);
	tcase_add_test(names, wrappers);
	tcase_add_test(names, best_names);
	suite_add_tcase(suite, names);
	return run_suite(suite);
}
