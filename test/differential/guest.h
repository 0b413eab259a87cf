/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An instance in Wasmtime, with a host of its own. */
#ifndef WSIG_DIFFERENTIAL_GUEST_H
#define WSIG_DIFFERENTIAL_GUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <wasmtime.h>

enum { MAX_VALUES = 32, MAX_IMPORTS = 16, MAX_EXPORTS = 512 };

/* How a call, or the start of an instance, ended. */
struct outcome {
  enum { RETURNED, TRAPPED, THREW, FAILED } how;
  wasmtime_trap_code_t code; /* if it trapped */
  char message[160];         /* if it failed */
  wasmtime_val_t values[MAX_VALUES];
  size_t count;
};

struct export {
  const char *name;
  size_t length;
  wasmtime_extern_t item;
};

struct guest {
  wasmtime_store_t *store;
  wasmtime_context_t *context;
  wasmtime_instance_t instance;
  wasmtime_extern_t imports[MAX_IMPORTS];
  size_t import_count;
  uint64_t digest; /* of the calls of the host */
  struct outcome start;
  struct export exports[MAX_EXPORTS]; /* if it has started */
  size_t export_count;
};

/** Instantiates the module. `guest` must not move until guest_close(). */
void guest_open(struct guest *guest, wasm_engine_t *engine,
                const wasmtime_module_t *module);
void guest_close(struct guest *guest);

/** The export of that name, or NULL. */
const wasmtime_extern_t *guest_export(const struct guest *guest,
                                      const char *name);

/** Calls a function; outcome_release() frees the references in the values. */
void guest_call(struct guest *guest, const wasmtime_func_t *function,
                const wasmtime_val_t *arguments, size_t count,
                struct outcome *outcome);
void outcome_release(struct outcome *outcome);

/** References are equal if both are null, or none is. */
bool values_are_equal(const wasmtime_val_t *one, const wasmtime_val_t *other);
bool outcomes_are_equal(const struct outcome *one, const struct outcome *other);

/** What the outcome is, for people. The text holds until the next call. */
const char *outcome_text(const struct outcome *outcome);

/** The bytes of a memory, which may be shared. */
uint8_t *memory_bytes(struct guest *guest, const wasmtime_extern_t *memory,
                      size_t *length);

/** Whether programs see the same in both. */
bool items_are_equal(struct guest *one, const wasmtime_extern_t *item,
                     struct guest *other, const wasmtime_extern_t *its);

#endif
