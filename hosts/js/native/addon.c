/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the addon exports, and its start and end in an environment. */
#include "addon.h"

#include "engine.h"
#include "realm.h"
#include "tracked_buffers.h"

#include <stdlib.h>

typedef void define_functions(napi_env env, napi_value exports);

static define_functions *const all_functions[] = {
    define_budgets,      define_copies,
    define_firing_mode,  define_forwarded_signals,
    define_inspect,      define_instances,
    define_instrument,   define_memory_reservation,
    define_module_bytes, define_movable_memories,
    define_named_use,    define_promise_hook,
    define_sections,     define_targets,
    define_track,        define_tracked_buffers,
    define_tracing,
};

struct cleanup {
  napi_env env;
  struct realm *realm;
};

/* Runs before the engine ends, while memories are still mapped. A section may
 * still be running (process.exit inside it). Then the watchdog may still read
 * it, so what it uses stays allocated. */
static void end_environment(void *argument) {
  struct cleanup *cleanup = argument;
  struct realm *realm = cleanup->realm;
  engine_detach(realm->engine);
  tracked_buffers_drop_all(cleanup->env, realm);
  instances_drop_all(cleanup->env, realm);
  held_budgets_drop_all(cleanup->env, realm);
  if (realm->sections == 0) realm_release(realm);
  free(cleanup);
}

static bool make_killed_mark(napi_env env, struct realm *realm,
                             napi_value exports) {
  napi_value mark;
  return napi_create_object(env, &mark) == napi_ok &&
         napi_create_reference(env, mark, 1, &realm->killed) == napi_ok &&
         napi_set_named_property(env, exports, "KILLED", mark) == napi_ok;
}

/* canKill(): whether the engine itself can stop a running call. */
static napi_value can_kill(napi_env env, napi_callback_info info) {
  (void)info;
  return make_bool(env, engine_can_kill());
}

/* The macro defines this function without declaring it. */
NAPI_MODULE_EXPORT int32_t NODE_API_MODULE_GET_API_VERSION(void);

NAPI_MODULE_INIT() {
  struct realm *realm = realm_create(env);
  struct cleanup *cleanup = calloc(1, sizeof *cleanup);
  if (!realm || !cleanup || !make_killed_mark(env, realm, exports)) {
    if (realm) realm_release(realm);
    free(cleanup);
    return throw_code(env, WASMSIG_ENOMEM);
  }
  *cleanup = (struct cleanup){env, realm};
  napi_set_instance_data(env, realm, NULL, NULL);
  napi_add_env_cleanup_hook(env, end_environment, cleanup);
  define(env, exports, "canKill", can_kill);
  for (size_t i = 0; i < sizeof all_functions / sizeof all_functions[0]; i++)
    all_functions[i](env, exports);
  return exports;
}
