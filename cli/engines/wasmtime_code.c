/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/wasmtime_code.h"

#include "compiled/cache.h"
#include "engines/wasmtime_engine.h"
#include "engines/wasmtime_error.h"
#include "process/clock.h"

#include <stdio.h>
#include <unistd.h>

/* What compiles in less time is not stored. */
#define WORTH_STORING_NS UINT64_C(10000000)

/* ------------------------------------------- the two kinds, in Wasmtime's API
 */

static wasmtime_error_t *compile(wasm_engine_t *engine, struct cli_bytes bytes,
                                 struct cli_wasmtime_code *code) {
  return code->is_component
             ? wasmtime_component_new(engine, bytes.start, bytes.length,
                                      &code->component)
             : wasmtime_module_new(engine, bytes.start, bytes.length,
                                   &code->module);
}

static wasmtime_error_t *serialize(const struct cli_wasmtime_code *code,
                                   wasm_byte_vec_t *bytes) {
  return code->is_component
             ? wasmtime_component_serialize(code->component, bytes)
             : wasmtime_module_serialize(code->module, bytes);
}

static wasmtime_error_t *deserialize_file(wasm_engine_t *engine,
                                          const char *path,
                                          struct cli_wasmtime_code *code) {
  return code->is_component
             ? wasmtime_component_deserialize_file(engine, path,
                                                   &code->component)
             : wasmtime_module_deserialize_file(engine, path, &code->module);
}

static wasmtime_error_t *deserialize(wasm_engine_t *engine,
                                     struct cli_bytes bytes,
                                     struct cli_wasmtime_code *code) {
  return code->is_component
             ? wasmtime_component_deserialize(engine, bytes.start, bytes.length,
                                              &code->component)
             : wasmtime_module_deserialize(engine, bytes.start, bytes.length,
                                           &code->module);
}

/* ---------------------------------------------------------------- the cache */

/* The file is opened once, so that what was checked is what is loaded. By its
 * path Wasmtime maps it; without /proc it gets a copy of the bytes. */
static wasmtime_error_t *load(wasm_engine_t *engine,
                              const struct cli_compiled *compiled,
                              struct cli_wasmtime_code *code) {
  char path[48];
  snprintf(path, sizeof path, "/proc/self/fd/%d", compiled->descriptor);
  return access(path, R_OK) == 0 ? deserialize_file(engine, path, code)
                                 : deserialize(engine, compiled->code, code);
}

static bool load_from_cache(wasm_engine_t *engine,
                            const struct cli_cache_key *key,
                            struct cli_wasmtime_code *code) {
  struct cli_compiled compiled;
  if (!cli_cache_find(key, &compiled)) return false;
  wasmtime_error_t *error = load(engine, &compiled, code);
  cli_compiled_close(&compiled);
  if (error) wasmtime_error_delete(error);
  return !error;
}

static void store(const struct cli_wasmtime_code *code,
                  const struct cli_cache_key *key, const char *name) {
  wasm_byte_vec_t serialized;
  wasmtime_error_t *error = serialize(code, &serialized);
  if (error) {
    wasmtime_error_delete(error);
    return;
  }
  struct cli_bytes bytes = {(const uint8_t *)serialized.data, serialized.size};
  cli_cache_store(key, bytes, name);
  wasm_byte_vec_delete(&serialized);
}

wasmtime_error_t *cli_wasmtime_load(wasm_engine_t *engine,
                                    const struct cli_job *job,
                                    struct cli_wasmtime_code *code) {
  struct cli_cache_key key = {{job->bytes, job->length},
                              cli_wasmtime_settings()};
  code->is_component = job->report->verdict == WASMSIG_VERDICT_COMPONENT;
  if (job->compiled) return load(engine, job->compiled, code);
  if (job->uses_cache && load_from_cache(engine, &key, code)) return NULL;
  job->compilation_starts(job->file, job->uses_cache &&
                                         cli_cache_folder() != NULL &&
                                         cli_cache_size() > 0);
  uint64_t start_ns = cli_now_ns(CLOCK_MONOTONIC);
  wasmtime_error_t *error = compile(engine, key.module, code);
  if (!error && job->uses_cache &&
      cli_now_ns(CLOCK_MONOTONIC) - start_ns >= WORTH_STORING_NS)
    store(code, &key, job->file);
  return error;
}

/* ------------------------------------------------------------------ compile */

bool cli_wasmtime_compile(struct cli_bytes bytes, bool is_component,
                          struct cli_bytes *compiled,
                          struct cli_result *result) {
  struct cli_wasmtime_code code = {.is_component = is_component};
  wasm_byte_vec_t serialized;
  wasm_engine_t *engine = cli_wasmtime_start(false, result);
  if (!engine) return false;
  wasmtime_error_t *error = compile(engine, bytes, &code);
  if (!error) error = serialize(&code, &serialized);
  if (error) return cli_wasmtime_refuse(result, error);
  *compiled =
      (struct cli_bytes){(const uint8_t *)serialized.data, serialized.size};
  return true;
}
