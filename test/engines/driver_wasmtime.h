/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the promises of Wasmtime's adapter alone need from its driver. */
#ifndef WASMSIG_TEST_DRIVER_WASMTIME_H
#define WASMSIG_TEST_DRIVER_WASMTIME_H

#include "engine.h"
#include "wasmsig/wasmtime.h"

struct wasmtime_guest {
  struct guest guest;
  wasmtime_store_t *store;
  wasmtime_context_t *context;
  wasmtime_instance_t instance;
  wasmsig_wasmtime_tracked tracked;
  struct wasmsig_wasmtime_killer *killer;
  bool has_imported;
  wasmtime_extern_t imported;
};

wasm_engine_t *wasmtime_engine_of(enum kind_of_memory kind);

/* Instantiates a module and does not track it. */
struct wasmtime_guest *wasmtime_open(const char *text, enum kind_of_memory kind,
                                     wasmsig_registry *registry,
                                     struct wasmtime_guest *twin);

/* Fails with the error's message. */
void assert_no_error(wasmtime_error_t *error);

#endif
