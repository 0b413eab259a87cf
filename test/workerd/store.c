/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A slot is stored in a page of any protection, which stays as it was: where
 * pages are large, a virtual table may share its page with data.
 *
 *     workerd_store
 *
 * Prints what was wrong; its exit status is 1 then.
 */
#include "binary/image.h"
#include "os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int failures;

static void expect(int is_so, const char *what, const char *page) {
  if (is_so) return;
  printf("not so: %s (%s)\n", what, page);
  failures++;
}

static void some_code(void) {}

static int protection_of(const void *page) {
  struct wsig_mapping mapping;
  return wsig_os_mapping_at((uintptr_t)page, &mapping) ? mapping.protection
                                                       : -1;
}

/* In the middle of three pages, the others of which have no access. */
static void store_in(int protection, const char *name) {
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  char *pages =
      mmap(NULL, 3 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED || mprotect(pages + size, size, protection) != 0)
    abort();
  void (**slot)(void) = (void (**)(void))(void *)(pages + size + 64);
  expect(wkd_image_store((void *)slot, some_code), "it is stored", name);
  expect(protection_of(slot) == protection, "the protection is kept", name);
  expect(protection_of(pages) == PROT_NONE, "the page before is not touched",
         name);
  expect(protection_of(pages + 2 * size) == PROT_NONE,
         "the page after is not touched", name);
  mprotect(pages + size, size, PROT_READ);
  expect(*slot == some_code, "it is there", name);
  munmap(pages, 3 * size);
  expect(!wkd_image_store((void *)slot, some_code), "no page, no store", name);
}

int main(void) {
  store_in(PROT_READ, "read-only");
  store_in(PROT_READ | PROT_WRITE, "data");
  store_in(PROT_READ | PROT_EXEC, "code");
  store_in(PROT_NONE, "no access");
  return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
