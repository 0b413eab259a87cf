/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The table of tracked instances: it refers to an instance weakly, and to its
 * memory strongly.
 *
 * Finalizers do not run in a synchronous loop. So the table finds collected
 * instances by checking its entries: a few in turn for each new instance, and
 * all of them (a sweep) when the table has doubled since the last sweep, or has
 * grown by a thousand, or when the held memories have doubled. Order matters:
 * the core forgets an instance first; then its memory is released.
 */
#include "instances.h"

#include "addon.h"
#include "realm.h"

#include <stdlib.h>

#define LEAST_SWEEP 64
/* V8 reserves 10 GiB of address space for a memory, of 128 TiB. So the memories
 * of collected instances must stay far below 13 000. */
#define MOST_BETWEEN_SWEEPS 1024
#define LEAST_SWEEP_BYTES (UINT64_C(64) << 20)
/* For each new instance: so a collected one is dropped after a quarter of the
 * table's length in new ones, however large its memory has grown. */
#define CHECKS 4
#define CHECKS_IN_A_SCOPE 64

wasmsig_instance instance_handle(const struct realm *realm, double id) {
  return realm->instances.handle_tag | (uint64_t)id;
}

/* ------------------------------------------------------------------ drop */

void instance_delete_references(napi_env env,
                                const struct tracked_instance *entry) {
  if (entry->instance) napi_delete_reference(env, entry->instance);
  if (entry->memory) napi_delete_reference(env, entry->memory);
  if (entry->buffer) napi_delete_reference(env, entry->buffer);
}

/* Fills the place of a dropped entry. MOVABLE ones stay in front. */
static void close_gap(struct instances *table, size_t at) {
  struct tracked_instance *entries = table->entries;
  if (at < table->movables) {
    entries[at] = entries[--table->movables];
    at = table->movables;
  }
  entries[at] = entries[--table->count];
}

static void drop(napi_env env, struct realm *realm, size_t at) {
  struct tracked_instance *entry = &realm->instances.entries[at];
  wasmsig_instance_remove(realm->registry, entry->handle);
  instance_delete_references(env, entry);
  realm->tracked[entry->memory_class]--;
  realm->instances.bytes -= entry->length;
  close_gap(&realm->instances, at);
}

void instances_drop_all(napi_env env, struct realm *realm) {
  while (realm->instances.count > 0)
    drop(env, realm, realm->instances.count - 1);
}

/* ----------------------------------------------------------------- sweep */

static bool is_collected(napi_env env, const struct tracked_instance *entry) {
  napi_value instance = NULL;
  return napi_get_reference_value(env, entry->instance, &instance) == napi_ok &&
         !instance;
}

/* Checks `checks` entries from `at` on, drops those whose instance was
 * collected, and answers where it stopped. */
static size_t check(napi_env env, struct realm *realm, size_t at,
                    size_t checks) {
  struct instances *table = &realm->instances;
  size_t before = table->count;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return at + checks;
  for (; checks > 0 && at < table->count; checks--) {
    if (is_collected(env, &table->entries[at]))
      drop(env, realm, at);
    else
      at++;
  }
  napi_close_handle_scope(env, scope);
  table->collected += before - table->count;
  return at;
}

static void check_some(napi_env env, struct realm *realm) {
  struct instances *table = &realm->instances;
  table->next_check = check(env, realm, table->next_check, CHECKS);
  if (table->next_check >= table->count) table->next_check = 0;
}

static void sweep(napi_env env, struct realm *realm) {
  struct instances *table = &realm->instances;
  for (size_t at = 0; at < table->count;)
    at = check(env, realm, at, CHECKS_IN_A_SCOPE);
  table->sweeps++;
  uint64_t bytes = table->bytes;
  if (bytes < LEAST_SWEEP_BYTES) bytes = LEAST_SWEEP_BYTES;
  table->sweep_at_bytes = table->bytes + bytes;
  size_t more = table->count;
  if (more < LEAST_SWEEP) more = LEAST_SWEEP;
  if (more > MOST_BETWEEN_SWEEPS) more = MOST_BETWEEN_SWEEPS;
  table->sweep_at = table->count + more;
}

/* ------------------------------------------------------------------- add */

bool instances_make_room(napi_env env, struct realm *realm) {
  struct instances *table = &realm->instances;
  check_some(env, realm);
  if (table->count >= table->sweep_at || table->bytes >= table->sweep_at_bytes)
    sweep(env, realm);
  if (table->count < table->capacity) return true;
  size_t capacity = table->capacity ? 2 * table->capacity : LEAST_SWEEP;
  struct tracked_instance *entries =
      realloc(table->entries, capacity * sizeof *entries);
  if (!entries) return false;
  table->entries = entries;
  table->capacity = capacity;
  return true;
}

void instances_put(struct realm *realm, const struct tracked_instance *entry) {
  struct instances *table = &realm->instances;
  size_t at = table->count++;
  if (entry->memory_class == WASMSIG_MEMORY_MOVABLE) {
    table->entries[at] = table->entries[table->movables];
    at = table->movables++;
  }
  table->entries[at] = *entry;
  table->bytes += entry->length;
  table->handle_tag = entry->handle >> INSTANCE_ID_BITS << INSTANCE_ID_BITS;
  realm->tracked[entry->memory_class]++;
}

/* ------------------------------------------------------------- functions */

/* sweep(): at once; how many are tracked then. */
static napi_value sweep_now(napi_env env, napi_callback_info info) {
  (void)info;
  struct realm *realm = realm_of(env);
  sweep(env, realm);
  return make_number(env, (double)realm->instances.count);
}

/* stats(into): FIXED, SHARED, MOVABLE, collected, sweeps, raises, softLimits,
 * kills as properties of `into`. */
static napi_value stats(napi_env env, napi_callback_info info) {
  napi_value into[1];
  const struct realm *realm = realm_of(env);
  wasmsig_statistics process;
  wasmsig_get_statistics(&process);
  arguments(env, info, into, 1);
  const struct {
    const char *name;
    uint64_t value;
  } rows[] = {
      {"FIXED", realm->tracked[WASMSIG_MEMORY_FIXED]},
      {"SHARED", realm->tracked[WASMSIG_MEMORY_SHARED]},
      {"MOVABLE", realm->tracked[WASMSIG_MEMORY_MOVABLE]},
      {"collected", realm->instances.collected},
      {"sweeps", realm->instances.sweeps},
      {"raises", process.raises},
      {"softLimits", process.soft},
      {"kills", process.kills},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    napi_set_named_property(env, into[0], rows[i].name,
                            make_number(env, (double)rows[i].value));
  return into[0];
}

void define_instances(napi_env env, napi_value exports) {
  define(env, exports, "sweep", sweep_now);
  define(env, exports, "stats", stats);
}
