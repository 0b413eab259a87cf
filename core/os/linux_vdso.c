/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Linux: the kernel's function that reads its clocks without a system call. It
 * is in a shared object that the kernel maps into each process (vdso(7)). The C
 * library uses the same function. It is found here because the C library's
 * clock_gettime may be replaced (linux_syscall.h).
 *
 * The function is compared with the system call before it is used: the mapping
 * may have been changed.
 */
#include "os/linux_vdso.h"

#include "atomics.h"
#include "os/linux_syscall.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#if WSIG_HAS_SYSCALL

#if defined(__x86_64__)
#define CLOCK_FUNCTION "__vdso_clock_gettime"
#else
#define CLOCK_FUNCTION "__kernel_clock_gettime"
#endif

/* The parts of a shared object's dynamic section that are used. elf(5) */
struct object {
  uintptr_t moved_by; /* load address minus the address in the file */
  const ElfW(Sym) * symbols;
  const char *names;
  const ElfW(Word) * hash; /* DT_HASH: [1] is the number of symbols */
};

static const void *at(const struct object *object, uintptr_t address) {
  return (const void *)(object->moved_by + address);
}

static void read_dynamic(struct object *object, const ElfW(Dyn) * entry) {
  for (; entry->d_tag != DT_NULL; entry++) {
    if (entry->d_tag == DT_SYMTAB)
      object->symbols = at(object, entry->d_un.d_ptr);
    if (entry->d_tag == DT_STRTAB)
      object->names = at(object, entry->d_un.d_ptr);
    if (entry->d_tag == DT_HASH) object->hash = at(object, entry->d_un.d_ptr);
  }
}

static bool read_object(struct object *object, uintptr_t start) {
  const ElfW(Ehdr) *header = (const void *)start;
  if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return false;
  const ElfW(Phdr) *segments = (const void *)(start + header->e_phoff);
  const ElfW(Phdr) *dynamic = NULL;
  bool loaded = false;
  for (size_t i = 0; i < header->e_phnum; i++) {
    if (segments[i].p_type == PT_DYNAMIC) dynamic = &segments[i];
    if (segments[i].p_type != PT_LOAD || loaded) continue;
    object->moved_by = start + segments[i].p_offset - segments[i].p_vaddr;
    loaded = true;
  }
  if (!dynamic || !loaded) return false;
  read_dynamic(object, (const void *)(start + dynamic->p_offset));
  return object->symbols && object->names && object->hash;
}

static wsig_clock_function find(uintptr_t start) {
  struct object object = {0};
  if (!start || !read_object(&object, start)) return NULL;
  for (size_t i = 0; i < object.hash[1]; i++) {
    const ElfW(Sym) *symbol = &object.symbols[i];
    if (symbol->st_shndx == SHN_UNDEF ||
        strcmp(object.names + symbol->st_name, CLOCK_FUNCTION) != 0)
      continue;
    return (wsig_clock_function)(object.moved_by + symbol->st_value);
  }
  return NULL;
}

static bool is_before(const struct timespec *a, const struct timespec *b) {
  return a->tv_sec < b->tv_sec ||
         (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Whether its time is between two times of the system call. */
bool wsig_os_is_kernels_clock(wsig_clock_function function) {
  struct timespec before = {0}, now = {0}, after = {0};
  if (wsig_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&before, 0, 0, 0,
                   0) != 0 ||
      function(CLOCK_MONOTONIC, &now) != 0 ||
      wsig_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&after, 0, 0, 0,
                   0) != 0)
    return false;
  return !is_before(&now, &before) && !is_before(&after, &now);
}

wsig_clock_function wsig_os_vdso_clock(void) {
  wsig_clock_function function = find((uintptr_t)getauxval(AT_SYSINFO_EHDR));
  return function && wsig_os_is_kernels_clock(function) ? function : NULL;
}

#else

bool wsig_os_is_kernels_clock(wsig_clock_function function) {
  (void)function;
  return false;
}
wsig_clock_function wsig_os_vdso_clock(void) { return NULL; }

#endif
