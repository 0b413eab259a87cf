/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the promises (promises.h) need of an engine. Each engine's driver
 * defines `engine`; the promises are written once, against this.
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

/* After the headers that it needs. */
#include <cmocka.h>

#include "wasmsig/host.h"
#include "wasmsig/module.h"

/* How a call of a guest ended. */
enum ending {
  RETURNED,
  TRAPPED, /* by a trap of its own */
  LIMITED, /* by a kill */
};

/* An instance that runs. Drivers put it first in a struct of theirs. */
struct guest {
  int verdict; /* what track answered */
  wasmsig_registry *registry;
  wasmsig_instance instance;
  wasmsig_memory_class memory_class;
  bool owns_registry; /* it is destroyed with the guest */
};

enum kind_of_memory {
  USUAL,
  MOVING, /* may grow by moving */
};

struct engine {
  const char *name;
  /* As the engine itself says it, or its headers. */
  struct version {
    uint32_t major, minor, patch;
  } (*version)(void);
  void (*start)(void);
  void (*end)(void);
  /* What its modules may have. */
  bool has_several_memories;
  bool has_64_bit_memories;
  bool has_exceptions;
  bool has_moving_memories;
  bool has_only_moving_memories; /* the rows of MOVING are all that is tried */
  /* Instantiates a module, given as text, and tracks it in the registry, or in
   * one of its own. Imported memories are made for it, or are those of `twin`.
   * Called in the main thread only. */
  struct guest *(*open)(const char *text, enum kind_of_memory kind,
                        wasmsig_registry *registry, struct guest *twin);
  /* Ends the instance, in the way that the adapter says. */
  void (*close)(struct guest *guest);
  /* Every function of the guests is of type i32 -> i32. */
  enum ending (*call)(struct guest *guest, const char *function,
                      int32_t argument, int32_t *result);
  uint8_t *(*memory)(struct guest *guest);
  int (*sync)(struct guest *guest);
  int (*untrack)(struct guest *guest);
  /* Sets what kills the guest, and undoes it. */
  void (*limit)(struct guest *guest, wasmsig_budget_options *options);
  /* Around what a thread that is not the main one calls. */
  void (*enter_thread)(void);
  void (*leave_thread)(void);
};

extern const struct engine engine;

/* What the import host.call does, of whichever guest. */
extern int32_t (*host_call)(int32_t argument);

#endif
