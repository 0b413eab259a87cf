/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The addon: what lib/ cannot do in JavaScript. lib/ checks arguments before
 * it calls; functions here take what they document and nothing else.
 *
 * One `realm_state` belongs to each environment (the main thread's, or a
 * worker's) and to each budget made in it: the last of them frees it.
 */
#ifndef WASMSIG_ADDON_H
#define WASMSIG_ADDON_H

#include "engine.h"

#include "wasmsig/host.h"

#include <node_api.h>
#include <stdbool.h>

/* A tracked instance (instances.c). */
struct entry {
  napi_ref instance; /* weak */
  napi_ref memory;   /* strong: stays mapped as long as it is tracked */
  wasmsig_instance handle;
  wasmsig_memory_class memory_class;
  uint64_t length; /* of its memory, bytes, when it was last looked at */
  /* Of a MOVABLE memory only: what it is seen through, where that was, and the
   * addresses of the words that are zeroed. */
  napi_ref buffer;
  void *base;
  uint64_t signal, pending;
};

struct realm_state {
  size_t users; /* the environment and its budgets */
  wasmsig_registry *registry;
  struct engine *engine;
  size_t sections;       /* running, of this environment */
  uint64_t last_used_ns; /* by the call that was killed last */
  napi_ref killed;       /* what a killed call returns to lib/ */
  bool is_torn;          /* it left async ids behind */

  struct entry *entries; /* those of MOVABLE memories first */
  size_t movables, count, capacity;
  size_t next_look;     /* the entry that is looked at next */
  napi_ref read_buffer; /* function(memory): its buffer now */
  size_t sweep_at;      /* entries at which the next sweep is due */
  uint64_t bytes;       /* of the memories that are held */
  uint64_t sweep_bytes; /* bytes at which the next sweep is due */
  uint64_t handle_tag;
  uint64_t sweeps, collected;
  uint64_t by_class[4];
  struct box **boxes; /* budgets (held_budgets.c) */
  size_t box_count, box_room, box_sweep_at;
  struct tracked_words *words; /* that no module exports (tracked_buffers.c) */
};

struct realm_state *realm_state_of(napi_env env);
struct realm_state *realm_state_use(struct realm_state *state);
void realm_state_release(struct realm_state *state);

/* instances.c */
wasmsig_instance instance_handle(const struct realm_state *state, double id);
void instances_drop_all(napi_env env, struct realm_state *state);
/* Puts what waits for instances in MOVABLE memories into their words, wherever
 * these are now. At each call boundary, while no guest of the environment runs
 * on. Calls no code of the program's; may leave an exception pending (no stack
 * left, or a kill), and looks at no memory that has grown while one is. What
 * could not be put there goes on waiting. */
void instances_sync(napi_env env, struct realm_state *state);

/* held_budgets.c: the environment ends. */
void boxes_drop_all(napi_env env, struct realm_state *state);

/* module_bytes.c */
/* Calls `use` with the bytes of a module, if the host hands them out. They stay
 * as they are, and there, until it returns. */
void module_bytes(napi_value module,
                  void (*use)(void *context, const uint8_t *bytes,
                              size_t length),
                  void *context);

/* memory_reservation.c */
/* Bytes that the engine guarantees to reserve for an unshared memory, from its
 * first byte on; 0: none, or that is not known. */
uint64_t engine_reservation(const wasmsig_words *memory, uint64_t largest);

/* tracked_buffers.c */
void words_drop_all(napi_env env, struct realm_state *state);

/* What a module of the addon exports. */
void define(napi_env env, napi_value exports, const char *name,
            napi_callback function);
void define_instances(napi_env env, napi_value exports);
void define_budgets(napi_env env, napi_value exports);
void define_copies(napi_env env, napi_value exports);
void define_inspect(napi_env env, napi_value exports);
void define_module_head(napi_env env, napi_value exports);
void define_reservation(napi_env env, napi_value exports);
void define_sections(napi_env env, napi_value exports);
void define_settled(napi_env env, napi_value exports);
void define_signals(napi_env env, napi_value exports);
void define_targets(napi_env env, napi_value exports);
void define_words(napi_env env, napi_value exports);

/* Arguments and results. A missing argument is undefined; a number that is
 * none reads as 0. */
size_t arguments(napi_env env, napi_callback_info info, napi_value *values,
                 size_t room);
double number_of(napi_env env, napi_value value);
napi_value make_number(napi_env env, double number);
napi_value throw_code(napi_env env, int error);

#endif
