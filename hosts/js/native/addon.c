/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The addon's beginning and end in an environment, and its small helpers. */
#include "addon.h"

#include <stdlib.h>

void define(napi_env env, napi_value exports, const char *name,
            napi_callback function) {
  napi_value value;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL,
                           &value) == napi_ok)
    napi_set_named_property(env, exports, name, value);
}

size_t arguments(napi_env env, napi_callback_info info, napi_value *values,
                 size_t room) {
  size_t count = room;
  if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok)
    return 0;
  return count;
}

double number_of(napi_env env, napi_value value) {
  double number = 0;
  napi_get_value_double(env, value, &number);
  return number;
}

napi_value make_number(napi_env env, double number) {
  napi_value value = NULL;
  napi_create_double(env, number, &value);
  return value;
}

napi_value throw_code(napi_env env, int error) {
  /* WASMSIG_EBUSY becomes ERR_WASMSIG_BUSY. */
  char code[64] = "ERR_WASMSIG_";
  const char *name = wasmsig_error_name(error) + sizeof "WASMSIG_E" - 1;
  for (size_t at = sizeof "ERR_WASMSIG_" - 1; *name && at < sizeof code - 1;)
    code[at++] = *name++;
  napi_throw_error(env, code, wasmsig_error_text(error));
  return NULL;
}

struct realm_state *realm_state_of(napi_env env) {
  void *state = NULL;
  napi_get_instance_data(env, &state);
  return state;
}

struct realm_state *realm_state_use(struct realm_state *state) {
  state->users++;
  return state;
}

void realm_state_release(struct realm_state *state) {
  if (--state->users > 0) return;
  wasmsig_registry_destroy(state->registry);
  engine_free(state->engine);
  free(state->entries);
  free(state);
}

struct ending {
  napi_env env;
  struct realm_state *state;
};

/* Runs before the engine goes, while memories are still mapped. A section may
 * still be running (process.exit inside it): then the watchdog may still look
 * at it, so what it uses stays. */
static void end_environment(void *argument) {
  struct ending *ending = argument;
  struct realm_state *state = ending->state;
  engine_detach(state->engine);
  words_drop_all(ending->env, state);
  instances_drop_all(ending->env, state);
  boxes_drop_all(ending->env, state);
  if (state->sections == 0) realm_state_release(state);
  free(ending);
}

static struct realm_state *new_state(napi_env env) {
  struct realm_state *state = calloc(1, sizeof *state);
  if (!state) return NULL;
  state->users = 1;
  if (wasmsig_registry_create(&state->registry) == WASMSIG_OK) {
    state->engine = engine_create(env);
    if (state->engine) return state;
    wasmsig_registry_destroy(state->registry);
  }
  free(state);
  return NULL;
}

static bool make_killed_mark(napi_env env, struct realm_state *state,
                             napi_value exports) {
  napi_value mark;
  return napi_create_object(env, &mark) == napi_ok &&
         napi_create_reference(env, mark, 1, &state->killed) == napi_ok &&
         napi_set_named_property(env, exports, "KILLED", mark) == napi_ok;
}

static napi_value can_kill(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value value = NULL;
  napi_get_boolean(env, engine_can_kill(), &value);
  return value;
}

NAPI_MODULE_INIT() {
  struct realm_state *state = new_state(env);
  struct ending *ending = calloc(1, sizeof *ending);
  if (!state || !ending || !make_killed_mark(env, state, exports)) {
    if (state) realm_state_release(state);
    free(ending);
    return throw_code(env, WASMSIG_ENOMEM);
  }
  *ending = (struct ending){env, state};
  napi_set_instance_data(env, state, NULL, NULL);
  napi_add_env_cleanup_hook(env, end_environment, ending);
  define(env, exports, "canKill", can_kill);
  define_instances(env, exports);
  define_budgets(env, exports);
  define_copies(env, exports);
  define_inspect(env, exports);
  define_module_head(env, exports);
  define_sections(env, exports);
  define_settled(env, exports);
  define_signals(env, exports);
  define_reservation(env, exports);
  define_targets(env, exports);
  define_words(env, exports);
  return exports;
}
