/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memories that grow, and instances that end. */
#include <pthread.h>
#include <stdatomic.h>

#include "guests.h"
#include "promises.h"

/* ------------------------------------------------------------------ growth */

PROMISE(signalled_after_growth) {
  struct guest *guest = open_guest(GROWING_GUEST);
  int32_t pages = 0;
  assert_int_equal(guest->memory_class, WASMSIG_MEMORY_FIXED);
  for (int i = 0; i < 1000; i++) engine.call(guest, "grow", 0, &pages);
  assert_int_equal(pages, 1001);
  wasmsig_budget_options limits = limits_of(guest, 20 * MS, WASMSIG_NO_LIMIT);
  struct limited call = call_limited(guest, &limits, "spin", 0);
  assert_int_equal(call.result, WASMSIG_SIGXCPU);
  engine.close(guest);
}

static const struct CMUnitTest growth[] = {
    KEEPS("a guest is signalled after its memory has grown",
          signalled_after_growth),
};

/* --------------------------------------------------------------------- end */

PROMISE(untracked_receives_nothing) {
  struct guest *guest = open_guest(SIGNAL_GUEST);
  assert_int_equal(wasmsig_registry_count(guest->registry), 1);
  assert_int_equal(engine.untrack(guest), 0);
  assert_int_equal(wasmsig_registry_count(guest->registry), 0);
  assert_int_equal(wasmsig_registry_raise(guest->registry, 2), 0);
  assert_int_equal(word_at(guest, SIGNAL_AT), 0);
  assert_int_equal(engine.sync(guest), 0);
  assert_works(guest);
  engine.close(guest);
}

static atomic_bool stop_raising;

static void *keep_raising(void *argument) {
  uint64_t *raised = argument;
  while (!atomic_load(&stop_raising))
    *raised += (uint64_t)wasmsig_process_raise(10);
  return NULL;
}

static int instances(void) {
  const char *text = getenv("WASMSIG_ENGINE_LIVES");
  return text != NULL ? atoi(text) : 2000;
}

PROMISE(ends_while_raised) {
  uint64_t raised = 0;
  pthread_t thread;
  atomic_store(&stop_raising, false);
  assert_int_equal(pthread_create(&thread, NULL, keep_raising, &raised), 0);
  for (int i = 0; i < instances(); i++) {
    struct guest *guest = open_guest(SIGNAL_GUEST);
    assert_int_equal(guest->verdict, WASMSIG_VERDICT_TRACKED);
    assert_int_equal(wasmsig_registry_count(guest->registry), 1);
    assert_int_equal(wasmsig_registry_raise(guest->registry, 10), 1);
    assert_int_equal(word_at(guest, SIGNAL_AT), 10);
    engine.close(guest);
  }
  atomic_store(&stop_raising, true);
  pthread_join(thread, NULL);
  assert_int_equal(wasmsig_process_raise(10), 0);
  print_message("# %s: %d instances ended during %llu signals\n", engine.name,
                instances(), (unsigned long long)raised);
}

static const struct CMUnitTest ends[] = {
    KEEPS("an untracked instance receives nothing, and runs",
          untracked_receives_nothing),
    KEEPS("instances end while another thread raises, and nothing is written "
          "to them",
          ends_while_raised),
};

const struct row rows_of_lifetime[] = {
    ROW("Memories that grow in place", growth),
    ROW("Unused instances are released", ends),
};
const size_t rows_of_lifetime_count =
    sizeof rows_of_lifetime / sizeof rows_of_lifetime[0];
