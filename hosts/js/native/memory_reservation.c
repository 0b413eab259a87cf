/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How much address space the engine guarantees to reserve for a memory. The
 * mappings behind a memory do not show it: guard regions and other memories
 * look the same. No API returns it either. So the addon measures it once, by a
 * memory that may grow to one page: by how much does the process grow?
 *
 *  WHOLE  by all that 32-bit addresses reach, or
 *  TWICE  by all that an address and an offset reach. The engine checks no
 *         bounds, and so must have as much behind each 32-bit memory (V8 with
 *         its trap handler; JavaScriptCore for its first few memories, which is
 *         why each memory is checked as well).
 *  EXACT  by little. V8 without its trap handler reserves what a memory may
 *         grow to. JavaScriptCore then reserves nothing, as it does after its
 *         first few: that is no answer, and it is measured again.
 *
 * Where the address space is limited (RLIMIT_AS) nothing is measured, since
 * that takes up address space, and nothing is guaranteed: V8 then accepts less,
 * and the memory moves (BackingStore::AllocateWasmMemory).
 */
#include "memory_reservation.h"

#include "addon.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define GIB (UINT64_C(1) << 30)
#define NARROW (4 * GIB) /* what 32-bit addresses reach */
#define MOST_TRIES 3     /* other threads map and unmap, too */

enum { UNKNOWN, EXACT, WHOLE, TWICE };
static uint32_t reserved; /* atomic */

/* Bytes of address space; 0: that cannot be read. proc_pid_statm(5): the first
 * number is in pages. */
static uint64_t size_of_process(void) {
  char text[64];
  int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  unsigned long long pages = 0;
  text[length > 0 ? length : 0] = '\0';
  if (sscanf(text, "%llu", &pages) != 1) return 0;
  return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static bool address_space_is_limited(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY;
}

/* By how much such a memory makes the process grow: the least of a few tries.
 * False if no memory can be made, or the system does not show the size. */
static bool measure(napi_env env, napi_value make, uint64_t *grown) {
  napi_value undefined = NULL, memory = NULL;
  napi_get_undefined(env, &undefined);
  *grown = UINT64_MAX;
  for (int tries = 0; tries < MOST_TRIES && *grown >= NARROW; tries++) {
    uint64_t before = size_of_process();
    if (napi_call_function(env, undefined, make, 0, NULL, &memory) != napi_ok) {
      napi_get_and_clear_last_exception(env, &memory);
      return false;
    }
    uint64_t after = size_of_process();
    if (before == 0 || after == 0) return false;
    uint64_t now = after > before ? after - before : 0;
    if (now < *grown) *grown = now;
  }
  return true;
}

/* measureReservation(make, isV8): what the engine reserves, as above; 0: that
 * is not known. It is measured until it is known. `make()` answers a new memory
 * of no page that may grow to one. */
static napi_value measure_reservation(napi_env env, napi_callback_info info) {
  napi_value given[2];
  uint64_t grown;
  arguments(env, info, given, 2);
  bool is_v8 = bool_of(env, given[1]);
  uint32_t kind = __atomic_load_n(&reserved, __ATOMIC_ACQUIRE);
  if (kind == UNKNOWN && !address_space_is_limited() &&
      measure(env, given[0], &grown) && (is_v8 || grown >= NARROW)) {
    kind = grown < NARROW ? EXACT : grown < 2 * NARROW ? WHOLE : TWICE;
    __atomic_store_n(&reserved, kind, __ATOMIC_RELEASE);
  }
  return make_number(env, kind);
}

static bool is_reserved(const wasmsig_words *memory, uint64_t size) {
  return wasmsig_memory_classify(memory->memory, memory->length, size, size,
                                 false) == WASMSIG_MEMORY_FIXED;
}

uint64_t memory_reservation(const wasmsig_words *memory, uint64_t largest) {
  uint32_t kind = __atomic_load_n(&reserved, __ATOMIC_ACQUIRE);
  if (kind == UNKNOWN || address_space_is_limited()) return 0;
  if (kind == EXACT || largest > NARROW) return largest;
  uint64_t whole = kind == TWICE ? 2 * NARROW : NARROW;
  return is_reserved(memory, whole) ? whole : 0;
}

void define_memory_reservation(napi_env env, napi_value exports) {
  define(env, exports, "measureReservation", measure_reservation);
}
