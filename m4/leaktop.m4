# SPDX-License-Identifier: LGPL-3.0-or-later
#
# The tests of leaktop's configure that no packaged macro makes.

# LEAKTOP_DEPS_PATH
# -----------------
# Let pkg-config see the libraries that an earlier run put into deps/ of the
# build directory, or that quickstart put into build/deps of the source tree.
AC_DEFUN([LEAKTOP_DEPS_PATH],
[leaktop_deps=`pwd`/deps
leaktop_srcdir=`cd "$srcdir" && pwd`
for leaktop_dir in "$leaktop_deps" "$leaktop_srcdir/build/deps"; do
  if test -f "$leaktop_dir/lib/pkgconfig/libperf.pc"; then
    case ":$PKG_CONFIG_PATH:" in
    *":$leaktop_dir/lib/pkgconfig:"*) ;;
    *) PKG_CONFIG_PATH=${PKG_CONFIG_PATH:+$PKG_CONFIG_PATH:}$leaktop_dir/lib/pkgconfig ;;
    esac
    break
  fi
done
export PKG_CONFIG_PATH])

# LEAKTOP_MISSING(WHAT, DEBIAN, FEDORA)
# -------------------------------------
AC_DEFUN([LEAKTOP_MISSING],
[leaktop_missing="$leaktop_missing
    $1 (Debian: $2; Fedora: $3)"])

# LEAKTOP_USE(PREFIX)
# -------------------
# Add a library's flags to those of the whole program. Its headers are made
# system headers: they are not ours to keep free of warnings.
AC_DEFUN([LEAKTOP_USE],
[leaktop_flags=`AS_ECHO(["$$1_CFLAGS"]) | sed 's/^-I/-isystem /; s/ -I/ -isystem /g'`
LEAKTOP_CFLAGS="$LEAKTOP_CFLAGS $leaktop_flags"
LEAKTOP_LIBS="$LEAKTOP_LIBS $$1_LIBS"])

# LEAKTOP_LIBRARY(PREFIX, MODULE, DEBIAN, FEDORA)
# -----------------------------------------------
AC_DEFUN([LEAKTOP_LIBRARY],
[PKG_CHECK_MODULES([$1], [$2], [LEAKTOP_USE([$1])],
  [LEAKTOP_MISSING([$2], [$3], [$4])])])

# LEAKTOP_NCURSES
# ---------------
AC_DEFUN([LEAKTOP_NCURSES],
[PKG_CHECK_MODULES([NCURSES], [ncursesw], [],
  [NCURSES_CFLAGS= NCURSES_LIBS=
   leaktop_save_LIBS=$LIBS
   AC_SEARCH_LIBS([add_wch], [ncursesw], [NCURSES_LIBS=${ac_cv_search_add_wch#none required}])
   LIBS=$leaktop_save_LIBS])
leaktop_save_CPPFLAGS=$CPPFLAGS
CPPFLAGS="$CPPFLAGS $NCURSES_CFLAGS"
AC_CHECK_HEADERS([curses.h])
CPPFLAGS=$leaktop_save_CPPFLAGS
if test -n "$NCURSES_LIBS" && test "$ac_cv_header_curses_h" = yes; then
  LEAKTOP_USE([NCURSES])
else
  LEAKTOP_MISSING([ncursesw], [libncurses-dev], [ncurses-devel])
fi])

# LEAKTOP_LIBIBERTY
# -----------------
# It has no pkg-config file, and distributions disagree about where its
# headers live.
AC_DEFUN([LEAKTOP_LIBIBERTY],
[leaktop_iberty=no
AC_CHECK_HEADERS([libiberty/demangle.h demangle.h], [leaktop_iberty=yes; break])
leaktop_save_LIBS=$LIBS
AC_CHECK_LIB([iberty], [cplus_demangle_v3], [:], [
  AC_CHECK_LIB([iberty], [cplus_demangle], [:], [leaktop_iberty=no])])
LIBS=$leaktop_save_LIBS
if test $leaktop_iberty = yes; then
  LEAKTOP_LIBS="$LEAKTOP_LIBS -liberty"
else
  LEAKTOP_MISSING([libiberty], [libiberty-dev], [binutils-devel])
fi])

# LEAKTOP_LIBPERF
# ---------------
# Where pkg-config does not know libperf it is built from the source package
# of the distribution's kernel, into deps/ of the build directory. Its version
# says 0.0.1 whatever it can do, so a symbol and a header decide.
AC_DEFUN([LEAKTOP_LIBPERF],
[AC_ARG_WITH([libperf-source],
  [AS_HELP_STRING([--with-libperf-source=FILE],
    [kernel source archive to build libperf from where it is not installed
     (default: the linux-source package's); "no" never builds it])],
  [], [with_libperf_source=auto])
PKG_CHECK_EXISTS([libperf], [],
  [if test "$with_libperf_source" != no; then
     AC_MSG_NOTICE([libperf is not installed; looking for a kernel source to build it from])
     leaktop_archive=$with_libperf_source
     test "$leaktop_archive" = auto && leaktop_archive=
     if CC="$CC" $SHELL "$srcdir/build-aux/build-libperf.sh" "$leaktop_deps" $leaktop_archive; then
       PKG_CONFIG_PATH=${PKG_CONFIG_PATH:+$PKG_CONFIG_PATH:}$leaktop_deps/lib/pkgconfig
     fi
   fi])
leaktop_libperf=no
PKG_CHECK_MODULES([LIBPERF], [libperf],
  [# An archive is preferred to a shared library in a directory that the
   # loader does not search.
   leaktop_dir=`$PKG_CONFIG --variable=libdir libperf`
   if test -f "$leaktop_dir/libperf.a" && test -f "$leaktop_dir/libapi.a"; then
     LIBPERF_LIBS="$leaktop_dir/libperf.a $leaktop_dir/libapi.a"
   fi
   leaktop_save_LIBS=$LIBS leaktop_save_CPPFLAGS=$CPPFLAGS
   LIBS="$LIBPERF_LIBS $LIBS" CPPFLAGS="$CPPFLAGS $LIBPERF_CFLAGS"
   AC_CHECK_HEADER([perf/evlist.h],
     [AC_CHECK_FUNC([perf_evlist__mmap], [leaktop_libperf=yes])])
   LIBS=$leaktop_save_LIBS CPPFLAGS=$leaktop_save_CPPFLAGS], [:])
if test $leaktop_libperf = yes; then
  LEAKTOP_USE([LIBPERF])
else
  LEAKTOP_MISSING([libperf], [linux-source and xz-utils, from which configure builds it], [libperf-devel])
fi])

# LEAKTOP_LIBRARIES_DONE
# ----------------------
AC_DEFUN([LEAKTOP_LIBRARIES_DONE],
[if test -n "$leaktop_missing"; then
  AC_MSG_ERROR([these libraries are missing:$leaktop_missing
  Run ./quickstart, which installs them, or install the packages named above.])
fi
AC_SUBST([LEAKTOP_CFLAGS])
AC_SUBST([LEAKTOP_LIBS])])

# LEAKTOP_TRY_CFLAGS(VARIABLE, FLAGS)
# -----------------------------------
# Append those FLAGS that the compiler takes without a complaint: all in one
# compilation if it can, one by one if not.
AC_DEFUN([LEAKTOP_TRY_CFLAGS],
[leaktop_save_CFLAGS=$CFLAGS
AC_MSG_CHECKING([whether $CC takes all warning flags])
CFLAGS="$leaktop_save_CFLAGS -Werror $2"
AC_COMPILE_IFELSE([AC_LANG_SOURCE([int leaktop_try = 1;])],
  [AC_MSG_RESULT([yes])
   $1="$$1 $2"],
  [AC_MSG_RESULT([no])
   for leaktop_flag in $2; do
     AC_MSG_CHECKING([whether $CC takes $leaktop_flag])
     CFLAGS="$leaktop_save_CFLAGS -Werror $leaktop_flag"
     AC_COMPILE_IFELSE([AC_LANG_SOURCE([int leaktop_try = 1;])],
       [AC_MSG_RESULT([yes])
        $1="$$1 $leaktop_flag"], [AC_MSG_RESULT([no])])
   done])
CFLAGS=$leaktop_save_CFLAGS])

# LEAKTOP_COMPILER_FLAGS
# ----------------------
AC_DEFUN([LEAKTOP_COMPILER_FLAGS],
[AC_ARG_ENABLE([werror],
  [AS_HELP_STRING([--enable-werror], [make compiler warnings errors])],
  [], [enable_werror=no])
WARN_CFLAGS=-std=gnu17
LEAKTOP_TRY_CFLAGS([WARN_CFLAGS], m4_normalize([
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wundef -Wvla
  -Wformat=2 -Wformat-security -Wimplicit-fallthrough -Wcast-align
  -Wredundant-decls -Wnested-externs -Winit-self -Wdate-time
  -Wlogical-op -Wduplicated-cond]))
AS_IF([test "$enable_werror" = yes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
AC_SUBST([WARN_CFLAGS])])

# LEAKTOP_SANITIZERS
# ------------------
# SANITIZE_CFLAGS is for every build of the unit tests' second programs;
# --enable-sanitizers turns it on for the program and the library as well.
# The demo never gets it: ASan replaces the allocator that is to be watched.
AC_DEFUN([LEAKTOP_SANITIZERS],
[AC_ARG_ENABLE([sanitizers],
  [AS_HELP_STRING([--enable-sanitizers], [build everything with ASan and UBSan])],
  [], [enable_sanitizers=no])
SANITIZE_CFLAGS='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer'
AC_MSG_CHECKING([whether programs built with ASan and UBSan link])
leaktop_save_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS $SANITIZE_CFLAGS"
AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [have_sanitizers=yes], [have_sanitizers=no])
CFLAGS=$leaktop_save_CFLAGS
AC_MSG_RESULT([$have_sanitizers])
AM_CONDITIONAL([HAVE_SANITIZERS], [test $have_sanitizers = yes])
ALL_SANITIZE_CFLAGS=
if test "$enable_sanitizers" = yes; then
  test $have_sanitizers = yes ||
    AC_MSG_ERROR([--enable-sanitizers: $CC cannot link with $SANITIZE_CFLAGS])
  ALL_SANITIZE_CFLAGS=$SANITIZE_CFLAGS
fi
AC_SUBST([SANITIZE_CFLAGS])
AC_SUBST([ALL_SANITIZE_CFLAGS])])
