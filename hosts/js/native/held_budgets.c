/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The budgets of an environment, until JavaScript has let go of them.
 *
 * A finalizer would run in a later turn of the event loop: a loop that makes
 * budgets and never comes back to it would keep them all. So each is known by a
 * weak reference, and they are swept when their number has doubled since the
 * last sweep. One that is still entered is left for the next (process.exit
 * inside it: the watchdog may look at it, then it stays for good).
 *
 * A host that has no weak references to externals gets the finalizer.
 */
#include "budgets.h"

#include <stdlib.h>

#define LEAST_SWEEP 256
#define IN_A_SCOPE 256

/* Whether nobody was in it. */
static bool end_box(struct box *box) {
  if (wasmsig_budget_destroy(&box->budget) == WASMSIG_EBUSY) return false;
  struct realm_state *state = box->state;
  free(box);
  realm_state_release(state);
  return true;
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  end_box(data);
}

static bool is_collected(napi_env env, const struct box *box) {
  napi_value external = NULL;
  return napi_get_reference_value(env, box->self, &external) == napi_ok &&
         !external;
}

static bool drop(napi_env env, struct realm_state *state, size_t at) {
  struct box *box = state->boxes[at];
  napi_ref self = box->self;
  if (!end_box(box)) return false;
  napi_delete_reference(env, self);
  state->boxes[at] = state->boxes[--state->box_count];
  return true;
}

/* From `at` on, and where it stopped. */
static size_t sweep_some(napi_env env, struct realm_state *state, size_t at) {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return state->box_count;
  for (int looks = 0; looks < IN_A_SCOPE && at < state->box_count; looks++)
    if (!is_collected(env, state->boxes[at]) || !drop(env, state, at)) at++;
  napi_close_handle_scope(env, scope);
  return at;
}

static void sweep(napi_env env, struct realm_state *state) {
  for (size_t at = 0; at < state->box_count;) at = sweep_some(env, state, at);
  state->box_sweep_at = 2 * state->box_count;
  if (state->box_sweep_at < LEAST_SWEEP) state->box_sweep_at = LEAST_SWEEP;
}

static bool make_room(struct realm_state *state) {
  if (state->box_count < state->box_room) return true;
  size_t room = state->box_room ? 2 * state->box_room : LEAST_SWEEP;
  struct box **larger = realloc(state->boxes, room * sizeof larger[0]);
  if (!larger) return false;
  state->boxes = larger;
  state->box_room = room;
  return true;
}

napi_value boxes_add(napi_env env, struct realm_state *state, struct box *box) {
  napi_value external = NULL;
  if (state->box_count >= state->box_sweep_at) sweep(env, state);
  if (!make_room(state) ||
      napi_create_external(env, box, NULL, NULL, &external) != napi_ok)
    return NULL;
  if (napi_create_reference(env, external, 0, &box->self) == napi_ok)
    state->boxes[state->box_count++] = box;
  else if (napi_create_external(env, box, finalize, NULL, &external) != napi_ok)
    return NULL;
  box->state = realm_state_use(state);
  return external;
}

void boxes_drop_all(napi_env env, struct realm_state *state) {
  for (size_t at = state->box_count; at-- > 0;) drop(env, state, at);
  free(state->boxes);
  state->boxes = NULL;
  state->box_count = state->box_room = 0;
}
