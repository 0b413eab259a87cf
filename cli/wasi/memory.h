/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The memory that the guest exports. All addresses come from the guest: check
 * each before its use, and read each once. */
#ifndef WASMSIG_CLI_WASI_MEMORY_H
#define WASMSIG_CLI_WASI_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* As it is during one call. */
struct cli_memory {
  uint8_t *base;
  uint64_t length;
};

/* The host's address of `size` bytes; NULL: they are not in the memory. */
static inline void *cli_memory_at(const struct cli_memory *memory,
                                  uint32_t address, uint64_t size) {
  if (size > memory->length || address > memory->length - size) return NULL;
  return memory->base + address;
}

/* Stores a number. False: the address is not in the memory. */
static inline bool cli_memory_put_u32(const struct cli_memory *memory,
                                      uint32_t address, uint32_t value) {
  void *place = cli_memory_at(memory, address, sizeof value);
  if (place) memcpy(place, &value, sizeof value);
  return place != NULL;
}

#endif
