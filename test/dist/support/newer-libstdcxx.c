/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Two functions of newer C++ libraries than that for musl that the tests fetch.
 * Both are called when a program is wrong, and do not return.
 */
#include <stdlib.h>

void throw_bad_array_new_length(void) __asm__(
    "_ZSt28__throw_bad_array_new_lengthv");
void throw_bad_array_new_length(void) { abort(); }

void assert_fail(
    const char *file, int line, const char *function,
    const char *text) __asm__("_ZSt21__glibcxx_assert_failPKciS0_S0_");
void assert_fail(const char *file, int line, const char *function,
                 const char *text) {
  (void)file, (void)line, (void)function, (void)text;
  abort();
}
