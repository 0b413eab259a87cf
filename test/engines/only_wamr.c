/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Promises of WAMR's adapter alone. */
#include "guests.h"
#include "promises.h"
#include "wasmsig/wamr.h"

PROMISE(arguments) {
  wasmsig_registry *registry;
  wasmsig_wamr_tracked tracked;
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  assert_int_equal(wasmsig_registry_create(&registry), 0);
  assert_int_equal(wasmsig_wamr_track(NULL, NULL, &tracked), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_wamr_track(registry, NULL, &tracked),
                   WASMSIG_EINVAL);
  assert_int_equal(wasmsig_wamr_sync(NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_wamr_untrack(NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_wamr_killer_apply(NULL, &options), WASMSIG_EINVAL);
  assert_false(wasmsig_wamr_is_cpu_limit(NULL));
  wasmsig_registry_destroy(registry);
}

PROMISE(refused_but_usable) {
  wasmsig_registry *registry;
  wasmsig_wamr_tracked tracked;
  assert_int_equal(wasmsig_registry_create(&registry), 0);
  memset(&tracked, 0xff, sizeof tracked);
  assert_int_equal(wasmsig_wamr_track(registry, NULL, &tracked),
                   WASMSIG_EINVAL);
  assert_ptr_equal(tracked.registry, registry);
  assert_int_equal(tracked.instance, 0);
  assert_int_equal(wasmsig_wamr_sync(&tracked), 0);
  assert_int_equal(wasmsig_wamr_untrack(&tracked), 0);
  wasmsig_registry_destroy(registry);
}

static const struct CMUnitTest refused[] = {
    KEEPS("missing arguments are refused", arguments),
    KEEPS("a refused instance may be synced and untracked", refused_but_usable),
};

const struct row rows_of_engine[] = {
    ROW("Bad input is refused", refused),
};
const size_t rows_of_engine_count =
    sizeof rows_of_engine / sizeof rows_of_engine[0];
