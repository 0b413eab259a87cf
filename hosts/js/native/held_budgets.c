/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The budgets of an environment, until JavaScript has released them.
 *
 * A finalizer would run in a later turn of the event loop. So a loop that makes
 * budgets and never returns to the event loop would keep them all. Instead the
 * list has a weak reference to each, and sweeps them when their number has
 * doubled since the last sweep. A budget that is still entered waits for the
 * next sweep. (process.exit inside it: the watchdog may still read it, and it
 * is never freed.)
 *
 * A host without weak references to externals gets the finalizer.
 */
#include "held_budgets.h"

#include "budget_ids.h"
#include "realm.h"

#include <stdlib.h>

#define LEAST_SWEEP 256
#define CHECKS_IN_A_SCOPE 256

struct held_budget *held_budget_of(napi_env env, napi_value external) {
  void *held = NULL;
  napi_get_value_external(env, external, &held);
  return held;
}

/* False if it is still entered. */
static bool destroy(struct held_budget *held) {
  if (budget_id_destroy(held) == WASMSIG_EBUSY) return false;
  struct realm *realm = held->realm;
  free(held);
  realm_release(realm);
  return true;
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  destroy(data);
}

static bool is_collected(napi_env env, const struct held_budget *held) {
  napi_value external = NULL;
  return napi_get_reference_value(env, held->external, &external) == napi_ok &&
         !external;
}

static bool drop(napi_env env, struct held_budgets *budgets, size_t at) {
  struct held_budget *held = budgets->list[at];
  napi_ref external = held->external;
  if (!destroy(held)) return false;
  napi_delete_reference(env, external);
  budgets->list[at] = budgets->list[--budgets->count];
  return true;
}

/* Checks some from `at` on, and answers where it stopped. */
static size_t sweep_some(napi_env env, struct held_budgets *budgets,
                         size_t at) {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return budgets->count;
  for (int i = 0; i < CHECKS_IN_A_SCOPE && at < budgets->count; i++)
    if (!is_collected(env, budgets->list[at]) || !drop(env, budgets, at)) at++;
  napi_close_handle_scope(env, scope);
  return at;
}

static void sweep(napi_env env, struct held_budgets *budgets) {
  for (size_t at = 0; at < budgets->count;) at = sweep_some(env, budgets, at);
  budgets->sweep_at = 2 * budgets->count;
  if (budgets->sweep_at < LEAST_SWEEP) budgets->sweep_at = LEAST_SWEEP;
}

static bool make_room(struct held_budgets *budgets) {
  if (budgets->count < budgets->room) return true;
  size_t room = budgets->room ? 2 * budgets->room : LEAST_SWEEP;
  struct held_budget **larger = realloc(budgets->list, room * sizeof *larger);
  if (!larger) return false;
  budgets->list = larger;
  budgets->room = room;
  return true;
}

napi_value held_budgets_add(napi_env env, struct realm *realm,
                            struct held_budget *held) {
  struct held_budgets *budgets = &realm->budgets;
  napi_value external = NULL;
  if (budgets->count >= budgets->sweep_at) sweep(env, budgets);
  if (!make_room(budgets) ||
      napi_create_external(env, held, NULL, NULL, &external) != napi_ok)
    return NULL;
  if (napi_create_reference(env, external, 0, &held->external) == napi_ok)
    budgets->list[budgets->count++] = held;
  else if (napi_create_external(env, held, finalize, NULL, &external) !=
           napi_ok)
    return NULL;
  held->realm = realm_use(realm);
  return external;
}

void held_budgets_drop_all(napi_env env, struct realm *realm) {
  struct held_budgets *budgets = &realm->budgets;
  for (size_t at = budgets->count; at-- > 0;) drop(env, budgets, at);
  free(budgets->list);
  *budgets = (struct held_budgets){0};
}
