/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/wrappers.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The table is in two parts, each grouped by where its functions are from, in
   any order.  Names stand here as plain_name() leaves them: no parameters,
   template arguments, return type, or suffix of the compiler.  Leading
   underscores in a program's symbol are of no account.  */

/* Those that other allocators offer under a prefix of their own.  */
static const char *c_library[] = {
	"malloc", "calloc", "realloc", "reallocarray", "reallocf",
	"aligned_alloc", "memalign", "posix_memalign", "valloc", "pvalloc",
	"free", "cfree", "free_sized", "free_aligned_sized",
	"strdup", "strndup", "wcsdup",
	"asprintf", "vasprintf", "asprintf_chk", "vasprintf_chk",
	"getline", "getdelim",
};

static const char *const prefixes[] = {
	"libc_",                /* glibc */
	"je_", "mi_", "tc_", "rp", "dl", "scalable_",
	"interceptor_", "wrap_", "rpl_",
};

static const char *wrappers[] = {
	/* Inside glibc.  */
	"_int_malloc", "_int_realloc", "_int_memalign", "_int_free",
	"_mid_memalign", "sysmalloc", "malloc_check", "realloc_check",
	"memalign_check", "malloc_hook_ini", "realloc_hook_ini",
	"memalign_hook_ini", "malloc_consolidate", "tcache_init",
	"ptmalloc_init", "arena_get2", "_IO_vasprintf",
	"__vasprintf_internal", "_IO_getdelim", "_IO_getline",
	"tr_mallochook", "tr_reallochook",

	/* Inside other allocators.  */
	"malloc_default", "mallocx", "rallocx", "je_mallocx", "je_rallocx",
	"je_malloc_default", "mi_zalloc", "mi_malloc_aligned",
	"mi_heap_malloc", "mi_heap_calloc", "mi_heap_realloc", "mi_new",
	"mi_new_n", "mi_new_aligned", "_mi_malloc_generic", "tc_new",
	"tc_new_nothrow", "tc_newarray", "tc_newarray_nothrow",
	"tc_new_aligned", "rpaligned_alloc", "do_memalign",
	"tcmalloc::allocate_full_malloc_oom",
	"tcmalloc::allocate_full_cpp_throw_oom",

	/* gnulib, and the names everybody gives to theirs.  */
	"xmalloc", "xcalloc", "xrealloc", "xzalloc", "xnmalloc", "xnrealloc",
	"xcharalloc", "x2malloc", "x2realloc", "x2nrealloc", "xpalloc",
	"xreallocarray", "xmallocarray", "ximalloc", "xicalloc", "xizalloc",
	"xirealloc", "xinmalloc", "xireallocarray", "x2nirealloc",
	"ximemdup", "ximemdup0", "xmemdup", "xmemdup0", "xstrdup",
	"xstrndup", "xasprintf", "xvasprintf", "xwcsdup", "xalignalloc",
	"xmemalign", "xaligned_alloc", "xposix_memalign", "xvalloc",
	"xpvalloc", "xfree", "xmallocz", "xmemdupz", "xstrfmt", "xstrvfmt",
	"imalloc", "icalloc", "irealloc", "ireallocarray", "alignalloc",
	"safe_malloc", "safe_calloc", "safe_realloc", "safe_strdup",
	"my_malloc", "my_calloc", "my_realloc", "my_strdup", "my_strndup",
	"smalloc", "srealloc", "emalloc", "ecalloc", "erealloc", "estrdup",
	"zmalloc", "zcalloc", "zrealloc", "zalloc", "zstrdup",
	"zmalloc_usable", "ztrymalloc_usable", "ztrymalloc_usable_internal",
	"mem_alloc", "mem_calloc", "mem_realloc", "mem_strdup", "do_malloc",
	"do_calloc", "do_realloc", "memdup", "memdup_suffix0", "mallocz",
	"callocz", "reallocz", "strdupz", "malloc_multiply",
	"greedy_realloc", "greedy_realloc0", "free_and_strdup",
	"sh_xmalloc", "sh_xrealloc", "sh_malloc", "sh_realloc",
	"_nc_doalloc",

	/* Emacs.  */
	"lmalloc", "lrealloc", "lisp_malloc", "lisp_align_malloc",
	"laligned_malloc", "record_xmalloc", "xlispstrdup", "hybrid_malloc",
	"hybrid_calloc", "hybrid_realloc", "hybrid_aligned_alloc",

	/* GLib.  */
	"g_malloc", "g_malloc0", "g_malloc_n", "g_malloc0_n", "g_realloc",
	"g_realloc_n", "g_try_malloc", "g_try_malloc0", "g_try_malloc_n",
	"g_try_malloc0_n", "g_try_realloc", "g_try_realloc_n",
	"g_aligned_alloc", "g_aligned_alloc0", "g_free", "g_slice_alloc",
	"g_slice_alloc0", "g_slice_copy", "slab_allocator_alloc_chunk",
	"magazine_cache_pop_magazine", "thread_memory_magazine1_reload",
	"allocator_memalign", "g_strdup", "g_strndup", "g_strdup_inline",
	"g_strdup_printf", "g_strdup_vprintf", "g_vasprintf", "g_strnfill",
	"g_strconcat", "g_strjoin", "g_strjoinv", "g_strdupv", "g_memdup",
	"g_memdup2", "g_rc_box_alloc", "g_rc_box_alloc0",
	"g_rc_box_alloc_full", "g_rc_box_dup", "g_atomic_rc_box_alloc",
	"g_atomic_rc_box_alloc0", "g_atomic_rc_box_dup",

	/* X11, fonts and images.  */
	"XtMalloc", "XtCalloc", "XtRealloc", "XtAsprintf", "XtMallocArray",
	"XtReallocArray", "_XtHeapAlloc", "XNFalloc", "XNFcalloc",
	"XNFrealloc", "XNFstrdup", "XNFasprintf", "XNFcallocarray",
	"XNFreallocarray", "FcStrCopy", "FcStrdup", "hb_malloc",
	"hb_calloc", "hb_realloc", "ft_mem_alloc", "ft_mem_qalloc",
	"ft_mem_realloc", "ft_mem_qrealloc", "ft_mem_strdup", "ft_mem_dup",
	"ft_alloc", "ft_realloc", "_cairo_malloc_ab", "_cairo_strndup",
	"pixman_malloc_ab", "pixman_malloc_abc", "SDL_malloc", "SDL_calloc",
	"SDL_realloc", "SDL_strdup", "SDL_malloc_REAL", "SDL_calloc_REAL",
	"SDL_realloc_REAL", "SDL_strdup_REAL", "_TIFFmalloc", "_TIFFcalloc",
	"_TIFFrealloc", "png_malloc", "png_calloc", "png_malloc_base",
	"png_malloc_warn", "png_malloc_default", "jpeg_get_small",
	"jpeg_get_large",

	/* Interpreters.  */
	"PyMem_Malloc", "PyMem_Calloc", "PyMem_Realloc", "PyMem_RawMalloc",
	"PyMem_RawCalloc", "PyMem_RawRealloc", "_PyMem_Strdup",
	"_PyMem_RawStrdup", "_PyMem_RawWcsdup", "_PyMem_RawMalloc",
	"_PyMem_RawCalloc", "_PyMem_RawRealloc", "_PyMem_DebugMalloc",
	"_PyMem_DebugCalloc", "_PyMem_DebugRealloc",
	"_PyMem_DebugRawMalloc", "_PyMem_DebugRawCalloc",
	"_PyMem_DebugRawRealloc", "_PyMem_DebugRawAlloc",
	"PyObject_Malloc", "PyObject_Calloc", "PyObject_Realloc",
	"PyObject_Free", "_PyObject_Malloc", "_PyObject_Calloc",
	"_PyObject_Realloc", "_PyObject_ArenaMalloc", "_PyMem_MiMalloc",
	"_PyMem_MiCalloc", "_PyMem_MiRealloc", "_PyObject_MiMalloc",
	"_PyObject_MiCalloc", "_PyObject_MiRealloc", "pymalloc_alloc",
	"pymalloc_realloc", "new_arena", "allocate_from_new_pool",
	"ruby_xmalloc", "ruby_xmalloc2", "ruby_xcalloc", "ruby_xrealloc",
	"ruby_xrealloc2", "ruby_xmalloc_body", "ruby_xmalloc2_body",
	"ruby_xcalloc_body", "ruby_xrealloc_body", "ruby_xrealloc2_body",
	"ruby_strdup", "ruby_mimmalloc", "objspace_xmalloc0",
	"objspace_xcalloc", "objspace_xrealloc", "rb_xmalloc_mul_add",
	"rb_xcalloc_mul_add", "rb_xrealloc_mul_add", "rb_gc_impl_malloc",
	"rb_gc_impl_calloc", "rb_gc_impl_realloc", "Perl_safesysmalloc",
	"Perl_safesyscalloc", "Perl_safesysrealloc", "Perl_safesysfree",
	"Perl_savepv", "Perl_savepvn", "Perl_savesharedpv",
	"Perl_savesharedpvn", "_emalloc", "_ecalloc", "_erealloc",
	"_erealloc2", "_estrdup", "_estrndup", "_emalloc_large",
	"_emalloc_huge", "_safe_emalloc", "_safe_malloc", "_safe_erealloc",
	"_safe_realloc", "__zend_malloc", "__zend_calloc", "__zend_realloc",
	"zend_strndup", "l_alloc", "luaM_malloc_", "luaM_realloc_",
	"luaM_saferealloc_", "luaM_growaux_", "luaM_shrinkvector_",
	"lj_mem_realloc", "lj_mem_newgco", "lj_mem_grow", "lj_alloc_f",
	"lj_alloc_malloc", "lj_alloc_realloc", "Tcl_Alloc",
	"Tcl_AttemptAlloc", "Tcl_Realloc", "Tcl_AttemptRealloc",
	"TclpAlloc", "TclpRealloc", "scm_malloc", "scm_calloc",
	"scm_realloc", "scm_strdup", "scm_strndup", "scm_gc_malloc",
	"scm_gc_malloc_pointerless", "scm_gc_calloc", "scm_gc_strdup",
	"GC_malloc", "GC_malloc_atomic", "GC_malloc_uncollectable",
	"GC_realloc", "GC_strdup", "GC_memalign", "caml_stat_alloc",
	"caml_stat_alloc_noexc", "caml_stat_calloc_noexc",
	"caml_stat_resize", "caml_stat_resize_noexc", "caml_stat_strdup",
	"caml_alloc_for_heap", "stgMallocBytes", "stgReallocBytes",
	"stgCallocBytes", "js_malloc", "js_mallocz", "js_realloc",
	"js_strdup", "js_strndup", "js_malloc_rt", "js_mallocz_rt",
	"js_realloc_rt",

	/* Libraries and servers.  */
	"CRYPTO_malloc", "CRYPTO_zalloc", "CRYPTO_calloc", "CRYPTO_realloc",
	"CRYPTO_clear_realloc", "CRYPTO_strdup", "CRYPTO_strndup",
	"CRYPTO_memdup", "CRYPTO_secure_malloc", "CRYPTO_secure_zalloc",
	"CRYPTO_aligned_alloc", "CRYPTO_free", "OPENSSL_malloc",
	"OPENSSL_zalloc", "OPENSSL_calloc", "OPENSSL_realloc",
	"OPENSSL_strdup", "OPENSSL_strndup", "OPENSSL_memdup", "BUF_strdup",
	"BUF_memdup", "gnutls_strdup", "gcry_malloc", "gcry_calloc",
	"gcry_xmalloc", "gcry_xcalloc", "gcry_realloc", "gcry_xrealloc",
	"gcry_strdup", "gcry_xstrdup", "gcry_malloc_secure", "gpgrt_malloc",
	"gpgrt_calloc", "gpgrt_realloc", "gpgrt_strdup", "_gpgrt_malloc",
	"_gpgrt_realloc", "PORT_Alloc_Util", "PORT_ZAlloc_Util",
	"PORT_Realloc_Util", "PORT_Strdup_Util", "PR_Malloc", "PR_Calloc",
	"PR_Realloc", "PL_strdup", "PL_strndup", "sqlite3_malloc",
	"sqlite3_malloc64", "sqlite3_realloc", "sqlite3_realloc64",
	"sqlite3_mprintf", "sqlite3_vmprintf", "sqlite3Malloc",
	"sqlite3MallocZero", "sqlite3Realloc", "sqlite3DbMallocRaw",
	"sqlite3DbMallocRawNN", "sqlite3DbMallocZero", "sqlite3DbRealloc",
	"sqlite3DbReallocOrFree", "sqlite3DbStrDup", "sqlite3DbStrNDup",
	"sqlite3MPrintf", "sqlite3VMPrintf", "sqlite3MemMalloc",
	"sqlite3MemRealloc", "mallocWithAlarm", "dbMallocRawFinish",
	"dbReallocFinish", "xmlMalloc", "xmlRealloc", "xmlMallocLoc",
	"xmlReallocLoc", "xmlMemMalloc", "xmlMemRealloc", "xmlMemStrdup",
	"xmlMemoryStrdup", "xmlStrdup", "xmlStrndup", "xmlCharStrdup",
	"xmlCharStrndup", "xmlPosixStrdup", "av_malloc", "av_mallocz",
	"av_calloc", "av_malloc_array", "av_mallocz_array", "av_realloc",
	"av_realloc_f", "av_realloc_array", "av_reallocp",
	"av_reallocp_array", "av_fast_realloc", "av_fast_malloc",
	"av_fast_mallocz", "av_strdup", "av_strndup", "av_memdup",
	"av_asprintf", "jsonp_malloc", "jsonp_strdup", "jsonp_strndup",
	"Curl_memdup", "Curl_memdup0", "Curl_saferealloc", "curl_maprintf",
	"curl_mvaprintf", "git__malloc", "git__calloc", "git__realloc",
	"git__strdup", "git__strndup", "uv__malloc", "uv__calloc",
	"uv__realloc", "uv__strdup", "event_mm_malloc_",
	"event_mm_calloc_", "event_mm_realloc_", "event_mm_strdup_",
	"dbus_malloc", "dbus_malloc0", "dbus_realloc", "_dbus_strdup",
	"_dbus_memdup", "_talloc", "_talloc_zero", "_talloc_array",
	"_talloc_zero_array", "_talloc_memdup", "_talloc_realloc",
	"_talloc_realloc_array", "__talloc", "__talloc_with_prefix",
	"talloc_named_const", "talloc_strdup", "talloc_strndup",
	"talloc_asprintf", "talloc_vasprintf", "apr_palloc", "apr_pcalloc",
	"apr_pstrdup", "apr_pstrndup", "apr_pmemdup", "apr_pstrmemdup",
	"apr_psprintf", "apr_pvsprintf", "apr_allocator_alloc", "ngx_alloc",
	"ngx_calloc", "ngx_memalign", "ngx_palloc", "ngx_pcalloc",
	"ngx_pnalloc", "ngx_pmemalign", "ngx_palloc_block",
	"ngx_palloc_large", "ngx_pstrdup", "palloc", "palloc0",
	"palloc_extended", "repalloc", "pstrdup", "pnstrdup",
	"MemoryContextAlloc", "MemoryContextAllocZero",
	"MemoryContextAllocExtended", "MemoryContextStrdup",
	"AllocSetAlloc", "AllocSetRealloc", "AllocSetAllocLarge",
	"AllocSetAllocFromNewBlock", "pg_malloc", "pg_malloc0",
	"pg_realloc", "pg_strdup", "guc_malloc", "guc_strdup",
	"qemu_memalign", "qemu_try_memalign", "isc__mem_get",
	"isc__mem_allocate", "isc__mem_strdup",
	"__gmp_default_allocate", "__gmp_default_reallocate",
	"__gmp_tmp_reentrant_alloc", "bfd_malloc", "bfd_zmalloc",
	"bfd_realloc", "bfd_alloc", "bfd_zalloc", "_objalloc_alloc",
	"_obstack_begin", "_obstack_newchunk", "moz_xmalloc", "moz_xcalloc",
	"moz_xrealloc", "moz_xstrdup", "moz_xmemalign", "moz_xmemdup",
	"moz_arena_malloc", "moz_arena_calloc", "moz_arena_realloc",
	"pa_xmalloc", "pa_xmalloc0", "pa_xrealloc", "pa_xmemdup",
	"pa_xstrdup", "pa_xstrndup", "MEM_mallocN", "MEM_callocN",
	"MEM_lockfree_mallocN", "MEM_lockfree_callocN", "lzma_alloc",
	"lzma_alloc_zero", "BrotliAllocate", "H5MM_malloc", "H5MM_calloc",
	"H5MM_realloc", "H5MM_xstrdup", "CPLMalloc", "CPLCalloc",
	"CPLRealloc", "CPLStrdup", "VSIMalloc", "VSICalloc", "VSIRealloc",
	"VSIStrdup",

	/* C++.  */
	"operator new", "operator new[]", "operator delete",
	"operator delete[]", "__cxa_allocate_exception", "__cxa_vec_new",
	"__cxa_vec_new2", "__cxa_vec_new3",

	/* Its library; inline namespaces of versions are left out.  */
	"std::allocator::allocate", "std::allocator::allocate_at_least",
	"std::allocator_traits::allocate",
	"std::allocator_traits::allocate_at_least",
	"std::__allocate_at_least", "std::__new_allocator::allocate",
	"__gnu_cxx::new_allocator::allocate",
	"__gnu_cxx::__alloc_traits::allocate",
	"__gnu_cxx::malloc_allocator::allocate",
	"__gnu_cxx::__pool_alloc::allocate",
	"__gnu_cxx::__mt_alloc::allocate",
	"std::pmr::polymorphic_allocator::allocate",
	"std::pmr::memory_resource::allocate",
	"std::pmr::monotonic_buffer_resource::do_allocate",
	"std::pmr::monotonic_buffer_resource::_M_new_buffer",
	"std::pmr::unsynchronized_pool_resource::do_allocate",
	"std::pmr::synchronized_pool_resource::do_allocate",
	"std::_Vector_base::_M_allocate",
	"std::_Vector_base::_M_create_storage",
	"std::_Vector_base::_Vector_base",
	"std::vector::_M_allocate_and_copy",
	"std::_Bvector_base::_M_allocate",
	"std::_Deque_base::_M_allocate_node",
	"std::_Deque_base::_M_allocate_map",
	"std::_Deque_base::_M_create_nodes",
	"std::_Deque_base::_M_initialize_map",
	"std::_List_base::_M_get_node", "std::_Fwd_list_base::_M_get_node",
	"std::_Rb_tree::_M_get_node",
	"std::__detail::_Hashtable_alloc::_M_allocate_node",
	"std::__detail::_Hashtable_alloc::_M_allocate_buckets",
	"std::_Hashtable::_M_allocate_buckets",
	"std::_Hashtable::_M_allocate_node", "std::basic_string::_M_create",
	"std::basic_string::_S_allocate",
	"std::basic_string::_Rep::_S_create", "std::string::_Rep::_S_create",
	"std::__allocate_guarded", "std::make_unique", "std::make_shared",
	"std::allocate_shared", "std::get_temporary_buffer",
	"std::__libcpp_allocate", "std::__libcpp_operator_new",
	"std::vector::__vallocate",

	/* C++ libraries.  */
	"QArrayData::allocate", "QArrayData::allocate1",
	"QArrayData::allocate2", "QArrayData::reallocateUnaligned",
	"QTypedArrayData::allocate", "QArrayDataPointer::allocateGrow",
	"qMallocAligned", "qReallocAligned", "WTF::fastMalloc",
	"WTF::fastZeroedMalloc", "WTF::fastRealloc", "WTF::tryFastMalloc",
	"cv::fastMalloc", "Eigen::internal::aligned_malloc",
	"Eigen::internal::conditional_aligned_malloc",
	"Eigen::internal::conditional_aligned_new_auto",
	"llvm::safe_malloc", "llvm::safe_calloc", "llvm::safe_realloc",
	"llvm::allocate_buffer",

	/* Rust.  */
	"__rust_alloc", "__rust_alloc_zeroed", "__rust_realloc",
	"__rdl_alloc", "__rdl_alloc_zeroed", "__rdl_realloc", "__rg_alloc",
	"__rg_alloc_zeroed", "__rg_realloc", "__rustc::__rust_alloc",
	"__rustc::__rust_alloc_zeroed", "__rustc::__rust_realloc",
	"__rustc::__rdl_alloc", "__rustc::__rdl_alloc_zeroed",
	"__rustc::__rdl_realloc", "alloc::alloc::alloc",
	"alloc::alloc::alloc_zeroed", "alloc::alloc::realloc",
	"alloc::alloc::exchange_malloc", "alloc::alloc::Global::alloc_impl",
	"alloc::alloc::Global::grow_impl", "alloc::alloc::Global::allocate",
	"alloc::alloc::Global::allocate_zeroed",
	"alloc::alloc::Global::grow", "alloc::raw_vec::finish_grow",
	"alloc::raw_vec::RawVec::allocate_in",
	"alloc::raw_vec::RawVec::try_allocate_in",
	"alloc::raw_vec::RawVec::with_capacity",
	"alloc::raw_vec::RawVec::with_capacity_in",
	"alloc::raw_vec::RawVec::with_capacity_zeroed_in",
	"alloc::raw_vec::RawVec::grow_amortized",
	"alloc::raw_vec::RawVec::grow_exact",
	"alloc::raw_vec::RawVec::grow_one",
	"alloc::raw_vec::RawVec::reserve",
	"alloc::raw_vec::RawVec::reserve_exact",
	"alloc::raw_vec::RawVec::reserve_for_push",
	"alloc::raw_vec::RawVec::reserve::do_reserve_and_handle",
	"alloc::raw_vec::RawVecInner::finish_grow",
	"alloc::raw_vec::RawVecInner::try_allocate_in",
	"alloc::raw_vec::RawVecInner::with_capacity_in",
	"alloc::raw_vec::RawVecInner::grow_amortized",
	"alloc::raw_vec::RawVecInner::grow_exact",
	"alloc::raw_vec::RawVecInner::reserve::do_reserve_and_handle",
	"alloc::boxed::Box::new", "alloc::boxed::Box::new_uninit",
	"alloc::boxed::Box::new_uninit_in",
	"alloc::boxed::Box::try_new_uninit_in",
	"alloc::vec::Vec::with_capacity",
	"alloc::vec::Vec::with_capacity_in", "alloc::vec::Vec::reserve",
	"alloc::string::String::with_capacity", "std::alloc::System::alloc",
	"std::alloc::System::alloc_impl", "std::alloc::System::alloc_zeroed",
	"std::alloc::System::realloc", "std::alloc::System::allocate",
	"std::sys::unix::alloc::aligned_malloc",
	"std::sys::pal::unix::alloc::aligned_malloc",
	"alloc::sync::Arc::allocate_for_layout",
	"alloc::rc::Rc::allocate_for_layout",
	"hashbrown::raw::alloc::inner::do_alloc",
	"hashbrown::raw::RawTableInner::new_uninitialized",

	/* D.  */
	"_d_allocmemory", "_d_newclass", "_d_newitemT", "_d_newitemU",
	"_d_newitemiT", "_d_newarrayT", "_d_newarrayU", "_d_newarrayiT",
	"_d_newarraymTX", "_d_newarraymiTX", "_d_arrayliteralTX",
	"_d_allocclass", "gc_malloc", "gc_qalloc", "gc_calloc",
	"gc_realloc", "core.memory.GC.malloc", "core.memory.GC.calloc",
	"core.memory.GC.qalloc", "core.memory.GC.realloc",
	"core.memory.pureMalloc", "core.memory.pureCalloc",
	"core.memory.pureRealloc",

	/* Fortran, Ada, Go's C.  */
	"_gfortrani_xmalloc", "_gfortrani_xcalloc",
	"_gfortrani_xmallocarray", "_gfortrani_xrealloc", "__gnat_malloc",
	"__gnat_realloc", "_cgo_malloc",
};

