/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The limit counts from the end of the stack's mapping, where the kernel stores
 * arguments and environment. The last of them is the name of the program, up to
 * eight bytes before the end of its page (Linux, create_elf_tables and
 * setup_arg_pages).
 */
#include "engines/stack.h"

#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#define PAGE ((uintptr_t)4096)
/* The kernel stores no more than this there: a quarter of the limit. */
#define MOST_USED ((uintptr_t)64 << 20)

static uintptr_t end_of_stack(void) {
  const char *name = (const char *)getauxval(AT_EXECFN);
  if (!name) return 0;
  uintptr_t end = (uintptr_t)name + strlen(name) + 1;
  return (end + sizeof(void *) + PAGE - 1) & ~(PAGE - 1);
}

size_t cli_stack_left(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return SIZE_MAX;
  uintptr_t used = end_of_stack() - (uintptr_t)__builtin_frame_address(0);
  if (used > MOST_USED) used = 0; /* not at the expected place: an emulator */
  return limit.rlim_cur > used ? (size_t)(limit.rlim_cur - used) : 0;
}
