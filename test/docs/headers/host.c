/* A host that has an instance's memory, and the address of its word. */
#include <wasmsig/host.h>

void call_the_guest(void);

int host(void *base, uint64_t length, uint64_t max, uint64_t reserved,
         uint64_t address) {
  /* block */
  return outcome;
}
