/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "realm.h"

#include "engine.h"

#include <stdlib.h>

struct realm *realm_create(napi_env env) {
  struct realm *realm = calloc(1, sizeof *realm);
  if (!realm) return NULL;
  realm->users = 1;
  if (wasmsig_registry_create(&realm->registry) == WASMSIG_OK) {
    realm->engine = engine_create(env);
    if (realm->engine) return realm;
    wasmsig_registry_destroy(realm->registry);
  }
  free(realm);
  return NULL;
}

struct realm *realm_of(napi_env env) {
  void *realm = NULL;
  napi_get_instance_data(env, &realm);
  return realm;
}

struct realm *realm_use(struct realm *realm) {
  realm->users++;
  return realm;
}

void realm_release(struct realm *realm) {
  if (--realm->users > 0) return;
  tracing_unwatch(&realm->engine->traced);
  wasmsig_registry_destroy(realm->registry);
  engine_free(realm->engine);
  free(realm->instances.entries);
  free(realm);
}
