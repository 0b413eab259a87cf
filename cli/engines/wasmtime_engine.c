/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/wasmtime_engine.h"

#include "engines/resources.h"
#include "engines/stack.h"
#include "process/fault_signals.h"

#include <sys/resource.h>

/* Bytes of stack: Wasmtime's default for the guest's calls, their minimum, and
 * the reserve below them for functions of the host and signal handlers. */
#define GUEST_STACK ((size_t)512 << 10)
#define MINIMUM_GUEST_STACK ((size_t)16 << 10)
#define HOST_STACK ((size_t)64 << 10)

/* Reduces the stack for the guest's calls to what the stack limit leaves.
 * Otherwise a recursion of the guest could end the process by SIGSEGV. False:
 * too little is left. */
static bool limit_stack(wasm_config_t *config) {
  size_t left = cli_stack_left();
  if (left >= HOST_STACK + GUEST_STACK) return true;
  if (left < HOST_STACK + MINIMUM_GUEST_STACK) return false;
  wasmtime_config_max_wasm_stack_set(config, left - HOST_STACK);
  return true;
}

/* Wasmtime keeps initial images of memories in memory files. The file size
 * limit counts them, and would end the process. */
static bool has_memory_files(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
         limit.rlim_cur == RLIM_INFINITY;
}

const char *cli_wasmtime_settings(void) {
  return has_memory_files() ? "wasmtime " WASMTIME_VERSION ", threads, images"
                            : "wasmtime " WASMTIME_VERSION ", threads";
}

static wasm_engine_t *refuse(struct cli_result *result, const char *why) {
  cli_result_refuse(result, why);
  return NULL;
}

wasm_engine_t *cli_wasmtime_start(bool has_folders, struct cli_result *result) {
  const char *why = cli_missing_resource(has_folders);
  if (why) return refuse(result, why);
  wasm_config_t *config = wasm_config_new();
  if (!config) return refuse(result, "Wasmtime does not start");
  wasmtime_config_memory_init_cow_set(config, has_memory_files());
  wasmtime_config_shared_memory_set(config, true);
  if (!limit_stack(config)) {
    wasm_config_delete(config);
    return refuse(result,
                  "the stack limit is too small for Wasmtime (ulimit -s); "
                  "--engine wamr needs less");
  }
  cli_fault_signals_prepare();
  wasm_engine_t *engine = wasm_engine_new_with_config(config);
  cli_fault_signals_wrap();
  return engine ? engine : refuse(result, "Wasmtime does not start");
}

void cli_wasmtime_limit_memory(wasmtime_store_t *store, uint64_t most_bytes) {
  uint64_t elements = most_bytes / CLI_TABLE_ELEMENT_BYTES;
  if (most_bytes == CLI_ANY_MEMORY) return;
  wasmtime_store_limiter(store, (int64_t)most_bytes, (int64_t)elements, -1, -1,
                         -1);
}
