/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The table of tracked instances of an environment (instances.c). */
#ifndef WASMSIG_INSTANCES_H
#define WASMSIG_INSTANCES_H

#include "wasmsig/host.h"

#include <node_api.h>
#include <stdbool.h>

struct realm;

struct tracked_instance {
  napi_ref instance; /* weak */
  napi_ref memory;   /* strong: stays mapped as long as it is tracked */
  wasmsig_instance handle;
  wasmsig_memory_class memory_class;
  uint64_t length; /* of its memory in bytes, when it was last read */
  /* Of a MOVABLE memory only: its ArrayBuffer and the address of that at the
   * last sync; the addresses of the words that the core sets to 0. */
  napi_ref buffer;
  void *base;
  uint64_t signal, pending;
};

struct instances {
  struct tracked_instance *entries; /* those in MOVABLE memories first */
  size_t movables, count, capacity;
  size_t next_check;       /* the entry that is checked next */
  size_t sweep_at;         /* entries at which the next sweep is due */
  uint64_t bytes;          /* of the memories that are held */
  uint64_t sweep_at_bytes; /* bytes at which the next sweep is due */
  uint64_t handle_tag; /* the upper 16 bits of each handle of the registry */
  uint64_t sweeps, collected;
  napi_ref get_buffer; /* function(memory): its buffer (movable_memories.c) */
};

/* lib/ names an instance by its handle without the registry's tag: a whole
 * number that a double holds. */
#define INSTANCE_ID_BITS 48
static inline double instance_id(wasmsig_instance handle) {
  return (double)(handle & ((UINT64_C(1) << INSTANCE_ID_BITS) - 1));
}
wasmsig_instance instance_handle(const struct realm *realm, double id);

/* Room for one more; sweeps if that is due. False: no memory. */
bool instances_make_room(napi_env env, struct realm *realm);
/* There is room. The table takes over the references. */
void instances_put(struct realm *realm, const struct tracked_instance *entry);
void instance_delete_references(napi_env env,
                                const struct tracked_instance *entry);
/* The environment ends. */
void instances_drop_all(napi_env env, struct realm *realm);

#endif
