/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/wasmtime_module.h"

#include "compiled/cache.h"
#include "engines/wasmtime_engine.h"
#include "process/clock.h"

#include <stdio.h>
#include <unistd.h>

/* What compiles in less time is not stored. */
#define WORTH_STORING_NS UINT64_C(10000000)

/* The file is opened once, so that what was checked is what is loaded. By its
 * path Wasmtime maps it; without /proc it gets a copy of the bytes. */
static wasmtime_error_t *load(wasm_engine_t *engine,
                              const struct cli_compiled *compiled,
                              wasmtime_module_t **module) {
  char path[48];
  snprintf(path, sizeof path, "/proc/self/fd/%d", compiled->descriptor);
  return access(path, R_OK) == 0
             ? wasmtime_module_deserialize_file(engine, path, module)
             : wasmtime_module_deserialize(engine, compiled->code.start,
                                           compiled->code.length, module);
}

static bool load_from_cache(wasm_engine_t *engine,
                            const struct cli_cache_key *key,
                            wasmtime_module_t **module) {
  struct cli_compiled compiled;
  if (!cli_cache_find(key, &compiled)) return false;
  wasmtime_error_t *error = load(engine, &compiled, module);
  cli_compiled_close(&compiled);
  if (error) wasmtime_error_delete(error);
  return !error;
}

static void store(wasmtime_module_t *module, const struct cli_cache_key *key,
                  const char *name) {
  wasm_byte_vec_t code;
  wasmtime_error_t *error = wasmtime_module_serialize(module, &code);
  if (error) {
    wasmtime_error_delete(error);
    return;
  }
  struct cli_bytes bytes = {(const uint8_t *)code.data, code.size};
  cli_cache_store(key, bytes, name);
  wasm_byte_vec_delete(&code);
}

wasmtime_error_t *cli_wasmtime_module(wasm_engine_t *engine,
                                      const struct cli_job *job,
                                      wasmtime_module_t **module) {
  struct cli_cache_key key = {{job->bytes, job->length},
                              cli_wasmtime_settings()};
  if (job->compiled) return load(engine, job->compiled, module);
  if (job->uses_cache && load_from_cache(engine, &key, module)) return NULL;
  uint64_t start_ns = cli_now_ns(CLOCK_MONOTONIC);
  wasmtime_error_t *error =
      wasmtime_module_new(engine, job->bytes, job->length, module);
  if (!error && job->uses_cache &&
      cli_now_ns(CLOCK_MONOTONIC) - start_ns >= WORTH_STORING_NS)
    store(*module, &key, job->file);
  return error;
}

/* ------------------------------------------------------------------ compile */

static bool refuse(struct cli_result *result, wasmtime_error_t *error) {
  wasm_message_t message;
  wasmtime_error_message(error, &message);
  cli_result_set(result, CLI_REFUSED, message.data, message.size);
  wasm_byte_vec_delete(&message);
  wasmtime_error_delete(error);
  return false;
}

bool cli_wasmtime_compile(struct cli_bytes bytes, struct cli_bytes *code,
                          struct cli_result *result) {
  wasmtime_module_t *module;
  wasm_byte_vec_t serialized;
  wasm_engine_t *engine = cli_wasmtime_start(false, result);
  if (!engine) return false;
  wasmtime_error_t *error =
      wasmtime_module_new(engine, bytes.start, bytes.length, &module);
  if (!error) error = wasmtime_module_serialize(module, &serialized);
  if (error) return refuse(result, error);
  *code = (struct cli_bytes){(const uint8_t *)serialized.data, serialized.size};
  return true;
}
