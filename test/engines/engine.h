/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the promises (promises.h) need from an engine. Each engine's driver
 * defines `engine`. The promises are the same for all engines.
 */
#ifndef WASMSIG_TEST_ENGINE_H
#define WASMSIG_TEST_ENGINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* It needs the headers above. */
#include <cmocka.h>

#include "wasmsig/host.h"
#include "wasmsig/module.h"

/* How a call of a guest ended. */
enum ending {
  RETURNED,
  TRAPPED, /* by a trap of its own */
  LIMITED, /* by a kill */
};

/* An instance. Drivers extend it: it is the first member of their struct. */
struct guest {
  int verdict; /* of track */
  wasmsig_registry *registry;
  wasmsig_instance instance;
  wasmsig_memory_class memory_class;
  bool owns_registry; /* destroyed with the guest */
};

enum kind_of_memory {
  USUAL,
  MOVING, /* may grow by moving */
};

struct engine {
  const char *name;
  /* By the engine itself, or its headers. */
  struct version {
    uint32_t major, minor, patch;
  } (*version)(void);
  void (*start)(void);
  void (*end)(void);
  /* What it supports. */
  bool has_several_memories;
  bool has_64_bit_memories;
  bool has_exceptions;
  bool has_moving_memories;
  bool has_only_moving_memories; /* only the rows of MOVING are tried */
  /* Instantiates a module, given as text, and tracks it in the registry, or in
   * a new one. It creates imported memories, or uses those of `twin`. Threads:
   * the main thread. */
  struct guest *(*open)(const char *text, enum kind_of_memory kind,
                        wasmsig_registry *registry, struct guest *twin);
  /* Untracks and deletes the instance, as the adapter requires. */
  void (*close)(struct guest *guest);
  /* All functions of the guests have type i32 -> i32. */
  enum ending (*call)(struct guest *guest, const char *function,
                      int32_t argument, int32_t *result);
  uint8_t *(*memory)(struct guest *guest);
  int (*sync)(struct guest *guest);
  int (*untrack)(struct guest *guest);
  /* Sets kill and undo for the guest. */
  void (*limit)(struct guest *guest, wasmsig_budget_options *options);
  /* Around the calls of another thread than the main thread. */
  void (*enter_thread)(void);
  void (*leave_thread)(void);
};

extern const struct engine engine;

/* The import host.call of the guests. */
extern int32_t (*host_call)(int32_t argument);

#endif