/* No name in the table is longer.  */
#define PLAIN_MAX 128

static pthread_once_t sorted = PTHREAD_ONCE_INIT;

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void sort_tables(void)
{
	qsort(c_library, COUNT(c_library), sizeof(c_library[0]), compare);
	qsort(wrappers, COUNT(wrappers), sizeof(wrappers[0]), compare);
}

static bool is_of_c(const char *name)
{
	return bsearch(&name, c_library, COUNT(c_library),
		       sizeof(c_library[0]), compare);
}

static bool is_listed(const char *name)
{
	return is_of_c(name) || bsearch(&name, wrappers, COUNT(wrappers),
					sizeof(wrappers[0]), compare);
}

static bool starts_with(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

/* Namespaces that only tell the version of a library.  */
static size_t inline_namespace(const char *name)
{
	static const char *const names[] = {
		"__cxx11::", "__1::", "__ndk1::", "_V2::", "__8::",
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (starts_with(name, names[i]))
			return strlen(names[i]);
	}
	return 0;
}

/* Reads a name character by character, and keeps its qualified part.  */
struct reader {
	const char *name;
	const char *at;
	char *plain;            /* PLAIN_MAX */
	size_t out;
	unsigned depth;         /* inside of <> () [] {} */
	/* Inside of "<Type as Trait>": the type's path is part of ours.  */
	bool open;
};

enum step { STEP_KEEP, STEP_SKIP, STEP_END };

/* Operators are the only names with such characters in them.  A class's own
   are as good as the global ones.  */
static bool take_operator(struct reader *reader)
{
	static const char *const operators[] = {
		"operator new[]", "operator new", "operator delete[]",
		"operator delete",
	};

	if (reader->depth || !starts_with(reader->at, "operator") ||
	    (reader->out && reader->plain[reader->out - 1] != ':'))
		return false;
	for (size_t i = 0; i < COUNT(operators); i++) {
		size_t length = strlen(operators[i]);

		if (starts_with(reader->at, operators[i]) &&
		    (!reader->at[length] || reader->at[length] == '(')) {
			memcpy(reader->plain, operators[i], length);
			reader->out = length;
			break;
		}
	}
	return true;
}

static enum step opening(struct reader *reader)
{
	/* "(anonymous namespace)::" goes, "(parameters)" ends it.  */
	if (*reader->at == '(' && !reader->depth &&
	    !starts_with(reader->at, "(anonymous namespace)"))
		return STEP_END;
	reader->depth++;
	return STEP_SKIP;
}

static enum step closing(struct reader *reader)
{
	/* The arrow of "-> type" closes nothing; an ABI tag has none.  */
	bool arrow = *reader->at != ']' && reader->at > reader->name &&
		     reader->at[-1] == '-';

	if (*reader->at == '>' && !reader->depth && reader->open)
		reader->open = false;
	else if (reader->depth && !arrow)
		reader->depth--;
	return STEP_SKIP;
}

static enum step blank(struct reader *reader)
{
	if (reader->depth)
		return STEP_SKIP;
	if (reader->open && starts_with(reader->at, " as ")) {
		/* Up to the end of the bracket.  */
		reader->depth = 1;
		reader->open = false;
		return STEP_SKIP;
	}
	if (starts_with(reader->at, " [clone"))
		return STEP_END;
	/* That was the return type.  */
	reader->out = 0;
	return STEP_SKIP;
}

static enum step colon(struct reader *reader)
{
	/* Left over from "::<u8>::".  */
	if (!reader->depth && reader->out >= 2 &&
	    reader->plain[reader->out - 1] == ':' &&
	    reader->plain[reader->out - 2] == ':')
		return STEP_SKIP;
	return STEP_KEEP;
}

static enum step dot(struct reader *reader)
{
	/* The compiler's ".part.0"; not D's "core.memory".  */
	if (!reader->depth && !reader->open &&
	    !memchr(reader->plain, ':', reader->out) &&
	    !starts_with(reader->name, "core."))
		return STEP_END;
	return STEP_KEEP;
}

static enum step step(struct reader *reader)
{
	switch (*reader->at) {
	case '(':
	case '<':
	case '{':
	case '[':
		return opening(reader);
	case '>':
	case '}':
	case ')':
	case ']':
		return closing(reader);
	case ' ':
		return blank(reader);
	case ':':
		return colon(reader);
	case '.':
		return dot(reader);
	default:
		return STEP_KEEP;
	}
}

static void keep(struct reader *reader)
{
	if (reader->out == PLAIN_MAX - 1) {
		/* A return type may be longer than any.  */
		reader->out = PLAIN_MAX / 2 - 1;
		memmove(reader->plain, reader->plain + PLAIN_MAX / 2,
			reader->out);
		reader->plain[0] = '?';
	}
	reader->plain[reader->out++] = *reader->at;
}

/* Writes NAME's qualified name alone to PLAIN, or "" when it is too long to be
   in the table:

     void* foo::bar<int, char (*)(long)>::baz<x>(x, y) const [clone .cold]
     <foo::bar<T> as qux>::baz
     baz.part.0                           → foo::bar::baz, baz  */
static void plain_name(const char *name, char plain[PLAIN_MAX])
{
	struct reader reader = { .name = name, .at = name, .plain = plain };
	enum step what = STEP_KEEP;

	reader.open = *name == '<';
	reader.at += reader.open;
	for (; *reader.at && what != STEP_END; reader.at++) {
		size_t skip = reader.depth ? 0 : inline_namespace(reader.at);

		if (skip && reader.out >= 2 && plain[reader.out - 1] == ':') {
			reader.at += skip - 1;
			continue;
		}
		if (take_operator(&reader))
			break;
		what = step(&reader);
		if (what == STEP_KEEP && !reader.depth)
			keep(&reader);
	}
	plain[reader.out] = '\0';
}

bool is_allocator_name(const char *name)
{
	char plain[PLAIN_MAX];
	const char *bare;

	pthread_once(&sorted, sort_tables);
	plain_name(name, plain);
	if (is_listed(plain))
		return true;
	bare = plain + strspn(plain, "_");
	if (bare > plain && is_listed(bare))
		return true;
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		if (starts_with(bare, prefixes[i]) &&
		    is_of_c(bare + strlen(prefixes[i])))
			return true;
	}
	return false;
}
