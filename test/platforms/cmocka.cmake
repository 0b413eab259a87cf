# SPDX-License-Identifier: Apache-2.0 OR MIT
# cmocka from source, for a system for which the machine has no library of it.
# WASMSIG_CMOCKA_DIR is its source: scripts/cmocka. What find_path() and
# find_library() would search for is set, so they do not search.
set(CMOCKA_INCLUDE ${WASMSIG_CMOCKA_DIR}/include)
set(CMOCKA_LIBRARY wasmsig_cmocka)
add_library(wasmsig_cmocka STATIC ${WASMSIG_CMOCKA_DIR}/src/cmocka.c)
target_include_directories(wasmsig_cmocka SYSTEM PRIVATE ${CMOCKA_INCLUDE})
target_compile_options(wasmsig_cmocka PRIVATE -w)
# What its own build finds out on Linux.
target_compile_definitions(wasmsig_cmocka PRIVATE
  _GNU_SOURCE
  HAVE_CLOCK_REALTIME
  HAVE_GCC_THREAD_LOCAL_STORAGE
  HAVE_INTTYPES_H
  HAVE_MALLOC_H
  HAVE_SIGLONGJMP
  HAVE_SIGNAL_H
  HAVE_STRINGS_H
  HAVE_STRSIGNAL
  HAVE_STRUCT_TIMESPEC)
